// A payment round that its peers run by themselves: CoinShuffle++ (Ruffing, Moreno-Sanchez, Kate, NDSS 2017) as Decred
// runs it, mended. A pure function of state, event and time; docs/spec/payments-rounds.md 4.4 has its picture.

import { compare, same } from '../../encoding/bytes.ts'
import type { Moment } from '../times.ts'
import { accusationIn, contradictions, enterBlaming, judgementOf, transcriptOf } from './blame.ts'
import { isInCircle, parted } from './circle.ts'
import { type Intake, relay, take, takeNote } from './inbox.ts'
import { type Conviction, missingIn } from './judge.ts'
import {
  abort,
  agreed,
  ask,
  candidatesOf,
  enterKeys,
  isMissedByMost,
  missKeys,
  publish,
  tryAgain,
} from './keys.ts'
import type { Received } from './message.ts'
import {
  awaited,
  completed,
  enterApproving,
  enterMessages,
  enterSigning,
  enterSlots,
  gather,
  headOf,
  offences,
  waitPhase,
  whole,
} from './net.ts'
import {
  type Blaming,
  type Common,
  commonOf,
  type InRun,
  type Member,
  messageOf,
  type RoundAction,
  type RoundConfig,
  type RoundEvent,
  type RoundState,
  type Running,
  type Spent,
  type Step,
  type Submitting,
} from './state.ts'

type Live = Exclude<RoundState, { at: 'done' | 'aborted' }>
/** A run before anybody has accused anybody. */
type Calm = Exclude<InRun, Blaming>

/** Takes an event in, and all arrows that can be taken then. */
export function step(config: RoundConfig, state: RoundState, event: RoundEvent, now: Moment): Step {
  if (isOver(state)) return [state, []]
  let [next, actions] = receive(config, state, event, now)
  while (!isOver(next)) {
    const moved = advance(config, next, now)
    if (moved === null) break
    next = moved[0]
    actions = [...actions, ...moved[1]]
  }
  return [next, actions]
}

function isOver(state: RoundState): state is Exclude<RoundState, Live> {
  return state.at === 'done' || state.at === 'aborted'
}

function receive(config: RoundConfig, state: Live, event: RoundEvent, now: Moment): Step {
  switch (event.type) {
    case 'time':
      return [state, []]
    case 'message':
      return taken(config, take(config, state, event.bytes), now)
    case 'note':
      return taken(config, takeNote(config, state, event), now)
    case 'entered':
      return settled(state, event.transaction) ?? [state, []]
    case 'refused':
      return state.at === 'submitting' ? refused(config, state, event.spent, now) : [state, []]
  }
}

function taken(config: RoundConfig, { state, actions, convictions }: Intake<Live>, now: Moment): Step {
  if (convictions.length === 0) return [state, [...actions]]
  const [next, more] = punish(config, state, convictions, now)
  return [next, [...actions, ...more]]
}

/** The arrows; null when there is nothing to do before something else comes. */
function advance(config: RoundConfig, state: Live, now: Moment): Step | null {
  if (state.at === 'submitting') return submitAgain(config, state, now)
  if (now.wall >= state.mine.expiry) return abort(state, 'expired')
  switch (state.at) {
    case 'pairing':
      if (!state.hasAsked && now.wall >= state.mine.ask) return ask(state)
      return now.wall < state.mine.until ? null : enterKeys(config, state, candidatesOf(state), 0, now)
    case 'keys': {
      const run = agreed(config, state, now)
      if (run !== null) return enterSlots(config, run)
      if (now.elapsed < state.deadline) return null
      if (state.voteUntil === null) return missKeys(config, state, now)
      return now.elapsed < state.voteUntil ? null : tryAgain(config, state, now)
    }
    case 'blaming':
      return advanceBlaming(config, state, now)
    default:
      return advanceRun(config, state, now)
  }
}

