// The states of a round, what moves it, and what it asks of its shell. docs/spec/payments-rounds.md 4.4.

import { compare } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'
import type { NoteState } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import type { Pairs } from '../net/dcnet.ts'
import type { Moment } from '../times.ts'
import type { Join, JoinScheme } from './join.ts'
import type { Conviction } from './judge.ts'
import type { Body, KeyExchange, Malformed, PairRequest, Phase, Received } from './message.ts'
import type { Meeting } from './pairing.ts'
import type { Attempt } from './record.ts'
import type { Secrets } from './secrets.ts'

/** Holds what all rounds of a peer have in common. */
export interface RoundConfig {
  readonly scheme: JoinScheme
  readonly random: Random
  /** readMessage; a simulation hands in one that remembers which signatures it has checked. */
  readonly read: (bytes: Uint8Array) => Received | Malformed
  /** Makes what spends an output that was never offered before, 32 bytes. */
  readonly newOutput: () => Uint8Array
  /** Says whether requests with this note are passed over for now (strikes.ts). */
  readonly isCooling: (note: Note) => boolean
  /** Peers that a join needs, 3 at least: with two, each knows the other's output. */
  readonly least: number
  /** Peers of a circle that those of a failed run are parted into. Default 8. */
  readonly leastCircle?: number
  /** Milliseconds that a phase waits for the last message, and then for votes and late messages. */
  readonly phaseMs: Ms
  readonly voteMs: Ms
}

/** Begins a round: a note, and the meeting that it goes to. */
export interface RoundInit extends Meeting {
  readonly note: Note
  /** This spends the note, 32 bytes. */
  readonly noteSecret: Uint8Array
  /** Goes out with the request (PairRequest.evidence). Default: none. */
  readonly evidence?: Uint8Array
}

/** Holds what this peer brings into a pairing. */
export interface Mine extends RoundInit {
  /** An Ed25519 seed made for this pairing, its public key, and that in hex. */
  readonly identitySeed: Uint8Array
  readonly identity: Uint8Array
  readonly from: string
}

/** Somebody whose request holds. */
export interface Member {
  readonly identity: Uint8Array
  readonly from: string
  readonly note: Note
  readonly request: Received<PairRequest>
}

/** A message of somebody whose request is not borne out yet. */
export interface Stray {
  readonly from: string
  readonly bytes: Uint8Array
}

/** Lasts through all runs of a pairing. */
export interface Common {
  readonly mine: Mine
  /** By identity; the note is known to be there, unspent and theirs. */
  readonly requests: ReadonlyMap<string, Member>
  /** Requests whose note the ledger has not shown yet, by identity. They have no effect. */
  readonly doubtful: ReadonlyMap<string, Received<PairRequest>>
  /** The first message of each kind, run and peer (inboxKey). */
  readonly inbox: ReadonlyMap<string, Received>
  /** Messages of peers whose requests have not come yet. */
  readonly strays: readonly Stray[]
  /** This peer's runs so far; the last is the present one. */
  readonly attempts: readonly Attempt[]
  /** These may not take part any more. */
  readonly excluded: ReadonlySet<string>
  /** With whom this peer may run, by identity; null until a run has failed (circle.ts). */
  readonly circle: ReadonlySet<string> | null
  /** Joins that this peer has signed: each may still come about. */
  readonly joins: readonly Join[]
  /** These messages were handed on already, so that it happens once. */
  readonly relayed: ReadonlySet<string>
}

export interface Pairing extends Common {
  readonly at: 'pairing'
  /** True once this peer's own request is out; it listens before that. */
  readonly hasAsked: boolean
}

export interface Keys extends Common {
  readonly at: 'keys'
  readonly attempt: number
  /** Key exchanges in a row that came to no agreement. */
  readonly tries: number
  readonly secrets: Secrets
  /** This peer wants to run with these, itself among them, by identity. */
  readonly candidates: readonly Member[]
  /** By the time that has elapsed: when this peer stops waiting for the phase's last message. */
  readonly deadline: Ms
  /** Until when late messages count; null before the deadline has passed. */
  readonly voteUntil: Ms | null
}

/** Lasts through the phases of one run. */
export interface Run extends Common {
  readonly attempt: number
  readonly secrets: Secrets
  /** In the order of their identities. */
  readonly members: readonly Member[]
  readonly me: number
  readonly keys: readonly Received<KeyExchange>[]
  readonly pairs: Pairs
  /** The session id: what this peer saw of KE. */
  readonly session: Uint8Array
  /** By the time that has elapsed: when this peer stops waiting for the phase's last message. */
  readonly deadline: Ms
  /** Until when votes and late messages count; null before the deadline has passed. */
  readonly voteUntil: Ms | null
}

export interface Slots extends Run {
  readonly at: 'slots'
}

export interface Messages extends Run {
  readonly at: 'messages'
  /** Its view of SR, and which slot of the net is its own. */
  readonly slotView: Uint8Array
  readonly slot: number
}

export interface Approving extends Run {
  readonly at: 'approving'
  /** Its view of DC, and the transaction that follows from it. */
  readonly messageView: Uint8Array
  readonly join: Join
}

export interface Signing extends Omit<Approving, 'at'> {
  readonly at: 'signing'
  /** The members' signatures under OK, in their order. */
  readonly approvals: readonly Uint8Array[]
}

export interface Blaming extends Run {
  readonly at: 'blaming'
}

