// The voting of one round as a pure function (docs/spec/directory-voting.md 8): descriptors -> votes -> agreement ->
// reveals
// -> signatures -> published | failed. Time moves the phases; a message fits the phase or is refused.
// votes.ts has the phases until the votes are frozen, reveals.ts and end.ts those after.

import { hex } from '../../encoding/bytes.ts'
import { DirectoryError } from '../error.ts'
import { draft, publish, sign, takeSignature } from './end.ts'
import { agree, isAllOpen, openWithheld, takeReveal, takeSet } from './reveals.ts'
import {
  type InReveals,
  type InSignatures,
  isOver,
  phaseBegin,
  phaseOrder,
  type RoundAction,
  type RoundEvent,
  type RoundRules,
  type RoundState,
  type Stepped,
  type Votes,
} from './state.ts'
import { castVote, freeze, giveUp, mayVote, takeDescriptor, takeVote } from './votes.ts'

/**
 * Moves a round: first to where the time is, then by the event, then on if nothing is left to wait for.
 *
 * @param event verified before (`openMessage`, `verifyDescriptor`)
 * @throws DirectoryError WRONG_STATE (its phase has not begun), LATE (its phase is over), CONFLICT; the state is
 * then the one before
 */
export function step(rules: RoundRules, state: RoundState, event: RoundEvent, now: number): Stepped {
  const [there, before] = settle(rules, state, now)
  const [moved, actions] = take(rules, there, event, now)
  const [end, after] = settle(rules, moved, now)
  return [end, [...before, ...actions, ...after]]
}

/** Moves on until the state waits for something. */
function settle(rules: RoundRules, state: RoundState, now: number): Stepped {
  let current = state
  const actions: RoundAction[] = []
  for (;;) {
    const [next, more] = advance(rules, current, now)
    actions.push(...more)
    if (next === current) return [current, actions]
    current = next
  }
}

function advance(rules: RoundRules, state: RoundState, now: number): Stepped {
  switch (state.at) {
    case 'descriptors':
      return mayVote(rules, state, now) ? castVote(rules, state, now) : giveUp(rules, state, now)
    case 'votes':
      if (isOver(rules, state, now) || (state.round.bootstrap && allVoted(rules, state.votes))) {
        return [{ ...state, at: 'agreement', since: phaseBegin(rules, state, now) }, []]
      }
      return [state, []]
    case 'agreement':
      return isOver(rules, state, now) ? freeze(rules, state, now) : [state, []]
    case 'reveals':
      return isOver(rules, state, now) || (state.round.bootstrap && allRevealed(rules, state))
        ? agree(rules, state, now)
        : openWithheld(rules, state, now)
    case 'signatures': {
      const [next, actions] = state.drafts === undefined ? draft(rules, state, now) : sign(rules, state)
      // A body that is fetched is waited for until the phase is over.
      if (next !== state || (state.drafts === undefined && !isOver(rules, state, now))) return [next, actions]
      return isOver(rules, state, now) || (state.round.bootstrap && allSigned(rules, state))
        ? publish(rules, state, now)
        : [state, []]
    }
    default:
      return [state, []]
  }
}

function allHeard(rules: RoundRules, heard: number): boolean {
  return heard === rules.network.authorities.length
}

function allVoted(rules: RoundRules, votes: Votes): boolean {
  return allHeard(rules, votes.size)
}

function allRevealed(rules: RoundRules, state: InReveals): boolean {
  return allHeard(rules, state.sets.size) && isAllOpen(rules, state)
}

function allSigned(rules: RoundRules, state: InSignatures): boolean {
  const { authorities, incoming } = rules.network
  const signers = new Set([...authorities, ...(incoming?.authorities ?? [])].map(({ id }) => hex(id))).size
  return state.round.documents.every(epoch => state.signatures.get(epoch)?.size === signers)
}

function take(rules: RoundRules, state: RoundState, event: RoundEvent, now: number): Stepped {
  switch (event.kind) {
    case 'tick':
      return [state, []]
    case 'seen':
      return state.at === 'descriptors' ? [{ ...state, seen: event.authorities }, []] : [state, []]
    case 'descriptor':
      if (state.at !== 'descriptors') throw misfit(event.kind, state, 'LATE')
      return takeDescriptor(state, event.descriptor)
    case 'vote':
      if (state.at === 'descriptors' && !state.round.bootstrap) throw misfit(event.kind, state, 'WRONG_STATE')
      if (state.at !== 'descriptors' && state.at !== 'votes' && state.at !== 'agreement') {
        throw misfit(event.kind, state, 'LATE')
      }
      return takeVote(rules, state, event.signed, now)
    case 'set':
      if (state.at !== 'reveals') throw misfit(event.kind, state, gate(state, 'reveals'))
      return takeSet(rules, state, event)
    case 'reveal':
      if (state.at !== 'reveals') throw misfit(event.kind, state, gate(state, 'reveals'))
      return takeReveal(rules, state, event)
    case 'signature':
      if (state.at !== 'signatures') throw misfit(event.kind, state, gate(state, 'signatures'))
      return takeSignature(state, event)
  }
}

function gate(state: RoundState, phase: RoundState['at']): 'WRONG_STATE' | 'LATE' {
  return phaseOrder.indexOf(state.at) < phaseOrder.indexOf(phase) ? 'WRONG_STATE' : 'LATE'
}

function misfit(kind: string, state: RoundState, code: 'WRONG_STATE' | 'LATE'): DirectoryError {
  return new DirectoryError(code, `round ${state.round.epoch}: ${kind} while in ${state.at}`)
}
