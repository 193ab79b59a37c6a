// What of all that is published a node puts on its board (docs/spec/bulletin.md 6.3): all of it while a client's pages
// carry it, and else what has most work behind each byte, so that no client ever falls behind.

import type { View } from '../../directory/documents/view.ts'
import { type Topic, topics } from '../../directory/topics.ts'
import type { Stamped } from '../../link/protocol/bulletin.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import type { Board } from './board.ts'
import { costOf } from './judge.ts'
import { ShownRoom, showRate } from './room.ts'
import { Sale } from './sale.ts'

/** So many entries that were not shown are known again. */
const mostPassed = 16_384

interface Shown {
  readonly id: string
  readonly stamped: Stamped
}

export class Showing {
  readonly #board: Board
  readonly #sales: ReadonlyMap<number, Sale<Shown>>
  /** By id: the work with which it was not shown. */
  readonly #passed = new Map<string, number>()
  /** Counts entries that found no room. */
  outbid = 0

  constructor(options: {
    readonly board: Board
    readonly clock: Clock
    readonly random: Random
    readonly view: () => View | undefined
  }) {
    const { board, clock, random, view } = options
    this.#board = board
    const saleOf = (topic: Topic): Sale<Shown> => {
      const room = new ShownRoom()
      const rate = (): ReturnType<typeof showRate> => {
        const now = view()
        return now === undefined ? { perMinute: 0, burst: 0 } : showRate(now, topic)
      }
      return new Sale({
        clock,
        random,
        most: () => rate().perMinute,
        hasRoom: cost => room.take(rate(), cost, clock.elapsed()),
        sell: ({ id, stamped }) => {
          if (!board.has(id)) board.put(id, stamped, clock.now())
        },
        outbid: () => {
          this.outbid++
        },
      })
    }
    this.#sales = new Map(topics.map(topic => [topic.number, saleOf(topic)]))
  }

  /** Says whether an entry is here, or was, with as much work behind it. */
  isKnown(id: string, work: number): boolean {
    return this.#board.has(id) || work <= (this.#passed.get(id) ?? -1)
  }

  /** Shows an entry when its turn comes, if it does. */
  show(id: string, stamped: Stamped, work: number): void {
    this.#passed.delete(id)
    this.#passed.set(id, work)
    if (this.#passed.size > mostPassed) this.#passed.delete(this.#passed.keys().next().value as string)
    this.#sales.get(stamped.topic)?.offer({ id, cost: costOf(stamped), work, entry: { id, stamped } })
  }

  /** Shows what was missed at once: it had its turn elsewhere. */
  showMissed(id: string, stamped: Stamped): void {
    this.#board.put(id, stamped, stamped.time)
  }

  stop(): void {
    for (const sale of this.#sales.values()) sale.stop()
  }
}
