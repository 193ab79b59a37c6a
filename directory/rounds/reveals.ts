// A round whose votes are frozen (docs/spec/directory-voting.md 8.6): everybody tells which votes it counts and opens
// the secret that it dealt; what one withholds, the others open.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { evidenceOf } from '../documents/evidence.ts'
import { revealHash, type SignedVote, setHash, type VoteSet } from '../documents/message.ts'
import { DirectoryError } from '../error.ts'
import type { Contribution } from '../randomness/beacon.ts'
import { sharingOf } from '../randomness/sharing.ts'
import { signStatement } from '../statement.ts'
import {
  type InReveals,
  isMember,
  type Opened,
  phaseBegin,
  type RevealMessage,
  type RoundAction,
  type RoundRules,
  type SetMessage,
  type Stepped,
  type Votes,
  withheldFrom,
} from './state.ts'

// Which votes count

export function takeSet(rules: RoundRules, state: InReveals, message: SetMessage): Stepped {
  const signer = hex(message.signer)
  const have = state.sets.get(signer)
  if (have === undefined) return [{ ...state, sets: new Map(state.sets).set(signer, message) }, []]
  const [first, second] = [setHash(have.set), setHash(message.set)]
  if (same(first, second) || signer === hex(rules.id)) return [state, []]
  const evidence = evidenceOf(
    { kind: 'set', epoch: message.round, signer: message.signer },
    { about: first, signature: have.signature },
    { about: second, signature: message.signature },
  )
  return [state, [{ do: 'accuse', evidence }]]
}

/**
 * Finds the set that the threshold counts, which is certain to be an honest authority's; one that was away takes it
 * over.
 */
function settledSet(rules: RoundRules, { sets, own }: InReveals): VoteSet | undefined {
  const counts = new Map<string, { set: VoteSet; signers: number }>()
  for (const { set } of sets.values()) {
    const name = hex(setHash(set))
    counts.set(name, { set, signers: (counts.get(name)?.signers ?? 0) + 1 })
  }
  return [...counts.values()].find(({ signers }) => signers >= rules.network.threshold)?.set ?? own
}

// Dealings

/** The dealings of all votes that can count: those of the own set, else of everybody who cast one vote. */
export function freezeDealings(
  rules: RoundRules,
  votes: Votes,
  own: VoteSet | undefined,
): ReadonlyMap<string, Opened> {
  const opened = new Map<string, Opened>()
  for (const [author, of] of votes) {
    const counted = own?.find(entry => hex(entry.author) === author)
    const vote = counted === undefined ? (of.length === 1 ? of[0] : undefined) : voteOf(of, counted.hash)
    if (vote === undefined) continue
    const { author: dealer, epoch, dealing: bytes } = vote.vote
    const dealing = rules.sharing.readDealing(sharingOf(rules.network, epoch, dealer), bytes)
    opened.set(author, { dealing, shares: new Map(), passedOn: false })
  }
  return opened
}

function voteOf(votes: readonly SignedVote[] | undefined, hash: Uint8Array): SignedVote | undefined {
  return votes?.find(vote => same(vote.hash, hash))
}

/** Opens the own secret as soon as the set is frozen, also when this authority was away since. */
export function ownReveal(rules: RoundRules, state: InReveals): [InReveals, readonly RoundAction[]] {
  const { opening } = state.round.made
  const of = state.opened.get(hex(rules.id))
  if (opening === undefined || of === undefined) return [state, []]
  const contribution = rules.sharing.verifyOpening(of.dealing, opening)
  const message = signReveal(rules, state, rules.id, opening)
  const opened = new Map(state.opened).set(hex(rules.id), { ...of, byDealer: { message, contribution } })
  return [{ ...state, opened }, [{ do: 'send', message }]]
}

function signReveal(
  rules: RoundRules,
  { round: { epoch } }: InReveals,
  dealer: Uint8Array,
  opened: Uint8Array,
): RevealMessage {
  const statement = { kind: 'reveal', epoch, signer: rules.id, about: revealHash(dealer, opened) } as const
  const signature = signStatement(rules.network.name, statement, rules.sign)
  return { kind: 'reveal', round: epoch, signer: rules.id, dealer, opened, signature }
}

/**
 * @throws DirectoryError UNAVAILABLE when there is no vote of that dealer to count; BAD_PROOF and what else
 * `verifyOpening` and `verifyShare` throw
 */
