// From the agreed votes to the body of a document (docs/spec/directory-tally.md 7). A pure function: whoever has the
// same votes and the same document before gets the same bytes.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { chooseSet } from '../documents/authority-set.ts'
import type { ConsensusBody, ConsensusNode, Pinned } from '../documents/consensus.ts'
import { type Descriptor, writeDescriptor } from '../documents/descriptor.ts'
import { readEvidence } from '../documents/evidence.ts'
import { logAfter } from '../documents/log.ts'
import { epochStart, epochsValid, type Network } from '../documents/network.ts'
import { clampParameter, lowMedian, parameterNames, parameterRanges } from '../documents/parameters.ts'
import type { Parameters } from '../documents/view.ts'
import type { Candidate, Pointer, Vote } from '../documents/vote.ts'
import { type Contribution, combineRandomness } from '../randomness/beacon.ts'
import { digest } from '../statement.ts'
import { accusedNodes } from './accused.ts'
import { placeNodes } from './placement.ts'
import { anyNumber, mostNodeBytes, seatNodes } from './seats.ts'

export const defaultMixing = 'poisson'

/** Holds what a document follows from: the agreed votes, their dealings, and the document before. */
export interface Tally {
  readonly network: Network
  /** The document's epoch. */
  readonly epoch: number
  /** The agreed votes, one an author. */
  readonly votes: readonly Vote[]
  /** Contributions of all dealings in those votes; without any the document has no randomness. */
  readonly contributions?: readonly Contribution[] | undefined
  /** The newest document that a vote names, with its name; none for a network's first. */
  readonly before?: { readonly body: ConsensusBody; readonly hash: Uint8Array } | undefined
}

export function tally({ network, epoch, votes: agreed, contributions = [], before }: Tally): ConsensusBody {
  const lastRandomness = before?.body.randomness[0] ?? new Uint8Array(0)
  const excluded = exclude(before?.body.excluded ?? [], agreed)
  const votes = agreed.filter(({ author }) => !excluded.some(({ id }) => same(id, author)))
  const accused = accusedNodes(agreed)
  const wanted = countNodes(votes, epoch).filter(({ descriptor }) => !accused.has(hex(descriptor.stable.id)))
  const randomness = combineRandomness(network.name, epoch, lastRandomness, contributions)
  const parameters = countParameters(votes)
  const seated = seatNodes({
    nodes: wanted.map(({ descriptor }) => descriptor.stable),
    before: before?.body,
    randomness,
    perNetwork: parameters.get('nodesPerNetwork') ?? anyNumber,
    perFamily: parameters.get('nodesPerFamily') ?? anyNumber,
    bytes: mostNodeBytes,
  })
  const nodes = wanted.filter(({ descriptor }) => seated.has(hex(descriptor.stable.id)))
  const stables = nodes.map(({ descriptor }) => descriptor.stable)
  const { places, kept } = placeNodes({
    nodes: stables,
    before: before?.body,
    epoch,
    layers: network.layers,
    randomness,
    waitingEpochs: parameters.get('waitingEpochs') ?? 0,
    networksApart: parameters.get('networksApart') === 1,
  })
  const since = new Map(before?.body.nodes.map(node => [hex(node.descriptor.stable.id), node.since]))
  const voters = new Map(votes.map(vote => [hex(vote.author), vote]))
  const { set, successors } = chooseSet(network, votes, before?.body, epoch)
  const ids = set.authorities.map(({ id }) => id).sort(compare)
  return {
    network: network.name,
    epoch,
    ...timesOf(network, epoch),
    pinned: pinnedOf(network),
    threshold: set.threshold,
    authorities: ids.map(id => {
      const vote = voters.get(hex(id))
      return { id, addresses: vote?.addresses ?? [], voted: vote !== undefined }
    }),
    successors,
    previous: before?.hash ?? new Uint8Array(0),
    log: logAfter(before),
    // Authorities that are out of office count too: what was agreed on is opened.
    randomness: [randomness, lastRandomness],
    mixing: chooseMixing(network, votes, before?.body),
    parameters,
    nodes: keepRings(
      nodes.map(node => {
        const id = hex(node.descriptor.stable.id)
        return { ...node, place: places.get(id) ?? 0, since: since.get(id) ?? epoch }
      }),
    ),
    kept,
    excluded: excluded.filter(entry => ids.some(id => same(id, entry.id))),
  }
}

function timesOf(
  network: Network,
  epoch: number,
): Pick<ConsensusBody, 'validAfter' | 'freshUntil' | 'validUntil'> {
  return {
    validAfter: epochStart(network, epoch),
    freshUntil: epochStart(network, epoch + 1),
    validUntil: epochStart(network, epoch + epochsValid),
  }
}

