// Counting what lies in flat arrays.

import { ShuffleError } from './error.ts'

/** Gives how many items of `size` bytes there are. Throws BAD_LENGTH where they are no whole number. */
export function countOf(bytes: Uint8Array, size: number, what: string): number {
  if (bytes.length % size !== 0)
    throw new ShuffleError('BAD_LENGTH', `${what}: want a multiple of ${size} bytes, have ${bytes.length}`)
  return bytes.length / size
}

/** Throws BAD_LENGTH where there are not `want` bytes. */
export function wantBytes(bytes: Uint8Array, want: number, what: string): void {
  if (bytes.length !== want)
    throw new ShuffleError('BAD_LENGTH', `${what}: want ${want} bytes, have ${bytes.length}`)
}

/** Gives n, the most of these counts. Throws BAD_LENGTH where one is neither n nor 1. */
export function common(counts: readonly number[], what: string): number {
  const n = Math.max(...counts)
  if (counts.some(count => count !== n && count !== 1))
    throw new ShuffleError('BAD_LENGTH', `${what}: want as many of each, or one, have ${counts.join(', ')}`)
  return n
}
