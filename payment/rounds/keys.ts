// The phases before a run: PR collects those who want to join, KE agrees who runs with whom and exchanges keys.
// docs/spec/payments-rounds.md 4.5.

import { ed25519PublicKey } from '#crypto'
import { compare, hex, same } from '../../encoding/bytes.ts'
import type { Moment } from '../times.ts'
import { isInCircle } from './circle.ts'
import {
  type Body,
  type KeyExchange,
  mostMembers,
  ownershipOf,
  type PairRequest,
  type Phase,
  type Received,
  readMessage,
  viewOf,
  writeMessage,
} from './message.ts'
import { writeRecord } from './record.ts'
import { oneEach } from './requests.ts'
import { pairsOf, secretsOf } from './secrets.ts'
import {
  type AbortReason,
  type Common,
  commonOf,
  inboxKey,
  inOrder,
  type Keys,
  type Member,
  type Mine,
  messageOf,
  type Pairing,
  type RoundAction,
  type RoundConfig,
  type RoundInit,
  type Run,
  runOf,
  type Step,
} from './state.ts'

/** Key exchanges without an agreement, after which a peer gives up. */
export const mostTries = 3
/** Runs of one pairing: each excludes somebody, or is one of three tries. */
const mostAttempts = 60

/** Listens, and asks to join when it is time. The note must be this peer's and unspent. */
export function startRound(config: RoundConfig, init: RoundInit): [Pairing, RoundAction[]] {
  const identitySeed = config.random(32)
  const identity = ed25519PublicKey(identitySeed)
  const mine: Mine = { ...init, identitySeed, identity, from: hex(identity) }
  const { pairing, note, expiry } = init
  const statement = ownershipOf(identity, { kind: 'PR', pairing, note, expiry })
  const proof = config.scheme.prove(statement, init.noteSecret)
  const evidence = init.evidence ?? new Uint8Array(0)
  const request: PairRequest = { kind: 'PR', pairing, note, expiry, proof, evidence }
  const message = ownMessage(mine, request)
  const member: Member = { identity, from: mine.from, note, request: message }
  const state: Pairing = {
    at: 'pairing',
    hasAsked: false,
    mine,
    requests: new Map([[mine.from, member]]),
    doubtful: new Map(),
    inbox: new Map(),
    strays: [],
    attempts: [],
    excluded: new Set(),
    circle: null,
    joins: [],
    relayed: new Set(),
  }
  return [state, [save(state), { do: 'wake', at: init.ask }, { do: 'wake', at: init.until }]]
}

/** PR: this peer's own request. */
export function ask(state: Pairing): Step {
  const request = (state.requests.get(state.mine.from) as Member).request
  return [{ ...state, hasAsked: true }, [{ do: 'send', message: request.bytes }]]
}

/** A message as the others will receive it. */
export function ownMessage<B extends Body>(mine: Mine, body: B): Received<B> {
  return readMessage(writeMessage(body, mine.identitySeed)) as Received<B>
}

/** Puts a message of this peer among those of the others, and publishes it. */
export function publish<S extends Common>(state: S, body: Exclude<Body, PairRequest>): [S, RoundAction] {
  const message = ownMessage(state.mine, body)
  const key = inboxKey(body.attempt, body.kind, state.mine.from, body.kind === 'TO' ? body.phase : undefined)
  const inbox = new Map(state.inbox).set(key, message)
  return [
    { ...state, inbox },
    { do: 'send', message: message.bytes },
  ]
}

export function save({ mine, attempts }: Common): RoundAction {
  return { do: 'save', record: writeRecord({ ...mine, attempts, reclaim: null }) }
}

export function abort(state: Common, reason: AbortReason): Step {
  return [{ at: 'aborted', reason, attempts: state.attempts, joins: state.joins }, []]
}

/** Those whose requests hold, after the time for requests is over. */
export function candidatesOf(state: Common): Member[] {
  const good = [...state.requests.values()].filter(({ from }) => !state.excluded.has(from))
  return groupOf(oneEach(good), state.mine.from)
}

/** More than a round can take make several rounds, of about equal sizes: by the hashes of their requests. */
function groupOf(members: readonly Member[], me: string): Member[] {
  const groups = Math.ceil(members.length / mostMembers)
  const byHash = [...members].sort((a, b) => compare(a.request.hash, b.request.hash))
  const groupAt = (place: number): number => Math.floor((place * groups) / byHash.length)
  const mine = groupAt(byHash.findIndex(({ from }) => from === me))
  return inOrder(byHash.filter((_, place) => groupAt(place) === mine))
}

/** KE: new secrets and a new output for a new run. The output's key is on disk before anybody can pay to it. */
export function enterKeys(
  config: RoundConfig,
  state: Common,
  candidates: readonly Member[],
  tries: number,
  now: Moment,
): Step {
  // What others mean to run with is looked for first: it may be too early to say how many there are
  const isEarly = state.attempts.length === 0 && state.doubtful.size > 0
  if (candidates.length < config.least && !isEarly) return abort(state, 'too-few')
  if (state.attempts.length >= mostAttempts) return abort(state, 'no-agreement')
  const { mine } = state
  const number = state.attempts.length
  const [seed, outputSecret] = [config.random(32), config.newOutput()]
  const owner = { identity: mine.identity, pairing: mine.pairing, attempt: number }
  const secrets = secretsOf(seed, config.scheme.outputOf(outputSecret), owner)
  const attempts = [...state.attempts, { number, outputSecret, sent: 'nothing' as const, transaction: null }]
  const deadline = now.elapsed + config.phaseMs
  const kept = { ...commonOf(state), attempts }
  const [sent, send] = publish(kept, {
    kind: 'KE',
    pairing: mine.pairing,
    attempt: number,
    seen: hashesOf(candidates),
    key: secrets.publicKey,
    commitment: secrets.commitment,
  })
  const next: Keys = {
    ...sent,
    at: 'keys',
    attempt: number,
    tries,
    secrets,
    candidates,
    deadline,
    voteUntil: null,
  }
  return [next, [save(kept), send, { do: 'wait', ms: config.phaseMs }]]
}

