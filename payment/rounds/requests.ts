// Takes in requests to join: who really asks with which note. A request has no effect on anybody before the ledger has
// shown its note as it states it; what names another's note is then passed over. docs/spec/payments-rounds.md 4.5.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { pick } from '../../world/random.ts'
import { keyOf } from './looks.ts'
import { mostMembers, ownershipOf, type PairRequest, type Received } from './message.ts'
import type { Common, Member, RoundConfig, RoundEvent } from './state.ts'

/** Requests of one pairing whose notes are there: a sender has to own so many notes to fill it. */
const mostRequests = 2 * mostMembers
/**
 * Requests whose notes the ledger has not shown yet: more than the bulletin carries until a meeting. One more takes the
 * place of one of them, drawn by lot: were it passed over, whoever fills this first would keep out all who come later.
 */
const mostDoubtful = 4096
/** True requests with one note: its owner alone can make them. */
const mostTwins = 4

/** Says what a request leads to: ask the ledger, or a member at once, or nothing. */
export interface Asked<S extends Common> {
  readonly state: S
  /** The ledger has to be asked about the note of this request. */
  readonly look: PairRequest | null
  /** These are members now. */
  readonly added: readonly Received<PairRequest>[]
}

/** A new request, whose sender has no other one that the ledger has borne out. */
export function request<S extends Common>(
  config: RoundConfig,
  state: S,
  message: Received<PairRequest>,
): Asked<S> {
  const nothing = { state, look: null, added: [] }
  const { from, identity, body } = message
  const { mine } = state
  const isOfThisRound = body.note.denomination === mine.note.denomination && body.expiry === mine.expiry
  if (!isOfThisRound || state.doubtful.has(from) || config.isCooling(body.note)) return nothing
  if (!config.scheme.isProof(body.note, ownershipOf(identity, body), body.proof)) return nothing
  const known = membersWith(state.requests, body.note.id)[0]
  if (known !== undefined)
    return same(known.note.owner, body.note.owner) ? { ...nothing, ...add(state, [message]) } : nothing
  const isAsked = [...state.doubtful.values()].some(
    other => same(other.body.note.id, body.note.id) && same(other.body.evidence, body.evidence),
  )
  const doubtful = new Map(state.doubtful)
  if (doubtful.size >= mostDoubtful) doubtful.delete(pick(config.random, [...doubtful.keys()]))
  doubtful.set(from, message)
  return { state: { ...state, doubtful }, look: isAsked ? null : body, added: [] }
}

/**
 * The ledger's answer: of the requests with this note, those that state it as it is become members. That there is none
 * is said of those with this evidence alone: others may show a note that is younger.
 */
export function borneOut<S extends Common>(
  state: S,
  { id, note, evidence }: Extract<RoundEvent, { type: 'note' }>,
): Asked<S> {
  const asked = [...state.doubtful.values()].filter(
    ({ body }) => same(body.note.id, id) && (note !== null || same(body.evidence, evidence)),
  )
  if (asked.length === 0) return { state, look: null, added: [] }
  const doubtful = new Map(state.doubtful)
  for (const { from } of asked) doubtful.delete(from)
  const isTrue = ({ body }: Received<PairRequest>): boolean =>
    note !== null &&
    note.spentBy === null &&
    note.denomination === body.note.denomination &&
    same(note.owner, body.note.owner)
  return { look: null, ...add({ ...state, doubtful }, asked.filter(isTrue)) }
}

function add<S extends Common>(
  state: S,
  messages: readonly Received<PairRequest>[],
): { state: S; added: Received<PairRequest>[] } {
  const requests = new Map(state.requests)
  const added: Received<PairRequest>[] = []
  for (const message of messages) {
    const { identity, from, body } = message
    if (requests.size >= mostRequests || membersWith(requests, body.note.id).length >= mostTwins) continue
    requests.set(from, { identity, from, note: body.note, request: message })
    added.push(message)
  }
  return { state: { ...state, requests }, added }
}

/**
 * Counts, of the requests whose notes the ledger has not shown yet, how many members mean to run with each: they have
 * seen its note. By what there is to look for (looks.ts), those of nobody left out.
 */
export function votesIn({ inbox, requests, doubtful }: Common): Map<string, number> {
  const voters = new Map<string, Set<string>>()
  for (const { body, from } of inbox.values()) {
    if (body.kind !== 'KE' || !requests.has(from)) continue
    for (const hash of body.seen.map(hex)) voters.set(hash, (voters.get(hash) ?? new Set()).add(from))
  }
  const votes = new Map<string, number>()
  if (voters.size === 0) return votes
  for (const { hash, body } of doubtful.values()) {
    const voted = voters.get(hex(hash))?.size ?? 0
    const key = keyOf({ id: body.note.id, evidence: body.evidence })
    if (voted > 0) votes.set(key, Math.max(voted, votes.get(key) ?? 0))
  }
  return votes
}

function membersWith(requests: ReadonlyMap<string, Member>, note: Uint8Array): Member[] {
  return [...requests.values()].filter(member => same(member.note.id, note))
}

/** One request a note: where its owner made several, the one whose hash is the least, so that all mean the same. */
export function oneEach(members: readonly Member[]): Member[] {
  const least = new Map<string, Member>()
  for (const member of members) {
    const key = hex(member.note.id)
    const other = least.get(key)
    if (other === undefined || compare(member.request.hash, other.request.hash) < 0) least.set(key, member)
  }
  return [...least.values()]
}
