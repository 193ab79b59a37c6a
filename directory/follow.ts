// Follows the consensus for a client (docs/directory.md 10): fetches each epoch's document in good time, verifies
// it, and never gives up a good one for a bad one.

import type { Clock, Timer } from '../link/clock.ts'
import { type Link, LinkError, type Peer } from '../link/link.ts'
import type { Log } from '../link/log.ts'
import type { Store } from '../link/store.ts'
import { fraction, type Random, shuffle } from '../sphinx/random.ts'
import { wholeDocument } from './difference.ts'
import { Documents, type Held } from './documents.ts'
import { DirectoryError, type DirectoryErrorCode } from './error.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  writeRequest,
} from './exchange.ts'
import { NoteFollower, noteWindows } from './follow-notes.ts'
import { checkNetwork, epochAt, epochStart, type Network, phaseEnds } from './network.ts'
import { Notes } from './notes.ts'
import { hex } from './statement.ts'
import type { Directory, View } from './view.ts'

export interface FollowOptions {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Where the newest documents outlive the process. */
  readonly store?: Store | undefined
  /** Whom to ask first: any nodes. The authorities are asked when none of these has it. */
  readonly sources?: readonly Peer[] | undefined
}

export interface DirectoryStatus {
  /** The epoch of now by the own clock; negative before genesis. */
  readonly epoch: number
  readonly consensus: {
    readonly epoch: number
    readonly hash: string
    readonly signers: readonly string[]
    /** Milliseconds since 1970-01-01 UTC. */
    readonly validUntil: number
  } | null
  /** Documents that were fetched, accepted, and refused by code. */
  readonly fetched: number
  readonly accepted: number
  readonly refused: Readonly<Partial<Record<DirectoryErrorCode | 'LINK', number>>>
}

export interface FollowedDirectory extends Directory {
  status(): DirectoryStatus
}

/** When, within an epoch, the document of the next one is fetched: spread, and well before it is needed. */
export interface FetchWindow {
  readonly from: number
  readonly to: number
}

/** Nodes go first, so that they have what clients ask for. */
export const fetchWindows: { readonly node: FetchWindow; readonly client: FetchWindow } = {
  node: { from: phaseEnds.signatures + 1 / 128, to: 6 / 8 },
  client: { from: 6 / 8, to: 7 / 8 },
}

const second = 1000
/** Without a document one asks often at first (a network may be starting), then less. */
const retryMs = { first: 200, soon: 500, soonFor: 20 * second, longest: 60 * second } as const
/** A place that does not answer must not cost the window of a short epoch: 1/16 of an epoch within these. */
const requestMs = { least: second, most: 10 * second } as const
/** Places asked in one attempt. */
const asksPerAttempt = 3

/**
 * @throws DirectoryError BAD_NETWORK
 */
export async function followDirectory(options: FollowOptions): Promise<FollowedDirectory> {
  const follower = new Follower(options, 'client')
  await follower.start()
  return follower
}

export class Follower implements FollowedDirectory {
  readonly documents: Documents
  readonly notes: Notes
  readonly #options: FollowOptions
  readonly #window: FetchWindow
  readonly #handlers = new Set<(view: View) => void>()
  readonly #waiting = new Set<{ resolve: (view: View) => void; reject: (error: Error) => void }>()
  readonly #refused: Partial<Record<DirectoryErrorCode | 'LINK', number>> = {}
  readonly #abort = new AbortController()
  readonly #started: number
  #fetched = 0
  #accepted = 0
  #tries = 0
  readonly #noteWindow: FetchWindow
  #noteFollower: NoteFollower | undefined
  #timer: Timer | undefined
  #readyTimer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  /** This follower's own place in the fetch window, drawn anew for every epoch. */
  #place = { epoch: -1, at: 0 }

  constructor(options: FollowOptions, who: 'node' | 'client') {
    checkNetwork(options.network)
    this.#options = options
    this.#window = fetchWindows[who]
    this.#noteWindow = noteWindows[who]
    this.documents = new Documents(options.network)
    this.notes = new Notes(options.network, name => this.documents.named(name), options.clock.now())
    this.#started = options.clock.now()
  }

