// Planted defects: a suite that cannot fail proves nothing. Each is the voting machine of every authority with one
// rule missing.

import { changes } from '../../directory/documents/authority-set.ts'
import { epochStart, phaseEnds } from '../../directory/documents/network.ts'
import { DirectoryError } from '../../directory/error.ts'
import { freezeDealings, ownReveal } from '../../directory/rounds/reveals.ts'
import type { step as honestStep } from '../../directory/rounds/round.ts'
import { anyNumber } from '../../directory/rounds/seats.ts'
import {
  type InReveals,
  isOver,
  phaseEnd,
  type RoundAction,
  type RoundState,
  type Stepped,
} from '../../directory/rounds/state.ts'
import { same } from '../../encoding/bytes.ts'

type Step = typeof honestStep

export const defects: Readonly<Record<string, (step: Step) => Step>> = {
  /** A vote that comes when the set is frozen still counts. */
  'no-phase-gate': step => (rules, state, event, now) => {
    try {
      return step(rules, state, event, now)
    } catch (error) {
      const late = error instanceof DirectoryError && error.code === 'LATE'
      if (!late || event.kind !== 'vote' || state.at !== 'reveals') throw error
      const { round, since, votes } = state
      const thawed: RoundState = { at: 'agreement', round, since, votes }
      return then(step(rules, thawed, event, agreementBegin(rules.network, state)), taken =>
        step(rules, taken, { kind: 'tick' }, now),
      )
    }
  },

  /** Everybody opens its secret when the votes end, while they are still passed on. */
  'reveals-before-freeze': step => (rules, state, event, now) =>
    then(step(rules, state, event, now), next => {
      if (next.at !== 'agreement' || state.at === 'agreement') return [next, []]
      const opened = freezeDealings(rules, next.votes, undefined)
      const [, actions] = ownReveal(rules, {
        ...next,
        at: 'reveals',
        own: undefined,
        sets: new Map(),
        opened,
      })
      return [next, actions]
    }),

  /** Nobody opens what another one withholds: the randomness is made without it. */
  'withheld-left-out': step => (rules, state, event, now) => {
    const counted = state.at === 'reveals' && isOver(rules, state, now) ? withoutWithheld(state) : state
    const [next, actions] = step(rules, counted, event, now)
    return [next, actions.filter(action => !isShare(action))]
  },

  /** Everybody counts the votes when they end, and not after they were passed on. */
  'no-agreement': step => (rules, state, event, now) =>
    then(step(rules, state, event, now), next =>
      next.at === 'agreement'
        ? step(rules, next, { kind: 'tick' }, phaseEnd(rules.network, next))
        : [next, []],
    ),

  /** One signature is enough until the agreement ends. */
  'one-relay-round': step => (rules, state, event, now) => {
    const counts = event.kind === 'vote' && state.at === 'agreement' && !isOver(rules, state, now)
    return step(rules, state, event, counts ? agreementBegin(rules.network, state) : now)
  },

  /** Nobody passes a vote on. */
  'no-relay': step => (rules, state, event, now) => {
    const [next, actions] = step(rules, state, event, now)
    const own = actions.filter(
      action =>
        action.do !== 'send' ||
        action.message.kind !== 'vote' ||
        same(action.message.signed.vote.author, rules.id),
    )
    return [next, own]
  },

  /** The first of two votes of one author counts. */
  'first-vote-counts': step => (rules, state, event, now) => {
    if (state.at !== 'agreement' || !isOver(rules, state, now)) return step(rules, state, event, now)
    const votes = new Map([...state.votes].map(([author, of]) => [author, of.slice(0, 1)]))
    return step(rules, { ...state, votes }, event, now)
  },

  /** An authority does not look up what it has said before. */
  'double-signature': step => (rules, state, event, now) => {
    const round = { ...state.round, made: { opening: state.round.made.opening }, interrupted: false }
    return step({ ...rules, signed: () => undefined }, { ...state, round }, event, now)
  },

  /** An authority says things without writing them down first. */
  'said-before-kept': step => (rules, state, event, now) => {
    const [next, actions] = step(rules, state, event, now)
    return [next, actions.filter(action => action.do !== 'keep' || action.message.kind === 'signature')]
  },

  /** An authority that signed that others take over signs for those who were there before, as if it had not. */
  'goes-back': step => (rules, state, event, now) =>
    step({ ...rules, pendingChange: () => undefined }, state, event, now),

  /** Others take over with their own threshold and one signature of those who were there before. */
  'no-handing-over': step => (rules, state, event, now) => {
    const drafts = state.at === 'signatures' ? (state.drafts ?? []) : []
    const threshold = drafts.some(({ body }) => changes(body) !== undefined) ? 1 : rules.network.threshold
    return step({ ...rules, network: { ...rules.network, threshold } }, state, event, now)
  },

  /** Nobody counts the nodes of a network, neither in its ballot nor with its vote. */
  'all-seated': step => (rules, state, event, now) =>
    step({ ...rules, wanted: () => ({ ...rules.wanted(), nodesPerNetwork: anyNumber }) }, state, event, now),

  /** A document needs one signature. */
  'no-signature-count': step => (rules, state, event, now) => {
    if (state.at !== 'signatures' || state.drafts === undefined) return step(rules, state, event, now)
    const network = { ...rules.network, threshold: 1 }
    const drafts = state.drafts.map(named => ({ ...named, body: { ...named.body, threshold: 1 } }))
    return step({ ...rules, network }, { ...state, drafts }, event, now)
  },
}

function then([state, actions]: Stepped, next: (state: RoundState) => Stepped): Stepped {
  const [end, more] = next(state)
  return [end, [...actions, ...more]]
}

function isShare(action: RoundAction): boolean {
  if (action.do !== 'send' || action.message.kind !== 'reveal') return false
  return !same(action.message.signer, action.message.dealer)
}

/** Whoever is silent contributes nothing: the same bytes whatever its secret is. */
function withoutWithheld(state: InReveals): InReveals {
  const nothing = new Uint8Array(32)
  const opened = new Map(state.opened)
  for (const [dealer, of] of state.opened) {
    const { epoch: round, dealer: id } = of.dealing.sharing
    const message = {
      kind: 'reveal',
      round,
      signer: id,
      dealer: id,
      opened: nothing,
      signature: nothing,
    } as const
    if (of.byDealer === undefined) opened.set(dealer, { ...of, byDealer: { message, contribution: nothing } })
  }
  return { ...state, opened }
}

function agreementBegin(network: Parameters<typeof epochStart>[0], { round, since }: RoundState): number {
  return round.bootstrap ? since : epochStart(network, round.epoch + phaseEnds.votes)
}
