// An address: one string that a person can paste (docs/spec/client.md 1).
//
//   chaffinch_b | base32 of: version 1, network tag 4, sealing key 32, mailbox key 32, 1 to 3 gateway ids 32, CRC 4

import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from '../../encoding/bytes.ts'
import { readChecked, writeChecked } from '../checked-text.ts'
import { ClientError } from '../error.ts'
import { Reader } from '../reader.ts'

/** Where a client reads its mail, and to whom messages to it are sealed (docs/spec/client.md 1). */
export interface Address {
  /** 32 bytes: X25519; fragments are sealed to it. */
  readonly sealingKey: Uint8Array
  /** 32 bytes: Ed25519; names the mailbox in packets and proves its owner to the gateway. */
  readonly mailboxKey: Uint8Array
  /** 32 bytes each, 1 to 3, the one to try first in front. */
  readonly gateways: readonly Uint8Array[]
}

/** Most gateways that an address names. */
export const maxGateways = 3

const prefix = 'chaffinch_'
const version = 1
const tagBytes = 4
const keyBytes = 32
/** Room for a newer version's, so that it is told from a wrong character. */
const longestBytes = 4 * (1 + tagBytes + (2 + maxGateways) * keyBytes)

/** The first 4 bytes of SHA-256 over `chaffinch/network/v1` and the network's name. */
export function networkTag(network: string): Uint8Array {
  return sha256(new TextEncoder().encode(`chaffinch/network/v1${network}`)).subarray(0, tagBytes)
}

/**
 * Checks the version and network with which each such text begins. @throws ClientError WRONG_VERSION, WRONG_NETWORK
 */
export function checkHead(
  read: Reader,
  { version, network }: { readonly version: number; readonly network: string },
  what: string,
): void {
  const made = read.u8('version')
  if (made !== version) {
    const why = `${what}: version ${made} is newer than this program reads; update it`
    throw new ClientError('WRONG_VERSION', why)
  }
  const tag = read.take(tagBytes, 'network')
  if (tag.some((byte, i) => byte !== networkTag(network)[i]))
    throw new ClientError('WRONG_NETWORK', `${what}: it belongs to another network than ${network}`)
}

/**
 * An address as the one string that people paste, for a network of this name.
 *
 * @throws ClientError BAD_OPTION when there are no gateways, more than three, or one twice
 */
export function writeAddress(address: Address, network: string): string {
  const { sealingKey, mailboxKey, gateways } = address
  if (gateways.length < 1 || gateways.length > maxGateways || repeated(gateways))
    throw new ClientError('BAD_OPTION', `address: want 1 to ${maxGateways} different gateways`)
  return writeChecked(
    prefix,
    concat([Uint8Array.of(version), networkTag(network), sealingKey, mailboxKey, ...gateways]),
  )
}

/**
 * Reads an address; white space around it is ignored.
 *
 * A wrong character changes five bits in a row, and CRC-32 detects every burst of up to 32: it is always noticed.
 *
 * @throws ClientError BAD_ADDRESS, WRONG_VERSION, WRONG_NETWORK
 */
export function readAddress(text: string, network: string): Address {
  const fail = (why: string): ClientError => new ClientError('BAD_ADDRESS', `address: ${why}`)
  if (typeof text !== 'string') throw fail('want text')
  const read = new Reader(readChecked(prefix, text, longestBytes, fail), 'address', 'BAD_ADDRESS')
  checkHead(read, { version, network }, 'address')
  const sealingKey = read.take(keyBytes, 'sealing key').slice()
  const mailboxKey = read.take(keyBytes, 'mailbox key').slice()
  const count = read.left / keyBytes
  if (!Number.isInteger(count) || count < 1 || count > maxGateways)
    throw read.fail(`want 1 to ${maxGateways} gateways`)
  const gateways = Array.from({ length: count }, (_, i) => read.take(keyBytes, `gateway ${i + 1}`).slice())
  if (repeated(gateways)) throw read.fail('a gateway stands in it twice')
  return { sealingKey, mailboxKey, gateways }
}

function repeated(ids: readonly Uint8Array[]): boolean {
  return ids.some((id, i) => ids.some((other, j) => j < i && other.every((byte, k) => byte === id[k])))
}
