// The n-1 alarm (docs/spec/node.md 4.2): somebody who lets only one packet into a mix, to see it come out alone, also
// keeps the mix's own loops from returning. Two sequential tests (Page's CUSUM of log likelihood ratios) tell that from
// the loss that is usual: one looks at the loops alone, which nobody can forge; the other at loops and silence, and is
// quicker while nobody puts packets of his own in place of what he keeps away.
//
//     calm --one of them reaches its threshold, and the last loop is missing--> raised --three loops in a row--> calm

import { day, type Ms, second } from '../../world/units.ts'

/** Numbers of the test. */
export interface AlarmRules {
  /** False alarms a day, at most, at the usual loss or less. */
  readonly falsePerDay: number
  /** The loss that is always put up with, a share. */
  readonly leastLoss: number
}

export const usualAlarm: AlarmRules = { falsePerDay: 2, leastLoss: 0.02 }

export interface AlarmState {
  readonly at: 'calm' | 'raised'
  /** Counts the alarms since the start. */
  readonly raised: number
  /** The logarithm of how much likelier an attack is than what is usual, from its last low on; never negative. */
  readonly evidence: { readonly loops: number; readonly silence: number }
  /** Time was looked at up to then; so many packets of others arrived since. */
  readonly seenAt: Ms
  readonly arrived: number
  /** Loops in a row: that are missing, that returned. */
  readonly missing: number
  readonly returned: number
  /** This is usual; learned from one return of a loop to the next, unless what lies between is hardly chance. */
  readonly usual: Usual
  /** Since the last return: time, arrivals, missing loops. */
  readonly pending: { readonly ms: Ms; readonly arrived: number; readonly missing: number }
}

/** Weighted sums that forget. */
interface Usual {
  readonly loops: number
  readonly missing: number
  readonly ms: Ms
  readonly arrived: number
}

export type AlarmEvent =
  /** A loop is back, or is not back in its time. */
  | { readonly type: 'loop'; readonly returned: boolean }
  /** So many packets of others arrived. */
  | { readonly type: 'arrived'; readonly count: number }
  /** Time has passed. */
  | { readonly type: 'tick' }

/** Under attack so many loops are missing, and so much of the others' packets arrives. */
const attack = { loss: 0.95, arrivals: 0.05 } as const
/** So much of what usually arrives is counted on: where less comes without an attack, that is no evidence. */
const countedOn = 0.75
/** The usual loss is learned from some 1000 loops; a greater loss than this is none. */
const remembered = { loops: 1000, mostLoss: 0.5 } as const
/** Loops in a row that end an alarm. */
const returnsToCalm = 3

const none = { loops: 0, silence: 0 } as const

/** Begins calm, knowing nothing of what is usual. */
export function newAlarm(now: Ms): AlarmState {
  return {
    at: 'calm',
    raised: 0,
    evidence: none,
    seenAt: now,
    arrived: 0,
    missing: 0,
    returned: 0,
    usual: { loops: 0, missing: 0, ms: 0, arrived: 0 },
    pending: { ms: 0, arrived: 0, missing: 0 },
  }
}

/**
 * Weighs what has happened (docs/spec/node.md 4.2).
 *
 * @param now the time that has gone by (`Clock.elapsed`)
 */
export function step(
  state: AlarmState,
  event: AlarmEvent,
  now: Ms,
  rules: AlarmRules = usualAlarm,
): AlarmState {
  if (event.type === 'arrived') return decide(passed({ ...state, arrived: event.count }, now), rules)
  const seen = passed({ ...state, arrived: 0 }, now)
  return event.type === 'tick' ? decide(seen, rules) : decide(loopEnded(seen, event.returned, rules), rules)
}

