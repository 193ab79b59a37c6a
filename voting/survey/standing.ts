// How a survey stands while it goes on, by a log that was checked: for pages, which look again and again.

import type { Audit } from '../../cascade/audit.ts'
import { lastCycles } from '../../cascade/packets/recipient.ts'
import type { Survey } from './survey.ts'

/** Says how far a survey is: `mixed` waits for whoever holds the key, who has then `read` the answers. */
export type SurveyStage = 'founding' | 'open' | 'closed' | 'mixed' | 'read' | 'given-up'

/** Says how a survey stands. */
export interface SurveyStanding {
  readonly stage: SurveyStage
  /** Participants whose answers are in the newest cycle. */
  readonly answers: number
  /** Counts the mixers that were left out. */
  readonly out: number
}

/** Says how a survey stands. */
export function surveyStanding(audit: Audit, { form, chains }: Survey): SurveyStanding {
  const { board } = audit
  const out = Math.max(0, chains.all(board).length - 1)
  const [done] = lastCycles(audit, chains).slice(-1)
  const chain = chains.now(board)
  const [cycle] = (board.cycles.get(chain?.[0]?.peer_id ?? '') ?? []).slice(-1)
  const answers = done?.count ?? cycle?.messages.length ?? 0
  if (done !== undefined) {
    const isRead = done.consumed.some(({ who }) => who === form.recipient)
    return { stage: isRead ? 'read' : 'mixed', answers, out }
  }
  if (chain === undefined)
    return { stage: form.mixers.length - out < form.mixers_least ? 'given-up' : 'founding', answers, out }
  if (cycle === undefined) return { stage: 'founding', answers, out }
  return { stage: cycle.status === 'OPEN' ? 'open' : 'closed', answers, out }
}

/** Says whether the log has an answer of somebody in the cycle that takes answers now. */
export function hasAnswered({ board }: Audit, { chains }: Survey, participant: string): boolean {
  const [entry] = chains.now(board) ?? []
  const cycles = board.cycles.get(entry?.peer_id ?? '') ?? []
  return cycles.some(
    ({ status, messages }) => status === 'OPEN' && messages.some(({ sender }) => sender === participant),
  )
}
