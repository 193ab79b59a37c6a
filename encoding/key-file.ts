// A key file: a line of 64 hexadecimal digits, and comments.

import { fromHex } from './bytes.ts'

/** Reads the first line that is neither empty nor a comment. @returns 32 bytes; undefined where it is no key */
export function seedIn(text: string): Uint8Array | undefined {
  const seed = text
    .split('\n')
    .map(line => line.trim())
    .find(line => line !== '' && !line.startsWith('#'))
  return seed === undefined || !/^[0-9a-f]{64}$/.test(seed) ? undefined : fromHex(seed)
}
