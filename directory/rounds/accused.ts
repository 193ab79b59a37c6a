// Nodes that contradicted themselves, as a round's votes prove it (docs/spec/directory-tally.md 7.1): by a proof that a
// vote brings along, or by two votes that have different descriptors of one serial.

import { hex, same } from '../../encoding/bytes.ts'
import type { Descriptor } from '../documents/descriptor.ts'
import { contradiction, type Evidence, readEvidence } from '../documents/evidence.ts'
import type { Vote } from '../documents/vote.ts'

/** The first proof against each node, by the hex of its id. */
export function accusedNodes(votes: readonly Vote[]): Map<string, Evidence> {
  const accused = new Map<string, Evidence>()
  for (const bytes of votes.flatMap(({ evidence }) => evidence)) {
    const evidence = readEvidence(bytes)
    const id = hex(evidence.signer)
    if (evidence.kind === 'descriptor' && !accused.has(id)) accused.set(id, evidence)
  }
  const first = new Map<string, Descriptor>()
  for (const { descriptor } of votes.flatMap(({ ballots }) => ballots.flatMap(of => of.candidates))) {
    const { epoch, serial, stable } = descriptor
    const id = hex(stable.id)
    const key = `${epoch} ${serial} ${id}`
    const have = first.get(key) ?? descriptor
    first.set(key, have)
    // A signature covers all of a descriptor, so most votes need no second look.
    if (same(have.signature, descriptor.signature) || accused.has(id)) continue
    const evidence = contradiction(have, descriptor)
    if (evidence !== undefined) accused.set(id, evidence)
  }
  return accused
}
