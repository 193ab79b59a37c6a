// The body of a consensus (docs/spec/directory-consensus.md 6): fields, reader and writer. Its name is the digest of
// its bytes.

import { compare } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import type { TreeEdge } from '../../encoding/merkle.ts'
import { atOnce, type Steps } from '../../world/slices.ts'
import { KiB, MiB } from '../../world/units.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest } from '../statement.ts'
import {
  countTail,
  type Descriptor,
  descriptorLimits,
  readCountTail,
  readKeys,
  readStable,
  readTexts,
  type StablePart,
  stableForm,
} from './descriptor.ts'
import { edgeForm, readEdge } from './log.ts'
import type { AuthorityEntry, AuthoritySet } from './network.ts'
import { mostAuthorities } from './parameters.ts'

export const documentVersion = 1

/**
 * A body or a difference larger than this is refused before it is parsed, bytes. None that follows the rules is: nodes
 * have 3 MiB (docs/spec/directory-consensus.md 6.6).
 */
export const maxDocumentBytes: number = 4 * MiB - 16 * KiB

/** The signatures of a document that hands over at most: those of both sets, bytes. */
export const maxSignaturesBytes: number = 2 * mostAuthorities * 104

/** A node as the authorities see it: its descriptor, and what they decided about it. */
export interface ConsensusNode {
  readonly descriptor: Descriptor
  /** 0: in no layer (gateways); 1 to layers: the layer of a mix, counted from 1. */
  readonly place: number
  readonly running: boolean
  readonly reliable: boolean
  /** The epoch whose document first had the node. */
  readonly since: number
}

/** The layer of an identity that is away, so that leaving and returning changes nothing. */
export interface KeptPlace {
  /** 32 bytes: the identity. */
  readonly identity: Uint8Array
  readonly place: number
  /** The last epoch whose document had it. */
  readonly until: number
}

export interface ConsensusAuthority {
  readonly id: Uint8Array
  /** As its own vote states them; none when its vote was not counted. */
  readonly addresses: readonly string[]
  readonly voted: boolean
}

/** The authorities of later documents, where they change. */
export interface Successors extends AuthoritySet {
  /** The first epoch of whose document they are the authorities. */
  readonly from: number
}

/** Holds what is pinned in every configuration, for comparison. */
export interface Pinned {
  readonly suite: string
  readonly hops: number
  readonly userBytes: number
  readonly topology: string
  readonly layers: number
  readonly genesis: number
  readonly epochMs: number
}

export interface ConsensusBody {
  readonly network: string
  readonly epoch: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly validAfter: number
  readonly freshUntil: number
  readonly validUntil: number
  readonly pinned: Pinned
  readonly threshold: number
  readonly authorities: readonly ConsensusAuthority[]
  readonly successors: Successors | null
  /** 32 bytes: the name of the newest document before it; none for a network's first. */
  readonly previous: Uint8Array
  /** The log of all documents before it, that one the last (docs/spec/directory-log.md 14). */
  readonly log: TreeEdge
  /** Shared randomness of this document and of the one before: 32 bytes each, or none where there was none. */
  readonly randomness: readonly [Uint8Array, Uint8Array]
  /** The nodes' mixing strategy. */
  readonly mixing: string
  /** By name, ordered by the reader and writer; also names that this version does not know. */
  readonly parameters: ReadonlyMap<string, number>
  readonly nodes: readonly ConsensusNode[]
  readonly kept: readonly KeptPlace[]
  /** Authorities out of office for a proven contradiction, each with the digest of the proof. */
  readonly excluded: readonly { readonly id: Uint8Array; readonly proof: Uint8Array }[]
}

/** Nodes of a document that a reader takes at most: more than have room. */
export const mostNodes = 16_384

const limits = { nodes: mostNodes, kept: 16_384, parameters: 128, name: 32 } as const
const flag = { running: 1, reliable: 2 } as const

export function writeBody(body: ConsensusBody): Uint8Array {
  return write({
    version: documentVersion,
    network: body.network,
    epoch: body.epoch,
    validAfter: body.validAfter,
    freshUntil: body.freshUntil,
    validUntil: body.validUntil,
    pinned: pinnedForm(body.pinned),
    threshold: body.threshold,
    authorities: body.authorities.map(({ id, addresses, voted }) => [id, addresses, voted ? 1 : 0]),
    successors: successorsForm(body.successors),
    previous: body.previous,
    log: edgeForm(body.log),
    randomness: body.randomness,
    mixing: body.mixing,
    parameters: Object.fromEntries(body.parameters),
    nodes: body.nodes.map(nodeForm),
    kept: body.kept.map(keptForm),
    excluded: body.excluded.map(({ id, proof }) => [id, proof]),
  })
}

