// A client at one gateway: prove the mailbox, read its pages, come back after an outage (docs/spec/client-clocks.md
// 9; docs/spec/gateway.md 2).

import { ed25519Sign } from '#crypto'
import type { AnnouncedService } from '../../directory/documents/announced.ts'
import type { NodeEntry } from '../../directory/documents/view.ts'
import { LinkError } from '../../link/link.ts'
import {
  greetingBytes,
  type MailboxEntry,
  type MailboxRequest,
  type MailboxStatus,
  proofMessage,
  readGreeting,
  readPage,
  writeRequest,
} from '../../link/protocol/mailbox.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'
import { type Way, WayError, type WayErrorCode } from './ways.ts'

export interface SessionInit {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly mailboxSeed: Uint8Array
  readonly mailboxKey: Uint8Array
  readonly payloadBytes: number
  /** The gateway as the newest consensus has it; undefined while it is not in there. */
  readonly peer: () => NodeEntry | undefined
  /** Gives the way to it that there is now: the same one as long as the connection that it rests on. */
  readonly way: () => Way
  /** Says what the gateway may delete: everything up to here is safe with this client. */
  readonly cursor: () => number
  /**
   * Takes the entries of a page, the first of which follows `behind`; when it resolves they are on disk and `cursor`
   * has moved.
   */
  readonly take: (entries: readonly MailboxEntry[], behind: number) => Promise<void>
  /** Gives the service that the gateway is to be told of instead of being read, if any. */
  readonly announcement: () => Pick<AnnouncedService, 'name' | 'sealingKey'> | undefined
  readonly announced: (status: MailboxStatus) => void
  /** Picks what the page should show of the bulletin. */
  readonly board: () => { readonly board: number; readonly boardOffset: number }
  /** Takes what it shows; when it resolves, that is on disk. */
  readonly takeBoard: (board: Uint8Array) => Promise<void>
  /** The mailbox is open. */
  readonly onOpen: () => void
  /** The gateway has no room for one whose mailbox it never had, and nothing of ours is known to lie there. */
  readonly onFull: () => void
  readonly onChange: () => void
}

/**
 *     closed -> opening -> open -> waiting -> opening -> ...
 */
export type SessionState =
  | { readonly at: 'closed' }
  | { readonly at: 'opening' }
  | { readonly at: 'open' }
  /** The gateway did not answer, or refused; it is tried again after a while. */
  | { readonly at: 'waiting' }

/** Requests for pages under way: of an answer that takes as long as it may, a tick shows nothing up to here. */
const mostAsking = 8
/** Pages that wait for the disk; what comes beyond is asked for again. */
const mostWorking = 8
const firstBackOffMs = 200
const longestBackOffMs = 5_000
/** Bounds a moment in which owners go first: a gateway that says that it is full for this long is. */
const patienceMs = 20_000
/** A gateway that begins with this client, or is started anew, answers in a moment. */
const soon = { forMs: 20_000, longestMs: 1_000 } as const

export class GatewaySession {
  readonly #init: SessionInit
  #state: SessionState = { at: 'closed' }
  #way: Way | undefined
  #failures = 0
  #wasOpen = false
  #openedAt: Ms = 0
  /** By elapsed time. */
  #downSince: Ms
  /** Requests for a page that have no answer yet. */
  #asking = 0
  /** Pages on their way to the disk, and the cursor of the last entry in them. */
  #working = 0
  #workingTo = 0
  #ended = false
  /** Pages that came, their entries; ticks without a request; pages that the disk refused. */
  readonly counters: Record<'pages' | 'entries' | 'skipped' | 'unkept', number> = {
    pages: 0,
    entries: 0,
    skipped: 0,
    unkept: 0,
  }

  constructor(init: SessionInit) {
    this.#init = init
    this.#downSince = init.clock.elapsed()
  }

  get state(): SessionState {
    return this.#state
  }

  /** Tells how long it has not been open. */
  get downForMs(): Ms {
    return this.#state.at === 'open' ? 0 : this.#init.clock.elapsed() - this.#downSince
  }

  /** Tells since when it is open, by elapsed time; undefined while it is not. */
  get openSince(): Ms | undefined {
    return this.#state.at === 'open' ? this.#openedAt : undefined
  }

  /** Tells whether it ever was. */
  get wasOpen(): boolean {
    return this.#wasOpen
  }

