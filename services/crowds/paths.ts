// Which way the requests of a path go from a member (docs/spec/crowds.md 4). A path is drawn once, request by request
// it stays the same, and it ends with the document that it was drawn by. M. Reiter and A. Rubin, "Crowds: Anonymity for
// Web Transactions" (ACM TISSEC 1998), section 4.

import { hex } from '../../encoding/bytes.ts'
import type { Peer } from '../../link/peer.ts'
import { fraction, pick, type Random } from '../../world/random.ts'
import type { Crowd } from './crowd.ts'
import { pathBytes } from './message.ts'

/**
 * Tells how readily a member hands a request on: with probability 3/4. Fixed, since the innocence of each hangs on the
 * coins of all: a crowd of n bears c that work together while n >= 3 (c + 1).
 */
export const forwardProbability = 0.75

/** Paths that a member keeps, of all and of one that hands it requests. */
export interface PathLimits {
  readonly paths: number
  readonly perPeer: number
}

export const usualPathLimits: PathLimits = { paths: 8192, perPeer: 1024 }

/** Where a request goes from here. */
export type Turn =
  | { readonly do: 'submit' }
  | { readonly do: 'forward'; readonly to: Peer; readonly path: Uint8Array }

/** Draws the next member of a path: any of the crowd, oneself too, each as likely. */
export function drawNext(random: Random, { members }: Crowd): Extract<Turn, { readonly do: 'forward' }> {
  return { do: 'forward', to: pick(random, members), path: random(pathBytes) }
}

/** The paths that lead through a member. */
export class Paths {
  readonly #random: Random
  readonly #limits: PathLimits
  readonly #forward: number
  /** By epoch, then by the peer that a path comes from, then by its name. */
  readonly #turns = new Map<number, Map<string, Map<string, Turn>>>()
  #refused = 0

  /** @param forward default: `forwardProbability` */
  constructor(random: Random, limits: PathLimits = usualPathLimits, forward: number = forwardProbability) {
    this.#random = random
    this.#limits = limits
    this.#forward = forward
  }

  /** Paths that are kept. */
  get size(): number {
    let size = 0
    for (const peers of this.#turns.values()) for (const paths of peers.values()) size += paths.size
    return size
  }

  /** Counts the paths for which there was no room. */
  get refused(): number {
    return this.#refused
  }

  /**
   * Says where a request goes that came from a member: for a path that is new here it is drawn.
   *
   * @returns undefined where there is no room for another path, which is counted
   */
  turn(from: Uint8Array, path: Uint8Array, crowd: Crowd): Turn | undefined {
    const paths = this.#of(crowd.epoch, from)
    const known = paths.get(hex(path))
    if (known !== undefined) return known
    if (paths.size >= this.#limits.perPeer || this.size >= this.#limits.paths) {
      this.#refused++
      return undefined
    }
    const submits = fraction(this.#random) >= this.#forward
    const turn: Turn = submits ? { do: 'submit' } : drawNext(this.#random, crowd)
    paths.set(hex(path), turn)
    return turn
  }

  /** Draws the next member of a path again, whose next one cannot be reached: for the requests to come. */
  mend(from: Uint8Array, path: Uint8Array, crowd: Crowd): void {
    const paths = this.#of(crowd.epoch, from)
    if (paths.get(hex(path))?.do === 'forward') paths.set(hex(path), drawNext(this.#random, crowd))
  }

  /** Forgets the paths of all documents before this one. */
  forget(before: number): void {
    for (const epoch of this.#turns.keys()) if (epoch < before) this.#turns.delete(epoch)
  }

  #of(epoch: number, from: Uint8Array): Map<string, Turn> {
    const peers = this.#turns.get(epoch) ?? new Map<string, Map<string, Turn>>()
    this.#turns.set(epoch, peers)
    const paths = peers.get(hex(from)) ?? new Map<string, Turn>()
    peers.set(hex(from), paths)
    return paths
  }
}
