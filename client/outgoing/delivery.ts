// The queue of messages that are under way, as one pure machine (docs/spec/client-delivery.md 5):
// step(state, event, now) -> [state, actions]. The shell (dispatch.ts) owns the packets, the clocks and the disk.
//
//   queued --all fragments left once--> sent --all acknowledged--> stored --told so--> read
//      \------------------------------------\-- deadline, cancelled ------> failed(reason)

import type { Ms } from '../../world/units.ts'
import { ClientError, type ClientErrorCode } from '../error.ts'
import { maxAttempt } from '../packets/fragments.ts'
import { countBits, emptyBitmap, hasBit, setBit } from './bitmap.ts'

/**
 * Where a message is, forward only: on this client's disk; left once; on the far gateway's disk; taken by the
 * receiver's app; given up.
 */
export type MessageState = 'queued' | 'sent' | 'stored' | 'read' | 'failed'

/**
 * Names who acknowledges: the far gateway, each fragment (`gateway`); the other side's client, by a receipt (`peer`);
 * nobody: it is over once it has left (`none`).
 */
export type Acknowledges = 'gateway' | 'peer' | 'none'

export const priorities = ['low', 'normal', 'high'] as const
/** Before or behind an app's other messages. */
export type Priority = (typeof priorities)[number]

export interface Accepted {
  /** Lowercase hex of the message id. */
  readonly id: string
  readonly count: number
  readonly by: Acknowledges
  /**
   * For what the client sends by itself (receipts, reply blocks): whose doing it is. It goes behind what people
   * wrote, and those whose doing it is take turns. Default: a person wrote it.
   */
  readonly dueTo?: string | undefined
  /** Milliseconds since 1970-01-01 UTC: a message that a person wrote has failed past it. Default: none. */
  readonly deadline?: Ms | undefined
  /** By elapsed time: what the client sends by itself is of no use past it. Default: none. */
  readonly giveUpAt?: Ms | undefined
  /** Whose it is: apps take turns, however much each has to send. Default: none's. */
  readonly app?: string | undefined
  /** Before or behind the app's other messages. Default normal. */
  readonly priority?: Priority | undefined
  /** Counts how often each fragment leaves without waiting for its acknowledgement; default once. */
  readonly copies?: number | undefined
  /** Where it stood when the client stopped. */
  readonly resume?: { readonly state: 'queued' | 'sent'; readonly acknowledged: Uint8Array }
}

export type Event =
  | ({ readonly type: 'accepted' } & Accepted)
  /** The wall clock shows `wall`: what is past its deadline fails. */
  | { readonly type: 'overdue'; readonly wall: Ms }
  /** The payload clock: something may leave now. */
  | { readonly type: 'tick' }
  /** A fragment has left; its acknowledgement is due `drawnMs` + `slackMs` from now, doubled with each attempt. */
  | {
      readonly type: 'departed'
      readonly id: string
      readonly index: number
      readonly attempt: number
      readonly drawnMs: number
      readonly slackMs: number
      /** Doubling ends here; default 5 minutes. */
      readonly mostSlackMs?: number
    }
  /** A fragment that was to leave could not; the message waits until `retryAt`, by elapsed time. */
  | {
      readonly type: 'held'
      readonly id: string
      readonly index: number
      readonly attempt: number
      readonly retryAt: number
    }
  | { readonly type: 'acknowledged'; readonly id: string; readonly index: number }
  /** The other side's client tells which fragments it has. */
  | { readonly type: 'receipt'; readonly id: string; readonly have: Uint8Array }
  /** The other side's app has the message. */
  | { readonly type: 'read'; readonly id: string }
  | { readonly type: 'failed'; readonly id: string; readonly reason: ClientErrorCode }

export type Action =
  | { readonly type: 'transmit'; readonly id: string; readonly index: number; readonly attempt: number }
  | {
      readonly type: 'state'
      readonly id: string
      readonly state: MessageState
      readonly reason?: ClientErrorCode
    }

