// What becomes of a cycle that was closed with too few messages (docs/spec/cascade.md 5), where no owner opens one
// alone: a quorum goes on with it until a time that stands in the log, or gives it up for good.

import { isTime } from '../encoding/time.ts'
import { CascadeError } from './error.ts'
import type { Consensus } from './negotiation.ts'
import type { Cycle, Peer } from './records.ts'
import type { Fields } from './signed.ts'

/** Gives the cycle whose messages the next one begins with: the last, where it had too few. */
export function aborted(all: readonly Cycle[]): Cycle | undefined {
  const last = all.at(-1)
  return last?.status === 'ABORTED' ? last : undefined
}

/**
 * Gives what owners agree on to open the next cycle. Where the last one had too few, nobody goes on without saying
 * until when.
 *
 * @throws CascadeError FORBIDDEN for a consensus that does not
 */
export function openText(peer_id: string, all: readonly Cycle[], { text }: Consensus): Fields {
  const wanted = { action: 'open', peer_id, cycle_id: all.length + 1 }
  if (aborted(all) === undefined) return wanted
  const until = text['until']
  if (!isTime(until))
    throw new CascadeError('FORBIDDEN', 'consensus: want until, a time as 2026-01-31T18:00:00Z')
  return { ...wanted, until }
}

/** Demands that none is open, and that none was given up for good. @throws CascadeError WRONG_STATE */
export function demandNoneOpen(all: readonly Cycle[]): void {
  for (const { status } of all) {
    if (status === 'OPEN') throw new CascadeError('WRONG_STATE', 'cycle: one is open')
    if (status === 'ENDED') throw new CascadeError('WRONG_STATE', 'cycle: one was given up for good')
  }
}

/**
 * Demands that a cycle is the last of those that take messages of a list of senders, and has too few.
 *
 * @throws CascadeError FORBIDDEN, WRONG_STATE
 */
export function demandFew(peer: Peer, cycle: Cycle, all: readonly Cycle[]): void {
  if (peer.peer_type !== 'MIX' || peer.senders === undefined || cycle.from !== undefined)
    throw new CascadeError('FORBIDDEN', 'end: only what takes messages of a list of senders is given up')
  if (cycle.status !== 'OPEN' && cycle !== aborted(all))
    throw new CascadeError('WRONG_STATE', `cycle: is ${cycle.status}`)
  if (cycle.messages.length >= peer.size_min)
    throw new CascadeError('WRONG_STATE', `cycle: has ${cycle.messages.length} messages, and that is enough`)
}
