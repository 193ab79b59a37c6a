// How an election stands while it goes on, by a log that was checked: for pages, which look again and again.

import type { Audit } from '../cascade/audit.ts'
import type { Cycle } from '../cascade/records.ts'
import { canonicalJson } from '../encoding/jcs.ts'
import type { Chain } from './founding.ts'
import { doorOf } from './outcome.ts'

/**
 * Says how far a question has come: it `waits` for its time, has `few` ballots at the end and is not counted unless its
 * owners go on, was `given-up` for good, or is `mixed` and waits for trustees.
 */
export type Stage = 'waits' | 'open' | 'few' | 'given-up' | 'closed' | 'mixed' | 'opened'

/** Says what some owners want for a question with too few ballots, while it is not so many of them as it takes. */
export interface Wanted {
  readonly what: 'end' | 'open'
  /** Until when it is to go on; an empty text where it is to be given up. */
  readonly until: string
  /** Counts the owners who want it. */
  readonly owners: number
}

/** Says how a question stands. */
export interface Standing {
  readonly stage: Stage
  /** Voters whose ballot is there. */
  readonly ballots: number
  /** Until when it was prolonged, as 2026-01-31T18:00:00Z; an empty text where it was not. */
  readonly until: string
  /** Says what owners want, where it has too few ballots and that is not decided. */
  readonly wanted: readonly Wanted[]
  /** Mixes with a proof that holds. */
  readonly mixes: number
  /** Numbers of the trustees who have handed in a share, from 1 on. */
  readonly shares: readonly number[]
}

/** Says how each question stands. */
export function standingOf(audit: Audit, chains: readonly Chain[]): readonly Standing[] {
  return chains.map(chain => {
    const door = doorOf(audit, chain)
    if (door === undefined) return { stage: 'waits', ballots: 0, until: '', wanted: [], mixes: 0, shares: [] }
    const last = lastOf(audit, chain, door)
    const isAtTrustees = last.peer_id === chain.at(-1)?.peer_id
    return {
      stage: stageOf(audit, door, last, isAtTrustees),
      ballots: door.messages.length,
      until: door.until,
      wanted: wantedOf(audit, door),
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
  if (door.status === 'ABORTED') return 'few'
  if (door.status === 'ENDED') return 'given-up'
  if (!isAtTrustees) return 'closed'
  return audit.result(last) === undefined ? 'mixed' : 'opened'
}

/** Counts who has agreed to what about a cycle, by the last word of each owner about each text. */
function wantedOf({ board }: Audit, { peer_id, id, status }: Cycle): Wanted[] {
  if (status !== 'OPEN' && status !== 'ABORTED') return []
  const owners = board.peer(peer_id).owners
  const wanted = new Map<string, Set<string>>()
  for (const { contributions } of board.negotiations.values())
    for (const { signer, text, accepts } of contributions) {
      const { action, until = '', cycle_id } = text
      const isAbout = action === 'end' ? cycle_id === id : action === 'open' && cycle_id === id + 1
      if (text['peer_id'] !== peer_id || !isAbout || !accepts || !owners.includes(signer)) continue
      const name = canonicalJson([String(action), String(until)])
      wanted.set(name, (wanted.get(name) ?? new Set()).add(signer))
    }
  return [...wanted].map(([name, who]) => {
    const [what, until] = JSON.parse(name) as [Wanted['what'], string]
    return { what, until, owners: who.size }
  })
}
