// The attempts of a follower to come by a document (docs/spec/directory-travel.md 10): a few places each, and now and
// then those of whom the table says that they have it.

import { hex } from '../../encoding/bytes.ts'
import type { Peer } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { type Ms, second } from '../../world/units.ts'
import { wait } from '../../world/wait.ts'
import { epochAt, epochsValid, type Network } from '../documents/network.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'
import type { Fetch, Told } from './fetch.ts'
import type { Intake } from './intake.ts'
import type { Sources } from './sources.ts'

export interface AttemptsInit {
  readonly network: Network
  readonly clock: Clock
  readonly log: Log
  readonly sources: Sources
  readonly fetch: Fetch
  readonly intake: Intake
  readonly signal: AbortSignal
}

/** After so long without an answer the next one is asked. */
const patienceMs = 2 * second
/** So many of those that the table names are asked. */
const holdersAsked = 3
/** Every so many attempts in vain the table is asked who else has it; first when a network that starts has had time. */
const attemptsPerSearch = 8
const firstSearch = 3

export class Attempts {
  /** Documents that came. */
  fetched = 0
  /** Those that were refused, by code. */
  readonly refused: Partial<Record<DirectoryErrorCode | 'LINK', number>> = {}
  readonly #init: AttemptsInit
  /** Holds the hex of the ids of those being asked, so that none is asked twice at once. */
  readonly #asking = new Set<string>()

  constructor(init: AttemptsInit) {
    this.#init = init
  }

  /**
   * Asks a few places for the document of an epoch (null: the newest).
   *
   * @param tries attempts before this one that were in vain
   * @returns whether a document was accepted
   */
  async run(epoch: number | null, tries: number): Promise<boolean> {
    const { clock, sources } = this.#init
    for (const peer of sources.inAttempt(tries)) {
      if (await trueWithin(clock, patienceMs, this.#try(peer, epoch))) return true
    }
    return tries % attemptsPerSearch === firstSearch && (await this.#search(epoch))
  }

  /** Asks those of whom the table says that they have it. */
  async #search(epoch: number | null): Promise<boolean> {
    const { network, clock, fetch, signal } = this.#init
    const now = epochAt(network, clock.now())
    const epochs = epoch === null ? Array.from({ length: epochsValid }, (_, i) => now - i) : [epoch]
    for (const of of epochs.filter(each => each >= 0)) {
      if (signal.aborted) return false
      for (const peer of (await fetch.holders(of)).slice(0, holdersAsked)) {
        if (await this.#try(peer, of)) return true
      }
    }
    return false
  }

  async #try(peer: Peer, epoch: number | null): Promise<boolean> {
    const { fetch, intake, network, clock, signal } = this.#init
    const id = hex(peer.id)
    if (signal.aborted || this.#asking.has(id)) return false
    this.#asking.add(id)
    let told: Told | undefined
    try {
      const isNext = epoch !== null && epoch > epochAt(network, clock.now())
      told = await (isNext ? fetch.next(peer, epoch) : fetch.whole(peer, epoch))
      this.fetched++
      await intake.acceptFrom(peer, told, epoch ?? undefined)
      return true
    } catch (error) {
      if (signal.aborted) return false
      this.#refuse(peer, error)
      if (told !== undefined) intake.learnFromTold(told.bytes)
      return false
    } finally {
      this.#asking.delete(id)
    }
  }

  #refuse(peer: Peer, error: unknown): void {
    const { log, sources } = this.#init
    const code = sources.note(peer, error)
    if (!(error instanceof DirectoryError)) {
      this.#count(code === 'TOO_LARGE' ? 'TOO_LARGE' : 'LINK')
      if (code === 'FAULT') log.warn({ why: String(error) }, 'directory: request failed')
      return
    }
    this.#count(error.code)
    if (error.code === 'UNAVAILABLE') return
    log.warn({ code: error.code, why: error.message }, 'directory: refused a document')
  }

  #count(code: DirectoryErrorCode | 'LINK'): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }
}

/** Waits for so long at most: what is not true after `ms` is false. */
function trueWithin(clock: Clock, ms: Ms, happening: Promise<boolean>): Promise<boolean> {
  return wait({}, ({ resolve, reject }) => {
    const late = clock.after(ms, () => resolve(false))
    happening.then(resolve, reject)
    return () => late.cancel()
  })
}
