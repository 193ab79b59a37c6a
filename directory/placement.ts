// Which layer a mix works in (docs/directory.md 7.3): it keeps the one it has, also while it is away; who is new
// goes where fewest are.

import type { ConsensusBody, KeptPlace } from './consensus.ts'
import { identityOf, type StablePart } from './descriptor.ts'
import { compareBytes, digest, hex } from './statement.ts'

/** For how many epochs the place of an identity that left is remembered. */
export const keptEpochs = 72

export interface Placement {
  /** By the hex of the node's id: 1 to layers for a mix, 0 for a gateway. */
  readonly places: ReadonlyMap<string, number>
  /** Of identities that are away, ordered. */
  readonly kept: readonly KeptPlace[]
}

/**
 * @param nodes all nodes of the document, each once
 * @param before the document before, if there is one
 */
export function placeNodes(
  nodes: readonly StablePart[],
  before: ConsensusBody | undefined,
  epoch: number,
  layers: number,
): Placement {
  const known = placesBefore(before)
  const places = new Map<string, number>()
  const members: StablePart[][] = Array.from({ length: layers }, () => [])
  const put = (node: StablePart, place: number): void => {
    places.set(hex(node.id), place)
    members[place - 1]?.push(node)
  }
  const newcomers: StablePart[] = []
  for (const node of nodes) {
    if (node.role === 'gateway') {
      places.set(hex(node.id), 0)
      continue
    }
    const place = known.get(hex(identityOf(node)))?.place ?? 0
    if (place >= 1 && place <= layers) put(node, place)
    else newcomers.push(node)
  }
  for (const node of newcomers.sort(byDigest)) put(node, smallest(members) + 1)
  fillEmptyLayers(members, put)
  return { places, kept: keepAway(nodes, known, epoch) }
}

/** The place of every identity that the document before knows: its mixes and those it remembers. */
function placesBefore(before: ConsensusBody | undefined): Map<string, KeptPlace> {
  const known = new Map<string, KeptPlace>()
  for (const kept of before?.kept ?? []) known.set(hex(kept.identity), kept)
  for (const { descriptor, place } of before?.nodes ?? []) {
    if (place === 0 || before === undefined) continue
    const identity = identityOf(descriptor.stable)
    known.set(hex(identity), { identity, place, until: before.epoch })
  }
  return known
}

function keepAway(
  nodes: readonly StablePart[],
  known: ReadonlyMap<string, KeptPlace>,
  epoch: number,
): KeptPlace[] {
  const here = new Set(nodes.filter(({ role }) => role === 'mix').map(node => hex(identityOf(node))))
  return [...known.entries()]
    .filter(([identity, { until }]) => !here.has(identity) && until + keptEpochs >= epoch)
    .map(([, kept]) => kept)
    .sort((a, b) => compareBytes(a.identity, b.identity))
}

/** A network with an empty layer carries nothing, so that there a mix has to move. */
function fillEmptyLayers(members: StablePart[][], put: (node: StablePart, place: number) => void): void {
  for (;;) {
    const empty = members.findIndex(layer => layer.length === 0)
    const largest = members.reduce((a, b) => (b.length > a.length ? b : a))
    if (empty < 0 || largest.length < 2) return
    largest.sort(byDigest)
    put(largest.pop() as StablePart, empty + 1)
  }
}

/** The index of the layer with fewest members, the first of several. */
function smallest(members: readonly (readonly StablePart[])[]): number {
  let index = 0
  members.forEach((layer, i) => {
    if (layer.length < (members[index] as readonly StablePart[]).length) index = i
  })
  return index
}

/** An order that is the same for everybody and that nobody reads from an id. */
function byDigest(a: StablePart, b: StablePart): number {
  return compareBytes(digest(identityOf(a)), digest(identityOf(b))) || compareBytes(a.id, b.id)
}
