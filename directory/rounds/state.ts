// A round of voting as data: its states, events, actions and times (docs/spec/directory-voting.md 8). round.ts moves
// it.

import { same } from '../../encoding/bytes.ts'
import type { ConsensusBody, NamedBody, Successors } from '../documents/consensus.ts'
import type { Descriptor, StablePart } from '../documents/descriptor.ts'
import type { Evidence } from '../documents/evidence.ts'
import type { SignedVote, VoteSet, VotingMessage } from '../documents/message.ts'
import { epochStart, type Network, phaseEnds, type VotingNetwork } from '../documents/network.ts'
import type { Parameters } from '../documents/view.ts'
import type { Flags, Pointer } from '../documents/vote.ts'
import type { Contribution } from '../randomness/beacon.ts'
import type { Dealing, SecretSharing, Share, Sharing } from '../randomness/sharing.ts'
import type { Sign, SignatureEntry } from '../statement.ts'

/** Holds what an authority brings to every round. All of its functions but `deal` are pure, or look something up. */
export interface RoundRules {
  /** With the authorities that vote in this round, of whom this one need not be. */
  readonly network: VotingNetwork
  /** 32 bytes: this authority. */
  readonly id: Uint8Array
  readonly sign: Sign
  /** Draws a secret and shares it out (docs/spec/randomness.md 5.1). */
  readonly deal: (sharing: Sharing) => { readonly dealing: Uint8Array; readonly opening: Uint8Array }
  /** Opens the share that this authority holds of a dealing. */
  readonly openShare: (dealing: Dealing) => Uint8Array
  readonly sharing: Pick<SecretSharing, 'readDealing' | 'verifyOpening' | 'verifyShare' | 'combine'>
  readonly addresses: readonly string[]
  /** Reads the parameters that it votes for, by name. */
  readonly wanted: () => Partial<Parameters>
  readonly mixing: string
  /** Computes the flags that this authority gives a node in the round of an epoch; `id` is 32 bytes. */
  readonly flags: (round: number, id: Uint8Array) => Flags
  /** Says whether this authority lets the node in. */
  readonly admits: (descriptor: Descriptor) => boolean
  /** Says whether a node that was let in is still wanted when the vote is cast. */
  readonly stays: (descriptor: Descriptor) => boolean
  /**
   * Says whether a node asked for its place before the randomness of the document before the round was known; without
   * it no node's lot could have been chosen.
   */
  readonly isSettled?: ((round: number, id: Uint8Array) => boolean) | undefined
  /** Networks of a node as this authority has found them; of its addresses alone where it is not given. */
  readonly networksOf?: ((stable: StablePart) => readonly string[]) | undefined
  /** The newest document it holds that is older than an epoch's. */
  readonly newestBefore: (epoch: number) => Pointer | null
  /** A verified or self-made body by the hex of its name. */
  readonly body: (hash: string) => ConsensusBody | undefined
  /** Proofs that authorities contradicted themselves, one for each that it can prove it of. */
  readonly evidence: () => readonly Evidence[]
  /** Reads those it wants to be the authorities later, if not the same. */
  readonly successors: () => Successors | null
  /**
   * Names those who may have taken over before an epoch, for all that this authority knows: it signed a document that
   * hands over to them, and holds none of that epoch or a later one.
   */
  readonly pendingChange: (epoch: number) => Successors | undefined
  /** The name that this authority signed for an epoch's document, if it did. */
  readonly signed: (epoch: number) => Uint8Array | undefined
}

export type SetMessage = Extract<VotingMessage, { kind: 'set' }>
export type RevealMessage = Extract<VotingMessage, { kind: 'reveal' }>
export type SignatureMessage = Extract<VotingMessage, { kind: 'signature' }>

/** Holds what does not change within a round. */
export interface Round {
  /** The epoch in which it is held, and its number. */
  readonly epoch: number
  /** The epochs of the documents it makes: the next one's, and the own one's too when there is no document yet. */
  readonly documents: readonly number[]
  /** No document is valid: the phases follow each other as fast as messages travel. */
  readonly bootstrap: boolean
  /** This authority missed a part of it, or has no say in it, so that it follows what the others count. */
  readonly interrupted: boolean
  /** Keeps what it said, also before it was started again; it is never said twice. */
  readonly made: Made
}

