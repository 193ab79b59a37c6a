// Which layer a mix works in (docs/spec/directory-tally.md 7.3): it keeps the one it has, also while it is away; who is
// new waits, and is then drawn into one with the document's shared randomness. Nobody has a layer because of a network:
// whoever rents an address beside a mix would choose. But who leaves takes its draw along: one newcomer of its network
// waits until that is forgotten, so that nobody rejoins under new names until the draw pleases.

import { compare, hex } from '../../encoding/bytes.ts'
import { networksOf } from '../address.ts'
import type { ConsensusBody, KeptPlace } from '../documents/consensus.ts'
import { identityOf, type StablePart } from '../documents/descriptor.ts'
import { digest, labelled } from '../statement.ts'

/** For how many epochs the place of an identity that left is remembered. */
export const keptEpochs = 72
/** Places that are remembered, the latest; a document has room for twice as many. */
const mostKept = 8192

export interface Placing {
  /** All nodes of the document, each once. */
  readonly nodes: readonly StablePart[]
  /** The document before, if there is one. */
  readonly before: ConsensusBody | undefined
  readonly epoch: number
  readonly layers: number
  /** The shared randomness of this document: unknown to everybody when its nodes were voted on. */
  readonly randomness: Uint8Array
  /** Epochs from a mix's first document to the one that draws its layer. */
  readonly waitingEpochs: number
  /** Says whether networks count. */
  readonly networksApart: boolean
}

export interface Placement {
  /** By the hex of the node's id: 1 to layers for a mix, 0 for a gateway, a member, and a mix that waits. */
  readonly places: ReadonlyMap<string, number>
  /** Names of identities and networks that are away, ordered. */
  readonly kept: readonly KeptPlace[]
}

export function placeNodes(placing: Placing): Placement {
  const { nodes, before, epoch, layers, waitingEpochs } = placing
  const known = placesBefore(placing)
  const places = new Map<string, number>(nodes.map(({ id }) => [hex(id), 0]))
  const members: StablePart[][] = Array.from({ length: layers }, () => [])
  const put = (node: StablePart, place: number): void => {
    places.set(hex(node.id), place)
    members[place - 1]?.push(node)
  }
  const since = new Map(before?.nodes.map(node => [hex(node.descriptor.stable.id), node.since]))
  const waiting: StablePart[] = []
  const ready: StablePart[] = []
  for (const node of nodes) {
    if (node.role !== 'mix') continue
    const place = known.get(hex(identityOf(node)))?.place ?? 0
    if (place >= 1 && place <= layers) put(node, place)
    else if (before !== undefined && epoch - (since.get(hex(node.id)) ?? epoch) < waitingEpochs) {
      waiting.push(node)
    } else ready.push(node)
  }
  const byLot = (a: StablePart, b: StablePart): number =>
    compare(lotOf(a, placing), lotOf(b, placing)) || compare(a.id, b.id)
  const left = departures(placing, known)
  const gone = new Map(left)
  const drawn: StablePart[] = []
  for (const node of ready.sort(byLot)) (takesUp(gone, node, placing) ? waiting : drawn).push(node)
  const mixes = members.flat().length + drawn.length
  const draw = (node: StablePart): void => put(node, drawLayer(members, mixes, lotOf(node, placing)) + 1)
  for (const node of drawn) draw(node)
  // A network with an empty layer carries nothing, so that nobody waits there.
  for (const node of waiting.sort(byLot)) if (members.some(layer => layer.length === 0)) draw(node)
  fillEmptyLayers(members, put, byLot)
  return { places, kept: keepAway(placing, places, known, left) }
}

/** Says whether a newcomer has to wait for one who left a network of it; then each of its networks has one less. */
function takesUp(gone: Map<string, number>, node: StablePart, placing: Placing): boolean {
  const networks = networksIn(node, placing).map(hex)
  if (!networks.some(name => (gone.get(name) ?? 0) > 0)) return false
  for (const name of networks) gone.set(name, Math.max(0, (gone.get(name) ?? 0) - 1))
  return true
}

/** A mix's lot, from which its turn and its layer follow: 32 bytes. */
function lotOf(node: StablePart, { randomness }: Placing): Uint8Array {
  const joined = new Uint8Array(64)
  joined.set(randomness.subarray(0, 32))
  joined.set(identityOf(node), 32)
  return digest(labelled('lot', joined))
}

/**
 * One of the layers that are not full, each as likely. Full is a quarter above an equal share of all mixes: so layers
 * stay alike, and in a network of some size nobody chooses a layer by the moment at which it comes.
 *
 * @param mixes all that will have a layer
 */
