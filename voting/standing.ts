// How an election stands while it goes on, by a log that was checked: for pages, which look again and again.

import type { Audit } from '../cascade/audit.ts'
import type { Cycle } from '../cascade/records.ts'
import type { Chain } from './founding.ts'
import { ballotsOf } from './outcome.ts'

/**
 * Says how far a question has come: it `waits` for its time, `mixed` waits for trustees, and one with too few ballots
 * is given up.
 */
export type Stage = 'waits' | 'open' | 'closed' | 'mixed' | 'opened' | 'given-up'

/** Says how a question stands. */
export interface Standing {
  readonly stage: Stage
  /** Voters whose ballot is there. */
  readonly ballots: number
  /** Mixes with a proof that holds. */
  readonly mixes: number
  /** Numbers of the trustees who have handed in a share, from 1 on. */
  readonly shares: readonly number[]
}

/** Says how each question stands. */
export function standingOf(audit: Audit, chains: readonly Chain[]): readonly Standing[] {
  return chains.map(chain => {
    const door = ballotsOf(audit, chain)
    if (door === undefined) {
      const hasBegun = (audit.board.cycles.get(chain[0]?.peer_id ?? '') ?? []).length > 0
      return { stage: hasBegun ? 'given-up' : 'waits', ballots: 0, mixes: 0, shares: [] }
    }
    const last = lastOf(audit, chain, door)
    const isAtTrustees = last.peer_id === chain.at(-1)?.peer_id
    return {
      stage: stageOf(audit, door, last, isAtTrustees),
      ballots: door.messages.length,
      mixes: audit.mixesBefore(last),
      shares: isAtTrustees ? last.shares.map(({ index }) => index) : [],
    }
  })
}

/** Finds the cycle that a question's ballots have come to. */
function lastOf(audit: Audit, chain: Chain, door: Cycle): Cycle {
  let last = door
  for (const { peer_id } of chain.slice(1)) {
    const next = (audit.board.cycles.get(peer_id) ?? []).find(
      ({ from, status }) => from?.peer_id === last.peer_id && from.id === last.id && status !== 'VOID',
    )
    if (next === undefined) return last
    last = next
  }
  return last
}

function stageOf(audit: Audit, door: Cycle, last: Cycle, isAtTrustees: boolean): Stage {
  if (door.status === 'OPEN') return 'open'
  if (!isAtTrustees) return 'closed'
  return audit.result(last) === undefined ? 'mixed' : 'opened'
}
