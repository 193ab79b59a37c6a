// The queue of messages that are under way, as one pure machine (docs/spec/client-delivery.md 5):
// step(state, event, now) -> [state, actions]. The shell (dispatch.ts) owns the packets, the clocks and the disk.
//
//   queued --all fragments left once--> sent --all acknowledged--> stored --told so--> received --told so--> read
//      \------------------------------------\-- deadline, cancelled ------> failed(reason)

import type { Ms } from '../../world/units.ts'
import { ClientError } from '../error.ts'
import { maxAttempt } from '../packets/fragments.ts'
import { countBits, emptyBitmap, hasBit, setBit } from './bitmap.ts'
import {
  type Accepted,
  type Acknowledges,
  type Action,
  type Delivery,
  type Event,
  type Flight,
  type Job,
  priorities,
} from './queue-state.ts'
import { turnsAfter, whoseTurn } from './whose-turn.ts'

/** No fragment waits longer than this before it leaves again, however often it was lost. */
const longestBackOffMs = 300_000
/** So many losses at a gateway that answers others are chance; then a fragment waits longer each time. */
const quickAttempts = 4
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
    case 'revived':
      return [revived(state, now + event.slackMs), []]
    case 'alive':
      return [alive(state, event, now), []]
    default: {
      const job = state.jobs.get(event.id)
      return job === undefined ? [state, []] : stepJob(state, event, job, now)
    }
  }
}

type JobEvent = Exclude<Event, { type: 'accepted' | 'overdue' | 'tick' | 'revived' | 'alive' }>

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
    case 'received':
    case 'read':
      return finish(state, event.id, job, [{ type: 'state', id: event.id, state: event.type }])
    case 'failed':
      return finish(state, event.id, job, [
        { type: 'state', id: event.id, state: 'failed', reason: event.reason },
      ])
    case 'supplied':
      return [replace(state, event.id, supplied(job, now + event.slackMs), job), []]
    case 'rerouted':
      return [replace(state, event.id, { ...job, ...unsent(event) }, job), []]
  }
}

/** Knows of the fragments of a message that none has left. */
function unsent({
  by,
  count,
}: Pick<Accepted, 'by' | 'count'>): Pick<
  Job,
  'by' | 'count' | 'acknowledged' | 'left' | 'fresh' | 'flights' | 'wake' | 'notBefore'
> {
  const acknowledged = emptyBitmap(count)
  return {
    by,
    count,
    acknowledged,
    left: count,
    fresh: 0,
    flights: new Map(),
    wake: unreported,
    notBefore: 0,
  }
}