/** A fragment that has been handed out and is not acknowledged. */
interface Flight {
  /** Counts how often it has left; 0 when it never could. */
  readonly attempt: number
  /** When it is to leave again. */
  readonly due: number
}

export interface Job {
  readonly by: Acknowledges
  readonly dueTo: string | undefined
  readonly app: string
  /** The higher the sooner. */
  readonly rank: number
  readonly copies: number
  readonly deadline: Ms
  readonly giveUpAt: Ms
  readonly count: number
  readonly state: 'queued' | 'sent'
  readonly acknowledged: Uint8Array
  /** Fragments that are not acknowledged. */
  readonly left: number
  /** The first fragment that was never handed out. */
  readonly fresh: number
  readonly flights: ReadonlyMap<number, Flight>
  /** The earliest `due` of its flights. */
  readonly wake: number
  /** Nothing of it leaves before. */
  readonly notBefore: number
}

export interface Delivery {
  /** Unfinished messages; whose turn was longest ago stands first. */
  readonly jobs: ReadonlyMap<string, Job>
  /** Fragments in flight of all jobs. */
  readonly inFlight: number
  /** By app: its last turn, counted; the longest ago first. */
  readonly turns: ReadonlyMap<string, number>
  /** The same by whose doing it is, of what the client sends by itself. */
  readonly ownTurns: ReadonlyMap<string, number>
  /** Turns of what people wrote since the last of the client's own. */
  readonly sinceOwn: number
}

const ranks: Readonly<Record<MessageState, number>> = { queued: 0, sent: 1, stored: 2, read: 3, failed: 4 }

/** States move forward only; `failed` and `read` are final. */
export function mayFollow(from: MessageState, to: MessageState): boolean {
  if (to === 'failed') return from === 'queued' || from === 'sent'
  return from !== 'failed' && ranks[to] > ranks[from]
}

export const noDelivery: Delivery = {
  jobs: new Map(),
  inFlight: 0,
  turns: new Map(),
  ownTurns: new Map(),
  sinceOwn: 0,
}

/**
 * While people's messages wait, one turn in so many is the client's own: enough that two who send each other much
 * still acknowledge it, and too little for whoever makes a client answer to delay what its owner writes.
 */
const ownShare = 8

/** Fragments in flight of one message: 40 a second over a round trip of 12 s. */
const windowOfJob = 512
/** And of all. */
const windowOfAll = 1024
/** No fragment waits longer than this before it leaves again, however often it was lost. */
const longestBackOffMs = 300_000
/** A fragment that was handed out and never reported: the shell reports at once. */
const unreported = Number.POSITIVE_INFINITY
const never = Number.POSITIVE_INFINITY

/**
 * Makes of a queue what an event says.
 *
 * @param now elapsed time: gaps, retries and back-off do not know the wall clock
 * @throws ClientError WRONG_STATE when an event cannot belong to this queue. An event for a message that is over is
 *   none of these: acknowledgements and receipts come late.
 */
export function step(state: Delivery, event: Event, now: Ms): [Delivery, Action[]] {
  switch (event.type) {
    case 'accepted':
      return accept(state, event)
    case 'overdue':
      return fail(state, ({ deadline }) => deadline <= event.wall, now)
    case 'tick':
      return tick(state, now)
    default: {
      const job = state.jobs.get(event.id)
      return job === undefined ? [state, []] : stepJob(state, event, job, now)
    }
  }
}

type JobEvent = Exclude<Event, { type: 'accepted' | 'overdue' | 'tick' }>

