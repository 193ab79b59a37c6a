// The shared randomness of a document (docs/spec/randomness.md 8): what every dealer contributed, and the randomness
// before.

import { compare } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { digest, labelled } from '../statement.ts'

export interface Contribution {
  /** 32 bytes: an authority's id. */
  readonly dealer: Uint8Array
  /** 32 bytes. */
  readonly value: Uint8Array
}

/**
 * @param epoch the document's; a round that makes two documents gives each its own
 * @param previous 32 bytes of the document before, or none
 * @param contributions of all dealings that were agreed on, in any order
 * @returns 32 bytes; none when there is no contribution, because then nothing in it is random
 */
export function combineRandomness(
  network: string,
  epoch: number,
  previous: Uint8Array,
  contributions: readonly Contribution[],
): Uint8Array {
  if (contributions.length === 0) return new Uint8Array(0)
  const ordered = [...contributions].sort((a, b) => compare(a.dealer, b.dealer))
  const list = ordered.map(({ dealer, value }) => [dealer, value])
  return digest(labelled('randomness', write([network, epoch, previous, list])))
}
