// Takes in what comes: who it is from, whether it belongs to this pairing, and whether it proves somebody's guilt. Only
// the first message of a kind, run and peer counts; all is bounded. docs/spec/payments-rounds.md 4.5.

import { x25519 } from '#crypto'
import { hex, same } from '../../encoding/bytes.ts'
import type { Conviction } from './judge.ts'
import {
  type KeyExchange,
  type Malformed,
  mostMembers,
  ownershipOf,
  type PairRequest,
  type Received,
  type TimeoutVote,
} from './message.ts'
import {
  type Common,
  inboxKey,
  type Member,
  messageOf,
  type RoundAction,
  type RoundConfig,
  type RoundEvent,
} from './state.ts'

/** Requests of one pairing, and messages of peers whose requests are not here yet; more are dropped. */
const mostRequests = 2 * mostMembers
const mostStrays = 128
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
  if (!state.requests.has(message.from)) return stray(state, bytes)
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

function stray<S extends Common>(state: S, bytes: Uint8Array): Intake<S> {
  if (state.strays.length >= mostStrays) return unchanged(state)
  return { state: { ...state, strays: [...state.strays, bytes] }, actions: [], convictions: [] }
}

/** A request is good when its proof is, and then its note, which the ledger has to say. */
function takeRequest<S extends Common>(
  config: RoundConfig,
  state: S,
  message: Received<PairRequest>,
): Intake<S> {
  const { from, identity, body } = message
  const known = state.requests.get(from)?.request ?? state.doubtful.get(from)
  if (known !== undefined) {
    if (same(known.hash, message.hash)) return unchanged(state)
    return guilty(state, message, 'equivocation', known.bytes)
  }
  const isOfThisRound =
    body.note.denomination === state.mine.note.denomination && body.expiry === state.mine.expiry
  if (config.isCooling(body.note)) return unchanged(state)
  if (!isOfThisRound || !config.scheme.isProof(body.note, ownershipOf(identity, body), body.proof)) {
    return unchanged(state)
  }
  const twin = requestFor(state, body.note.id)
  if (twin !== null) return exclude(state, [from, twin])
  if (state.doubtful.size + state.requests.size >= mostRequests) return unchanged(state)
  const doubtful = new Map(state.doubtful).set(from, message)
  return { state: { ...state, doubtful }, actions: [{ do: 'look', note: body.note.id }], convictions: [] }
}

/** Finds who already asks to join with this note. */
function requestFor(state: Common, note: Uint8Array): string | null {
  const requests = [...state.doubtful.values(), ...[...state.requests.values()].map(member => member.request)]
  return requests.find(request => same(request.body.note.id, note))?.from ?? null
}

/** One owner asks twice with one note. Whichever came first would be another for every peer, so neither counts. */
function exclude<S extends Common>(state: S, who: readonly string[]): Intake<S> {
  return unchanged({ ...state, excluded: new Set([...state.excluded, ...who]) })
}

/** The ledger's answer: a request whose note is there, unspent and as stated becomes a member. */
export function takeNote<S extends Common>(
  config: RoundConfig,
  state: S,
  event: Extract<RoundEvent, { type: 'note' }>,
): Intake<S> {
  const request = [...state.doubtful.values()].find(({ body }) => same(body.note.id, event.id))
  if (request === undefined) return unchanged(state)
  const doubtful = new Map(state.doubtful)
  doubtful.delete(request.from)
  const { note } = event
  const stated = request.body.note
  const isGood =
    note !== null &&
    note.spentBy === null &&
    note.denomination === stated.denomination &&
    same(note.owner, stated.owner)
  if (!isGood) return unchanged({ ...state, doubtful })
  const member: Member = { identity: request.identity, from: request.from, note: stated, request }
  const requests = new Map(state.requests).set(request.from, member)
  // What this peer sent before its request was good.
  let intake = unchanged({ ...state, doubtful, requests, strays: [] })
  for (const bytes of state.strays) {
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
