// Counts the nodes of each network for an authority that lets nodes in (docs/spec/directory-nodes.md 5.4): among its
// members when one asks, and in the document of now when one comes back.

import { hex } from '../../encoding/bytes.ts'
import { networkPrefix, networksOf } from '../address.ts'
import type { StablePart } from '../documents/descriptor.ts'
import type { Member } from '../documents/joining.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'

/** The members of an authority, and its policy. */
export interface Counted {
  /** By the hex of their ids. */
  readonly all: ReadonlyMap<string, Member>
  /** Says whether a member was heard of lately. */
  readonly isHeardOf: (id: string) => boolean
  /** Nodes of one network at most; 0 for any number. */
  readonly perNetwork: () => number
}

export class Crowding {
  readonly #members: Counted
  readonly #current: () => View | undefined
  #crowded: { readonly view: View; readonly counts: ReadonlyMap<string, number> } | undefined

  constructor(members: Counted, current: () => View | undefined) {
    this.#members = members
    this.#current = current
  }

  /** Counts anew when it is asked next: a member was found in another network. */
  forget(): void {
    this.#crowded = undefined
  }

  /**
   * Checks that each network of a node that asks has room.
   *
   * @param addresses with an IP address each, names as they were found
   * @throws DirectoryError NOT_ADMITTED, NETWORK_FULL
   */
  checkNetworks(stable: StablePart, addresses: readonly string[]): void {
    const perNetwork = this.#members.perNetwork()
    if (perNetwork === 0) return
    for (const address of addresses) {
      const prefix = networkPrefix(address)
      if (prefix === undefined) {
        throw new DirectoryError(
          'NOT_ADMITTED',
          `join: ${address}: no IP address was found for it: nodes are counted by network here`,
        )
      }
      const others = [...this.#members.all].filter(
        ([id, { request, left, reached }]) =>
          !left &&
          id !== hex(stable.id) &&
          this.#members.isHeardOf(id) &&
          [...request.stable.addresses, ...reached].some(other => networkPrefix(other) === prefix),
      )
      if (others.length >= perNetwork) {
        throw new DirectoryError(
          'NETWORK_FULL',
          `join: ${address}: ${perNetwork} nodes are in its network ${prefix} already`,
        )
      }
    }
  }

  /** Lists the networks of a node, those of its names too where it was dialled. */
  networksOf({ id, addresses }: Pick<StablePart, 'id' | 'addresses'>): string[] {
    return networksOf([...addresses, ...(this.#members.all.get(hex(id))?.reached ?? [])])
  }

  /**
   * Checks that a member that kept quiet comes back as anybody comes: where the document of now has room in its
   * networks.
   *
   * @throws DirectoryError NETWORK_FULL
   */
  checkRoom(stable: StablePart): void {
    const perNetwork = this.#members.perNetwork()
    const view = this.#current()
    if (perNetwork === 0 || view === undefined || view.nodes.has(hex(stable.id))) return
    for (const network of this.networksOf(stable)) {
      const others = this.#crowd(view).get(network) ?? 0
      if (others < perNetwork) continue
      throw new DirectoryError(
        'NETWORK_FULL',
        `descriptor: ${others} nodes of network ${network} are in the document, want at most ${perNetwork}`,
      )
    }
  }

  /** Counts the nodes of each network in a document, once for each document. */
  #crowd(view: View): ReadonlyMap<string, number> {
    if (this.#crowded?.view === view) return this.#crowded.counts
    const counts = new Map<string, number>()
    for (const node of view.nodes.values()) {
      for (const network of this.networksOf(node)) counts.set(network, (counts.get(network) ?? 0) + 1)
    }
    this.#crowded = { view, counts }
    return counts
  }
}