function stepJob(state: Delivery, event: JobEvent, job: Job, now: number): [Delivery, Action[]] {
  switch (event.type) {
    case 'departed':
      return departed(state, event, job, now)
    case 'held':
      return held(state, event, job)
    case 'acknowledged':
      if (event.index >= job.count) throw wrong(`fragment ${event.index} of ${job.count}`)
      return acknowledged(state, event.id, job, [event.index])
    case 'receipt':
      if (event.have.length !== job.acknowledged.length) throw wrong('a receipt for another message')
      return receipt(state, event, job, now)
    case 'read':
      return finish(state, event.id, job, [{ type: 'state', id: event.id, state: 'read' }])
    case 'failed':
      return finish(state, event.id, job, [
        { type: 'state', id: event.id, state: 'failed', reason: event.reason },
      ])
  }
}

function accept(state: Delivery, message: Accepted): [Delivery, Action[]] {
  if (state.jobs.has(message.id)) throw wrong('a message accepted twice')
  const { by, dueTo, deadline = never, giveUpAt = never, count, resume } = message
  const { app = '', priority = 'normal', copies = 1 } = message
  const bitmap = resume?.acknowledged.slice() ?? emptyBitmap(count)
  const job: Job = {
    by,
    dueTo,
    app,
    rank: priorities.indexOf(priority),
    copies,
    deadline,
    giveUpAt,
    count,
    state: resume?.state ?? 'queued',
    acknowledged: bitmap,
    left: count - countBits(bitmap),
    fresh: 0,
    flights: new Map(),
    wake: unreported,
    notBefore: 0,
  }
  const next = replace(state, message.id, job, undefined)
  return job.left === 0 ? finish(next, message.id, job, [done(message.id, by)]) : [next, []]
}

/** Fails the messages that are over. */
function fail(state: Delivery, isOver: (job: Job) => boolean, now: Ms): [Delivery, Action[]] {
  let next = state
  const actions: Action[] = []
  for (const [id, job] of state.jobs) {
    if (!isOver(job)) continue
    const [left, failed] = stepJob(next, { type: 'failed', id, reason: 'EXPIRED' }, job, now)
    next = left
    actions.push(...failed)
  }
  return [next, actions]
}

/** Fails what is of no use any more, then hands out at most one fragment. */
function tick(state: Delivery, now: Ms): [Delivery, Action[]] {
  const [next, actions] = fail(state, ({ giveUpAt }) => giveUpAt <= now, now)
  const turn = whoseTurn(next, now)
  if (turn === undefined) return [next, actions]
  const { id, job, index } = turn
  const attempt = Math.min(maxAttempt, (job.flights.get(index)?.attempt ?? 0) + 1)
  const flights = new Map(job.flights).set(index, { attempt: attempt - 1, due: unreported })
  const handedOut = { ...job, flights, fresh: Math.max(job.fresh, index + 1), wake: earliest(flights) }
  actions.push({ type: 'transmit', id, index, attempt })
  // It has had its turn: behind the others
  const jobs = new Map(next.jobs)
  jobs.delete(id)
  return [replace({ ...next, jobs, ...turnsAfter(next, job) }, id, handedOut, job), actions]
}

interface Turn {
  readonly id: string
  readonly job: Job
  readonly index: number
}

/**
 * The app whose turn was longest ago, and of its messages those of the highest rank, in turns. What the client
 * sends by itself goes when no message of a person can, and at every eighth turn.
 */
