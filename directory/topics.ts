// The topics of the bulletin (docs/spec/bulletin.md 2): what an entry of each may be, and how much of it a network
// carries. Nodes check this before they pass an entry on, clients before they believe one.

import { blake2b, ed25519Verify } from '#crypto'
import { largestEntry, type Stamped } from '../link/protocol/bulletin.ts'
import type { Parameters, View } from './documents/view.ts'
import { DirectoryError } from './error.ts'
import { Reader } from './reader.ts'
import { labelled, type Sign } from './statement.ts'

/** Names a topic of the bulletin. */
export type TopicName = 'open' | 'payments' | 'heads'

/** A topic of the bulletin: its name and number, and how much of it a gateway keeps. */
export interface Topic {
  readonly name: TopicName
  /** As it stands in entries. */
  readonly number: number
  /** Bytes of an entry, at least 1. */
  readonly maxBytes: number
  /** The consensus's KiB a minute. */
  readonly parameter: 'openKiB' | 'paymentsKiB' | 'headsKiB'
  /** Says whether bytes of a fitting length are an entry of this topic. Never throws. */
  readonly accepts: (entry: Uint8Array) => boolean
}

const anything = (): boolean => true

/** The topics that every gateway keeps. */
export const topics: readonly Topic[] = [
  { name: 'open', number: 1, maxBytes: largestEntry, parameter: 'openKiB', accepts: anything },
  { name: 'payments', number: 2, maxBytes: 8192, parameter: 'paymentsKiB', accepts: isRoundMessage },
  { name: 'heads', number: 3, maxBytes: 1024, parameter: 'headsKiB', accepts: anything },
]

/** Finds a topic by its name; undefined where there is none. */
export function topicNamed(name: string): Topic | undefined {
  return topics.find(topic => topic.name === name)
}

export function topicNumbered(number: number): Topic | undefined {
  return topics.find(topic => topic.number === number)
}

/** The topics that a consensus has. */
export function topicsOf(parameters: Parameters): readonly Topic[] {
  return topics.filter(({ parameter }) => parameters[parameter] > 0)
}

/**
 * Says whether bytes are an entry of a topic: their length, and the signature where the topic has one. Never throws.
 */
export function isEntry(topic: Topic, entry: Uint8Array): boolean {
  return entry.length > 0 && entry.length <= topic.maxBytes && topic.accepts(entry)
}

/** 32 bytes: the name of an entry, whoever published it. */
export function entryId(topic: number, entry: Uint8Array): Uint8Array {
  return blake2b([labelled('bulletin-entry', Uint8Array.of(topic)), entry], 32)
}

/** Bytes that each entry counts for besides its own. */
export const entryOverheadBytes = 128

const kibibyte = 1024
/**
 * Bounds what one gateway may publish, in even shares: services are picked at random, and rounds come in
 * bursts.
 */
const unevenness = 4

/**
 * Bytes of a topic that one gateway may stamp within one minute: four times its even share of what the topic carries,
 * but room for one entry of any size, and not more than the whole.
 */
export function quotaBytes({ parameters, gateways }: View, topic: Topic): number {
  const whole = parameters[topic.parameter] * kibibyte
  if (whole === 0) return 0
  const share = Math.ceil((unevenness * whole) / Math.max(1, gateways.length))
  return Math.max(topic.maxBytes + entryOverheadBytes, Math.min(whole, share))
}

/** Builds the bytes that the origin of an entry signs: network, topic, time, origin and id, labelled `bulletin`. */
function stampMessage(network: string, id: Uint8Array, word: Word): Uint8Array {
  const { topic, time, origin, minute, nonce } = word
  const name = new TextEncoder().encode(network)
  const message = new Uint8Array(1 + name.length + 1 + 8 + 32 + 4 + 8 + 32)
  const view = new DataView(message.buffer)
  message[0] = name.length
  message.set(name, 1)
  let at = 1 + name.length
  view.setUint8(at, topic)
  view.setBigUint64(at + 1, BigInt(time))
  at += 9
  message.set(origin, at)
  view.setUint32(at + 32, minute)
  view.setBigUint64(at + 36, BigInt(nonce))
  message.set(id, at + 44)
  return labelled('bulletin', message)
}

type Word = Pick<Stamped, 'topic' | 'time' | 'origin' | 'minute' | 'nonce'>

/** @param sign with the key whose public half is the origin */
export function stamp(network: string, word: Word & { readonly data: Uint8Array }, sign: Sign): Stamped {
  const id = entryId(word.topic, word.data)
  return { ...word, signature: sign(stampMessage(network, id, word)) }
}

/** @param id of the entry */
export function isStamped(network: string, id: Uint8Array, entry: Stamped): boolean {
  return ed25519Verify(entry.origin, stampMessage(network, id, entry), entry.signature)
}

const roundLabel = new TextEncoder().encode('chaffinch/round/v1')

/** docs/spec/payments-rounds.md 4.2: { body, key, signature }, the signature by the key over the labelled body. */
function isRoundMessage(entry: Uint8Array): boolean {
  try {
    const read = new Reader(entry, 'round message')
    read.map(3)
    const key = read.key('key').bytes(32)
    const body = read.key('body').bytesUpTo(entry.length)
    const signature = read.key('signature').bytes(64)
    read.end()
    return ed25519Verify(key, roundMessage(body), signature)
  } catch (error) {
    if (error instanceof DirectoryError) return false
    throw error
  }
}

/** docs/spec/payments-ledger.md 3.1: the label and the body, each with its length before it in 4 bytes. */
function roundMessage(body: Uint8Array): Uint8Array {
  const message = new Uint8Array(8 + roundLabel.length + body.length)
  const view = new DataView(message.buffer)
  view.setUint32(0, roundLabel.length)
  message.set(roundLabel, 4)
  view.setUint32(4 + roundLabel.length, body.length)
  message.set(body, 8 + roundLabel.length)
  return message
}
