// Fetches the status note of each epoch for a node or a client (docs/spec/directory-travel.md 10), in good time before
// its effect, and says when it takes effect.

import { type Link, LinkError, type Peer } from '../../link/link.ts'
import { type Clock, onceAt, type Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { fraction, type Random } from '../../world/random.ts'
import type { Epoch } from '../../world/units.ts'
import { directoryProtocol, readAnswer, writeRequest } from '../documents/exchange.ts'
import { epochAt, type Network, phaseEnds } from '../documents/network.ts'
import { noteEffect, noteLimits } from '../documents/status-note.ts'
import { DirectoryError } from '../error.ts'
import { type EpochWindow, lookAgain, OwnMoments } from '../own-moments.ts'
import type { HeldNotes } from './status-note-held.ts'

export interface StatusNoteFollowerInit {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly notes: HeldNotes
  /** Lists the peers to ask in the n-th attempt: the same places as for documents. */
  readonly sources: (n: number) => readonly Peer[]
  /** Says whether there is a document that a note could be about. */
  readonly ready: () => boolean
  /** The window within an epoch in which its note is fetched. */
  readonly window: EpochWindow
  /** A note has come into force that changes something. */
  readonly onEffect: () => void
}

/** Nodes go first, so that they have what clients ask for; both are done well before the effect. */
export const noteWindows: Readonly<Record<'node' | 'client', EpochWindow>> = {
  node: { from: phaseEnds.signatures + 1 / 128, to: 11 / 16 },
  client: { from: 11 / 16, to: 13 / 16 },
}

const requestMs = { least: 1000, most: 5000 } as const
/** An epoch may have no note: so many attempts, spread over this part of an epoch each. */
const attempts = 6
const pause = 1 / 128
/** Epochs of which the attempts are remembered. */
const epochsTried = 4

export class StatusNoteFollower {
  readonly #init: StatusNoteFollowerInit
  readonly #abort = new AbortController()
  readonly #told: Set<number> = new Set()
  #timer: Timer | undefined
  #effectTimer: Timer | undefined
  readonly #moments: OwnMoments
  /** Attempts to fetch the note of an epoch. */
  readonly #tries = new Map<Epoch, number>()
  /** The epoch of the note in force at the last look. */
  #inForce: Epoch = -1

  constructor(init: StatusNoteFollowerInit) {
    this.#init = init
    this.#moments = new OwnMoments(init.network, init.random, init.window)
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
    this.#timer = this.#init.clock.after(ms, () => this.#run())
  }

  /** Plans the next look, whatever fails. */
  async #run(): Promise<void> {
    try {
      await this.#look()
    } catch (error) {
      const { network, log } = this.#init
      log.warn({ why: String(error) }, 'directory: a note could not be looked after')
      this.#wakeIn(network.epochMs * pause)
    }
  }

  async #look(): Promise<void> {
    const { network, clock, random, notes, ready } = this.#init
    if (!ready()) return this.#wakeIn(Math.max(200, network.epochMs / 32))
    const now = clock.now()
    // The one in force is for those who come now; the next one for everybody.
    const inForce = notes.epochInForce(now)
    // A clock that was put back: before, it asked for what could not be there yet
    if (inForce < this.#inForce) this.#tries.clear()
    this.#inForce = inForce
    // In a network's first epoch the one before has no number that a request could carry
    const missing = [inForce, inForce + 1].filter(epoch => epoch >= 0 && this.#isMissing(epoch))
    const due = missing.find(epoch => this.#moments.in(epoch) <= now)
    if (due !== undefined) {
      const came = await this.#attempt(due)
      return this.#wakeIn(came ? 0 : network.epochMs * pause * (0.75 + fraction(random) / 2))
    }
    if (this.#abort.signal.aborted) return
    const next = this.#moments.in(missing[0] ?? inForce + 2)
    this.#timer = lookAgain(clock, next, () => this.#run())
  }

  #isMissing(epoch: Epoch): boolean {
    return this.#init.notes.get(epoch) === undefined && (this.#tries.get(epoch) ?? 0) < attempts
  }

  #attempt(epoch: Epoch): Promise<boolean> {
    this.#tries.set(epoch, (this.#tries.get(epoch) ?? 0) + 1)
    if (this.#tries.size > epochsTried) this.#tries.delete(this.#tries.keys().next().value as Epoch)
    return this.#fetch(epoch)
  }

  async #fetch(epoch: number): Promise<boolean> {
    const { network, link, clock, log, notes, sources } = this.#init
    for (const peer of sources((this.#tries.get(epoch) ?? 1) - 1)) {
      if (this.#abort.signal.aborted) return false
      let answer: Uint8Array | undefined
      try {
        const timeoutMs = Math.min(requestMs.most, Math.max(requestMs.least, network.epochMs / 16))
        const options = { timeoutMs, maxBytes: noteLimits.bytes, signal: this.#abort.signal }
        const request = writeRequest({ ask: 'note', epoch })
        answer = readAnswer(await link.request(peer, directoryProtocol, request, options))
        const { note } = notes.add(answer, clock.now())
        this.#tellEffect(note.note.epoch)
        return note.note.epoch === epoch
      } catch (error) {
        const isUnavailable = error instanceof DirectoryError && error.code === 'UNAVAILABLE'
        // About a document of before: asking on would show that it is not held
        if (isUnavailable && answer !== undefined) return this.#giveUp(epoch)
        if (error instanceof DirectoryError && !isUnavailable) {
          log.warn({ code: error.code, why: error.message }, 'directory: refused a note')
        } else if (!(error instanceof DirectoryError || error instanceof LinkError)) {
          log.warn({ why: String(error) }, 'directory: request failed')
        }
      }
    }
    return false
  }

  #giveUp(epoch: Epoch): boolean {
    this.#tries.set(epoch, attempts)
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