function whoseTurn(state: Delivery, now: number): Turn | undefined {
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

function turnsAfter(
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

function departed(
  state: Delivery,
  event: Extract<Event, { type: 'departed' }>,
  job: Job,
  now: number,
): [Delivery, Action[]] {
  const { id, index, attempt, drawnMs, slackMs, mostSlackMs = longestBackOffMs } = event
  if (!job.flights.has(index)) return [state, []]
  const retries = attempt - job.copies
  const backOff = Math.min(mostSlackMs, slackMs * 2 ** Math.max(0, retries))
  const due = retries < 0 ? now : now + drawnMs + backOff
  const flights = new Map(job.flights)
  // Behind the others, so that fragmentToSend finds what was lost first
  flights.delete(index)
  flights.set(index, { attempt, due })
  const actions: Action[] = []
  let reached = job.state
  if (job.state === 'queued' && allHaveLeft({ left: job.left, flights })) {
    reached = 'sent'
    actions.push({ type: 'state', id, state: 'sent' })
  }
  const next = { ...job, state: reached, flights, wake: earliest(flights) }
  if (job.by === 'none' && reached === 'sent') return finish(state, id, job, actions)
  return [replace(state, id, next, job), actions]
}

/** Every fragment is acknowledged, or has left at least once. */
function allHaveLeft({ left, flights }: Pick<Job, 'left' | 'flights'>): boolean {
  if (flights.size < left) return false
  for (const flight of flights.values()) if (flight.attempt === 0) return false
  return true
}

function held(state: Delivery, event: Extract<Event, { type: 'held' }>, job: Job): [Delivery, Action[]] {
  const { id, index, attempt, retryAt } = event
  if (!job.flights.has(index)) return [state, []]
  const flights = new Map(job.flights).set(index, { attempt: attempt - 1, due: retryAt })
  return [replace(state, id, { ...job, flights, wake: earliest(flights), notBefore: retryAt }, job), []]
}

/** Takes a receipt: what the other side lacks, and could have by now, need not wait for its time. */
function receipt(
  state: Delivery,
  event: Extract<Event, { type: 'receipt' }>,
  job: Job,
  now: number,
): [Delivery, Action[]] {
  const [next, actions] = acknowledged(state, event.id, job, bits(event.have, job.count))
  const kept = next.jobs.get(event.id)
  if (kept === undefined) return [next, actions]
  const last = bits(event.have, kept.count).at(-1) ?? -1
  const flights = new Map(kept.flights)
  for (const [index, flight] of flights) {
    if (index < last && flight.due !== unreported)
      flights.set(index, { ...flight, due: Math.min(flight.due, now) })
  }
  return [replace(next, event.id, { ...kept, flights, wake: earliest(flights) }, kept), actions]
}

function bits(bitmap: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter(index => hasBit(bitmap, index))
}

function acknowledged(
  state: Delivery,
  id: string,
  job: Job,
  indices: readonly number[],
): [Delivery, Action[]] {
  const bitmap = job.acknowledged.slice()
  const flights = new Map(job.flights)
  let left = job.left
  for (const index of indices) {
    if (hasBit(bitmap, index)) continue
    setBit(bitmap, index)
    flights.delete(index)
    left--
  }
  const next: Job = { ...job, acknowledged: bitmap, flights, left, wake: earliest(flights) }
  if (left === 0) return finish(state, id, job, [done(id, job.by)])
  if (job.state === 'queued' && allHaveLeft(next)) {
    return [replace(state, id, { ...next, state: 'sent' }, job), [{ type: 'state', id, state: 'sent' }]]
  }
  return [replace(state, id, next, job), []]
}

/** A receipt comes from the client itself: the message is with the other side. */
function done(id: string, by: Acknowledges): Action {
  return { type: 'state', id, state: by === 'peer' ? 'read' : 'stored' }
}

function finish(state: Delivery, id: string, job: Job, actions: Action[]): [Delivery, Action[]] {
  const current = state.jobs.get(id) ?? job
  const jobs = new Map(state.jobs)
  jobs.delete(id)
  return [{ ...state, jobs, inFlight: state.inFlight - current.flights.size }, actions]
}

function replace(state: Delivery, id: string, job: Job, before: Job | undefined): Delivery {
  const jobs = new Map(state.jobs).set(id, job)
  return { ...state, jobs, inFlight: state.inFlight + job.flights.size - (before?.flights.size ?? 0) }
}

function earliest(flights: ReadonlyMap<number, Flight>): number {
  let first = unreported
  for (const flight of flights.values()) if (flight.due < first) first = flight.due
  return first
}

function wrong(what: string): ClientError {
  return new ClientError('WRONG_STATE', `delivery: ${what}`)
}
