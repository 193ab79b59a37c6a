// Whose turn it is at a tick: which message, and which of its fragments (docs/spec/client-delivery.md 5.2, 5.5).

import { hasBit } from './bitmap.ts'
import type { Delivery, Job } from './queue-state.ts'

/**
 * While people's messages wait, one turn in so many is the client's own: enough that two who send each other much
 * still acknowledge it, and too little for whoever makes a client answer to delay what its owner writes.
 */
const ownShare = 8

/** Fragments in flight of one message: 40 a second over a round trip of 12 s. */
const windowOfJob = 512
/** And of all. */
const windowOfAll = 1024

export interface Turn {
  readonly id: string
  readonly job: Job
  readonly index: number
}

/**
 * The app whose turn was longest ago, and of its messages those of the highest rank, in turns. What the client
 * sends by itself goes when no message of a person can, and at every eighth turn.
 */
export function whoseTurn(state: Delivery, now: number): Turn | undefined {
  let person: Turn | undefined
  let own: Turn | undefined
  for (const [id, job] of state.jobs) {
    const isOwn = job.dueTo !== undefined
    const chosen = isOwn ? own : person
    if (chosen !== undefined && !isBefore(state, job, chosen.job)) continue
    const index = fragmentToSend(job, state.inFlight, now)
    if (index === undefined) continue
    if (isOwn) own = { id, job, index }
    else person = { id, job, index }
  }
  return own !== undefined && state.sinceOwn >= ownShare - 1 ? own : (person ?? own)
}

function isBefore({ turns, ownTurns }: Delivery, job: Job, chosen: Job): boolean {
  if (job.dueTo !== undefined) return (ownTurns.get(job.dueTo) ?? 0) < (ownTurns.get(chosen.dueTo ?? '') ?? 0)
  if (job.app === chosen.app) return job.rank > chosen.rank
  return (turns.get(job.app) ?? 0) < (turns.get(chosen.app) ?? 0)
}

export function turnsAfter(
  { turns, ownTurns, sinceOwn }: Delivery,
  { dueTo, app }: Job,
): Pick<Delivery, 'turns' | 'ownTurns' | 'sinceOwn'> {
  return dueTo === undefined
    ? { turns: afterTurn(turns, app), ownTurns, sinceOwn: sinceOwn + 1 }
    : { turns, ownTurns: afterTurn(ownTurns, dueTo), sinceOwn: 0 }
}

/** Apps whose turns are remembered: one that is forgotten is the next. */
const mostApps = 64

function afterTurn(turns: Delivery['turns'], app: string): Delivery['turns'] {
  const after = new Map(turns)
  const last = [...turns.values()].at(-1) ?? 0
  after.delete(app)
  after.set(app, last + 1)
  const [oldest] = after.keys()
  if (after.size > mostApps) after.delete(oldest as string)
  return after
}

/** Picks the fragment to send next: what is overdue goes before what never left. */
function fragmentToSend(job: Job, inFlight: number, now: number): number | undefined {
  if (job.notBefore > now) return undefined
  if (job.wake <= now) for (const [index, flight] of job.flights) if (flight.due <= now) return index
  if (job.flights.size >= windowOfJob || inFlight >= windowOfAll) return undefined
  let fresh = job.fresh
  while (fresh < job.count && hasBit(job.acknowledged, fresh)) fresh++
  return fresh < job.count ? fresh : undefined
}