export interface Submitting extends Common {
  readonly at: 'submitting'
  readonly members: readonly Member[]
  readonly join: Join
  readonly transaction: Uint8Array
  /** By the time that has elapsed: when it is submitted again if no answer has come. */
  readonly again: Ms
}

/** The ledger has a join that pays this peer. */
export interface Done {
  readonly at: 'done'
  readonly join: Join
  /** This spends the output, 32 bytes. */
  readonly outputSecret: Uint8Array
  readonly attempts: readonly Attempt[]
}

/**
 * Says why a round ended without a join; the note is still this peer's, unless a join that it signed comes about later.
 */
export type AbortReason =
  /** Fewer peers than a join needs. */
  | 'too-few'
  /** Three key exchanges in which the peers did not mean the same set. */
  | 'no-agreement'
  /** Fewer than half of the peers had seen this one's request. */
  | 'unseen'
  /** Messages are missing that the majority has, or the majority's are. */
  | 'no-majority'
  | 'expired'
  /** The ladder's step pays less than blocks want: docs/spec/payments-bitcoin.md 6.2. */
  | 'fee-too-low'
  /** The process ended in between: docs/spec/payments-rounds.md 4.8. */
  | 'crash'

export interface Aborted {
  readonly at: 'aborted'
  readonly reason: AbortReason
  readonly attempts: readonly Attempt[]
  /** Joins that this peer has signed. The note may be used again when these can no longer come about. */
  readonly joins: readonly Join[]
}

export type InRun = Slots | Messages | Approving | Signing | Blaming
export type Running = Keys | InRun
/** Says where a round is, from meeting to the end (docs/spec/payments-rounds.md 4). */
export type RoundState = Pairing | Running | Submitting | Done | Aborted

/** A note that is proven to be spent. */
export interface Spent {
  readonly note: Uint8Array
  readonly by: Uint8Array
  /** True when that transaction spends nothing else: then no other join can be what its owner signed. */
  readonly isAlone: boolean
}

export type RoundEvent =
  /** Something that somebody published, untrusted. */
  | { readonly type: 'message'; readonly bytes: Uint8Array }
  /** A wake-up that was asked for; one too many does no harm. */
  | { readonly type: 'time' }
  /** The ledger answers about a note that was asked for with this evidence. */
  | {
      readonly type: 'note'
      readonly id: Uint8Array
      readonly evidence: Uint8Array
      readonly note: NoteState | null
    }
  /** The ledger has this transaction. */
  | { readonly type: 'entered'; readonly transaction: Uint8Array }
  /** The ledger refuses the transaction, because these notes were spent by others. */
  | { readonly type: 'refused'; readonly spent: readonly Spent[] }

/** To be carried out in this order; nothing is sent before what stands ahead of it is on disk. */
export type RoundAction =
  /** Keep this (readRecord) until the round is settled. */
  | { readonly do: 'save'; readonly record: Uint8Array }
  /** Publish, also when the same bytes were published before. */
  | { readonly do: 'send'; readonly message: Uint8Array }
  /** Come back when the wall clock shows this, milliseconds since 1970-01-01 UTC. */
  | { readonly do: 'wake'; readonly at: Ms }
  /** Come back when so much time has gone by. */
  | { readonly do: 'wait'; readonly ms: Ms }
  /** Ask the ledger about a note. */
  | { readonly do: 'look'; readonly note: Uint8Array; readonly evidence: Uint8Array }
  /** Tell when the ledger has this transaction; also after the round has ended. */
  | { readonly do: 'watch'; readonly transaction: Uint8Array }
  | { readonly do: 'submit'; readonly transaction: Uint8Array }
  /** Somebody was proven to have broken the protocol with this note. */
  | { readonly do: 'blame'; readonly note: Note; readonly conviction: Conviction }
  /** A message of this note's owner did not come: no proof of anything. */
  | { readonly do: 'strike'; readonly note: Note }

export type Step = [RoundState, RoundAction[]]

/** A phase's messages stand in the inbox under this key. */
export function inboxKey(attempt: number, kind: Body['kind'], from: string, phase?: Phase): string {
  return `${attempt} ${kind}${phase === undefined ? '' : ` ${phase}`} ${from}`
}

/** The message of this kind from a peer in a run; null when it did not come. */
export function messageOf<K extends Body['kind']>(
  state: Common,
  attempt: number,
  kind: K,
  from: string,
  phase?: Phase,
): Received<Extract<Body, { kind: K }>> | null {
  const message = state.inbox.get(inboxKey(attempt, kind, from, phase))
  return (message ?? null) as Received<Extract<Body, { kind: K }>> | null
}

/** Picks what lasts through a pairing, out of any of its states. */
export function commonOf(state: Common): Common {
  const { mine, requests, doubtful, inbox, strays, attempts, excluded, circle, joins, relayed } = state
  return { mine, requests, doubtful, inbox, strays, attempts, excluded, circle, joins, relayed }
}

/** Picks what lasts through a run, with the time that its next phase has. */
export function runOf(state: Omit<Run, 'deadline' | 'voteUntil'>, config: RoundConfig, now: Moment): Run {
  const { attempt, secrets, members, me, keys, pairs, session } = state
  const deadline = now.elapsed + config.phaseMs
  return {
    ...commonOf(state),
    attempt,
    secrets,
    members,
    me,
    keys,
    pairs,
    session,
    deadline,
    voteUntil: null,
  }
}

/** Sorts by identity: the order in which documents give sets. */
export function inOrder<T extends { readonly identity: Uint8Array }>(members: readonly T[]): T[] {
  return [...members].sort((a, b) => compare(a.identity, b.identity))
}
