// Bytes as one string that a person can paste: a prefix, base32 (multibase b), and a CRC that notices every wrong
// character (docs/spec/client.md 1).

import { base32 } from 'multiformats/bases/base32'
import { concat } from '../encoding/bytes.ts'
import { FieldWriter } from '../encoding/writer.ts'
import type { ClientError } from './error.ts'
import { Reader } from './reader.ts'

const crcBytes = 4

/** prefix | multibase base32 of: data | CRC-32 of data 4 */
export function writeChecked(prefix: string, data: Uint8Array): string {
  return prefix + base32.encode(concat([data, new FieldWriter(crcBytes).u32(crc32(data)).bytes]))
}

/**
 * The data of such a text; white space around it is ignored.
 *
 * @param longest bytes of data at most
 * @param fail makes the error that is thrown
 */
export function readChecked(
  prefix: string,
  text: string,
  longest: number,
  fail: (why: string) => ClientError,
): Uint8Array {
  const trimmed = text.trim()
  if (!trimmed.startsWith(`${prefix}b`)) throw fail(`want ${prefix}b… in front`)
  if (trimmed.length > prefix.length + 1 + Math.ceil(((longest + crcBytes) * 8) / 5)) throw fail('too long')
  const damaged = 'a character is wrong or missing; copy it again'
  let bytes: Uint8Array
  try {
    bytes = base32.decode(trimmed.slice(prefix.length))
  } catch {
    throw fail(damaged)
  }
  // The decoder takes upper case too
  if (bytes.length < crcBytes || base32.encode(bytes) !== trimmed.slice(prefix.length)) throw fail(damaged)
  const data = bytes.subarray(0, -crcBytes)
  const crc = new Reader(bytes.subarray(-crcBytes), 'checksum', 'BAD_ADDRESS').u32('checksum')
  if (crc !== crc32(data)) throw fail(damaged)
  return data
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
