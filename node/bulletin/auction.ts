// Entries that wait for room on the bulletin (docs/spec/bulletin.md 4.4). Who wrote them is hidden, so that room cannot
// be divided among authors: it goes to those with most work behind each byte, and by lot among equals. No I/O.

import type { Clock } from '../../world/clock.ts'
import { fraction, type Random } from '../../world/random.ts'
import { type Ms, minute } from '../../world/units.ts'

/** Holds an entry that wants room. */
export interface Bid<T> {
  /** Names it: of what is offered twice the better offer counts. */
  readonly id: string
  /** Tells what it takes of the room, above 0. */
  readonly cost: number
  /** Hashes (directory/work.ts). */
  readonly work: number
  readonly entry: T
}

interface Waiting<T> extends Bid<T> {
  readonly price: number
  readonly lot: number
  readonly since: Ms
}

/** An entry waits for so long at most: its author has gone elsewhere by then. */
const patienceMs: Ms = 1.5 * minute

export class Auction<T> {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #random: Random
  /** The best first. */
  #waiting: Waiting<T>[] = []
  #cost = 0

  constructor(clock: Pick<Clock, 'elapsed'>, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  get size(): number {
    return this.#waiting.length
  }

  /**
   * Takes an entry that wants room.
   *
   * @param most all that wait together may cost so much; what has least behind it gives way
   * @returns the ids of those that gave way: this one's, or others'
   */
  offer(bid: Bid<T>, most: number): readonly string[] {
    const one = { ...bid, price: this.price(bid), lot: fraction(this.#random), since: this.#clock.elapsed() }
    const before = this.#waiting.findIndex(({ id }) => id === bid.id)
    if (before >= 0) {
      if ((this.#waiting[before] as Waiting<T>).price >= one.price) return []
      this.#remove(before)
    }
    const at = this.#waiting.findIndex(other => isBetter(one, other))
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, one)
    this.#cost += one.cost
    const gone: string[] = []
    while (this.#cost > most && this.#waiting.length > 0) gone.push(this.#remove(this.#waiting.length - 1).id)
    return gone
  }

  /** Gives out the best of those that wait, if there is room for it: nothing cheaper goes before it. */
  take(hasRoom: (cost: number) => boolean): T | undefined {
    const oldest = this.#clock.elapsed() - patienceMs
    while (this.#waiting[0] !== undefined && this.#waiting[0].since < oldest) this.#remove(0)
    const [best] = this.#waiting
    if (best === undefined || !hasRoom(best.cost)) return undefined
    return this.#remove(0).entry
  }

  /** Tells what somebody puts up for each unit of room. A control overrides it: then it counts for nothing. */
  price({ work, cost }: Pick<Bid<T>, 'work' | 'cost'>): number {
    return work / cost
  }

  #remove(at: number): Waiting<T> {
    const [gone] = this.#waiting.splice(at, 1) as [Waiting<T>]
    this.#cost -= gone.cost
    return gone
  }
}

function isBetter<T>(a: Waiting<T>, b: Waiting<T>): boolean {
  return a.price > b.price || (a.price === b.price && a.lot > b.lot)
}
