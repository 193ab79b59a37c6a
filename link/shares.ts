// One model of all bounds (docs/spec/resources.md): places that several ranks of peers share. Nobody is shut out by
// those who cost nothing: each rank has a share that is its own, what a rank leaves free others borrow, and when all
// places are taken one is given up for whoever comes, by the weakest rank that has borrowed, there by the network that
// has most, there by the peer that has most, there by the oldest whose work is not whole.

import type { Refused } from './traffic.ts'

/** Lists what a peer may be known as, the weakest first: a client has proved a mailbox, a stranger nothing. */
export const ranks = ['stranger', 'client', 'node', 'authority'] as const
/** Names what a peer is known as. */
export type Rank = (typeof ranks)[number]

/** Says what a host is to the role that runs here. @param id 32 bytes */
export type RankOf = (id: Uint8Array) => Rank

/** Gives the part of all places that each rank has for itself. */
export const ownShares: Readonly<Record<Rank, number>> = {
  stranger: 1 / 4,
  client: 1 / 4,
  node: 7 / 16,
  authority: 1 / 16,
}

/** Bounds how much each may have inside. `perNetwork` does not hold for nodes and authorities. */
export interface Bounds {
  readonly perPeer: number
  readonly perNetwork: number
  readonly total: number
}

/** Says whose a place is: a peer, in hex, and the network that it comes from; without one it has one of its own. */
export interface Holder {
  readonly peer: string
  readonly network?: string | undefined
  /** Default: stranger. */
  readonly rank?: Rank
}

/** Holds a place that is taken. */
export interface Place {
  /** Gives it back: its holder has gone. */
  leave(): void
  /** Says whether the work is whole: it then gives way only to those who have less, or are known better. */
  whole(is: boolean): void
  /** Counts it from now on as of this rank. */
  rankAs(rank: Rank): void
}

/** Keeps the account of what is inside. */
interface Books {
  add(taken: Taken): void
  /** @returns whether it was inside */
  remove(taken: Taken): boolean
}

/** Holds what is known of a place that is taken. One object and no closures: a host has several for each connection. */
class Taken implements Place {
  readonly peer: string
  readonly network: string
  readonly amount: number
  readonly giveUp: (() => void) | undefined
  readonly #books: Books
  rank: Rank
  isWhole = false

  constructor(
    books: Books,
    { peer, network, rank = 'stranger' }: Holder,
    amount: number,
    giveUp?: () => void,
  ) {
    this.#books = books
    this.peer = peer
    this.network = network ?? `of ${peer}`
    this.amount = amount
    this.giveUp = giveUp
    this.rank = rank
  }

  leave(): void {
    this.#books.remove(this)
  }

  whole(is: boolean): void {
    this.isWhole = is
  }

  rankAs(rank: Rank): void {
    if (rank === this.rank) return
    const inside = this.#books.remove(this)
    this.rank = rank
    if (inside) this.#books.add(this)
  }
}

/** Holds what one rank has, by network. */
interface Ranked {
  amount: number
  readonly networks: Map<string, { amount: number; readonly taken: Set<Taken> }>
}

export class Shares {
  readonly #bounds: Bounds
  readonly #own: Readonly<Record<Rank, number>>
  readonly #ofPeer = new Map<string, number>()
  readonly #ofRank: Record<Rank, Ranked>
  readonly #books: Books = { add: taken => this.#add(taken), remove: taken => this.#remove(taken) }
  #all = 0
  /** Counts how often a place was given up for another. */
  given = 0
  readonly #refused = { peer: 0, network: 0, all: 0 }
  readonly #crowded: Record<Rank, number> = { stranger: 0, client: 0, node: 0, authority: 0 }

  constructor(bounds: Bounds, own: Readonly<Record<Rank, number>> = ownShares) {
    this.#bounds = bounds
    this.#own = own
    const none = (): Ranked => ({ amount: 0, networks: new Map() })
    this.#ofRank = { stranger: none(), client: none(), node: none(), authority: none() }
  }

  get inside(): number {
    return this.#all
  }

