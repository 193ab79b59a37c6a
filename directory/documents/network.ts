// Tells what everybody of one network is configured with, and the arithmetic of its epochs (docs/spec/directory.md 1,
// 2).

import { hex } from '../../encoding/bytes.ts'
import { type SuiteName, suiteNames } from '../../sphinx/suite-names.ts'
import { DirectoryError } from '../error.ts'
import { decodePoint } from '../randomness/group.ts'
import { mostAuthorities } from './parameters.ts'

/** An authority as its key and addresses stand in every configuration. */
export interface AuthorityEntry {
  /** 32 bytes: its Ed25519 public key, which signs documents and is its libp2p identity. */
  readonly id: Uint8Array
  /** 32 bytes: to whom dealers of the shared randomness share out (docs/spec/randomness.md 3). */
  readonly sharingKey: Uint8Array
  /** Multiaddrs without the /p2p part. */
  readonly addresses: readonly string[]
}

/** Holds the authorities that make documents, and how many of them it takes. */
export interface AuthoritySet {
  readonly authorities: readonly AuthorityEntry[]
  /** Counts the signatures that make a document: 2 * threshold > authorities.length. */
  readonly threshold: number
}

/** `free`: a path takes any mixes, each once, in any order; their layers mean nothing. */
export type Topology = 'stratified' | 'cascade' | 'free'

/** The ways in which mixes may be arranged. */
export const topologies: readonly Topology[] = ['stratified', 'cascade', 'free']

/** Pinned: the same in every configuration of the network, and cross-checked in every document. */
export interface Network extends AuthoritySet {
  readonly name: string
  /** Start of epoch 0, milliseconds since 1970-01-01 UTC. */
  readonly genesis: number
  readonly epochMs: number
  readonly suite: SuiteName
  /** Hops of a path: the entry gateway, one mix of each layer, the far gateway. */
  readonly hops: number
  /** User data of a packet, bytes. */
  readonly userBytes: number
  readonly topology: Topology
  /** Layers of mixes: hops - 2. */
  readonly layers: number
  /** Epoch 0 waits for this many nodes of each kind, at most until its time is over. */
  readonly minimum: { readonly mixes: number; readonly gateways: number }
}

/** A network as one round has it: the authorities vote; those who come in with the document sign it too. */
export interface VotingNetwork extends Network {
  readonly incoming?: AuthoritySet | undefined
}

/** The epoch that `now` lies in; negative before genesis. */
export function epochAt(network: Network, now: number): number {
  return Math.floor((now - network.genesis) / network.epochMs)
}

/** When an epoch starts, milliseconds since 1970-01-01 UTC. */
export function epochStart(network: Network, epoch: number): number {
  return network.genesis + epoch * network.epochMs
}

/**
 * Computes how long before and after a boundary the neighbouring epoch's key opens packets too, milliseconds: a quarter
 * of an epoch, at most a minute. It covers what a sender cannot know when it picks the epochs of arrival: clock
 * skew, queues and retries of links.
 */
export function graceMs(network: Network): number {
  return Math.min(network.epochMs / 4, 60_000)
}

/** Ends of the phases within an epoch, as fractions of it; the document they make is the next epoch's. */
export const phaseEnds: Readonly<
  Record<'descriptors' | 'votes' | 'agreement' | 'reveals' | 'signatures', number>
> = { descriptors: 1 / 8, votes: 2 / 8, agreement: 3 / 8, reveals: 4 / 8, signatures: 5 / 8 }

/** A document is valid for this many epochs from its own on, so that a failed round stops nobody. */
export const epochsValid = 3

/** Shortest epoch, milliseconds: its eighths must hold a few messages. */
export const shortestEpochMs = 1000

/**
 * Checks that a configuration can be one of a network.
 *
 * @throws DirectoryError BAD_NETWORK, whose message starts with the field's name
 */
export function checkNetwork(network: Network): void {
  const { authorities: listed, minimum } = (network ?? {}) as Partial<Network>
  if (!Array.isArray(listed) || typeof minimum !== 'object')
    throw new DirectoryError('BAD_NETWORK', 'network: want what readNetwork gives of a network file')
  const want = (holds: boolean, field: keyof Network, message: string): void => {
    if (!holds) throw new DirectoryError('BAD_NETWORK', `network: ${field}: ${message}`)
  }
  const whole = (field: keyof Network, min: number, max: number): void => {
    const value = network[field] as number
    const range = `want a whole number from ${min} to ${max}, have ${value}`
    want(Number.isSafeInteger(value) && value >= min && value <= max, field, range)
  }
  const nameBytes = new TextEncoder().encode(network.name).length
  want(nameBytes >= 1 && nameBytes <= 64, 'name', `want 1 to 64 bytes, have ${nameBytes}`)
  whole('genesis', 0, 2 ** 48)
  whole('epochMs', shortestEpochMs, 2 ** 31)
  const n = network.authorities.length
  want(n >= 1 && n <= mostAuthorities, 'authorities', `want 1 to ${mostAuthorities}, have ${n}`)
  const ids = new Set<string>()
  const sharingKeys = new Set<string>()
  for (const { id, sharingKey, addresses } of network.authorities) {
    want(id.length === 32, 'authorities', `want ids of 32 bytes, have ${id.length}`)
    ids.add(hex(id))
    const point = decodePoint(sharingKey) !== undefined
    want(point, 'authorities', `want sharing keys that are ristretto255 elements, have ${hex(sharingKey)}`)
    sharingKeys.add(hex(sharingKey))
    want(addresses.length <= 8, 'authorities', `want at most 8 addresses each, have ${addresses.length}`)
  }
  want(ids.size === n, 'authorities', 'an id stands there twice')
  want(sharingKeys.size === n, 'authorities', 'a sharing key stands there twice')
  whole('threshold', 1, n)
  want(2 * network.threshold > n, 'threshold', `want more than half of ${n}, have ${network.threshold}`)
  want(suiteNames.includes(network.suite), 'suite', `want ${suiteNames.join(' or ')}`)
  whole('hops', 3, 16)
  whole('userBytes', 1, 2 ** 20)
  want(topologies.includes(network.topology), 'topology', `want ${topologies.join(' or ')}`)
  whole('layers', 1, 14)
  want(network.layers === network.hops - 2, 'layers', `want hops - 2 = ${network.hops - 2}`)
  const { mixes, gateways } = network.minimum
  const counts = [mixes, gateways].every(
    count => Number.isSafeInteger(count) && count >= 0 && count <= 10_000,
  )
  want(counts, 'minimum', 'want whole numbers from 0 to 10000')
}
