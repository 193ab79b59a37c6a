// When a follower asks for which document (docs/spec/directory-travel.md 10).

import type { Clock } from '../../world/clock.ts'
import { fraction, type Random } from '../../world/random.ts'
import { type Epoch, type Ms, second } from '../../world/units.ts'
import { epochAt, epochStart, type Network, phaseEnds } from '../documents/network.ts'
import { type EpochWindow, OwnMoments } from '../own-moments.ts'
import type { HeldDocuments } from './held-documents.ts'

/**
 * When, within an epoch, the document of the next one is fetched: spread, and well before it is needed. Nodes go first,
 * so that they have what clients ask for.
 */
export const fetchWindows: { readonly node: EpochWindow; readonly client: EpochWindow } = {
  node: { from: phaseEnds.signatures + 1 / 128, to: 6 / 8 },
  client: { from: 6 / 8, to: 7 / 8 },
}

/** Without a document one asks often at first (a network may be starting), then less. */
const retryMs = { first: 200, soon: second, soonFor: 20 * second, longest: 60 * second } as const

export interface FetchTimesInit {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly documents: HeldDocuments
  readonly window: EpochWindow
  /** Says whether what the disk has is asked for again, so that it does not show in what is asked. */
  readonly asksAnyway: boolean
}

export class FetchTimes {
  readonly #init: FetchTimesInit
  /** Elapsed time. */
  readonly #started: Ms
  readonly #moments: OwnMoments
  /** The newest epoch whose document came since the start. */
  #came: Epoch = -1

  constructor(init: FetchTimesInit) {
    this.#init = init
    this.#started = init.clock.elapsed()
    this.#moments = new OwnMoments(init.network, init.random, init.window)
  }

  /**
   * Finds what is missing now: the document of now, or the next epoch's when its time to fetch has come. Where nothing
   * valid is held the document of now is asked for first too, as by those who were away for one epoch, and then the
   * newest.
   */
  wanted(now: Ms, tries: number): { epoch: Epoch | null } | undefined {
    const { network, documents } = this.#init
    const epoch = epochAt(network, now)
    if (epoch < 0) return undefined
    if (documents.current(now) === undefined) return { epoch: tries % 2 === 0 ? epoch : null }
    const wanted: number[] = []
    // A round that started the network may end late: its document is still better than an older one.
    if (this.#lacks(epoch)) wanted.push(epoch)
    if (this.#lacks(epoch + 1) && now >= this.#moments.in(epoch)) wanted.push(epoch + 1)
    const choice = wanted[tries % Math.max(1, wanted.length)]
    return choice === undefined ? undefined : { epoch: choice }
  }

  /** Says whether a document came since the start, where the disk does not count. */
  get hasBegun(): boolean {
    return !this.#init.asksAnyway || this.#came >= 0
  }

  /** The document of an epoch came from somebody who was asked. */
  came(epoch: Epoch): void {
    this.#came = Math.max(this.#came, epoch)
  }

  #lacks(epoch: Epoch): boolean {
    const { documents, asksAnyway } = this.#init
    return documents.get(epoch) === undefined || (asksAnyway && this.#came < epoch)
  }

  /** Computes when something may be missing next, milliseconds since 1970-01-01 UTC. */
  nextFetch(now: Ms): Ms {
    const { network } = this.#init
    const epoch = epochAt(network, now)
    if (epoch < 0) return epochStart(network, 0)
    const at = this.#moments.in(epoch)
    const next = now < at ? at : Math.max(epochStart(network, epoch + 1), this.#moments.in(epoch + 1))
    return Math.max(now + 1, next)
  }

  /** Milliseconds until the next try. */
  backOff(tries: number): Ms {
    const { network, clock, random } = this.#init
    const starting = clock.elapsed() - this.#started < retryMs.soonFor
    const longest = starting
      ? retryMs.soon
      : Math.max(retryMs.soon, Math.min(retryMs.longest, network.epochMs / 20))
    return Math.min(longest, retryMs.first * 1.5 ** Math.min(20, tries)) * (0.75 + fraction(random) / 2)
  }
}
