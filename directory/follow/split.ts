// Two signed documents of one epoch (docs/spec/directory-travel.md 10.3): what proves them, and who signed both.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { validSigners } from '../documents/document.ts'
import { type Evidence, evidenceOf } from '../documents/evidence.ts'
import type { Network } from '../documents/network.ts'
import type { Pointer } from '../documents/vote.ts'

/** A contradiction: both are signed by enough authorities. */
export interface Split {
  readonly epoch: number
  readonly ours: Pointer
  readonly theirs: Pointer
  /** Against each authority that signed both: at least 2t - n of them. */
  readonly proofs: readonly Evidence[]
}

/** @returns nothing when both name the same document */
export function splitOf(network: Network, ours: Pointer, theirs: Pointer): Split | undefined {
  const { epoch } = ours
  if (epoch !== theirs.epoch || same(ours.hash, theirs.hash)) return undefined
  const valid = ({ hash, signatures }: Pointer): Set<string> =>
    new Set(validSigners(network, { body: { epoch }, hash, signatures }).map(hex))
  const [here, there] = [valid(ours), valid(theirs)]
  if (here.size < network.threshold || there.size < network.threshold) return undefined
  const proofs = ours.signatures.flatMap(({ signer, signature }) => {
    const other = theirs.signatures.find(entry => compare(entry.signer, signer) === 0)
    if (other === undefined || !here.has(hex(signer)) || !there.has(hex(signer))) return []
    const statement = { kind: 'consensus', epoch, signer } as const
    const said = [
      { about: ours.hash, signature },
      { about: theirs.hash, signature: other.signature },
    ] as const
    return [evidenceOf(statement, ...said)]
  })
  return { epoch, ours, theirs, proofs }
}