export interface Made {
  readonly vote?: SignedVote | undefined
  /** Opens the vote's dealing: secret until the set is frozen. */
  readonly opening?: Uint8Array | undefined
  readonly set?: SetMessage | undefined
}

/** By the hex of the author: one vote, or two different ones, which count as none. */
export type Votes = ReadonlyMap<string, readonly SignedVote[]>

export type Descriptors = ReadonlyMap<number, ReadonlyMap<string, Descriptor>>

interface In<At extends string> {
  readonly at: At
  readonly round: Round
  /** When the phase began, milliseconds since 1970-01-01 UTC. */
  readonly since: number
}

export interface InDescriptors extends In<'descriptors'> {
  /** By epoch of the document and hex of the node. */
  readonly descriptors: Descriptors
  /** Authorities in contact, this one counted. */
  readonly seen: number
  /** A round that starts the network may hear votes before it casts its own. */
  readonly votes: Votes
}

export interface InVotes extends In<'votes'> {
  readonly votes: Votes
}

export interface InAgreement extends In<'agreement'> {
  readonly votes: Votes
}

/** A dealing of a frozen vote, and what is open of it by now. */
export interface Opened {
  readonly dealing: Dealing
  /** The dealer's own reveal. */
  readonly byDealer?: { readonly message: RevealMessage; readonly contribution: Uint8Array } | undefined
  /** Shares that others opened, by the hex of the holder's id. */
  readonly shares: ReadonlyMap<string, Share>
  /** Says whether the dealer's reveal was passed on to those who may lack it. */
  readonly passedOn: boolean
}

export interface InReveals extends In<'reveals'> {
  readonly votes: Votes
  /** Lists the votes that this authority counts; none when it was interrupted. */
  readonly own: VoteSet | undefined
  /** By the hex of the signer. */
  readonly sets: ReadonlyMap<string, SetMessage>
  /** By the hex of the dealer. */
  readonly opened: ReadonlyMap<string, Opened>
}

export interface InSignatures extends In<'signatures'> {
  readonly agreed: readonly SignedVote[]
  /** Holds those who said that these are the votes: hex of the ids. */
  readonly agreedBy: ReadonlySet<string>
  /** Holds what their dealings contribute to the shared randomness. */
  readonly contributions: readonly Contribution[]
  /** The documents as this authority makes them; none while the document before is fetched. */
  readonly drafts: readonly NamedBody[] | undefined
  /** By epoch of the document and hex of the signer. */
  readonly signatures: ReadonlyMap<number, ReadonlyMap<string, SignatureMessage>>
}

export interface Published extends In<'published'> {
  readonly documents: readonly NamedBody[]
}

export interface Failed extends In<'failed'> {
  readonly why:
    | 'too few authorities'
    | 'too few votes'
    | 'votes missing'
    | 'reveals missing'
    | 'no whole path'
    | 'too few signatures'
}

export type RoundState = InDescriptors | InVotes | InAgreement | InReveals | InSignatures | Published | Failed

/** No state follows one that stands later here. */
export const phaseOrder: readonly RoundState['at'][] = [
  'descriptors',
  'votes',
  'agreement',
  'reveals',
  'signatures',
  'published',
  'failed',
]

/** Everything in it was verified before. */
export type RoundEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'seen'; readonly authorities: number }
  | { readonly kind: 'descriptor'; readonly descriptor: Descriptor }
  | VotingMessage

/** Holds what an authority is about to say, with what it must still have when it has said it. */
export interface Kept {
  readonly message: VotingMessage
  /** The body that a signature is about. */
  readonly body?: NamedBody | undefined
  /** The opening of a vote's dealing. */
  readonly opening?: Uint8Array | undefined
}