function advanceRun(config: RoundConfig, state: Calm, now: Moment): Step | null {
  const liars = contradictions(state)
  if (liars.length > 0) return punish(config, state, liars, now)
  const accusation = accusationIn(state)
  // Who has committed reveals nothing; and has everybody's approval, so that an accuser contradicts itself.
  if (accusation !== null && state.at !== 'signing') return enterBlaming(config, state, accusation, now)
  const gathered = awaited(state)
  if (whole(gathered) !== null) {
    const offenders = offences(config, state)
    return offenders.length > 0 ? punish(config, state, offenders, now) : nextPhase(config, state, now)
  }
  if (gathered.isSplit) {
    const { state: next, actions } = relay(state, phaseBefore(state))
    if (actions.length > 0) return [next, [...actions]]
  }
  const missing = state.members.filter((_, i) => gathered.messages[i] === null)
  return late(config, state, missing, now)
}

/** SR -> solve -> DC -> check -> OK -> CM -> the transaction; null while a message is missing. */
function nextPhase(config: RoundConfig, state: Calm, now: Moment): Step | null {
  switch (state.at) {
    case 'slots': {
      const slots = whole(gather(state, 'SR', state.session))
      if (slots === null) return null
      return enterMessages(config, state, slots, now) ?? enterBlaming(config, state, 'SR', now)
    }
    case 'messages': {
      const vectors = whole(gather(state, 'DC', state.slotView))
      if (vectors === null) return null
      return enterApproving(config, state, vectors, now) ?? enterBlaming(config, state, 'DC', now)
    }
    case 'approving': {
      const approvals = whole(gather(state, 'OK', state.messageView))
      return approvals === null ? null : enterSigning(config, state, approvals, now)
    }
    case 'signing': {
      const commits = whole(gather(state, 'CM', state.messageView))
      if (commits === null) return null
      const transaction = completed(config, state, commits)
      const { members, join } = state
      return submit(
        config,
        { ...commonOf(state), at: 'submitting', members, join, transaction, again: now.elapsed },
        now,
      )
    }
  }
}

/** The messages that the present phase's views are made of. */
function phaseBefore(state: Calm): Received[] {
  const kind = ({ slots: 'KE', messages: 'SR', approving: 'DC', signing: 'DC' } as const)[state.at]
  return state.members
    .map(({ from }): Received | null => messageOf(state, state.attempt, kind, from))
    .filter(message => message !== null)
}

const phaseOf = { slots: 'SR', messages: 'DC', approving: 'OK', signing: 'CM', blaming: 'RS' } as const

/**
 * docs/spec/payments-rounds.md 4.6, TO: past the deadline this peer says what it misses; past the vote, it runs without
 * them.
 */
function late(config: RoundConfig, state: InRun, missing: readonly Member[], now: Moment): Step | null {
  if (now.elapsed < state.deadline) return null
  if (state.voteUntil === null) {
    const voteUntil = now.elapsed + config.voteMs
    const [sent, send] = publish(state, {
      kind: 'TO',
      ...headOf(state),
      phase: phaseOf[state.at],
      missing: missing.map(({ identity }) => identity).sort(compare),
    })
    return [{ ...sent, voteUntil }, [send, { do: 'wait', ms: config.voteMs }]]
  }
  return now.elapsed < state.voteUntil ? null : conclude(config, state, missing, now)
}

/** After the vote. What is proven comes first; then who is missed by more than half of the members is left out. */
function conclude(config: RoundConfig, state: InRun, missing: readonly Member[], now: Moment): Step {
  const found = state.at === 'blaming' ? judgementOf(config, state).guilty : offences(config, state)
  const proven = [...contradictions(state), ...found]
  const convictions = proven.filter(({ guilty }) => guilty !== state.mine.from)
  const gone = missing.filter(member => isMissedByMost(state, state.members, phaseOf[state.at], member))
  if (convictions.length === 0 && gone.length === 0) return abort(state, 'no-majority')
  const strikes = gone.map(({ note }): RoundAction => ({ do: 'strike', note }))
  const without = exclude(
    state,
    gone.map(({ from }) => from),
  )
  const [next, actions] =
    convictions.length > 0 ? punish(config, without, convictions, now) : again(config, without, now)
  return [next, [...strikes, ...actions]]
}

function advanceBlaming(config: RoundConfig, state: Blaming, now: Moment): Step | null {
  const missing = missingIn(transcriptOf(state))
  if (missing.length === 0) return conclude(config, state, [], now)
  const liars = contradictions(state)
  if (liars.length > 0) return punish(config, state, liars, now)
  return late(
    config,
    state,
    state.members.filter(({ from }) => missing.includes(from)),
    now,
  )
}

