// The values of an open folder (docs/spec/client-store.md 11.5): LevelDB hands out what stands in its tables whether or
// not it is what was written, so each value carries a checksum over its key and itself.

import { crc32 } from '#machine'
import { ClientError } from '../error.ts'
import type { KeyedValues } from './vault.ts'

const checksumBytes = 4

/** Values as they are, each with a checksum behind it. */
export const checkedValues: KeyedValues = {
  encode,
  decode: (key, bytes) => {
    const value = checked(key, bytes)
    if (value !== undefined) return value
    throw new ClientError(
      'STORE_DAMAGED',
      `store: ${key} is not what was written: restore the folder from a copy`,
    )
  },
  rebind: (key, bytes) => (checked(key, bytes) === undefined ? encode(key, bytes) : undefined),
}

function encode(key: string, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(value.length + checksumBytes)
  out.set(value)
  new DataView(out.buffer).setUint32(value.length, checksumOf(key, value))
  return out
}

function checked(key: string, bytes: Uint8Array): Uint8Array | undefined {
  const end = bytes.length - checksumBytes
  if (end < 0) return undefined
  // No Buffer, whose slices are the same bytes: who changes one would change what a store in memory holds
  const value = new Uint8Array(bytes.buffer, bytes.byteOffset, end)
  const written = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end)
  return written === checksumOf(key, value) ? value : undefined
}

/** CRC-32 over the key in UTF-8, a zero byte, and the value. */
function checksumOf(key: string, value: Uint8Array): number {
  return crc32(value, crc32(`${key}\0`))
}