function pinnedOf({ suite, hops, userBytes, topology, layers, genesis, epochMs }: Network): Pinned {
  return { suite, hops, userBytes, topology, layers, genesis, epochMs }
}

/**
 * Puts those out of office from this document on who are proven to have contradicted themselves; the first proof
 * stays.
 */
function exclude(before: ConsensusBody['excluded'], votes: readonly Vote[]): ConsensusBody['excluded'] {
  const excluded = new Map(before.map(entry => [hex(entry.id), entry]))
  const proofs = votes.flatMap(({ evidence }) => evidence).map(bytes => ({ bytes, proof: digest(bytes) }))
  for (const { bytes, proof } of proofs.sort((a, b) => compare(a.proof, b.proof))) {
    const { kind, signer } = readEvidence(bytes)
    if (kind !== 'descriptor' && !excluded.has(hex(signer))) excluded.set(hex(signer), { id: signer, proof })
  }
  return [...excluded.values()].sort((a, b) => compare(a.id, b.id))
}

/** Half of the votes are not enough. */
export function majority(votes: number): number {
  return Math.floor(votes / 2) + 1
}

/** The newest document that a vote names; of two of one epoch, the one with the larger name. */
export function newestPointer(votes: readonly Vote[]): Pointer | null {
  return votes.reduce<Pointer | null>((newest, { previous }) => {
    if (previous === null || newest === null) return previous ?? newest
    const later = previous.epoch - newest.epoch || compare(previous.hash, newest.hash)
    return later > 0 ? previous : newest
  }, null)
}

/** A node is in when more than half of the votes have it, and has a flag when more than half of those say so. */
function countNodes(votes: readonly Vote[], epoch: number): Omit<ConsensusNode, 'place' | 'since'>[] {
  const candidates = new Map<string, Candidate[]>()
  for (const vote of votes) {
    const ballot = vote.ballots.find(({ epoch: document }) => document === epoch)
    for (const candidate of ballot?.candidates ?? []) {
      const id = hex(candidate.descriptor.stable.id)
      const of = candidates.get(id)
      if (of === undefined) candidates.set(id, [candidate])
      else of.push(candidate)
    }
  }
  const most = (of: readonly Candidate[], flag: 'running' | 'reliable'): boolean =>
    of.filter(candidate => candidate[flag]).length >= majority(of.length)
  return [...candidates.entries()]
    .filter(([, of]) => of.length >= majority(votes.length))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, of]) => ({
      descriptor: newest(of.map(({ descriptor }) => descriptor)),
      running: most(of, 'running'),
      reliable: most(of, 'reliable'),
    }))
}

/**
 * A layer in which no mix runs, or no gateway that runs, would be the end of the network, and a mistake in measuring
 * is likelier: there all keep running.
 */
function keepRings(nodes: readonly ConsensusNode[]): ConsensusNode[] {
  const ringOf = ({ descriptor, place }: ConsensusNode): string => `${descriptor.stable.role} ${place}`
  const whole = new Set(nodes.filter(({ running }) => running).map(ringOf))
  return nodes.map(node => (whole.has(ringOf(node)) ? node : { ...node, running: true }))
}

/** Picks of a node's descriptors for one epoch the one with the highest serial; of equals, the larger digest. */
function newest(descriptors: readonly Descriptor[]): Descriptor {
  const name = (descriptor: Descriptor): Uint8Array => digest(writeDescriptor(descriptor))
  return descriptors.reduce((a, b) => {
    // A signature covers all of a descriptor, so most votes need no second look.
    if (same(a.signature, b.signature)) return a
    const later = b.serial - a.serial || compare(name(b), name(a))
    return later > 0 ? b : a
  })
}

/** Every known parameter: the low median of what was wanted, within its range. */
function countParameters(votes: readonly Vote[]): Map<keyof Parameters, number> {
  return new Map(
    parameterNames.map(name => {
      const wanted = votes.map(({ parameters }) => parameters.get(name)).filter(value => value !== undefined)
      const value = wanted.length === 0 ? parameterRanges[name].usual : lowMedian(wanted)
      return [name, clampParameter(name, value)]
    }),
  )
}

/** A choice that is no number changes only when a majority of all authorities wants the same. */
function chooseMixing(network: Network, votes: readonly Vote[], before: ConsensusBody | undefined): string {
  const now = before?.mixing ?? defaultMixing
  const wanted = new Set(votes.map(({ mixing }) => mixing))
  const enough = majority(network.authorities.length)
  return [...wanted].find(name => votes.filter(({ mixing }) => mixing === name).length >= enough) ?? now
}
