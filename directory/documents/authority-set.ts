// Sets of authorities (docs/spec/directory-consensus.md 6.5): when two are the same, what a document hands over to,
// what most votes want.

import { compare, hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { digest } from '../statement.ts'
import { type ConsensusBody, type Successors, successorsForm } from './consensus.ts'
import type { AuthoritySet, Network } from './network.ts'
import type { Vote } from './vote.ts'

/** A set as far as documents name it. */
export interface Ids {
  readonly authorities: readonly { readonly id: Uint8Array }[]
  readonly threshold: number
}

/** Says whether two sets have the same authorities and threshold. */
export function sameSet(a: Ids, b: Ids): boolean {
  const ids = new Set(a.authorities.map(({ id }) => hex(id)))
  return (
    a.threshold === b.threshold &&
    b.authorities.length === ids.size &&
    b.authorities.every(({ id }) => ids.has(hex(id)))
  )
}

/** The set that a body hands over to, if it does: before its epoch it is only announced. */
export function changes(body: Pick<ConsensusBody, 'epoch' | 'successors'>): Successors | undefined {
  return body.successors !== null && body.successors.from <= body.epoch ? body.successors : undefined
}

/**
 * The sets whose thresholds a body needs: the known authorities; of one that hands over, their successors too.
 *
 * @param network with the authorities that make the documents of the body's epoch
 * @throws DirectoryError WRONG_AUTHORITIES
 */
export function setsFor(network: Network, body: ConsensusBody): readonly AuthoritySet[] {
  const change = changes(body)
  if (!sameSet(body, change ?? network)) {
    throw new DirectoryError('WRONG_AUTHORITIES', 'document: authorities: not the ones of the configuration')
  }
  return change === undefined ? [network] : [network, change]
}

/** The form in which authorities agree on successors: ordered by id. */
export function successorsOf(from: number, { authorities, threshold }: AuthoritySet): Successors {
  return { from, threshold, authorities: [...authorities].sort((a, b) => compare(a.id, b.id)) }
}

/**
 * Chooses who makes the documents after one of this epoch (docs/spec/directory-tally.md 7.4).
 *
 * @param votes those that count
 * @returns the set that stands in the document, and what it says about successors
 */
export function chooseSet(
  network: Network,
  votes: readonly Vote[],
  before: ConsensusBody | undefined,
  epoch: number,
): { readonly set: Ids; readonly successors: Successors | null } {
  const set: Ids = before ?? network
  const wanted = wantedBy(votes, set)
  if (wanted === undefined || sameSet(wanted, set)) return { set, successors: null }
  const announced = before === undefined || changes(before) !== undefined ? null : before.successors
  const isAnnounced = announced !== null && sameSuccessors(announced, wanted)
  if (wanted.from <= epoch)
    return isAnnounced ? { set: wanted, successors: wanted } : { set, successors: null }
  // A round that starts the network makes two documents: what it does in the second it does not announce in the first,
  // since those who come would have no part in it.
  const last = Math.max(...votes.map(vote => vote.epoch)) + 1
  return { set, successors: isAnnounced || wanted.from > last ? wanted : null }
}

/** Finds what so many votes want as make a document. */
function wantedBy(votes: readonly Vote[], { threshold }: Ids): Successors | undefined {
  const wanted = votes.flatMap(({ successors }) => (successors === null ? [] : [successors]))
  return wanted.find(one => wanted.filter(other => sameSuccessors(one, other)).length >= threshold)
}

function sameSuccessors(a: Successors, b: Successors): boolean {
  const name = (of: Successors): string => hex(digest(write(successorsForm(of))))
  return name(a) === name(b)
}
