// Two signed documents of one epoch (docs/spec/directory-travel.md 10.3, docs/spec/directory-log.md 14.4): what proves
// them, and who signed both.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { validSigners } from '../documents/document.ts'
import { type Evidence, evidenceOf } from '../documents/evidence.ts'
import type { Network } from '../documents/network.ts'
import type { Pointer } from '../documents/vote.ts'

/** A contradiction: both are signed by enough authorities, or one is and the log of a later document has the other. */
export interface Split {
  readonly epoch: number
  readonly ours: Pointer
  readonly theirs: Pointer
  /** Against each authority that signed both: at least 2t - n of them. */
  readonly proofs: readonly Evidence[]
  /** Where a log shows it: the later document, as it was signed, and the log of those before it. */
  readonly shownBy?: ShownBy | undefined
}

/** What shows that an epoch's document is in the log: a signed document, and the end of the log of those before it. */
export interface ShownBy {
  readonly document: Uint8Array
  readonly log: Uint8Array
}

/** Makes the pointer to a document of which its name alone is known. */
export function namedOnly(epoch: number, hash: Uint8Array): Pointer {
  return { epoch, hash, signatures: [] }
}

/** @returns undefined when both name the same document, or one is not signed by enough */
export function splitOf(network: Network, ours: Pointer, theirs: Pointer): Split | undefined {
  const { epoch } = ours
  if (epoch !== theirs.epoch || same(ours.hash, theirs.hash)) return undefined
  const [here, there] = [signersOf(network, ours).size, signersOf(network, theirs).size]
  if (here < network.threshold || there < network.threshold) return undefined
  return { epoch, ours, theirs, proofs: proofsOf(network, ours, theirs) }
}

/** Finds those who signed both, and the proof against each. */
export function proofsOf(network: Network, ours: Pointer, theirs: Pointer): Evidence[] {
  const [here, there] = [signersOf(network, ours), signersOf(network, theirs)]
  return ours.signatures.flatMap(({ signer, signature }) => {
    const other = theirs.signatures.find(entry => compare(entry.signer, signer) === 0)
    if (other === undefined || !here.has(hex(signer)) || !there.has(hex(signer))) return []
    const statement = { kind: 'consensus', epoch: ours.epoch, signer } as const
    const said = [
      { about: ours.hash, signature },
      { about: theirs.hash, signature: other.signature },
    ] as const
    return [evidenceOf(statement, ...said)]
  })
}

function signersOf(network: Network, { epoch, hash, signatures }: Pointer): Set<string> {
  return new Set(validSigners(network, { body: { epoch }, hash, signatures }).map(hex))
}
