// Where sockets wait until their other side has proved who it is (docs/spec/link.md 2): a place costs a stranger
// nothing, so that when all are taken the one that has waited longest, of the network that waits with most, has to go.
// Who is quick gets in however many others are slow.

/** A socket that waits, and how it is sent away. */
interface Waiting {
  readonly network: string
  readonly turnAway: () => void
}

export class Door {
  readonly #places: number
  /** By network, oldest first. */
  readonly #waiting = new Map<string, Set<Waiting>>()
  #count = 0
  /** Sockets that were sent away for others. */
  evicted = 0

  /** @param places sockets that may wait at a time, 1 or more */
  constructor(places: number) {
    this.#places = places
  }

  get waiting(): number {
    return this.#count
  }

  /**
   * Lets a socket wait.
   *
   * @param network whose share it takes; this machine's own, which no limits hold for, have one together
   * @param turnAway closes it; called at most once
   * @returns what to call when it has come in, or has gone
   */
  enter(network: string | undefined, turnAway: () => void): () => void {
    const waiting: Waiting = { network: network ?? '', turnAway }
    const ofNetwork = this.#waiting.get(waiting.network) ?? new Set()
    this.#waiting.set(waiting.network, ofNetwork.add(waiting))
    this.#count++
    if (this.#count > this.#places) this.#evict()
    return () => this.#leave(waiting)
  }

  #evict(): void {
    const [fullest] = [...this.#waiting.values()].sort((a, b) => b.size - a.size)
    const [oldest] = fullest ?? []
    if (oldest === undefined) return
    this.#leave(oldest)
    this.evicted++
    oldest.turnAway()
  }

  #leave(waiting: Waiting): void {
    const ofNetwork = this.#waiting.get(waiting.network)
    if (ofNetwork?.delete(waiting) !== true) return
    this.#count--
    if (ofNetwork.size === 0) this.#waiting.delete(waiting.network)
  }
}
