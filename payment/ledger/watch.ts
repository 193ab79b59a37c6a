// Finds out whether a ledger tells everybody the same history. Peers gossip the heads they were shown; each asks the
// ledger to prove that one continues the other. A fork is detected by this, not prevented. docs/spec/payments-ledger.md
// 3.6.

import { same } from '../../encoding/bytes.ts'
import { verifyConsistency } from '../../encoding/merkle.ts'
import { type Ms, minute } from '../../world/units.ts'
import type { Genesis } from './ledger.ts'
import { readHead, type SignedHead } from './log.ts'

/** Two heads, of which the ledger shows no common history. The first is of the smaller tree, or of an equal one. */
export interface Fork {
  readonly first: SignedHead
  readonly second: SignedHead
  /** Two roots of one size: anybody can check it, with isFork. Otherwise the ledger only failed to prove its case. */
  readonly isProven: boolean
}

/** Says what is known of the history that a ledger shows. */
export type WatchState =
  | { readonly at: 'start' }
  | { readonly at: 'following'; readonly head: SignedHead; readonly open: readonly OwedProof[] }
  /** `owing`: what was followed before a proof was late; when it comes, that goes on. Null once the fork is proven. */
  | { readonly at: 'forked'; readonly fork: Fork; readonly owing: Following | null }

type Following = Extract<WatchState, { at: 'following' }>

/** A proof that the ledger owes: that two heads are of one history. */
export interface OwedProof {
  readonly head: SignedHead
  /** The head that was followed when the question was asked. */
  readonly against: SignedHead
  /** By the time that has elapsed (world/clock.ts): after that, nothing is paid until the answer comes. */
  readonly until: Ms
}

/** Reaches whoever watches a ledger. */
export type WatchEvent =
  /** A head that the ledger's key signed (readHead), from the ledger or from gossip. */
  | { readonly type: 'head'; readonly head: SignedHead }
  /** The ledger's consistency proof between the sizes of two heads. */
  | {
      readonly type: 'proof'
      readonly first: number
      readonly second: number
      readonly path: readonly Uint8Array[]
    }
  | { readonly type: 'time' }

/** Tells whoever watches a ledger what to do. */
export type WatchAction =
  /** Ask the ledger for the proof from one size to another, again and again until the answer comes. */
  | { readonly do: 'ask'; readonly first: number; readonly second: number }
  /** Tell the user, gossip both heads, pay nothing with this ledger. */
  | { readonly do: 'alarm'; readonly fork: Fork }

/** A ledger that is only slow or unreachable is given this long, milliseconds. */
export const proofTime: Ms = 10 * minute
/** Open questions at once; a head beyond that is dropped, and gossip brings it again. */
const mostOpen = 16

/**
 * One step of watching a ledger: what is known after the event, and what to do.
 *
 * @param now the time that has elapsed (Clock.elapsed), milliseconds: a wall clock that is put forth must raise no
 * alarm
 */
export function watch(state: WatchState, event: WatchEvent, now: Ms): [WatchState, WatchAction[]] {
  switch (state.at) {
    case 'start':
      return event.type === 'head' ? [{ at: 'following', head: event.head, open: [] }, []] : [state, []]
    case 'forked':
      return state.owing === null ? [state, []] : healed(state.fork, followed(state.owing, event, now), now)
    case 'following': {
      const [next, actions] = followed(state, event, now)
      if (next.at !== 'following') return [next, actions]
      const late = lateIn(next, now)
      if (late === undefined) return [next, actions]
      const [first, second] = inOrder(late.head, late.against)
      const fork = { first, second, isProven: false }
      return [{ at: 'forked', fork, owing: next }, [...actions, { do: 'alarm', fork }]]
    }
  }
}

function followed(state: Following, event: WatchEvent, now: Ms): [WatchState, WatchAction[]] {
  if (event.type === 'head') return seen(state, event.head, now)
  if (event.type === 'proof') return answered(state, event, now)
  return [state, []]
}

/** A ledger that was away for long is not one that was caught: with the proof that it owes, all is as before. */
function healed(
  fork: Fork,
  [next, actions]: [WatchState, WatchAction[]],
  now: Ms,
): [WatchState, WatchAction[]] {
  if (next.at !== 'following' || lateIn(next, now) === undefined) return [next, actions]
  return [{ at: 'forked', fork, owing: next }, actions]
}

function lateIn({ open }: Following, now: Ms): OwedProof | undefined {
  return open.find(question => question.until <= now)
}

function seen(state: Following, head: SignedHead, now: Ms): [WatchState, WatchAction[]] {
  const known = [state.head, ...state.open.map(question => question.head)]
  const other = known.find(({ size, root }) => size === head.size && !same(root, head.root))
  if (other !== undefined) return alarm(other, head)
  if (known.some(({ size }) => size === head.size) || state.open.length >= mostOpen) return [state, []]
  return ask(state, head, now)
}

function ask(state: Following, head: SignedHead, now: Ms): [WatchState, WatchAction[]] {
  const [first, second] = inOrder(head, state.head)
  const question = { head, against: state.head, until: now + proofTime }
  return [
    { ...state, open: [...state.open, question] },
    [{ do: 'ask', first: first.size, second: second.size }],
  ]
}

function answered(
  state: Following,
  proof: Extract<WatchEvent, { type: 'proof' }>,
  now: Ms,
): [WatchState, WatchAction[]] {
  const question = state.open.find(({ head, against }) => {
    const [first, second] = inOrder(head, against)
    return first.size === proof.first && second.size === proof.second
  })
  if (question === undefined) return [state, []]
  const [first, second] = inOrder(question.head, question.against)
  // A proof that fails is no answer: somebody on the way may have spoilt it. The question stays open until it is late.
  if (!verifyConsistency(first.size, second.size, proof.path, first.root, second.root)) return [state, []]
  const rest: Following = { ...state, open: state.open.filter(other => other !== question) }
  // Two heads can both continue an earlier one and contradict each other.
  if (question.against !== state.head) return seen(rest, question.head, now)
  return [{ ...rest, head: second }, []]
}

function alarm(one: SignedHead, other: SignedHead): [WatchState, WatchAction[]] {
  const [first, second] = inOrder(one, other)
  const fork = { first, second, isProven: true }
  return [{ at: 'forked', fork, owing: null }, [{ do: 'alarm', fork }]]
}

function inOrder(a: SignedHead, b: SignedHead): [smaller: SignedHead, larger: SignedHead] {
  return b.size < a.size ? [b, a] : [a, b]
}

/** Says whether two heads as gossip carries them prove that a ledger has two histories. Never throws. */
export function isFork(genesis: Genesis, first: Uint8Array, second: Uint8Array): boolean {
  try {
    const [one, two] = [readHead(first, genesis), readHead(second, genesis)]
    return one.size === two.size && !same(one.root, two.root)
  } catch {
    return false
  }
}
