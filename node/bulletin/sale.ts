// Gives room on the bulletin out as it becomes free (docs/spec/bulletin.md 4.4): at once while nobody waits, else to
// whoever is first in the auction.

import type { Clock, Timer } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'
import { Auction, type Bid } from './auction.ts'

/** While entries wait, room for them is looked for so often. */
const lookMs: Ms = second

export interface SaleOptions<T> {
  readonly clock: Pick<Clock, 'elapsed' | 'after'>
  readonly random: Random
  /** Tells what all that wait may cost together. */
  readonly most: () => number
  /** Says whether there is room now for what costs so much; where it counts what it gives, it has given it then. */
  readonly hasRoom: (cost: number) => boolean
  readonly sell: (entry: T) => void
  /** Told of each entry that had to give way. */
  readonly outbid: () => void
}

export class Sale<T> {
  readonly #options: SaleOptions<T>
  readonly #auction: Auction<T>
  #timer: Timer | undefined
  #stopped = false

  constructor(options: SaleOptions<T>) {
    this.#options = options
    this.#auction = new Auction(options.clock, options.random)
  }

  get waiting(): number {
    return this.#auction.size
  }

  /** Takes an entry; false when it has to give way at once. */
  offer(bid: Bid<T>): boolean {
    const { most, outbid } = this.#options
    const gone = this.#auction.offer(bid, most())
    for (const _ of gone) outbid()
    this.#sell()
    return !gone.includes(bid.id)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #sell(): void {
    const { hasRoom, sell, clock } = this.#options
    for (let entry = this.#auction.take(hasRoom); entry !== undefined; ) {
      sell(entry)
      entry = this.#auction.take(hasRoom)
    }
    if (this.#stopped || this.#timer !== undefined || this.#auction.size === 0) return
    this.#timer = clock.after(lookMs, () => {
      this.#timer = undefined
      this.#sell()
    })
  }
}
