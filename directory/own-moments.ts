// A host's own moments within epochs (docs/spec/directory-travel.md 10), and waiting for a time of a wall clock that
// may be set.

import type { Clock, Timer } from '../world/clock.ts'
import { fraction, type Random } from '../world/random.ts'
import { type Epoch, type Ms, minute } from '../world/units.ts'
import { epochStart, type Network } from './documents/network.ts'

/** A part of each epoch: from and to, as fractions of the epoch. */
export interface EpochWindow {
  readonly from: number
  readonly to: number
}

/** Epochs whose moments are remembered. */
const mostDrawn = 8

/** Draws a moment within the window of each epoch, once an epoch, so that not all hosts do the same thing at once. */
export class OwnMoments {
  readonly #network: Network
  readonly #random: Random
  readonly #window: EpochWindow
  readonly #drawn = new Map<Epoch, Ms>()

  constructor(network: Network, random: Random, window: EpochWindow) {
    this.#network = network
    this.#random = random
    this.#window = window
  }

  /** Tells the moment of an epoch (halves too: 1.5), milliseconds since 1970-01-01 UTC. */
  in(epoch: Epoch): Ms {
    const have = this.#drawn.get(epoch)
    if (have !== undefined) return have
    const { from, to } = this.#window
    const at = epochStart(this.#network, epoch + from + (to - from) * fraction(this.#random))
    this.#drawn.set(epoch, at)
    if (this.#drawn.size > mostDrawn) this.#drawn.delete(this.#drawn.keys().next().value as Epoch)
    return at
  }
}

/** Nobody sleeps longer without a look at the wall clock, so that one that was put right is noticed. */
const longestSleepMs = minute

/**
 * Calls `run` when the wall clock should show `at`, or after a minute where that comes first: a clock may be set
 * meanwhile, forth or back. Who is called looks at the clock again, and waits on where its time has not come.
 *
 * @param at milliseconds since 1970-01-01 UTC
 */
export function lookAgain(clock: Clock, at: Ms, run: () => unknown): Timer {
  return clock.after(Math.min(longestSleepMs, Math.max(0, at - clock.now())), run)
}
