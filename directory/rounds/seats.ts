// Decides who has a seat in a document (docs/spec/directory-tally.md 7.7): as many nodes as there is room for, and of
// one network and one family no more than is wanted. Who was there first stays; of those who come together a lot
// decides.

import { compare, hex } from '../../encoding/bytes.ts'
import { MiB } from '../../world/units.ts'
import { networksOf } from '../address.ts'
import type { ConsensusBody } from '../documents/consensus.ts'
import { type StablePart, stableBytes } from '../documents/descriptor.ts'
import { digest, labelled } from '../statement.ts'

/** Bytes for the nodes of a document, and for the ballots of a vote together. */
export const mostNodeBytes: number = 3 * MiB

/** Bounds what a node takes beyond its stable part: epoch, serial, keys, signature, place, flags, count, heads. */
const epochBytes = 224

/** Means any number of nodes. */
export const anyNumber = 10_000

export interface Seating {
  readonly nodes: readonly StablePart[]
  /** The document before, which says who is there since when. */
  readonly before: ConsensusBody | undefined
  /** Draws among those who came in one epoch: 32 bytes, or none. */
  readonly randomness: Uint8Array
  /** Nodes with an address in one network, and nodes of one family, at most. */
  readonly perNetwork: number
  readonly perFamily: number
  /** Room for all of them. */
  readonly bytes: number
  /** Says whether a newcomer had its key before the randomness was known; the others come after these. */
  readonly isSettled?: ((id: Uint8Array) => boolean) | undefined
  /** Networks of a node, where more is known than its addresses say. */
  readonly networksOf?: ((stable: StablePart) => readonly string[]) | undefined
}

/** @returns the hex ids of the nodes that have a seat */
export function seatNodes(seating: Seating): ReadonlySet<string> {
  const { nodes, perNetwork, perFamily, bytes } = seating
  const isCounted = perNetwork < anyNumber || perFamily < anyNumber
  // Nobody has to be left out: then there is nothing to be drawn
  if (!isCounted && haveRoom(nodes, bytes)) return new Set(nodes.map(({ id }) => hex(id)))
  const counts = new Map<string, number>()
  const seated = new Set<string>()
  let left = bytes
  for (const node of inOrder(seating)) {
    const groups = groupsOf(node, seating)
    if (groups.some(({ name, most }) => (counts.get(name) ?? 0) >= most)) continue
    left -= nodeBytes(node)
    // Nobody gets in by being small where another one found no room
    if (left < 0) break
    for (const { name } of groups) counts.set(name, (counts.get(name) ?? 0) + 1)
    seated.add(hex(node.id))
  }
  return seated
}

function haveRoom(nodes: readonly StablePart[], bytes: number): boolean {
  return nodes.reduce((sum, node) => sum + nodeBytes(node), 0) <= bytes
}

/** Computes what a node takes of a document or a ballot at most, bytes. */
export function nodeBytes(stable: StablePart): number {
  return stableBytes(stable).length + epochBytes
}

/** The eldest first; of those who came together settled ones first, then by lot. */
function inOrder({ nodes, before, randomness, isSettled }: Seating): StablePart[] {
  const since = new Map(before?.nodes.map(node => [hex(node.descriptor.stable.id), node.since]))
  return nodes
    .map(node => {
      const epoch = since.get(hex(node.id)) ?? Number.POSITIVE_INFINITY
      const isNew = epoch === Number.POSITIVE_INFINITY && isSettled?.(node.id) === false
      return { node, epoch, rank: isNew ? 1 : 0, lot: lotOf(node.id, randomness) }
    })
    .sort((a, b) => {
      if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1
      return a.rank - b.rank || compare(a.lot, b.lot) || compare(a.node.id, b.node.id)
    })
    .map(({ node }) => node)
}

function lotOf(id: Uint8Array, randomness: Uint8Array): Uint8Array {
  const joined = new Uint8Array(64)
  joined.set(randomness.subarray(0, 32))
  joined.set(id, 32)
  return digest(labelled('seat', joined))
}

function groupsOf(node: StablePart, seating: Seating): { readonly name: string; readonly most: number }[] {
  const { perNetwork, perFamily } = seating
  const networks = seating.networksOf?.(node) ?? networksOf(node.addresses)
  const groups = networks.map(network => ({ name: `network ${network}`, most: perNetwork }))
  return node.family === '' ? groups : [...groups, { name: `family ${node.family}`, most: perFamily }]
}