function accept(state: Delivery, message: Accepted): [Delivery, Action[]] {
  if (state.jobs.has(message.id)) throw wrong('a message accepted twice')
  const { by, dueTo, deadline = never, giveUpAt = never, count, resume } = message
  const { app = '', priority = 'normal', copies = 1 } = message
  const job: Job = {
    ...unsent({ by, count }),
    dueTo,
    app,
    rank: priorities.indexOf(priority),
    copies,
    deadline,
    giveUpAt,
    state: resume?.state ?? 'queued',
    ...(resume !== undefined && {
      acknowledged: resume.acknowledged.slice(),
      left: count - countBits(resume.acknowledged),
    }),
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
  const before = job.flights.get(index)
  const attempt = Math.min(maxAttempt, (before?.attempt ?? 0) + 1)
  const vain = before?.vain ?? 0
  const flights = new Map(job.flights).set(index, { attempt: attempt - 1, due: unreported, vain })
  const handedOut = { ...job, flights, fresh: Math.max(job.fresh, index + 1), wake: earliest(flights) }
  actions.push({ type: 'transmit', id, index, attempt })
  // It has had its turn: behind the others
  const jobs = new Map(next.jobs)
  jobs.delete(id)
  return [replace({ ...next, jobs, ...turnsAfter(next, job) }, id, handedOut, job), actions]
}

function departed(
  state: Delivery,
  event: Extract<Event, { type: 'departed' }>,
  job: Job,
  now: number,
): [Delivery, Action[]] {
  const { id, index, attempt, drawnMs, slackMs, mostSlackMs = longestBackOffMs, pauseMs = 0, far } = event
  const handedOut = job.flights.get(index)
  if (handedOut === undefined) return [state, []]
  const { vain } = handedOut
  const retries = attempt - Math.max(job.copies, vain + 1)
  const backOff = Math.min(mostSlackMs, slackMs * 2 ** Math.max(0, retries))
  const due = retries < 0 ? now : now + drawnMs + backOff
  const flights = new Map(job.flights)
  // Behind the others, so that fragmentToSend finds what was lost first
  flights.delete(index)
  const soonest = now + drawnMs + slackMs * Math.max(1, retries + 2 - quickAttempts)
  flights.set(index, { attempt, due, vain, ...(far !== undefined && { sentAt: now, soonest, far }) })
  const actions: Action[] = []
  let reached = job.state
  if (job.state === 'queued' && allHaveLeft({ left: job.left, flights })) {
    reached = 'sent'
    actions.push({ type: 'state', id, state: 'sent' })
  }
  const notBefore = Math.max(job.notBefore, now + pauseMs)
  const next = { ...job, state: reached, flights, wake: earliest(flights), notBefore }
  if (job.by === 'none' && reached === 'sent') return finish(state, id, job, actions)
  return [replace(state, id, next, job), actions]
}

/**
 * A gateway answers: what it should have acknowledged of what left earlier was lost while it was away, it or something
 * on the way, and need not wait as long as if it still were.
 */
function alive(state: Delivery, { far, sentAt }: Extract<Event, { type: 'alive' }>, now: Ms): Delivery {
  let jobs: Map<string, Job> | undefined
  for (const [id, job] of state.jobs) {
    let flights: Map<number, Flight> | undefined
    for (const [index, flight] of job.flights) {
      const { due, soonest = due } = flight
      if (flight.far !== far || soonest >= due || (flight.sentAt ?? now) >= sentAt || now >= due) continue
      flights ??= new Map(job.flights)
      flights.set(index, { ...flight, due: Math.max(now, soonest) })
    }
    if (flights === undefined) continue
    jobs ??= new Map(state.jobs)
    jobs.set(id, { ...job, flights, wake: earliest(flights) })
  }
  return jobs === undefined ? state : { ...state, jobs }
}

/** Every fragment is acknowledged, or has left at least once. */
function allHaveLeft({ left, flights }: Pick<Job, 'left' | 'flights'>): boolean {
  if (flights.size < left) return false
  for (const flight of flights.values()) if (flight.attempt === 0) return false
  return true
}

function held(state: Delivery, event: Extract<Event, { type: 'held' }>, job: Job): [Delivery, Action[]] {
  const { id, index, attempt, retryAt } = event
  const handedOut = job.flights.get(index)
  if (handedOut === undefined) return [state, []]
  const { vain } = handedOut
  const flights = new Map(job.flights).set(index, { attempt: attempt - 1, due: retryAt, vain })
  return [replace(state, id, { ...job, flights, wake: earliest(flights), notBefore: retryAt }, job), []]
}

/** Has what was lost while nothing came back leave soon: it is no sign of a bad way. */
function revived(state: Delivery, soon: number): Delivery {
  const inVain = (flight: Flight): Flight => ({ ...flight, due: soon, vain: flight.attempt })
  const jobs = [...state.jobs].map(([id, job]): [string, Job] => [id, hastened(job, soon, inVain)])
  return { ...state, jobs: new Map(jobs) }
}

/** Has a reply go on over the blocks that it has got. */
function supplied(job: Job, soon: number): Job {
  const hurried = hastened(job, soon, flight => ({ ...flight, due: soon }))
  return { ...hurried, notBefore: Math.min(job.notBefore, soon) }
}

/** @param soon fragments that would leave again later than this are changed */
function hastened(job: Job, soon: number, change: (flight: Flight) => Flight): Job {
  const flights = new Map(
    [...job.flights].map(([index, flight]): [number, Flight] => {
      const waits = flight.due !== unreported && flight.due > soon
      return [index, waits ? change(flight) : flight]
    }),
  )
  return { ...job, flights, wake: earliest(flights) }
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
  return { type: 'state', id, state: by === 'peer' ? 'received' : 'stored' }
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
