// Which nodes a client's own lost packets have in common (docs/spec/client-delivery.md 6). A dead mix is on every
// path that it breaks; an honest neighbour is also on paths that work.

/** Weighted counts, halved every half-life. */
interface Tally {
  lost: number
  acknowledged: number
  /** Lost since the last one that was acknowledged. */
  streak: number
  at: number
}

/** So many in a row are chance. */
const chance = 2

/** Whatever is lost, a node keeps this much of its weight: no losses make anybody's path certain. */
const leastWeight = 1 / 256

const doubtful = 1 / 4

/** Nodes that are remembered; a network has fewer. */
const most = 4096

export class Suspicion {
  readonly #halfLifeMs: number
  readonly #tallies = new Map<string, Tally>()
  /** The same of loops by the gateway where they turn. */
  readonly #fars = new Map<string, Tally>()

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  /**
   * A packet over these nodes was not acknowledged in time. The far gateway alone acknowledges: it could withhold what
   * came through the mixes that it does not like. So a loss counts for as much as the far gateway is worth beside the
   * best of the others, squared: whoever withholds much is believed little.
   */
  lost(nodes: readonly string[], now: number, far: string): void {
    const tallies = [...this.#fars.values()].map(tally => shareOf(this.#decay(tally, now)))
    const own = shareOf(this.#far(far, now))
    const counts = (own / Math.max(own, ...tallies)) ** 2
    this.#far(far, now).lost++
    for (const id of new Set(nodes)) {
      const tally = this.#tally(id, now)
      tally.lost += counts
      tally.streak += counts
    }
  }

  /** A packet over these nodes was acknowledged. */
  acknowledged(nodes: readonly string[], now: number, far: string): void {
    this.#far(far, now).acknowledged++
    for (const id of new Set(nodes)) {
      const tally = this.#tally(id, now)
      tally.acknowledged++
      tally.streak = 0
    }
  }

  /**
   * Weighs how readily to use a node, 0 to 1: the square of the share of its packets that were acknowledged, counting
   * one that nobody saw fail, over the square of the losses in a row beyond chance: what has just died has many
   * acknowledgements from before. A node of which nothing is known, and one that never failed, has 1, so that without
   * losses all paths are equally likely.
   */
  weight(id: string, now: number): number {
    const tally = this.#tallies.get(id)
    if (tally === undefined) return 1
    const { streak } = this.#decay(tally, now)
    return Math.max(leastWeight, (this.reliability(id, now) / Math.max(1, streak - chance)) ** 2)
  }

  /** Lists the nodes that are used a quarter as readily as others, or less. */
  doubted(now: number): string[] {
    return [...this.#tallies.keys()].filter(id => this.weight(id, now) <= doubtful)
  }

  /** The share of its packets that were acknowledged, counting one that nobody saw fail: 0 to 1. */
  reliability(id: string, now: number): number {
    const tally = this.#tallies.get(id)
    if (tally === undefined) return 1
    return shareOf(this.#decay(tally, now))
  }

  #tally(id: string, now: number): Tally {
    return this.#of(this.#tallies, id, now)
  }

  #far(id: string, now: number): Tally {
    return this.#of(this.#fars, id, now)
  }

  #of(tallies: Map<string, Tally>, id: string, now: number): Tally {
    const tally = tallies.get(id) ?? { lost: 0, acknowledged: 0, streak: 0, at: now }
    Object.assign(tally, this.#decay(tally, now))
    tallies.delete(id)
    tallies.set(id, tally)
    if (tallies.size > most) {
      const [oldest] = tallies.keys()
      tallies.delete(oldest as string)
    }
    return tally
  }

  #decay({ lost, acknowledged, streak, at }: Tally, now: number): Tally {
    const factor = 2 ** (-Math.max(0, now - at) / this.#halfLifeMs)
    return { lost: lost * factor, acknowledged: acknowledged * factor, streak: streak * factor, at: now }
  }
}

/** The share that was acknowledged, counting one that nobody saw fail. */
function shareOf({ acknowledged, lost }: Tally): number {
  return (acknowledged + 1) / (acknowledged + lost + 1)
}