export function takeReveal(rules: RoundRules, state: InReveals, message: RevealMessage): Stepped {
  const { dealer, signer, opened: bytes } = message
  const of = state.opened.get(hex(dealer))
  if (of === undefined) {
    throw new DirectoryError(
      'UNAVAILABLE',
      `round ${state.round.epoch}: no vote of ${hex(dealer)} counts here`,
    )
  }
  if (same(dealer, signer)) {
    if (of.byDealer !== undefined) return [state, []]
    const contribution = rules.sharing.verifyOpening(of.dealing, bytes)
    return passOn(state, { ...of, byDealer: { message, contribution } })
  }
  if (of.shares.has(hex(signer))) return [state, []]
  const share = rules.sharing.verifyShare(of.dealing, bytes)
  if (share.holder !== holderOf(rules, signer)) {
    throw new DirectoryError('BAD_PROOF', `share: holder ${share.holder}: is not who signed the message`)
  }
  return passOn(state, { ...of, shares: new Map(of.shares).set(hex(signer), share) })
}

/** The place of an authority among the holders: they are in the order of their ids. */
function holderOf(rules: RoundRules, id: Uint8Array): number {
  return rules.network.authorities.filter(other => compare(other.id, id) < 0).length
}

/**
 * A dealer that tells some and not all leaves fewer than t who open their shares; so those who were told tell the
 * rest, once: when one of these opens its share, or at once in a round that starts the network, since who was told
 * everything there does not stay until half of the phase.
 */
function passOn(state: InReveals, of: Opened): Stepped {
  const isLacked = of.shares.size > 0 || state.round.bootstrap
  const wanted = of.byDealer !== undefined && isLacked && !of.passedOn
  const next = wanted ? { ...of, passedOn: true } : of
  const opened = new Map(state.opened).set(hex(of.dealing.sharing.dealer), next)
  const actions = wanted ? [{ do: 'send', message: of.byDealer.message } as const] : []
  return [{ ...state, opened }, actions]
}

/** From half of the phase on: this authority's share of every dealing that counts and whose dealer is silent. */
export function openWithheld(rules: RoundRules, state: InReveals, now: number): Stepped {
  if (now < withheldFrom(rules.network, state) || !isMember(rules)) return [state, []]
  const own = hex(rules.id)
  const opened = new Map(state.opened)
  const actions: RoundAction[] = []
  for (const { author } of settledSet(rules, state) ?? []) {
    const of = opened.get(hex(author))
    if (of === undefined || of.byDealer !== undefined || of.shares.has(own)) continue
    const bytes = rules.openShare(of.dealing)
    const share = rules.sharing.verifyShare(of.dealing, bytes)
    opened.set(hex(author), { ...of, shares: new Map(of.shares).set(own, share) })
    actions.push({ do: 'send', message: signReveal(rules, state, author, bytes) })
  }
  return actions.length === 0 ? [state, []] : [{ ...state, opened }, actions]
}

/** Says whether every dealing that counts is open. */
export function isAllOpen(rules: RoundRules, state: InReveals): boolean {
  const set = settledSet(rules, state)
  return set?.every(({ author }) => isOpen(rules, state.opened.get(hex(author)))) ?? false
}

function isOpen(rules: RoundRules, of: Opened | undefined): boolean {
  return of !== undefined && (of.byDealer !== undefined || of.shares.size >= rules.network.threshold)
}

/** The phase is over: the votes and their contributions are what the document is made from. All, or none. */
export function agree(rules: RoundRules, state: InReveals, now: number): Stepped {
  const { round, votes } = state
  const since = phaseBegin(rules, state, now)
  const set = settledSet(rules, state)
  const agreed = set?.map(({ author, hash }) => voteOf(votes.get(hex(author)), hash))
  if (set === undefined || agreed === undefined || !agreed.every(vote => vote !== undefined)) {
    return [{ at: 'failed', round, since, why: 'votes missing' }, []]
  }
  const contributions = agreed.map(({ vote }) => contributionOf(rules, state, vote.author))
  if (!contributions.every(contribution => contribution !== undefined)) {
    return [{ at: 'failed', round, since, why: 'reveals missing' }, []]
  }
  const agreedBy = signersOf(state, set)
  const next = { round, since, agreed, agreedBy, contributions, drafts: undefined, signatures: new Map() }
  return [{ at: 'signatures', ...next }, []]
}

function signersOf({ sets }: InReveals, set: VoteSet): ReadonlySet<string> {
  const name = setHash(set)
  return new Set([...sets].flatMap(([signer, of]) => (same(setHash(of.set), name) ? [signer] : [])))
}

function contributionOf(rules: RoundRules, state: InReveals, dealer: Uint8Array): Contribution | undefined {
  const of = state.opened.get(hex(dealer))
  if (of === undefined || !isOpen(rules, of)) return undefined
  const value = of.byDealer?.contribution ?? rules.sharing.combine(of.dealing, [...of.shares.values()])
  return { dealer, value }
}