function exclude<S extends Common>(state: S, who: readonly string[]): S {
  return { ...state, excluded: new Set([...state.excluded, ...who]) }
}

/** A new run without those who are excluded, with fresh secrets and fresh outputs; after a run, in smaller circles. */
function again(config: RoundConfig, state: Running | Submitting, now: Moment): Step {
  if (state.at === 'keys') {
    const left = state.candidates.filter(({ from }) => !state.excluded.has(from))
    return enterKeys(config, state, left, state.tries, now)
  }
  const next = parted(config, state, state.members)
  const left = state.members.filter(({ from }) => isInCircle(next, from))
  return enterKeys(config, next, left, 0, now)
}

/** Names the guilty, shows everybody why, and goes on without them. */
function punish(config: RoundConfig, state: Live, convictions: readonly Conviction[], now: Moment): Step {
  const fresh = convictions.filter(
    ({ guilty }, i) =>
      !state.excluded.has(guilty) && convictions.findIndex(one => one.guilty === guilty) === i,
  )
  const actions = fresh.flatMap((conviction): RoundAction[] => {
    const member = state.requests.get(conviction.guilty)
    const shown = conviction.evidence.map((message): RoundAction => ({ do: 'send', message }))
    return member === undefined ? shown : [{ do: 'blame', note: member.note, conviction }, ...shown]
  })
  const without = exclude(
    state,
    fresh.map(({ guilty }) => guilty),
  )
  if (without.at === 'pairing' || without.at === 'submitting') return [without, actions]
  const runs = without.at === 'keys' ? without.candidates : without.members
  if (!runs.some(({ from }) => without.excluded.has(from))) return [without, actions]
  const [next, more] = again(config, without, now)
  return [next, [...actions, ...more]]
}

function submit(config: RoundConfig, state: Submitting, now: Moment): Step {
  const { transaction } = state
  const next = { ...state, again: now.elapsed + config.phaseMs }
  return [next, [{ do: 'submit', transaction }, waitPhase(config)]]
}

/** Past its time the join is left to others, and to the settling of the note. */
function submitAgain(config: RoundConfig, state: Submitting, now: Moment): Step | null {
  if (now.wall >= state.mine.expiry) return abort(state, 'expired')
  return now.elapsed < state.again ? null : submit(config, state, now)
}

/** The ledger has a join that this peer signed: it is paid, whichever run it came from. */
function settled(state: Common, transaction: Uint8Array): Step | null {
  const join = state.joins.find(({ id }) => same(id, transaction))
  const attempt = state.attempts.find(({ transaction: own }) => own !== null && same(own, transaction))
  if (join === undefined || attempt === undefined) return null
  return [{ at: 'done', join, outputSecret: attempt.outputSecret, attempts: state.attempts }, []]
}

/**
 * Notes of the join were spent by something else: by an earlier join, whose members are not to blame that somebody
 * withheld it until now, or by their owners. After the round's time everybody may take its note back.
 */
function refused(config: RoundConfig, state: Submitting, spent: readonly Spent[], now: Moment): Step {
  if (now.wall >= state.mine.expiry) return [state, []]
  for (const { by } of spent) {
    const done = settled(state, by)
    if (done !== null) return done
  }
  const isMine = (one: Spent): boolean => same(one.note, state.mine.note.id)
  if (spent.some(isMine)) return abort(state, 'no-agreement')
  const ownersOf = (all: readonly Spent[]): Member[] =>
    [...state.requests.values()].filter(({ note }) => all.some(one => same(one.note, note.id)))
  const owners = ownersOf(spent)
  if (owners.length === 0) return [state, []]
  const convictions = ownersOf(spent.filter(({ isAlone }) => isAlone)).map(
    ({ from }): Conviction => ({ guilty: from, crime: 'double-spend', evidence: [] }),
  )
  const [, actions] = punish(config, state, convictions, now)
  const without = exclude(
    state,
    owners.map(({ from }) => from),
  )
  const [next, more] = again(config, without, now)
  return [next, [...actions, ...more]]
}