  /** Begins, and after every failure begins again. */
  start(): void {
    if (this.#state.at === 'closed' && !this.#ended) void this.#open()
  }

  /**
   * The read clock: one page, whether or not mail waits, and whether or not the last one is worked on still: a tick
   * that is left out because of mail would show it. Never rejects.
   */
  async read(): Promise<void> {
    const peer = this.#init.peer()
    const state = this.#state
    if (state.at !== 'open' || peer === undefined || this.#asking >= mostAsking) {
      this.counters.skipped++
      return
    }
    this.#asking++
    try {
      const service = this.#init.announcement()
      const [after, done, board] = [this.#received, this.#init.cursor(), this.#init.board()]
      const request: MailboxRequest =
        service === undefined ? { t: 'read', after, done, ...board } : { t: 'announce', ...service }
      const bytes = await this.#ask(peer, request).finally(() => this.#asking--)
      const page = readPage(bytes, this.#init.payloadBytes)
      if (page.status === 'slow-down') return
      if (service !== undefined && (page.status === 'ok' || page.status === 'full'))
        return this.#init.announced(page.status)
      if (page.status !== 'ok') throw new GatewayRefusal(page.status)
      this.counters.pages++
      this.counters.entries += page.entries.length
      await this.#take(after, page.entries)
      // The answers to two requests that were made at once show the same
      const wanted = this.#init.board()
      if (wanted.board === board.board && wanted.boardOffset === board.boardOffset)
        await this.#init.takeBoard(page.board).catch(error => {
          this.counters.unkept++
          this.#init.log.error({ reason: nameOf(error) }, 'a board could not be kept: it is asked for again')
        })
    } catch (error) {
      if (error instanceof WayError && error.code === 'slow-down') return
      // It says nothing about a session that was opened since
      if (this.#state === state) this.#fail(reasonOf(error))
    }
  }

  /** Up to where entries are here, on disk or on their way to it. */
  get #received(): number {
    return this.#working === 0 ? this.#init.cursor() : this.#workingTo
  }

  /** Hands over what is new of the entries behind `after`. What is not kept now is asked for again. */
  async #take(after: number, entries: readonly MailboxEntry[]): Promise<void> {
    const behind = this.#received
    const fresh = entries.filter(({ cursor }) => cursor > behind)
    const last = fresh.at(-1)
    if (last === undefined || after > behind || this.#working === mostWorking) return
    this.#working++
    this.#workingTo = last.cursor
    try {
      await this.#init.take(fresh, behind)
    } catch (error) {
      // A disk that does not write says nothing about the gateway, through which packets go on leaving
      this.counters.unkept++
      this.#init.log.error({ reason: nameOf(error) }, 'a page could not be kept: it is asked for again')
    } finally {
      this.#working--
    }
  }

  /** The last connection on its way has closed, or there is another way. */
  gone(): void {
    if (this.#state.at === 'open') this.#fail('gone')
  }

  end(): void {
    this.#ended = true
    this.#state = { at: 'closed' }
    this.#way?.close()
  }

  /** hello -> nonce; open(key, proof over gateway, connection and nonce) -> ok */
  async #open(): Promise<void> {
    const { mailboxSeed, mailboxKey } = this.#init
    this.#become({ at: 'opening' })
    try {
      const peer = this.#init.peer()
      if (peer === undefined) return this.#fail('not in the consensus')
      const stands = await this.#begin().begin(peer)
      const hello = await this.#greet(peer, { t: 'hello' })
      if (hello.status !== 'ok') return this.#refused(hello.status, this.downForMs >= patienceMs)
      const proof = ed25519Sign(mailboxSeed, proofMessage(peer.id, stands, hello.nonce))
      const answer = await this.#greet(peer, { t: 'open', key: mailboxKey, proof })
      if (answer.status !== 'ok') return this.#refused(answer.status, true)
      if (this.#ended) return
      this.#failures = 0
      this.#wasOpen = true
      this.#openedAt = this.#init.clock.elapsed()
      this.#init.onOpen()
      this.#become({ at: 'open' })
    } catch (error) {
      this.#fail(reasonOf(error))
    }
  }

  /** @param isForGood false where it may have been others' turn */
  #refused(status: MailboxStatus, isForGood: boolean): void {
    this.#fail(status)
    if (status === 'full' && isForGood && !this.#wasOpen && this.#init.cursor() === 0) this.#init.onFull()
  }

  #begin(): Way {
    const way = this.#init.way()
    if (way !== this.#way) this.#way?.close()
    this.#way = way
    return way
  }

  async #greet(peer: NodeEntry, request: MailboxRequest): Promise<ReturnType<typeof readGreeting>> {
    return readGreeting((await this.#ask(peer, request)).subarray(0, greetingBytes))
  }

  async #ask(peer: NodeEntry, request: MailboxRequest): Promise<Uint8Array> {
    if (this.#way === undefined) throw new WayError('CLOSED')
    return await this.#way.ask(peer, writeRequest(request))
  }

  /** Waits, longer after every failure in a row, with a third of it at random so that clients come back apart. */
  #fail(reason: string): void {
    if (this.#ended || this.#state.at === 'waiting') return
    const { clock, random, log } = this.#init
    if (this.#state.at === 'open') this.#downSince = clock.elapsed()
    const longest = this.downForMs < soon.forMs ? soon.longestMs : longestBackOffMs
    const most = Math.min(longest, firstBackOffMs * 2 ** this.#failures++)
    const wait = most * (1 - fraction(random) / 3)
    log.debug({ reason, failures: this.#failures }, 'gateway does not answer')
    this.#become({ at: 'waiting' })
    clock.after(wait, () => {
      if (!this.#ended && this.#state.at === 'waiting') void this.#open()
    })
  }

  #become(state: SessionState): void {
    this.#state = state
    this.#init.onChange()
  }
}

class GatewayRefusal extends Error {
  readonly status: MailboxStatus
  constructor(status: MailboxStatus) {
    super(`gateway: ${status}`)
    this.status = status
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

function reasonOf(error: unknown): LinkError['code'] | MailboxStatus | WayErrorCode | 'FAULT' {
  if (error instanceof GatewayRefusal) return error.status
  if (error instanceof WayError) return error.code
  return error instanceof LinkError ? error.code : 'FAULT'
}
