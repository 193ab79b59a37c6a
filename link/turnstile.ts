// Counts what is under way, by peer, by network and in all: requests, their bytes, streams (docs/spec/link.md 6).

/** Whose it is: a peer, in hex, and the network that it comes from; without one only the other two bounds hold. */
export interface Guest {
  readonly peer: string
  readonly network?: string | undefined
}

/** Says how much of it each may have inside. */
export interface Shares {
  readonly perPeer: number
  readonly perNetwork: number
  readonly total: number
}

export class Turnstile {
  readonly #shares: Shares
  readonly #ofPeer = new Map<string, number>()
  readonly #ofNetwork = new Map<string, number>()
  #all = 0

  constructor(shares: Shares) {
    this.#shares = shares
  }

  /** @returns false when the peer, its network, or everybody together, would have more inside than may be */
  enter({ peer, network }: Guest, amount = 1): boolean {
    const { perPeer, perNetwork, total } = this.#shares
    const fits =
      (this.#ofPeer.get(peer) ?? 0) + amount <= perPeer &&
      (network === undefined || (this.#ofNetwork.get(network) ?? 0) + amount <= perNetwork) &&
      this.#all + amount <= total
    if (!fits) return false
    add(this.#ofPeer, peer, amount)
    if (network !== undefined) add(this.#ofNetwork, network, amount)
    this.#all += amount
    return true
  }

  leave({ peer, network }: Guest, amount = 1): void {
    add(this.#ofPeer, peer, -amount)
    if (network !== undefined) add(this.#ofNetwork, network, -amount)
    this.#all -= amount
  }

  get inside(): number {
    return this.#all
  }

  /** Peers and networks that it knows of: those with something inside. */
  get known(): number {
    return this.#ofPeer.size + this.#ofNetwork.size
  }
}

function add(to: Map<string, number>, name: string, amount: number): void {
  const sum = (to.get(name) ?? 0) + amount
  if (sum > 0) to.set(name, sum)
  else to.delete(name)
}