/** Carried out in order; what is kept is on disk before the next action. */
export type RoundAction =
  | ({ readonly do: 'keep' } & Kept)
  /** To every other authority, again until it is acknowledged. */
  | { readonly do: 'send'; readonly message: VotingMessage }
  | { readonly do: 'fetch'; readonly pointer: Pointer }
  | { readonly do: 'publish'; readonly document: NamedBody; readonly signatures: readonly SignatureEntry[] }
  | { readonly do: 'accuse'; readonly evidence: Evidence }

export type Stepped = [RoundState, readonly RoundAction[]]

/**
 * Longest waits of a round that starts the network, milliseconds. A phase ends early when everybody was heard, so that
 * a long one costs time only where somebody is silent, and holds where machines or links are slow.
 */
export const bootstrapMs = { phase: 10_000, relay: 500 } as const

/** Rounds of passing votes on: one more than authorities that may lie (Dolev and Strong 1983). */
export function relayRounds(network: Network): number {
  return network.authorities.length - network.threshold + 1
}

/** When the phase of a state is over by the clock, milliseconds since 1970-01-01 UTC; never for an end state. */
export function phaseEnd(network: Network, { at, round, since }: RoundState): number {
  if (at === 'published' || at === 'failed') return Number.POSITIVE_INFINITY
  if (!round.bootstrap) return epochStart(network, round.epoch + phaseEnds[at])
  if (at === 'descriptors') return epochStart(network, round.epoch + 1)
  const eighth = network.epochMs / 8
  if (at === 'agreement') {
    const rounds = relayRounds(network)
    return since + Math.min(bootstrapMs.relay * rounds, eighth)
  }
  return since + Math.min(bootstrapMs.phase, eighth)
}

/** From half of the reveals on the dealings of those who are silent are opened, milliseconds since 1970-01-01 UTC. */
export function withheldFrom(network: Network, state: InReveals): number {
  const { round, since } = state
  const begin = round.bootstrap ? since : epochStart(network, round.epoch + phaseEnds.agreement)
  return (begin + phaseEnd(network, state)) / 2
}

/** When time moves a state next. */
export function nextTurn(network: Network, state: RoundState, now: number): number {
  const half = state.at === 'reveals' ? withheldFrom(network, state) : 0
  return now < half ? half : phaseEnd(network, state)
}

export function isOver(rules: RoundRules, state: RoundState, now: number): boolean {
  return now >= phaseEnd(rules.network, state)
}

/** A phase begins when the one before ended, also if one looks later. */
export function phaseBegin(rules: RoundRules, state: RoundState, now: number): number {
  return Math.min(now, phaseEnd(rules.network, state))
}

/** Computes how many signatures a vote needs to count now: round r of the agreement wants r. */
export function signaturesWanted(network: Network, state: InAgreement, now: number): number {
  const rounds = relayRounds(network)
  const begin = state.round.bootstrap ? state.since : epochStart(network, state.round.epoch + phaseEnds.votes)
  const part = (now - begin) / (phaseEnd(network, state) - begin)
  return Math.min(rounds, Math.max(1, 1 + Math.floor(part * rounds)))
}

/** Says whether this authority has a say in the round, and does not come in with its document only. */
export function isMember({ network, id }: RoundRules): boolean {
  return network.authorities.some(other => same(other.id, id))
}

export interface BeginRound {
  /** Follows what the others count. */
  readonly observes?: boolean | undefined
  readonly epoch: number
  readonly bootstrap: boolean
  readonly now: number
  readonly made?: Made | undefined
  readonly descriptors?: Descriptors | undefined
}

/** A round from its start, or from the middle for an authority that was away. */
export function beginRound(
  network: Network,
  { epoch, bootstrap, now, made, descriptors, observes }: BeginRound,
): InDescriptors {
  const documents = bootstrap ? [epoch, epoch + 1] : [epoch + 1]
  const late = !bootstrap && now >= epochStart(network, epoch + phaseEnds.descriptors)
  const interrupted = late || made?.vote !== undefined || observes === true
  return {
    at: 'descriptors',
    round: { epoch, documents, bootstrap, interrupted, made: made ?? {} },
    since: now,
    descriptors: new Map(
      documents.map(document => [document, descriptors?.get(document) ?? new Map<string, Descriptor>()]),
    ),
    seen: 1,
    votes: new Map(),
  }
}
