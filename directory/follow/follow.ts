// Follows the consensus for a client (docs/spec/directory-travel.md 10): fetches each epoch's document in good time,
// verifies it, compares it with what others hold, and never gives up a good one for a bad one.

import { hex } from '../../encoding/bytes.ts'
import { type Link, LinkError, type Peer } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { guardedClock } from '../../world/timers.ts'
import type { Epoch } from '../../world/units.ts'
import { checkNetwork, epochAt, type Network } from '../documents/network.ts'
import {
  type ConsensusStatus,
  consensusStatus,
  type Directory,
  type DirectoryHealth,
  type View,
} from '../documents/view.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import { type EpochWindow, lookAgain } from '../own-moments.ts'
import { Attempts } from './attempts.ts'
import { Audience } from './audience.ts'
import { Comparison } from './comparison.ts'
import { DocumentsOnDisk } from './documents-on-disk.ts'
import { Fetch } from './fetch.ts'
import { FetchTimes, fetchWindows } from './fetch-times.ts'
import { type HeldDocument, HeldDocuments } from './held-documents.ts'
import { Intake } from './intake.ts'
import { Sources } from './sources.ts'
import type { Split } from './split.ts'
import { noteWindows, StatusNoteFollower } from './status-note-follower.ts'
import { HeldNotes } from './status-note-held.ts'
import { acceptRecords } from './table.ts'

/** Holds what a follower is handed: the network as configured, and its surroundings. */
export interface FollowOptions {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Where the newest documents outlive the process. */
  readonly store?: Store | undefined
  /** Names nodes to ask first; authorities are asked while no valid document is held and none of these has one. */
  readonly sources?: readonly Peer[] | undefined
}

/** Reports how the documents come, as `/status` shows it: plain values only. */
export interface DirectoryStatus extends DirectoryHealth {
  /** The epoch of now by the own clock; negative before genesis. */
  readonly epoch: number
  readonly consensus: ConsensusStatus | null
  /** Documents that were fetched, accepted, and refused by code. */
  readonly fetched: number
  readonly accepted: number
  readonly refused: Readonly<Partial<Record<DirectoryErrorCode | 'LINK', number>>>
  /** Other nodes that hold the same document, of those that were asked. */
  readonly agreed: number
}

/** A directory that is kept fresh until `close`. */
export interface FollowedDirectory extends Directory, AsyncDisposable {
  status(): DirectoryStatus
}

/**
 * Follows a network's documents until `close`: fetches each epoch's, checks it, and keeps the newest.
 *
 * @throws DirectoryError BAD_NETWORK
 */
export async function followDirectory(options: FollowOptions): Promise<FollowedDirectory> {
  const follower = new Follower(options, 'client')
  await follower.start()
  return follower
}

