// The other authorities, as one of them sees them: who answers, what they hold, and what they are still to be told.

import { setMaxListeners } from 'node:events'
import { hex, same } from '../../encoding/bytes.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  readNewest,
  writeRequest,
} from '../documents/exchange.ts'
import type { AuthorityEntry, Network } from '../documents/network.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import { Courier } from '../follow/courier.ts'

export interface AuthorityPeersInit {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Says whether one waits for a document, so that greetings follow each other quickly. */
  readonly urgent: () => boolean
  /** Called when a peer answered: the epoch of the newest document it holds. */
  readonly onNewest: (peer: Peer, epoch: number | null) => Promise<void>
}

const greetMs = { urgent: 200, longest: 30 * second } as const

export class AuthorityPeers {
  readonly #init: AuthorityPeersInit
  /** By the hex of the id. */
  readonly #others = new Map<string, { readonly peer: Peer; readonly courier: Courier }>()
  /** When each answered last, by elapsed time. */
  readonly #seen = new Map<string, Ms>()
  readonly #timers = new Map<string, Timer>()
  readonly #refused: Partial<Record<DirectoryErrorCode, number>> = {}
  readonly #abort = new AbortController()

  constructor(init: AuthorityPeersInit) {
    this.#init = init
    // Everybody is asked at once: more listeners than Node expects of one signal
    setMaxListeners(0, this.#abort.signal)
  }

  get others(): readonly Peer[] {
    return [...this.#others.values()].map(({ peer }) => peer)
  }

  /** These, and nobody else, are the other authorities from now on. */
  meet(authorities: readonly AuthorityEntry[]): void {
    const { link } = this.#init
    const wanted = new Map(authorities.map(authority => [hex(authority.id), authority]))
    wanted.delete(hex(link.id))
    for (const [id, { courier }] of this.#others) {
      if (wanted.has(id)) continue
      courier.close()
      this.#timers.get(id)?.cancel()
      this.#others.delete(id)
    }
    for (const [id, peer] of wanted) {
      if (this.#others.has(id) || this.#abort.signal.aborted) continue
      this.#others.set(id, { peer, courier: this.#courierTo(peer) })
      this.#greetLater(peer, 0)
    }
  }

  #courierTo(to: Peer): Courier {
    const { link, clock, random, log } = this.#init
    return new Courier({
      link,
      clock,
      random,
      to,
      timeoutMs: this.#requestMs(),
      onAnswer: () => this.#see(to),
      onRefused: ({ code, message }) => {
        this.#refused[code] = (this.#refused[code] ?? 0) + 1
        log.debug({ authority: hex(to.id), code, why: message }, 'authority: a message was refused')
      },
    })
  }

  close(): void {
    this.#abort.abort(new DirectoryError('CLOSED', 'the authority was closed'))
    for (const timer of this.#timers.values()) timer.cancel()
    for (const { courier } of this.#others.values()) courier.close()
  }

  /** Counts those of these authorities that are in contact, this one too. */
  inContact(authorities: readonly AuthorityEntry[]): number {
    const { clock, link } = this.#init
    const since = clock.elapsed() - Math.max(2 * second, 3 * this.#greetMs())
    const isInContact = (id: Uint8Array): boolean => (this.#seen.get(hex(id)) ?? -1) >= since
    return 1 + authorities.filter(({ id }) => !same(id, link.id) && isInContact(id)).length
  }

  /** When a peer answered last, milliseconds since 1970-01-01 UTC by the clock as it is now. */
  seen(id: Uint8Array): number | null {
    const { clock } = this.#init
    const seen = this.#seen.get(hex(id))
    return seen === undefined ? null : clock.now() - (clock.elapsed() - seen)
  }

  /** Messages that were refused by the others, by code. */
  get refused(): Readonly<Partial<Record<DirectoryErrorCode, number>>> {
    return { ...this.#refused }
  }

  /** To every other authority, again and again until `until`. */
  tell(request: DirectoryRequest, until: number): void {
    for (const { courier } of this.#others.values()) courier.send(request, until)
  }

  /**
   * @throws LinkError; DirectoryError as the other side refuses, or as the reader
   */
  async ask(peer: Peer, request: DirectoryRequest): Promise<Uint8Array> {
    const { link } = this.#init
    const answer = await link.request(peer, directoryProtocol, writeRequest(request), {
      timeoutMs: this.#requestMs(),
      maxBytes: maxAnswerBytes,
      signal: this.#abort.signal,
    })
    this.#see(peer)
    return readAnswer(answer)
  }

  #see({ id }: Peer): void {
    this.#seen.set(hex(id), this.#init.clock.elapsed())
  }

  #requestMs(): number {
    return Math.min(15 * second, Math.max(second, this.#init.network.epochMs / 16))
  }

  #greetMs(): number {
    const { network, urgent } = this.#init
    if (urgent()) return greetMs.urgent
    return Math.min(greetMs.longest, Math.max(greetMs.urgent, network.epochMs / 16))
  }

  #greetLater(peer: Peer, ms: number): void {
    if (this.#abort.signal.aborted || !this.#others.has(hex(peer.id))) return
    const timer = this.#init.clock.after(ms, () => this.#greet(peer))
    this.#timers.set(hex(peer.id), timer)
  }

  async #greet(peer: Peer): Promise<void> {
    const { random, log, onNewest } = this.#init
    try {
      await onNewest(peer, readNewest(await this.ask(peer, { ask: 'hello' })))
    } catch (error) {
      if (!(error instanceof DirectoryError || error instanceof LinkError)) {
        log.warn({ authority: hex(peer.id), why: String(error) }, 'authority: a greeting failed')
      }
    }
    this.#greetLater(peer, this.#greetMs() * (0.75 + fraction(random) / 2))
  }
}
