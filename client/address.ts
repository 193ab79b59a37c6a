// An address: one string that a person can paste (docs/client.md, Address).
//
//   chaffinch_b | base32 of: version 1, network tag 4, sealing key 32, mailbox key 32, 1 to 3 gateway ids 32, CRC 4

import { sha256 } from '@noble/hashes/sha2.js'
import { base32 } from 'multiformats/bases/base32'
import { join, Reader, Writer } from './bytes.ts'
import { ClientError } from './error.ts'

export interface Address {
  /** 32 bytes: X25519; fragments are sealed to it. */
  readonly sealingKey: Uint8Array
  /** 32 bytes: Ed25519; names the mailbox in packets and proves its owner to the gateway. */
  readonly mailboxKey: Uint8Array
  /** 32 bytes each, 1 to 3, the one to try first in front. */
  readonly gateways: readonly Uint8Array[]
}

export const maxGateways = 3

const prefix = 'chaffinch_'
const version = 1
const tagBytes = 4
const keyBytes = 32
const crcBytes = 4
const headBytes = 1 + tagBytes + 2 * keyBytes

/** The first 4 bytes of SHA-256 over `chaffinch/network/v1` and the network's name. */
export function networkTag(network: string): Uint8Array {
  return sha256(new TextEncoder().encode(`chaffinch/network/v1${network}`)).subarray(0, tagBytes)
}

/** @throws ClientError BAD_OPTION when there are no gateways, more than three, or one twice */
export function writeAddress(address: Address, network: string): string {
  const { sealingKey, mailboxKey, gateways } = address
  if (gateways.length < 1 || gateways.length > maxGateways || repeated(gateways))
    throw new ClientError('BAD_OPTION', `address: want 1 to ${maxGateways} different gateways`)
  const data = join([Uint8Array.of(version), networkTag(network), sealingKey, mailboxKey, ...gateways])
  const crc = new Writer(crcBytes).u32(crc32(data)).bytes
  return prefix + base32.encode(join([data, crc]))
}

/**
 * Reads an address; white space around it is ignored.
 *
 * A wrong character changes five bits in a row, and CRC-32 detects every burst of up to 32: it is always noticed.
 *
 * @throws ClientError BAD_ADDRESS, WRONG_VERSION, WRONG_NETWORK
 */
export function readAddress(text: string, network: string): Address {
  const bytes = decode(text.trim())
  const data = bytes.subarray(0, -crcBytes)
  const read = new Reader(bytes, 'address', 'BAD_ADDRESS')
  if (
    bytes.length < 1 + crcBytes ||
    new Reader(bytes.subarray(-crcBytes), 'address', 'BAD_ADDRESS').u32('checksum') !== crc32(data)
  )
    throw new ClientError('BAD_ADDRESS', damaged)
  const made = read.u8('version')
  if (made !== version)
    throw new ClientError(
      'WRONG_VERSION',
      `address: version ${made} is newer than this program reads; update it`,
    )
  const tag = read.take(tagBytes, 'network')
  if (tag.some((byte, i) => byte !== networkTag(network)[i]))
    throw new ClientError('WRONG_NETWORK', `address: it belongs to another network than ${network}`)
  const sealingKey = read.take(keyBytes, 'sealing key').slice()
  const mailboxKey = read.take(keyBytes, 'mailbox key').slice()
  const count = (read.left - crcBytes) / keyBytes
  if (!Number.isInteger(count) || count < 1 || count > maxGateways)
    throw read.fail(`want 1 to ${maxGateways} gateways`)
  const gateways = Array.from({ length: count }, (_, i) => read.take(keyBytes, `gateway ${i + 1}`).slice())
  if (repeated(gateways)) throw read.fail('a gateway stands in it twice')
  return { sealingKey, mailboxKey, gateways }
}

const longestText = prefix.length + 1 + Math.ceil(((headBytes + maxGateways * keyBytes + crcBytes) * 8) / 5)

const damaged = 'address: a character is wrong or missing; copy it again'

function decode(text: string): Uint8Array {
  const fail = (message: string): ClientError => new ClientError('BAD_ADDRESS', `address: ${message}`)
  if (!text.startsWith(`${prefix}b`)) throw fail(`want ${prefix}b… in front`)
  // Room for a newer version's, so that it is told from a wrong character
  if (text.length > 4 * longestText) throw fail('too long')
  let bytes: Uint8Array
  try {
    bytes = base32.decode(text.slice(prefix.length))
  } catch (cause) {
    throw new ClientError('BAD_ADDRESS', damaged, { cause })
  }
  // The decoder takes upper case too
  if (base32.encode(bytes) !== text.slice(prefix.length)) throw new ClientError('BAD_ADDRESS', damaged)
  return bytes
}

function repeated(ids: readonly Uint8Array[]): boolean {
  return ids.some((id, i) => ids.some((other, j) => j < i && other.every((byte, k) => byte === id[k])))
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** CRC-32 as in ISO 3309 and zlib. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] as number)
  return (crc ^ 0xffffffff) >>> 0
}
