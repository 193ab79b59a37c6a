// A key file: a line of 64 hexadecimal digits, and comments. One of them shows that the key is what was written.

import { sha256 } from '@noble/hashes/sha2.js'
import { fromHex, hex } from './bytes.ts'

const checkBytes = 8
const checkName = '# check: '

/** Writes the comment by which damage to a key shows: another key would be somebody else. @param seed 32 bytes */
export function checkLine(seed: Uint8Array): string {
  return `${checkName}${hex(sha256(seed).subarray(0, checkBytes))}`
}

/**
 * Reads the first line that is neither empty nor a comment.
 *
 * @returns 32 bytes; undefined where it is no key, or another one than a comment checks
 */
export function seedIn(text: string): Uint8Array | undefined {
  const lines = text.split('\n').map(line => line.trim())
  const written = lines.find(line => line !== '' && !line.startsWith('#'))
  if (written === undefined || !/^[0-9a-f]{64}$/.test(written)) return undefined
  const seed = fromHex(written)
  const check = lines.find(line => line.startsWith(checkName))
  return check === undefined || check === checkLine(seed) ? seed : undefined
}