/** Time has passed, with these arrivals at its end: the likelihood ratio of a Poisson process. */
function passed(state: AlarmState, now: Ms): AlarmState {
  const { arrived, pending } = state
  const ms = Math.max(0, now - state.seenAt)
  const silence = (1 - attack.arrivals) * ratePerMs(state.usual) * countedOn * ms
  const sum = Math.max(0, state.evidence.silence + silence + arrived * Math.log(attack.arrivals))
  return {
    ...state,
    evidence: { ...state.evidence, silence: sum },
    seenAt: now,
    arrived: 0,
    pending: { ...pending, ms: pending.ms + ms, arrived: pending.arrived + arrived },
  }
}

/** Weighs the likelihood ratio of one loop. */
function loopEnded(state: AlarmState, returned: boolean, rules: AlarmRules): AlarmState {
  const loss = usualLoss(state, rules)
  const ratio = returned ? (1 - attack.loss) / (1 - loss) : attack.loss / loss
  const add = (sum: number): number => Math.max(0, sum + Math.log(ratio))
  const evidence = { loops: add(state.evidence.loops), silence: add(state.evidence.silence) }
  if (!returned) {
    const { pending } = state
    return {
      ...state,
      evidence,
      missing: state.missing + 1,
      returned: 0,
      pending: { ...pending, missing: pending.missing + 1 },
    }
  }
  return {
    ...state,
    evidence,
    missing: 0,
    returned: state.returned + 1,
    usual: isWary(state, rules) ? state.usual : learn(state),
    pending: { ms: 0, arrived: 0, missing: 0 },
  }
}

function decide(state: AlarmState, rules: AlarmRules): AlarmState {
  if (state.at === 'raised') {
    return state.returned < returnsToCalm ? state : { ...state, at: 'calm', evidence: none }
  }
  const { loops, silence } = evidenceNeeded(state, rules)
  const enough = state.evidence.loops >= loops || state.evidence.silence >= silence
  if (state.missing === 0 || !enough) return state
  return { ...state, at: 'raised', raised: state.raised + 1 }
}

/**
 * Computes the evidence that raises an alarm. A sum starts anew at most once with each loop, and that of silence with
 * each arrival too; each start reaches the threshold h by chance with a probability of at most e^-h. Each of the two
 * tests may give half of the false alarms.
 */
export function evidenceNeeded(
  { usual }: AlarmState,
  { falsePerDay }: AlarmRules,
): { readonly loops: number; readonly silence: number } {
  const aDay = (events: number): number => (usual.ms === 0 ? day / second : (events / usual.ms) * day)
  const reach = (starts: number): number => Math.log(Math.max(1, (2 * starts) / falsePerDay))
  return { loops: reach(aDay(usual.loops)), silence: reach(aDay(usual.loops + usual.arrived)) }
}

/**
 * Says whether loops are missing in a way that is hardly chance: half of the evidence that raises an alarm, from loops
 * alone, since those nobody can forge; or all of it.
 */
export function isWary(state: AlarmState, rules: AlarmRules = usualAlarm): boolean {
  if (state.at === 'raised') return true
  return state.missing > 0 && state.evidence.loops >= evidenceNeeded(state, rules).loops / 2
}

/** Estimates the share of loops that is usually missing, 0.02 to 0.5. */
export function usualLoss({ usual }: AlarmState, rules: AlarmRules = usualAlarm): number {
  const measured = usual.loops === 0 ? 0 : usual.missing / usual.loops
  return Math.min(remembered.mostLoss, Math.max(rules.leastLoss, measured))
}

function ratePerMs({ ms, arrived }: Usual): number {
  return ms === 0 ? 0 : arrived / ms
}

/** Everything between two returns is usual, however long it took; older things count ever less. */
function learn({ usual, pending }: AlarmState): Usual {
  const kept = Math.max(0, 1 - (pending.missing + 1) / remembered.loops)
  return {
    loops: usual.loops * kept + pending.missing + 1,
    missing: usual.missing * kept + pending.missing,
    ms: usual.ms * kept + pending.ms,
    arrived: usual.arrived * kept + pending.arrived,
  }
}
