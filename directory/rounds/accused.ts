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
  // Of each node the different descriptors: nearly always one
  const seen = new Map<string, Descriptor[]>()
  for (const { ballots } of votes) {
    for (const { candidates } of ballots) {
      for (const { descriptor } of candidates) {
        const id = hex(descriptor.stable.id)
        const have = seen.get(id)
        if (have === undefined) seen.set(id, [descriptor])
        // A signature covers all of a descriptor, so most votes need no second look.
        else if (!have.some(({ signature }) => same(signature, descriptor.signature))) {
          const evidence = accused.has(id) ? undefined : contradicted(have, descriptor)
          if (evidence !== undefined) accused.set(id, evidence)
          have.push(descriptor)
        }
      }
    }
  }
  return accused
}

/** Proves a contradiction to the first that has the same epoch and serial. */
function contradicted(have: readonly Descriptor[], other: Descriptor): Evidence | undefined {
  const { epoch, serial } = other
  const first = have.find(descriptor => descriptor.epoch === epoch && descriptor.serial === serial)
  return first && contradiction(first, other)
}