function drawLayer(members: readonly (readonly StablePart[])[], mixes: number, lot: Uint8Array): number {
  const share = mixes / members.length
  const full = Math.max(1, Math.ceil(share) + Math.floor(share / 4))
  const open = [...members.keys()].filter(i => (members[i] as readonly StablePart[]).length < full)
  // The last six bytes: the order of turns looks at the first ones.
  const number = lot.subarray(26).reduce((value, byte) => value * 256 + byte, 0)
  return open[number % open.length] as number
}

/** Names of a mix's networks, where networks count: 32 bytes each. */
function networksIn(node: StablePart, { networksApart }: Placing): Uint8Array[] {
  return networksApart ? networksOf(node.addresses).map(networkName) : []
}

/** The name under which `kept` remembers a network. */
export function networkName(network: string): Uint8Array {
  return digest(labelled('network', new TextEncoder().encode(network)))
}

/** Tells the places that the document before knows, of its mixes and of those it remembers, and what of networks. */
function placesBefore({ before }: Placing): Map<string, KeptPlace> {
  const known = new Map<string, KeptPlace>()
  for (const kept of before?.kept ?? []) known.set(hex(kept.identity), kept)
  for (const { descriptor, place } of before?.nodes ?? []) {
    const identity = identityOf(descriptor.stable)
    if (place > 0) known.set(hex(identity), { identity, place, until: before?.epoch ?? 0 })
  }
  return known
}

const mostGone = 255

/** Counts for each network the mixes that left it and have not come back: those remembered, and those of now. */
function departures(placing: Placing, known: ReadonlyMap<string, KeptPlace>): Map<string, number> {
  const { nodes, before, epoch } = placing
  const mixes = nodes.filter(({ role }) => role === 'mix')
  const here = new Set(mixes.map(node => hex(identityOf(node))))
  const gone = new Map<string, number>()
  for (const { identity, place, until } of before?.kept ?? []) {
    if (until + keptEpochs >= epoch) gone.set(hex(identity), place)
  }
  const count = (node: StablePart, by: 1 | -1): void => {
    for (const name of networksIn(node, placing).map(hex)) {
      gone.set(name, Math.min(mostGone, Math.max(0, (gone.get(name) ?? 0) + by)))
    }
  }
  const were = new Set<string>()
  for (const { descriptor, place } of before?.nodes ?? []) {
    const name = hex(identityOf(descriptor.stable))
    if (place === 0 || were.has(name)) continue
    were.add(name)
    if (!here.has(name)) count(descriptor.stable, 1)
  }
  for (const node of mixes) {
    const name = hex(identityOf(node))
    if (known.has(name) && !were.has(name)) count(node, -1)
  }
  return gone
}

function keepAway(
  placing: Placing,
  places: ReadonlyMap<string, number>,
  known: ReadonlyMap<string, KeptPlace>,
  gone: ReadonlyMap<string, number>,
): KeptPlace[] {
  const { nodes, before, epoch } = placing
  const placed = nodes.filter(({ id }) => (places.get(hex(id)) ?? 0) > 0)
  const here = new Set(placed.map(node => hex(identityOf(node))))
  const left = (before?.nodes ?? []).filter(
    ({ descriptor, place }) => place > 0 && !here.has(hex(identityOf(descriptor.stable))),
  )
  const news = left.flatMap(({ descriptor }) => networksIn(descriptor.stable, placing))
  const kept = new Map(known)
  for (const identity of news) kept.set(hex(identity), { identity, place: 0, until: before?.epoch ?? 0 })
  return [...kept.entries()]
    .filter(([name, { until }]) => !here.has(name) && until + keptEpochs >= epoch)
    .flatMap(([name, entry]) => {
      const place = gone.get(name) ?? entry.place
      return place === 0 ? [] : [{ ...entry, place }]
    })
    .sort((a, b) => b.until - a.until || compare(a.identity, b.identity))
    .slice(0, mostKept)
    .sort((a, b) => compare(a.identity, b.identity))
}

/** A network with an empty layer carries nothing, so that there a mix has to move. */
function fillEmptyLayers(
  members: StablePart[][],
  put: (node: StablePart, place: number) => void,
  byLot: (a: StablePart, b: StablePart) => number,
): void {
  for (;;) {
    const empty = members.findIndex(layer => layer.length === 0)
    const largest = members.reduce((a, b) => (b.length > a.length ? b : a))
    if (empty < 0 || largest.length < 2) return
    largest.sort(byLot)
    put(largest.pop() as StablePart, empty + 1)
  }
}
