// Takes in what comes: who it is from, whether it belongs to this pairing, and whether it proves somebody's guilt. Only
// the first message of a kind, run and peer counts; all is bounded. docs/spec/payments-rounds.md 4.5.

import { x25519 } from '#crypto'
import { hex, same } from '../../encoding/bytes.ts'
import type { Conviction } from './judge.ts'
import type { KeyExchange, Malformed, PairRequest, Received, TimeoutVote } from './message.ts'
import { type Asked, borneOut, request } from './requests.ts'
import {
  type Common,
  inboxKey,
  messageOf,
  type RoundAction,
  type RoundConfig,
  type RoundEvent,
  type Stray,
} from './state.ts'

/** Messages of peers whose requests are not here yet, of all and of each; more are dropped. */
const mostStrays = 128
const mostStraysEach = 4
/** A peer that is ahead may be at most so many runs ahead. */
const mostAhead = 3

export interface Intake<S extends Common> {
  readonly state: S
  readonly actions: readonly RoundAction[]
  readonly convictions: readonly Conviction[]
}

/** Takes a message in. Nothing that it holds makes this throw. */
export function take<S extends Common>(config: RoundConfig, state: S, bytes: Uint8Array): Intake<S> {
  let message: Received | Malformed
  try {
    message = config.read(bytes)
  } catch {
    return unchanged(state)
  }
  if (message.from === state.mine.from || state.excluded.has(message.from)) return unchanged(state)
  if ('why' in message)
    return state.requests.has(message.from) ? guilty(state, message, 'malformed') : unchanged(state)
  if (!same(message.body.pairing, state.mine.pairing)) return unchanged(state)
  if (message.body.kind === 'PR') return takeRequest(config, state, message as Received<PairRequest>)
  if (!state.requests.has(message.from)) return stray(state, message)
  return takeInRun(state, message)
}

function unchanged<S extends Common>(state: S): Intake<S> {
  return { state, actions: [], convictions: [] }
}

function guilty<S extends Common>(
  state: S,
  message: Received | Malformed,
  crime: 'malformed' | 'equivocation',
  ...more: Uint8Array[]
): Intake<S> {
  return {
    state,
    actions: [],
    convictions: [{ guilty: message.from, crime, evidence: [message.bytes, ...more] }],
  }
}

/** A few of each sender, so that one of them fills nothing. */
function stray<S extends Common>(state: S, { from, bytes }: Received): Intake<S> {
  const others = state.strays.filter(one => one.from === from)
  const isFull = others.length >= mostStraysEach || state.strays.length >= mostStrays
  // Whose request is here makes room among those of whom nothing is known
  const stranger = state.doubtful.has(from)
    ? state.strays.findIndex(one => !state.doubtful.has(one.from))
    : -1
  if (isFull && (stranger === -1 || others.length >= mostStraysEach)) return unchanged(state)
  const strays = isFull ? state.strays.filter((_, i) => i !== stranger) : state.strays
  return unchanged({ ...state, strays: [...strays, { from, bytes }] })
}

/** Two different requests under one identity prove its guilt, once the ledger has borne out the first. */
function takeRequest<S extends Common>(
  config: RoundConfig,
  state: S,
  message: Received<PairRequest>,
): Intake<S> {
  const known = state.requests.get(message.from)?.request
  if (known === undefined) return joined(config, request(config, state, message))
  return same(known.hash, message.hash)
    ? unchanged(state)
    : guilty(state, message, 'equivocation', known.bytes)
}

/** The ledger's answer about a note. */
export function takeNote<S extends Common>(
  config: RoundConfig,
  state: S,
  event: Extract<RoundEvent, { type: 'note' }>,
): Intake<S> {
  return joined(config, borneOut(state, event))
}

/** Takes in what new members sent before their requests were good. */
function joined<S extends Common>(config: RoundConfig, { state, look, added }: Asked<S>): Intake<S> {
  const actions: RoundAction[] =
    look === null ? [] : [{ do: 'look', note: look.note.id, evidence: look.evidence }]
  if (added.length === 0) return { state, actions, convictions: [] }
  const isNew = ({ from }: Stray): boolean => added.some(one => one.from === from)
  let intake: Intake<S> = {
    ...unchanged({ ...state, strays: state.strays.filter(stray => !isNew(stray)) }),
    actions,
  }
  for (const { bytes } of state.strays.filter(isNew)) {
    const next = take(config, intake.state, bytes)
    intake = {
      state: next.state,
      actions: [...intake.actions, ...next.actions],
      convictions: [...intake.convictions, ...next.convictions],
    }
  }
  return intake
}

function takeInRun<S extends Common>(state: S, message: Received): Intake<S> {
  const { body, from } = message
  if (body.kind === 'PR') return unchanged(state)
  const now = Math.max(0, state.attempts.length - 1)
  if (body.attempt < now || body.attempt > now + mostAhead) return unchanged(state)
  if (body.kind === 'KE' && !isKey(body.key)) return guilty(state, message, 'malformed')
  const key = inboxKey(body.attempt, body.kind, from, body.kind === 'TO' ? body.phase : undefined)
  const first = state.inbox.get(key)
  if (first !== undefined) {
    if (body.kind === 'TO' || same(first.hash, message.hash)) return unchanged(state)
    return guilty(state, message, 'equivocation', first.bytes)
  }
  const kept = { ...state, inbox: new Map(state.inbox).set(key, message) }
  if (body.kind === 'TO') return relay(kept, missed(kept, body))
  if (body.kind === 'KE') return relay(kept, unseen(kept, body))
  return unchanged(kept)
}

/** The messages that somebody misses and this peer has. */
function missed(state: Common, vote: TimeoutVote): Received[] {
  const messages = vote.missing.map(identity => messageOf(state, vote.attempt, vote.phase, hex(identity)))
  return messages.filter(message => message !== null)
}

/** The requests that somebody has not seen and this peer has. */
function unseen(state: Common, exchange: KeyExchange): Received[] {
  const seen = new Set(exchange.seen.map(hex))
  return [...state.requests.values()].map(({ request }) => request).filter(({ hash }) => !seen.has(hex(hash)))
}

/** Hands messages on, each once, so that nobody is shown something that the others are not. */
export function relay<S extends Common>(state: S, messages: readonly Received[]): Intake<S> {
  const fresh = messages.filter(({ hash }) => !state.relayed.has(hex(hash)))
  if (fresh.length === 0) return unchanged(state)
  const relayed = new Set([...state.relayed, ...fresh.map(({ hash }) => hex(hash))])
  return {
    state: { ...state, relayed },
    actions: fresh.map(({ bytes }) => ({ do: 'send', message: bytes })),
    convictions: [],
  }
}

const anySecret = new Uint8Array(32).fill(1)

/** A key of low order gives zero with every secret key. */
function isKey(publicKey: Uint8Array): boolean {
  try {
    x25519(anySecret, publicKey)
    return true
  } catch {
    return false
  }
}