/** A body, its bytes and its name (32 bytes). */
export interface NamedBody {
  readonly body: ConsensusBody
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export function nameBody(body: ConsensusBody): NamedBody {
  const bytes = writeBody(body)
  return { body, bytes, hash: digest(bytes) }
}

/**
 * Fields and order only; signatures and the pinned values are `verifyConsensus`'s.
 *
 * @throws DirectoryError BAD_DOCUMENT, NOT_CANONICAL, TOO_LARGE
 */
export function readBody(bytes: Uint8Array): ConsensusBody {
  return atOnce(bodySteps(bytes))
}

/** Reads as `readBody` does, a node or a kept place a unit. */
export function* bodySteps(bytes: Uint8Array): Steps<ConsensusBody> {
  if (bytes.length > maxDocumentBytes) {
    throw new DirectoryError('TOO_LARGE', `consensus: want at most ${maxDocumentBytes} bytes`)
  }
  const read = new Reader(bytes, 'consensus')
  read.map(18)
  const log = readEdge(read.key('log'))
  const kept = yield* keptSteps(read.key('kept'))
  const epoch = read.key('epoch').uint()
  const nodes = yield* nodeSteps(read.key('nodes'), epoch)
  const mixing = read.key('mixing').text(limits.name)
  const pinned = readPinned(read.key('pinned'))
  const network = read.key('network').text(64)
  const version = read.key('version').uint()
  if (version !== documentVersion) {
    throw read.fail('BAD_DOCUMENT', `want ${documentVersion}, have ${version}`)
  }
  const excluded = readExcluded(read.key('excluded'))
  const previous = read.key('previous').bytes(0, 32)
  if ((log.size === 0) !== (previous.length === 0)) {
    throw read.fail('BAD_DOCUMENT', `a log of ${log.size} documents before it`)
  }
  const threshold = read.key('threshold').uint(mostAuthorities)
  const freshUntil = read.key('freshUntil').uint()
  const parameters = readParameters(read.key('parameters'))
  read.key('randomness').tuple(2)
  const randomness = [read.bytes(0, 32), read.bytes(0, 32)] as const
  const successors = readSuccessors(read.key('successors'))
  const validAfter = read.key('validAfter').uint()
  const validUntil = read.key('validUntil').uint()
  const authorities = readAuthorities(read.key('authorities'))
  read.end()
  return {
    network,
    epoch,
    validAfter,
    freshUntil,
    validUntil,
    pinned,
    threshold,
    authorities,
    successors,
    previous,
    log,
    randomness,
    mixing,
    parameters,
    nodes,
    kept,
    excluded,
  }
}

/** [stable, serial, keys, signature, place, flags, since], and the count: the descriptor's epoch is the document's. */
export function nodeForm(node: ConsensusNode): Cbor {
  const { stable, serial, keys, signature, count } = node.descriptor
  return [stableForm(stable), serial, keys, signature, ...decisionForm(node), ...countTail(count)]
}

/** Nodes of a document of this epoch, ordered by id, each once. */
export function readNodes(read: Reader, epoch: number): ConsensusNode[] {
  return atOnce(nodeSteps(read, epoch))
}

function* nodeSteps(read: Reader, epoch: number): Steps<ConsensusNode[]> {
  const count = read.list(limits.nodes)
  const nodes: ConsensusNode[] = []
  for (let i = 0; i < count; i++) {
    const hasCount = read.item('node').tupleAndMore(7)
    const stable: StablePart = readStable(read)
    const last = nodes.at(-1)
    if (last !== undefined && compare(last.descriptor.stable.id, stable.id) >= 0) {
      throw read.fail('NOT_CANONICAL', 'nodes out of order')
    }
    const serial = read.item('serial').uint()
    const keys = readKeys(read)
    const signature = read.item('signature').bytes(64)
    const decision = readDecision(read, epoch)
    const count = readCountTail(read, stable, hasCount)
    nodes.push({ descriptor: { stable, epoch, serial, keys, signature, ...count }, ...decision })
    yield
  }
  return nodes
}

/** Holds what the authorities decide about a node: its place, flags and age. */
export type Decision = Omit<ConsensusNode, 'descriptor'>

/** place, flags, since */
export function decisionForm({ place, running, reliable, since }: Decision): number[] {
  return [place, (running ? flag.running : 0) | (reliable ? flag.reliable : 0), since]
}

export function readDecision(read: Reader, epoch: number): Decision {
  const place = read.item('place').uint(255)
  const flags = read.item('flags').uint(3)
  const since = read.item('since').uint(epoch)
  return { place, running: (flags & flag.running) !== 0, reliable: (flags & flag.reliable) !== 0, since }
}

/** [identity, place, until] */
export function keptForm({ identity, place, until }: KeptPlace): Cbor {
  return [identity, place, until]
}

/** Ordered by identity, each once. */
export function readKept(read: Reader): KeptPlace[] {
  return atOnce(keptSteps(read))
}

function* keptSteps(read: Reader): Steps<KeptPlace[]> {
  const kept: KeptPlace[] = []
  const count = read.list(limits.kept)
  for (let i = 0; i < count; i++) {
    read.item('kept').tuple(3)
    const entry = { identity: read.bytes(32), place: read.uint(255), until: read.uint() }
    const last = kept.at(-1)
    if (last !== undefined && compare(last.identity, entry.identity) >= 0) {
      throw read.fail('NOT_CANONICAL', 'identities out of order')
    }
    kept.push(entry)
    yield
  }
  return kept
}

function readAuthorities(read: Reader): ConsensusAuthority[] {
  const authorities: ConsensusAuthority[] = []
  const count = read.list(mostAuthorities)
  for (let i = 0; i < count; i++) {
    read.item('authorities').tuple(3)
    const id = read.bytes(32)
    const last = authorities.at(-1)
    if (last !== undefined && compare(last.id, id) >= 0) {
      throw read.fail('NOT_CANONICAL', 'ids out of order')
    }
    const addresses = readAddresses(read)
    authorities.push({ id, addresses, voted: read.uint(1) === 1 })
  }
  return authorities
}

export function readAddresses(read: Reader): string[] {
  return readTexts(read, descriptorLimits.addresses, descriptorLimits.address)
}

/** null, or [from, threshold, [[id, sharing key, addresses], …]] */
export function successorsForm(successors: Successors | null): Cbor {
  if (successors === null) return null
  const { from, threshold, authorities } = successors
  return [from, threshold, authorities.map(({ id, sharingKey, addresses }) => [id, sharingKey, addresses])]
}

export function readSuccessors(read: Reader): Successors | null {
  if (read.nothing()) return null
  read.tuple(3)
  const from = read.uint()
  const threshold = read.uint(mostAuthorities)
  const count = read.list(mostAuthorities)
  const authorities: AuthorityEntry[] = []
  for (let i = 0; i < count; i++) {
    read.tuple(3)
    const id = read.bytes(32)
    const last = authorities.at(-1)
    if (last !== undefined && compare(last.id, id) >= 0) {
      throw read.fail('NOT_CANONICAL', 'ids out of order')
    }
    authorities.push({ id, sharingKey: read.bytes(32), addresses: readAddresses(read) })
  }
  if (2 * threshold <= count || threshold > count) {
    throw read.fail('BAD_DOCUMENT', `want more than half of ${count}, have ${threshold}`)
  }
  return { from, threshold, authorities }
}

function pinnedForm(pinned: Pinned): Cbor {
  const { suite, hops, userBytes, topology, layers, genesis, epochMs } = pinned
  return [suite, hops, userBytes, topology, layers, genesis, epochMs]
}

function readPinned(read: Reader): Pinned {
  read.tuple(7)
  return {
    suite: read.text(limits.name),
    hops: read.uint(),
    userBytes: read.uint(),
    topology: read.text(limits.name),
    layers: read.uint(),
    genesis: read.uint(),
    epochMs: read.uint(),
  }
}

/** A map from names to whole numbers, the names in dag-cbor's order. */
export function readParameters(read: Reader): Map<string, number> {
  const parameters = new Map<string, number>()
  const count = read.openMap(limits.parameters)
  let last = ''
  for (let i = 0; i < count; i++) {
    const name = read.item('parameters').text(limits.name)
    if (i > 0 && !(last.length < name.length || (last.length === name.length && last < name))) {
      throw read.fail('NOT_CANONICAL', `${JSON.stringify(name)} out of order`)
    }
    if (!/^[a-zA-Z]+$/.test(name)) throw read.fail('BAD_DOCUMENT', 'want names of letters')
    parameters.set(name, read.item(name).uint())
    last = name
  }
  return parameters
}

function readExcluded(read: Reader): { id: Uint8Array; proof: Uint8Array }[] {
  const excluded: { id: Uint8Array; proof: Uint8Array }[] = []
  const count = read.list(mostAuthorities)
  for (let i = 0; i < count; i++) {
    read.item('excluded').tuple(2)
    const id = read.bytes(32)
    const last = excluded.at(-1)
    if (last !== undefined && compare(last.id, id) >= 0) {
      throw read.fail('NOT_CANONICAL', 'ids out of order')
    }
    excluded.push({ id, proof: read.bytes(32) })
  }
  return excluded
}