export class Follower implements FollowedDirectory {
  readonly documents: HeldDocuments
  readonly notes: HeldNotes
  readonly #options: FollowOptions
  readonly #times: FetchTimes
  readonly #audience: Audience
  readonly #abort = new AbortController()
  readonly #sources: Sources
  readonly #fetch: Fetch
  readonly #attempts: Attempts
  readonly #comparison: Comparison
  readonly #intake: Intake
  #saidLate: number | undefined
  #tries = 0
  readonly #noteWindow: EpochWindow
  #noteFollower: StatusNoteFollower | undefined
  #timer: Timer | undefined
  #readyTimer: Timer | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(given: FollowOptions, who: 'node' | 'client') {
    checkNetwork(given.network)
    const options = { ...given, clock: guardedClock(given.clock, given.log, 'directory') }
    this.#options = options
    const isClient = who === 'client'
    this.#noteWindow = noteWindows[who]
    const { network, link, random, clock, sources: named = [] } = options
    const documents = new HeldDocuments(network)
    this.documents = documents
    this.#audience = new Audience(options.log)
    this.notes = new HeldNotes(documents.succession, name => documents.named(name), clock)
    this.#times = new FetchTimes({
      network,
      clock,
      random,
      documents,
      window: fetchWindows[who],
      asksAnyway: isClient,
    })
    const sources = new Sources({
      authorities: () => documents.succession.newest.authorities,
      self: link.id,
      random,
      given: named,
      authoritiesFirst: !isClient,
      isFollowing: () => documents.current(clock.now()) !== undefined,
    })
    const fetch = new Fetch({ ...options, documents, signal: this.#abort.signal })
    const disk = new DocumentsOnDisk(options.store, options.log)
    const reach = { ...options, documents, sources, fetch }
    this.#sources = sources
    this.#fetch = fetch
    this.#comparison = new Comparison({
      ...reach,
      onOther: (pointer, document) => this.#intake.onOther(pointer, document),
      onConfirmed: held => {
        this.#intake.trust(held)
        this.#tellNew(held)
      },
    })
    this.#intake = new Intake({
      ...reach,
      disk,
      onCame: held => this.#comparison.document(held),
      onNew: held => this.#onNew(held),
      onSplit: split => this.#onSplit(split),
    })
    this.#attempts = new Attempts({ ...reach, intake: this.#intake, signal: this.#abort.signal })
    const networkFor = (epoch: number): Network => documents.succession.networkFor(epoch)
    acceptRecords(link.dht, { network, networkFor, now: clock.now, view: () => documents.newest()?.view })
    link.dht.keep(sources.all, false)
  }

  /** Reads what the store has, and begins to fetch. */
  async start(): Promise<void> {
    await this.#intake.load()
    this.#plan(0)
    this.#noteFollower = new StatusNoteFollower({
      ...this.#options,
      notes: this.notes,
      sources: n => this.#sources.inAttempt(n),
      ready: () => this.#times.hasBegun && this.current() !== undefined,
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
    const view = this.documents.usable(epoch)?.view
    return view && this.notes.obeyed(view, now)
  }

  outOfTime(): View | undefined {
    return this.documents.newest() === undefined ? this.#intake.outOfTime : undefined
  }

  onView(handler: (view: View) => void): () => void {
    return this.#audience.onView(handler)
  }

  ready(signal?: AbortSignal): Promise<View> {
    const now = this.current()
    if (now !== undefined) return Promise.resolve(now)
    if (signal?.aborted !== true && this.#abort.signal.aborted) return Promise.reject(closed())
    return this.#audience.ready(signal)
  }

  status(): DirectoryStatus {
    const { network, clock } = this.#options
    const view = this.current()
    return {
      epoch: epochAt(network, clock.now()),
      consensus: consensusStatus(view),
      fetched: this.#attempts.fetched,
      accepted: this.#intake.accepted,
      refused: { ...this.#attempts.refused },
      agreed: this.#comparison.counts.agreed,
      ...this.health(),
    }
  }

  health(): DirectoryHealth {
    const view = this.current()
    const late = view !== undefined && this.#options.clock.now() >= view.freshUntil
    return {
      late: late ? { since: view.validAfter, worksUntil: view.validUntil } : null,
      splits: this.documents.splits.map(({ epoch, ours, theirs, proofs }) => ({
        epoch,
        documents: [hex(ours.hash), hex(theirs.hash)],
        signers: proofs.map(({ signer }) => hex(signer)),
      })),
      troubles: this.#sources.troubles,
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async close(): Promise<void> {
    this.#abort.abort(closed())
    this.#timer?.cancel()
    this.#readyTimer?.cancel()
    this.#noteFollower?.close()
    this.#comparison.close()
    this.#audience.close(closed())
    await this.#running
  }

  /** One timer: the next attempt in `ms`. */
  #plan(ms: number): void {
    if (this.#abort.signal.aborted) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(ms, () => this.#run())
  }

  /** Plans the next attempt, whatever fails. */
  #run(): void {
    this.#running = this.#attempt().catch((error: unknown) => {
      this.#options.log.warn({ why: String(error) }, 'directory: an attempt to fetch a document failed')
      this.#plan(this.#times.backOff(++this.#tries))
    })
  }

  async #attempt(): Promise<void> {
    const { clock } = this.#options
    const now = clock.now()
    // Without a document of before, a suspect one is as good as a newcomer's
    if (this.documents.prune(now).length > 0 && this.documents.isSuspect(this.current()?.epoch ?? -1))
      this.#tellCurrent()
    this.#sayLate()
    const want = this.#times.wanted(now, this.#tries)
    if (want !== undefined && (await this.#attempts.run(want.epoch, this.#tries))) this.#arrived(want.epoch)
    else if (want !== undefined) this.#tries++
    if (this.#abort.signal.aborted) return
    const next = this.#times.wanted(clock.now(), this.#tries)
    if (next !== undefined) return this.#plan(this.#tries === 0 ? 0 : this.#times.backOff(this.#tries))
    this.#timer = lookAgain(clock, this.#times.nextFetch(clock.now()), () => this.#run())
  }

  #arrived(epoch: Epoch | null): void {
    this.#times.came(epoch ?? this.current()?.epoch ?? -1)
    this.#tries = 0
  }

  /** Once for each document that is not fresh any more. */
  #sayLate(): void {
    const { late } = this.health()
    if (late === null || late.since === this.#saidLate) return
    this.#saidLate = late.since
    const time = (ms: number): string => new Date(ms).toISOString()
    this.#options.log.warn(
      { since: time(late.since), worksUntil: time(late.worksUntil) },
      'directory: no new document: this goes on with the last one until its time is over',
    )
  }

  /** The view of now is another one: a note has come into force, or a document is used no more. */
  #tellCurrent(): void {
    const view = this.current()
    if (view !== undefined) this.#audience.tell(view)
  }

  /** Hears a pointer that somebody shows. @throws DirectoryError as `HeldDocuments.hear` */
  hear(pointer: Uint8Array): void {
    this.#intake.hear(pointer)
  }

  /** Of a split that a log alone shows, some who may have it are asked for what was signed. */
  #onSplit({ epoch, proofs }: Split): void {
    this.#tellCurrent()
    if (proofs.length > 0) return
    const { authorities } = this.documents.succession.networkFor(epoch)
    void (async () => {
      for (const peer of [...this.#sources.inAttempt(0), ...authorities]) {
        if (this.#abort.signal.aborted || this.documents.isProven(epoch)) return
        try {
          this.#intake.onOther(await this.#fetch.pointer(peer, epoch), undefined)
        } catch (error) {
          if (!(error instanceof DirectoryError || error instanceof LinkError)) throw error
        }
      }
    })().catch((error: unknown) => {
      this.#options.log.warn({ why: String(error) }, 'directory: a proof could not be asked for')
    })
  }

  #onNew(held: HeldDocument): void {
    if (!this.documents.isSuspect(held.view.epoch)) this.#tellNew(held)
  }

  #tellNew({ view }: HeldDocument): void {
    this.#audience.tell(view)
    this.#tellReady()
  }

  /** Whoever waits for a current view gets it; a view of the future is one when its time comes. */
  #tellReady(): void {
    const { clock } = this.#options
    const now = clock.now()
    const view = this.current()
    if (view !== undefined) {
      this.#audience.tellReady(view)
      return
    }
    const newest = this.documents.newest()
    if (newest === undefined || newest.view.validAfter <= now) return
    this.#readyTimer?.cancel()
    this.#readyTimer = lookAgain(clock, newest.view.validAfter, () => this.#tellReady())
  }
}

function closed(): DirectoryError {
  return new DirectoryError('CLOSED', 'the directory was closed')
}
