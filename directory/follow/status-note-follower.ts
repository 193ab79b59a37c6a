// Fetches the status note of each epoch for a node or a client (docs/spec/directory-travel.md 10), in good time before
// its effect, and says when it takes effect.

import { hex } from '../../encoding/bytes.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import { type Clock, onceAt, type Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random, shuffle } from '../../world/random.ts'
import { directoryProtocol, readAnswer, writeRequest } from '../documents/exchange.ts'
import { epochAt, epochStart, type Network, phaseEnds } from '../documents/network.ts'
import { noteEffect, noteLimits } from '../documents/status-note.ts'
import { DirectoryError } from '../error.ts'
import type { HeldNotes } from './status-note-held.ts'

export interface StatusNoteFollowerInit {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly notes: HeldNotes
  /** Whom to ask before the authorities. */
  readonly sources: () => readonly Peer[]
  /** Whether there is a document that a note could be about. */
  readonly ready: () => boolean
  /** The window within an epoch in which its note is fetched. */
  readonly window: { readonly from: number; readonly to: number }
  /** A note has come into force that changes something. */
  readonly onEffect: () => void
}

/** Nodes go first, so that they have what clients ask for; both are done well before the effect. */
export const noteWindows: Readonly<Record<'node' | 'client', StatusNoteFollowerInit['window']>> = {
  node: { from: phaseEnds.signatures + 1 / 128, to: 11 / 16 },
  client: { from: 11 / 16, to: 13 / 16 },
}

const requestMs = { least: 1000, most: 5000 } as const
const asksPerAttempt = 3
/** An epoch may have no note: so many attempts, spread over this part of an epoch each. */
const attempts = 6
const pause = 1 / 128

export class StatusNoteFollower {
  readonly #init: StatusNoteFollowerInit
  readonly #abort = new AbortController()
  readonly #told: Set<number> = new Set()
  #timer: Timer | undefined
  #effectTimer: Timer | undefined
  #tries = { epoch: -1, count: 0 }

  constructor(init: StatusNoteFollowerInit) {
    this.#init = init
    this.#wakeIn(0)
  }

  close(): void {
    this.#abort.abort(new DirectoryError('CLOSED', 'the directory was closed'))
    this.#timer?.cancel()
    this.#effectTimer?.cancel()
  }

  #wakeIn(ms: number): void {
    if (this.#abort.signal.aborted) return
    this.#timer?.cancel()
    this.#timer = this.#init.clock.after(ms, () => void this.#run())
  }

  async #run(): Promise<void> {
    const { network, clock, random, notes, ready } = this.#init
    const now = clock.now()
    if (!ready()) return this.#wakeIn(Math.max(200, network.epochMs / 32))
    // The one in force is for those who come now; the next one for everybody.
    const epoch = this.#tries.epoch
    if (epoch >= 0 && this.#tries.count < attempts && notes.get(epoch) === undefined) {
      this.#tries.count++
      if (!(await this.#fetch(epoch))) {
        return this.#wakeIn(network.epochMs * pause * (0.75 + fraction(random) / 2))
      }
    }
    const next = Math.max(epoch + 1, notes.epochInForce(now))
    this.#tries = { epoch: next, count: 0 }
    this.#wakeIn(Math.max(0, this.#moment(next) - clock.now()))
  }

  /** This follower's own moment to fetch the note of an epoch. */
  #moment(epoch: number): number {
    const { network, random, window } = this.#init
    return epochStart(network, epoch + window.from + (window.to - window.from) * fraction(random))
  }

  async #fetch(epoch: number): Promise<boolean> {
    const { network, link, clock, random, log, notes, sources } = this.#init
    const others = [...shuffle(random, sources()), ...shuffle(random, network.authorities)].filter(
      ({ id }) => hex(id) !== hex(link.id),
    )
    const skip = (this.#tries.count * asksPerAttempt) % Math.max(1, others.length)
    for (const peer of [...others.slice(skip), ...others.slice(0, skip)].slice(0, asksPerAttempt)) {
      if (this.#abort.signal.aborted) return false
      try {
        const timeoutMs = Math.min(requestMs.most, Math.max(requestMs.least, network.epochMs / 16))
        const options = { timeoutMs, maxBytes: noteLimits.bytes, signal: this.#abort.signal }
        const request = writeRequest({ ask: 'note', epoch })
        const { note } = notes.add(
          readAnswer(await link.request(peer, directoryProtocol, request, options)),
          clock.now(),
        )
        this.#tellEffect(note.note.epoch)
        return note.note.epoch === epoch
      } catch (error) {
        if (error instanceof DirectoryError && error.code !== 'UNAVAILABLE') {
          log.warn({ code: error.code, why: error.message }, 'directory: refused a note')
        } else if (!(error instanceof DirectoryError || error instanceof LinkError)) {
          log.warn({ why: String(error) }, 'directory: request failed')
        }
      }
    }
    return false
  }

  #tellEffect(epoch: number): void {
    const { network, clock, notes, onEffect } = this.#init
    if (this.#told.has(epoch)) return
    this.#told.add(epoch)
    for (const old of this.#told) if (old < epochAt(network, clock.now()) - 2) this.#told.delete(old)
    const changes = [epoch - 1, epoch].some(of => (notes.get(of)?.note.nodes.length ?? 0) > 0)
    this.#effectTimer?.cancel()
    if (!changes) return
    this.#effectTimer = onceAt(clock, noteEffect(network, epoch), onEffect)
  }
}