  /** Reads what the store has, and begins to fetch. */
  async start(): Promise<void> {
    const { store, log } = this.#options
    if (store !== undefined) {
      for await (const bytes of store.values({ gt: 'document/', lt: 'document0' })) {
        try {
          this.#accept(bytes)
        } catch (error) {
          if (!(error instanceof DirectoryError)) throw error
          log.info({ code: error.code }, 'a stored document is of no more use')
        }
      }
    }
    this.#plan(0)
    const { sources = [] } = this.#options
    this.#noteFollower = new NoteFollower({
      ...this.#options,
      notes: this.notes,
      sources: () => sources,
      ready: () => this.current() !== undefined,
      window: this.#noteWindow,
      onEffect: () => this.#tellCurrent(),
    })
  }

  /** As the note that is in force has it. */
  current(): View | undefined {
    const now = this.#options.clock.now()
    const view = this.documents.current(now)?.view
    return view && this.notes.obeyed(view, now)
  }

  view(epoch: number): View | undefined {
    const now = this.#options.clock.now()
    this.documents.prune(now)
    const view = this.documents.get(epoch)?.view
    return view && this.notes.obeyed(view, now)
  }

  onView(handler: (view: View) => void): () => void {
    this.#handlers.add(handler)
    return () => void this.#handlers.delete(handler)
  }

  ready(signal?: AbortSignal): Promise<View> {
    const now = this.current()
    if (now !== undefined) return Promise.resolve(now)
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    if (this.#abort.signal.aborted) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      const waiter = {
        resolve: (view: View): void => {
          signal?.removeEventListener('abort', stop)
          resolve(view)
        },
        reject,
      }
      const stop = (): void => {
        this.#waiting.delete(waiter)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', stop, { once: true })
      this.#waiting.add(waiter)
    })
  }

  status(): DirectoryStatus {
    const { network, clock } = this.#options
    const view = this.current()
    return {
      epoch: epochAt(network, clock.now()),
      consensus:
        view === undefined
          ? null
          : {
              epoch: view.epoch,
              hash: hex(view.hash),
              signers: view.signers.map(hex),
              validUntil: view.validUntil,
            },
      fetched: this.#fetched,
      accepted: this.#accepted,
      refused: { ...this.#refused },
    }
  }

  async close(): Promise<void> {
    this.#abort.abort(closed())
    this.#timer?.cancel()
    this.#readyTimer?.cancel()
    this.#noteFollower?.close()
    for (const waiter of this.#waiting) waiter.reject(closed())
    this.#waiting.clear()
    this.#handlers.clear()
    await this.#running
  }

  /** One timer: the next attempt in `ms`. */
  #plan(ms: number): void {
    if (this.#abort.signal.aborted) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(ms, () => {
      this.#running = this.#attempt()
    })
  }

  async #attempt(): Promise<void> {
    const { clock } = this.#options
    const now = clock.now()
    this.documents.prune(now)
    const want = this.#wanted(now)
    if (want !== undefined && (await this.#fetch(want.epoch))) this.#tries = 0
    else if (want !== undefined) this.#tries++
    const next = this.#wanted(clock.now())
    if (next !== undefined) return this.#plan(this.#tries === 0 ? 0 : this.#backOff())
    this.#plan(this.#nextFetch(clock.now()))
  }

  /** What is missing now: any document of now, or the next epoch's when its time to fetch has come. */
  #wanted(now: number): { epoch: number | null } | undefined {
    const { network } = this.#options
    const epoch = epochAt(network, now)
    if (epoch < 0) return undefined
    if (this.documents.current(now) === undefined) return { epoch: null }
    const wanted: number[] = []
    // A round that started the network may end late: its document is still better than an older one.
    if (this.documents.get(epoch) === undefined) wanted.push(epoch)
    if (this.documents.get(epoch + 1) === undefined && now >= this.#fetchAt(epoch)) wanted.push(epoch + 1)
    const choice = wanted[this.#tries % Math.max(1, wanted.length)]
    return choice === undefined ? undefined : { epoch: choice }
  }

  /** Milliseconds until something may be missing. */
  #nextFetch(now: number): number {
    const { network } = this.#options
    const epoch = epochAt(network, now)
    if (epoch < 0) return Math.min(network.epochMs, epochStart(network, 0) - now)
    const at = this.#fetchAt(epoch)
    const next = now < at ? at : Math.max(epochStart(network, epoch + 1), this.#fetchAt(epoch + 1))
    return Math.max(1, next - now)
  }

  #fetchAt(epoch: number): number {
    const { network, random } = this.#options
    if (this.#place.epoch !== epoch) {
      const { from, to } = this.#window
      const at = epochStart(network, epoch + from + (to - from) * fraction(random))
      if (epoch !== epochAt(network, this.#options.clock.now())) return at
      this.#place = { epoch, at }
    }
    return this.#place.at
  }

  #backOff(): number {
    const { network, clock, random } = this.#options
    const starting = clock.now() - this.#started < retryMs.soonFor
    const longest = starting
      ? retryMs.soon
      : Math.max(retryMs.soon, Math.min(retryMs.longest, network.epochMs / 20))
    return Math.min(longest, retryMs.first * 1.5 ** Math.min(20, this.#tries)) * (0.75 + fraction(random) / 2)
  }

  /** Asks a few places, the sources before the authorities; true when a document was accepted. */
  async #fetch(epoch: number | null): Promise<boolean> {
    const { network, sources = [], link, random, log } = this.#options
    const others = [...shuffle(random, sources), ...shuffle(random, network.authorities)].filter(
      ({ id }) => hex(id) !== hex(link.id),
    )
    // Later attempts begin further down the list, so that sources without it do not hide the authorities.
    const skip = sources.length === 0 ? 0 : (this.#tries * asksPerAttempt) % Math.max(1, others.length)
    for (const peer of [...others.slice(skip), ...others.slice(0, skip)].slice(0, asksPerAttempt)) {
      if (this.#abort.signal.aborted) return false
      try {
        const bytes = await this.#ask(peer, epoch)
        this.#fetched++
        this.#accept(bytes, epoch ?? undefined)
        return true
      } catch (error) {
        if (error instanceof DirectoryError) {
          this.#count(error.code)
          if (error.code !== 'UNAVAILABLE') {
            log.warn({ code: error.code, why: error.message }, 'directory: refused a document')
          }
        } else {
          this.#count(error instanceof LinkError && error.code === 'TOO_LARGE' ? 'TOO_LARGE' : 'LINK')
          if (!(error instanceof LinkError)) log.warn({ why: String(error) }, 'directory: request failed')
        }
      }
    }
    return false
  }

  /** The document of an epoch: what is new since the one before, where that is held, otherwise the whole. */
  async #ask(peer: Peer, epoch: number | null): Promise<Uint8Array> {
    const before = epoch === null ? undefined : this.documents.newest(epoch)?.document
    if (epoch === null || before === undefined) return this.#request(peer, { ask: 'document', epoch })
    try {
      const answer = await this.#request(peer, { ask: 'difference', from: before.hash, epoch })
      return wholeDocument(before.bodyBytes, answer)
    } catch (error) {
      if (!(error instanceof DirectoryError) || error.code === 'UNAVAILABLE') throw error
      this.#options.log.debug({ code: error.code, why: error.message }, 'directory: no use of a difference')
      return this.#request(peer, { ask: 'document', epoch })
    }
  }

  async #request(peer: Peer, request: DirectoryRequest): Promise<Uint8Array> {
    const { least, most } = requestMs
    const timeoutMs = Math.min(most, Math.max(least, this.#options.network.epochMs / 16))
    const options = { timeoutMs, maxBytes: maxAnswerBytes, signal: this.#abort.signal }
    return readAnswer(
      await this.#options.link.request(peer, directoryProtocol, writeRequest(request), options),
    )
  }

  #count(code: DirectoryErrorCode | 'LINK'): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1
  }

  /** Verifies, keeps, tells. Throws DirectoryError when it is refused. */
  #accept(bytes: Uint8Array, epoch?: number): void {
    const { clock, log } = this.#options
    const { held, isNew } = this.documents.add(bytes, clock.now(), epoch)
    if (!isNew) return
    this.#accepted++
    log.info({ epoch: held.view.epoch, signers: held.view.signers.length }, 'directory: new document')
    void this.#persist(held)
    this.#tell(held.view)
    this.#tellReady()
  }

  /** The view of now is another one: a note has come into force. */
  #tellCurrent(): void {
    const view = this.current()
    if (view !== undefined) this.#tell(view)
  }

  #tell(view: View): void {
    for (const handler of this.#handlers) {
      try {
        handler(view)
      } catch (error) {
        this.#options.log.error({ why: String(error) }, 'directory: a handler of views failed')
      }
    }
  }

  /** Whoever waits for a current view gets it; a view of the future is one when its time comes. */
  #tellReady(): void {
    const { clock } = this.#options
    const now = clock.now()
    const view = this.current()
    if (view !== undefined) {
      for (const waiter of this.#waiting) waiter.resolve(view)
      this.#waiting.clear()
      return
    }
    const newest = this.documents.newest()
    if (newest === undefined || newest.view.validAfter <= now) return
    this.#readyTimer?.cancel()
    this.#readyTimer = clock.after(newest.view.validAfter - now, () => this.#tellReady())
  }

  async #persist({ view, bytes }: Held): Promise<void> {
    const { store, log } = this.#options
    if (store === undefined) return
    try {
      await store.put(documentKey(view.epoch), bytes)
      await store.clear({ gt: 'document/', lt: documentKey(Math.max(0, view.epoch - 2)) })
    } catch (error) {
      log.warn({ why: String(error) }, 'directory: the document could not be stored')
    }
  }
}

/** Keys of a store in the order of their epochs. */
export function documentKey(epoch: number): string {
  return `document/${String(epoch).padStart(16, '0')}`
}

function closed(): DirectoryError {
  return new DirectoryError('CLOSED', 'the directory was closed')
}