function hashesOf(members: readonly Member[]): Uint8Array[] {
  return members.map(({ request }) => request.hash).sort(compare)
}

/** The run, once all candidates mean the same set. */
export function agreed(config: RoundConfig, state: Keys, now: Moment): Run | null {
  const { attempt, secrets, candidates: members, mine } = state
  if (members.length < config.least) return null
  const want = hashesOf(members)
  const keys: Received<KeyExchange>[] = []
  for (const { from } of members) {
    const exchange = messageOf(state, attempt, 'KE', from)
    if (exchange === null || !sameList(exchange.body.seen, want)) return null
    keys.push(exchange)
  }
  const me = members.findIndex(({ from }) => from === mine.from)
  const session = viewOf(mine.pairing, keys)
  const pairs = pairsOf(secrets, keys, me, session)
  return runOf({ ...commonOf(state), attempt, secrets, members, me, keys, session, pairs }, config, now)
}

/**
 * docs/spec/payments-rounds.md 4.5: who is silent, or was seen by nobody else of those who speak, drops out. The second
 * time, who was seen by fewer than half, or still means another set than most do, drops out too: all requests were
 * handed on meanwhile.
 */
export function tryAgain(config: RoundConfig, state: Keys, now: Moment): Step {
  const { attempt, requests } = state
  const all = [...requests.values()]
    .filter(({ from }) => isInCircle(state, from))
    .map(({ from }) => messageOf(state, attempt, 'KE', from))
    .filter(exchange => exchange !== null)
  const exchanges = state.tries === 0 ? all : mostCommon(all)
  const speakers = new Set(exchanges.map(({ from }) => from))
  const isSeen = ({ request }: Member): boolean => {
    const seenBy = exchanges.filter(({ body }) => body.seen.some(hash => same(hash, request.hash)))
    // At first, many may not have come to look for it yet: a ledger may be slow, or asked too much
    if (state.tries === 0) return seenBy.some(({ from }) => from !== request.from)
    return 2 * seenBy.length >= exchanges.length
  }
  const seen = [...requests.values()].filter(member => speakers.has(member.from) && isSeen(member))
  const next = inOrder(oneEach(seen))
  // What one peer did not hear proves nothing, not even that somebody was silent
  const strikes = silentIn(state)
    .filter(member => isMissedByMost(state, state.candidates, 'KE', member))
    .map(({ note }): RoundAction => ({ do: 'strike', note }))
  const [after, actions] = ((): Step => {
    if (!next.some(({ from }) => from === state.mine.from)) return abort(state, 'unseen')
    if (state.tries + 1 >= mostTries) return abort(state, 'no-agreement')
    return enterKeys(config, state, next, state.tries + 1, now)
  })()
  return [after, [...strikes, ...actions]]
}

/** The candidates whose key exchange did not come. */
function silentIn(state: Keys): Member[] {
  return state.candidates.filter(({ from }) => messageOf(state, state.attempt, 'KE', from) === null)
}

/** Says whether more than half of these peers miss that one's message of a phase. */
export function isMissedByMost(
  state: Common & { readonly attempt: number },
  among: readonly Member[],
  phase: Phase,
  { identity }: Member,
): boolean {
  const votes = among.filter(({ from }) =>
    messageOf(state, state.attempt, 'TO', from, phase)?.body.missing.some(one => same(one, identity)),
  )
  return 2 * votes.length > among.length
}

/** TO: past the deadline this peer says whose key exchange it misses, so that who has it hands it on. */
export function missKeys(config: RoundConfig, state: Keys, now: Moment): Step {
  const missing = silentIn(state).map(({ identity }) => identity)
  if (missing.length === 0) return tryAgain(config, state, now)
  const { attempt, mine } = state
  const voteUntil = now.elapsed + config.voteMs
  const [sent, send] = publish(state, { kind: 'TO', pairing: mine.pairing, attempt, phase: 'KE', missing })
  return [{ ...sent, voteUntil }, [send, { do: 'wait', ms: config.voteMs }]]
}

/** Those who mean the set that most of them mean. */
function mostCommon(exchanges: readonly Received<KeyExchange>[]): Received<KeyExchange>[] {
  const bySet = new Map<string, Received<KeyExchange>[]>()
  for (const exchange of exchanges) {
    const set = exchange.body.seen.map(hex).join()
    bySet.set(set, [...(bySet.get(set) ?? []), exchange])
  }
  const sets = [...bySet].sort(([a, one], [b, two]) => two.length - one.length || (a < b ? -1 : 1))
  return sets[0]?.[1] ?? []
}

function sameList(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i] as Uint8Array))
}
