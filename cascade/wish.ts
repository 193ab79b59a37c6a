// What several owners must agree on (docs/spec/cascade.md 4.2), and what is asked of the board then.

import type { Cycle, Peer } from './records.ts'
import type { Fields, Payload } from './signed.ts'

/** Something that several must agree on, and what is done then. */
export interface Wish {
  readonly text: Fields
  readonly participants: readonly string[]
  /** So many must agree. */
  readonly least: number
  readonly request: (consensus_id: string) => Fields & Pick<Payload, 'resource' | 'operation'>
}

/** Gives what owners are asked before a cycle that none of them opens alone. @param until none for the first one */
export function openingWish({ peer_id, owners, quorum }: Peer, cycle_id: number, until?: string): Wish {
  return {
    text: { action: 'open', peer_id, cycle_id, ...(until === undefined ? {} : { until }) },
    participants: owners,
    least: quorum,
    request: consensus_id => ({ resource: 'cycle', operation: 'create', peer_id, consensus_id }),
  }
}

/** Gives what owners are asked about a cycle. */
export function wishFor(
  action: 'close' | 'end' | 'skip',
  { peer_id, id: cycle_id }: Cycle,
  participants: readonly string[],
  least: number,
): Wish {
  const about = { action, peer_id, cycle_id }
  const request: Wish['request'] = consensus_id => ({
    resource: 'cycle',
    operation: 'action',
    ...about,
    consensus_id,
  })
  return { text: about, participants, least, request }
}
