// Tells whom a follower asks for documents, in which order, and what was wrong with what they gave
// (docs/spec/directory-travel.md 10).

import { hex } from '../../encoding/bytes.ts'
import type { Peer } from '../../link/link.ts'
import { LinkError, type LinkErrorCode } from '../../link/link.ts'
import { type Random, shuffle } from '../../world/random.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError, type DirectoryErrorCode } from '../error.ts'

/** Describes what somebody who was asked gave instead of a document. */
export interface Trouble {
  /** Hex: whom it was about. */
  readonly id: string
  readonly code: DirectoryErrorCode | LinkErrorCode | 'FAULT'
  readonly why: string
}

export interface SourcesInit {
  /** Those of now. */
  readonly authorities: () => readonly Peer[]
  /** 32 bytes: nobody asks itself. */
  readonly self: Uint8Array
  readonly random: Random
  /** Lists the peers that the configuration names. */
  readonly given: readonly Peer[]
  /** Nodes ask the authorities before other nodes, clients the other way round. */
  readonly authoritiesFirst: boolean
  /** Says whether a valid document is held: then nodes are known, and clients leave the authorities alone. */
  readonly isFollowing: () => boolean
}

/** Nodes of one document that are drawn as places to ask. */
const drawn = 6
/** Nodes and authorities asked in one attempt. */
const askedPerAttempt = 3
/** Bounds the peers whose trouble is remembered. */
const mostTroubles = 16

export class Sources {
  readonly #init: SourcesInit
  readonly #troubles = new Map<string, Trouble>()
  #nodes: readonly Peer[] = []

  constructor(init: SourcesInit) {
    this.#init = init
  }

  /** Nodes that a signed document names, its time over or not. */
  learn({ nodes }: Pick<View, 'nodes'>): void {
    this.#nodes = [...nodes.values()]
  }

  /** Everybody known, each once: the table is asked among them. */
  get all(): readonly Peer[] {
    return this.#others([...this.#init.given, ...this.#init.authorities(), ...this.#nodes])
  }

  /**
   * Picks whom to ask in the n-th attempt: one of the given, then some nodes and authorities, further down their list
   * each time, so that those without a document do not hide the others.
   */
  inAttempt(n: number): readonly Peer[] {
    const { random, given, authoritiesFirst, isFollowing } = this.#init
    const nodes = shuffle(random, this.#nodes).slice(0, drawn)
    const isKnown = !authoritiesFirst && nodes.length > 0 && isFollowing()
    const authorities = isKnown ? [] : shuffle(random, this.#init.authorities())
    const rest = this.#others(authoritiesFirst ? [...authorities, ...nodes] : [...nodes, ...authorities])
    const skip = (n * askedPerAttempt) % Math.max(1, rest.length)
    const turn = [...rest.slice(skip), ...rest.slice(0, skip)].slice(0, askedPerAttempt)
    return this.#others([...shuffle(random, given).slice(0, 1), ...turn])
  }

  /** @returns the code to count it under */
  note({ id }: Peer, error: unknown): Trouble['code'] {
    const known = error instanceof DirectoryError || error instanceof LinkError
    const code = known ? error.code : 'FAULT'
    const why = known ? error.message : String(error)
    this.#troubles.delete(hex(id))
    this.#troubles.set(hex(id), { id: hex(id), code, why })
    if (this.#troubles.size > mostTroubles)
      this.#troubles.delete(this.#troubles.keys().next().value as string)
    return code
  }

  /** A document came: what was wrong before is over. */
  forgive(): void {
    this.#troubles.clear()
  }

  /** Oldest first. */
  get troubles(): readonly Trouble[] {
    return [...this.#troubles.values()]
  }

  #others(peers: readonly Peer[]): Peer[] {
    const byId = new Map(peers.map(peer => [hex(peer.id), peer]))
    byId.delete(hex(this.#init.self))
    return [...byId.values()]
  }
}