  /** Counts who was turned away, or had to go for another. */
  get refused(): Refused {
    return { ...this.#refused, gave_way: this.given }
  }

  /** Counts the same by what they were known as. */
  get crowded(): Readonly<Record<Rank, number>> {
    return { ...this.#crowded }
  }

  /** Counts the peers and networks that it knows of: those with something inside. */
  get known(): number {
    return ranks.reduce((sum, rank) => sum + this.#ofRank[rank].networks.size, this.#ofPeer.size)
  }

  /**
   * Takes a place, for which another may have to be given up.
   *
   * @param giveUp ends the work, when the place is another's; called at most once, and the place is free then. Without
   * it the place is kept until its holder leaves.
   * @returns nothing when there is no place for this holder
   */
  enter(holder: Holder, amount = 1, giveUp?: () => void): Place | undefined {
    const { perPeer, perNetwork, total } = this.#bounds
    const { peer, network, rank = 'stranger' } = holder
    if (amount > total || (this.#ofPeer.get(peer) ?? 0) + amount > perPeer) return this.#refuse('peer', rank)
    const taken = new Taken(this.#books, holder, amount, giveUp)
    if (network !== undefined && !isVouched(rank)) {
      if (amount > perNetwork) return this.#refuse('network', rank)
      while (this.#inNetwork(network) + amount > perNetwork) {
        if (!this.#evict(this.victimFor(taken, network))) return this.#refuse('network', rank)
      }
    }
    while (this.#all + amount > total) {
      if (!this.#evict(this.victimFor(taken))) return this.#refuse('all', rank)
    }
    this.#add(taken)
    return taken
  }

  #refuse(reason: 'peer' | 'network' | 'all', rank: Rank): undefined {
    this.#refused[reason]++
    this.#crowded[rank]++
    return undefined
  }

  #inNetwork(network: string): number {
    const of = (rank: Rank): number => this.#ofRank[rank].networks.get(network)?.amount ?? 0
    return of('stranger') + of('client')
  }

  /**
   * Finds who gives way: the weakest of those that have more than is theirs. A control overrides it to see what happens
   * where nobody does.
   *
   * @param network has all that one network may have; undefined: all places there are have been taken
   */
  victimFor(newcomer: Taken, network?: string): Taken | undefined {
    if (network !== undefined) return this.#inside(network, newcomer)
    const { total } = this.#bounds
    for (const rank of ranks) {
      const adds = rank === newcomer.rank ? newcomer.amount : 0
      // nobody who is vouched for goes for somebody who is known less
      if (isVouched(rank) && ranks.indexOf(rank) > ranks.indexOf(newcomer.rank)) return undefined
      if (this.#ofRank[rank].amount + adds <= this.#own[rank] * total) continue
      const found = this.#ofFullest(rank, newcomer)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Finds who of a network gives way to one more of it, that is known no less. */
  #inside(network: string, newcomer: Taken): Taken | undefined {
    for (const rank of ranks.slice(0, ranks.indexOf(newcomer.rank) + 1)) {
      const found = this.#oldest(rank, network, newcomer, newcomer.amount)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Finds the oldest of the fullest network of a rank. Between two as full the one that is here gives way. */
  #ofFullest(rank: Rank, newcomer: Taken): Taken | undefined {
    const { networks } = this.#ofRank[rank]
    const sameRank = rank === newcomer.rank
    const adds = (name: string): number => (sameRank && name === newcomer.network ? newcomer.amount : 0)
    let fullest: string | undefined
    let most = 0
    for (const [name, { amount }] of networks) {
      if (amount + adds(name) <= most) continue
      fullest = name
      most = amount + adds(name)
    }
    if (fullest === undefined) return undefined
    const own = sameRank ? (networks.get(newcomer.network)?.amount ?? 0) + newcomer.amount : 0
    if (own > most) return undefined
    return this.#oldest(rank, fullest, newcomer, sameRank ? own : 0, most)
  }

  /**
   * Finds, in a network, the oldest of the peer that has most: of those whose work is not whole, if there is one.
   *
   * @param comes what the newcomer's side would have, against which whole work is held
   * @param has what the other side has; default: what its peer has
   */
  #oldest(rank: Rank, network: string, newcomer: Taken, comes: number, has?: number): Taken | undefined {
    let found: Taken | undefined
    let most = -1
    for (const taken of this.#ofRank[rank].networks.get(network)?.taken ?? []) {
      if (taken.giveUp === undefined) continue
      const held = this.#ofPeer.get(taken.peer) ?? 0
      if (taken.isWhole && rank === newcomer.rank && (has ?? held) <= comes) continue
      const better = found === undefined || (found.isWhole && !taken.isWhole)
      if (better || (found?.isWhole === taken.isWhole && held > most)) {
        found = taken
        most = held
      }
    }
    return found
  }

  #evict(taken: Taken | undefined): boolean {
    if (taken === undefined) return false
    this.#remove(taken)
    this.given++
    this.#crowded[taken.rank]++
    taken.giveUp?.()
    return true
  }

  #add(taken: Taken): void {
    const { peer, network, amount, rank } = taken
    const ranked = this.#ofRank[rank]
    const held = ranked.networks.get(network) ?? { amount: 0, taken: new Set() }
    held.amount += amount
    held.taken.add(taken)
    ranked.networks.set(network, held)
    ranked.amount += amount
    this.#ofPeer.set(peer, (this.#ofPeer.get(peer) ?? 0) + amount)
    this.#all += amount
  }

  #remove(taken: Taken): boolean {
    const { peer, network, amount, rank } = taken
    const ranked = this.#ofRank[rank]
    const held = ranked.networks.get(network)
    if (held?.taken.delete(taken) !== true) return false
    held.amount -= amount
    if (held.taken.size === 0) ranked.networks.delete(network)
    ranked.amount -= amount
    const left = (this.#ofPeer.get(peer) ?? 0) - amount
    if (left > 0) this.#ofPeer.set(peer, left)
    else this.#ofPeer.delete(peer)
    this.#all -= amount
    return true
  }
}

/** Says whether the consensus or the network's file vouches for peers of this rank: nobody makes these up. */
export function isVouched(rank: Rank): boolean {
  return rank === 'node' || rank === 'authority'
}
