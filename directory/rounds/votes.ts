// A round until its votes are frozen (docs/spec/directory-voting.md 8.2 to 8.4): descriptors, the own vote, and Dolev
// and Strong's authenticated broadcast of every vote.

import { compare, hex, same } from '../../encoding/bytes.ts'
import type { Descriptor } from '../documents/descriptor.ts'
import { contradiction, type Evidence, evidenceOf, mostProofs, writeEvidence } from '../documents/evidence.ts'
import {
  holderStatement,
  ownSignature,
  type SignedVote,
  setHash,
  type VoteSet,
} from '../documents/message.ts'
import type { Role } from '../documents/view.ts'
import { type Candidate, type Pointer, writeVote } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { sharingOf } from '../randomness/sharing.ts'
import { digest, signStatement } from '../statement.ts'
import { freezeDealings, ownReveal } from './reveals.ts'
import { anyNumber, mostNodeBytes, seatNodes } from './seats.ts'
import {
  type InAgreement,
  type InDescriptors,
  type InVotes,
  isMember,
  isOver,
  type Made,
  phaseBegin,
  type RoundAction,
  type RoundRules,
  relayRounds,
  type SetMessage,
  type Stepped,
  signaturesWanted,
  type Votes,
} from './state.ts'

// Descriptors (8.3)

/** Takes a descriptor. Of two that contradict each other none stays, and both together are a proof. */
export function takeDescriptor(state: InDescriptors, descriptor: Descriptor): Stepped {
  const { epoch, stable } = descriptor
  const have = state.descriptors.get(epoch)?.get(hex(stable.id))
  const evidence = have && contradiction(have, descriptor)
  if (evidence === undefined) return [addDescriptor(state, descriptor), []]
  const others = new Map(state.descriptors.get(epoch))
  others.delete(hex(stable.id))
  const descriptors = new Map(state.descriptors).set(epoch, others)
  return [{ ...state, descriptors }, [{ do: 'accuse', evidence }]]
}

function addDescriptor(state: InDescriptors, descriptor: Descriptor): InDescriptors {
  const of = state.descriptors.get(descriptor.epoch)
  if (of === undefined) {
    throw new DirectoryError('LATE', `round ${state.round.epoch}: no document of epoch ${descriptor.epoch}`)
  }
  const id = hex(descriptor.stable.id)
  const have = of.get(id)
  if (have !== undefined && have.serial >= descriptor.serial) {
    if (have.serial === descriptor.serial) return state
    throw new DirectoryError('LATE', `descriptor of ${id}: serial ${have.serial} is here`)
  }
  const descriptors = new Map(state.descriptors).set(descriptor.epoch, new Map(of).set(id, descriptor))
  return { ...state, descriptors }
}

/** 8.2: by the clock; or, where no document is valid, as soon as there are authorities and nodes enough. */
export function mayVote(rules: RoundRules, state: InDescriptors, now: number): boolean {
  const { network } = rules
  if (!state.round.bootstrap) return isOver(rules, state, now)
  if (state.round.made.vote !== undefined) return true
  const others = [...state.votes.keys()].filter(author => author !== hex(rules.id)).length
  // More votes than can be lies: an honest authority has begun.
  if (others >= relayRounds(network)) return true
  if (Math.max(state.seen, others + 1) < network.threshold) return false
  return isOver(rules, state, now) || enoughNodes(rules, state)
}

function enoughNodes({ network }: RoundRules, state: InDescriptors): boolean {
  return state.round.documents.every(epoch => {
    const nodes = [...(state.descriptors.get(epoch)?.values() ?? [])]
    const count = (role: Role): number => nodes.filter(({ stable }) => stable.role === role).length
    const { minimum } = network
    return count('gateway') >= minimum.gateways && count('mix') >= minimum.mixes
  })
}

export function giveUp(rules: RoundRules, state: InDescriptors, now: number): Stepped {
  if (!isOver(rules, state, now)) return [state, []]
  return [{ at: 'failed', round: state.round, since: now, why: 'too few authorities' }, []]
}

// Votes (8.3)

export function castVote(rules: RoundRules, state: InDescriptors, now: number): Stepped {
  const { round } = state
  const since = round.bootstrap ? now : phaseBegin(rules, state, now)
  const voting: InVotes = { at: 'votes', round, since, votes: state.votes }
  const { vote, opening } =
    round.made.vote !== undefined || round.interrupted ? round.made : makeVote(rules, state, now)
  if (vote === undefined) return [voting, []]
  const message = { kind: 'vote', round: round.epoch, signed: vote } as const
  return [
    {
      ...voting,
      round: { ...round, made: { ...round.made, vote, opening } },
      votes: new Map(state.votes).set(hex(rules.id), [vote]),
    },
    [
      { do: 'keep', message, opening },
      { do: 'send', message },
    ],
  ]
}

/** With the secret that its dealing shares out. */
function makeVote(rules: RoundRules, state: InDescriptors, now: number): Pick<Made, 'vote' | 'opening'> {
  const { round } = state
  const { dealing, opening } = rules.deal(sharingOf(rules.network, round.epoch, rules.id))
  const previous = rules.newestBefore(round.documents[0] as number)
  const vote = {
    network: rules.network.name,
    epoch: round.epoch,
    author: rules.id,
    clock: Math.floor(now),
    addresses: rules.addresses,
    ballots: round.documents.map(epoch => ({ epoch, candidates: candidates(rules, state, epoch, previous) })),
    parameters: new Map(Object.entries(rules.wanted())),
    mixing: rules.mixing,
    previous,
    dealing,
    evidence: news(rules, round.epoch, previous),
    successors: rules.successors(),
  }
  const bytes = writeVote(vote)
  return { vote: countersign(rules, { vote, bytes, hash: digest(bytes), signatures: [] }), opening }
}

/** For so many epochs a vote brings a proof against a node along, so that every authority gets it. */
const nodeProofEpochs = 2

/** Proofs against authorities that are still in office, and new ones against nodes. */
function news(rules: RoundRules, round: number, previous: Pointer | null): Uint8Array[] {
  const body = previous === null ? undefined : rules.body(hex(previous.hash))
  const out = new Set(body?.excluded.map(({ id }) => hex(id)))
  const inOffice = new Set(rules.network.authorities.map(({ id }) => hex(id)).filter(id => !out.has(id)))
  const isNews = ({ kind, epoch, signer }: Evidence): boolean =>
    kind === 'descriptor' ? epoch >= round - nodeProofEpochs : inOffice.has(hex(signer))
  return rules.evidence().filter(isNews).slice(0, mostProofs).map(writeEvidence)
}

/**
 * Picks of those that uploaded for this document those that have a seat (docs/spec/directory-tally.md 7.7), each with
 * what its neighbours' statistics say of it. The ballots of a vote share the room.
 */
function candidates(
  rules: RoundRules,
  state: InDescriptors,
  epoch: number,
  previous: Pointer | null,
): Candidate[] {
  const { round } = state
  const uploaded = [...(state.descriptors.get(epoch)?.values() ?? [])].filter(rules.stays)
  const before = previous === null ? undefined : rules.body(hex(previous.hash))
  const { nodesPerNetwork, nodesPerFamily } = rules.wanted()
  const seated = seatNodes({
    nodes: uploaded.map(({ stable }) => stable),
    before,
    randomness: before?.randomness[0] ?? new Uint8Array(0),
    perNetwork: nodesPerNetwork ?? anyNumber,
    perFamily: nodesPerFamily ?? anyNumber,
    bytes: Math.floor(mostNodeBytes / round.documents.length),
    isSettled: id => rules.isSettled?.(round.epoch, id) ?? true,
    networksOf: rules.networksOf,
  })
  return uploaded
    .filter(({ stable }) => seated.has(hex(stable.id)))
    .sort((a, b) => compare(a.stable.id, b.stable.id))
    .map(descriptor => ({ descriptor, ...rules.flags(state.round.epoch, descriptor.stable.id) }))
}

/** Adds this authority's signature: the author's own, or that it has seen the vote in time. */
function countersign(rules: RoundRules, signed: SignedVote): SignedVote {
  const statement = holderStatement(rules.network.name, signed, rules.id)
  const signature = signStatement(rules.network.name, statement, rules.sign)
  const others = signed.signatures.filter(({ signer }) => !same(signer, rules.id))
  return { ...signed, signatures: [...others, { signer: rules.id, signature }] }
}

// Agreement (8.4): Dolev and Strong's authenticated broadcast of every vote.

export function takeVote(
  rules: RoundRules,
  state: InDescriptors | InVotes | InAgreement,
  signed: SignedVote,
  now: number,
): Stepped {
  const { round } = state
  const { vote } = signed
  if (vote.ballots.length !== round.documents.length) {
    throw new DirectoryError(
      'WRONG_STATE',
      `round ${round.epoch}: a vote for ${vote.ballots.length} documents`,
    )
  }
  const author = hex(vote.author)
  const have = state.votes.get(author) ?? []
  if (have.length === 2 || have.some(({ hash }) => same(hash, signed.hash))) return [state, []]
  if (author === hex(rules.id)) throw new DirectoryError('CONFLICT', 'a vote of mine that I did not make')
  const wanted = state.at === 'agreement' ? signaturesWanted(rules.network, state, now) : 1
  if (signed.signatures.length < wanted) {
    throw new DirectoryError(
      'LATE',
      `round ${round.epoch}: a vote with ${signed.signatures.length} signatures where ${wanted} are wanted`,
    )
  }
  const votes = new Map(state.votes).set(author, [...have, signed])
  const next = state.at === 'descriptors' ? learn(rules, { ...state, votes }, signed) : { ...state, votes }
  const actions = isMember(rules) ? [passedOn(rules, signed)] : []
  const first = have[0]
  if (first === undefined) return [next, actions]
  const evidence = evidenceOf(
    { kind: 'vote', epoch: round.epoch, signer: vote.author },
    { about: first.hash, signature: ownSignature(first) },
    { about: signed.hash, signature: ownSignature(signed) },
  )
  return [next, [...actions, { do: 'accuse', evidence }]]
}

function passedOn(rules: RoundRules, signed: SignedVote): RoundAction {
  const message = { kind: 'vote', round: signed.vote.epoch, signed: countersign(rules, signed) } as const
  return { do: 'send', message }
}

/** When the network starts, a vote tells of nodes that have not reached this authority yet. */
function learn(rules: RoundRules, state: InDescriptors, { vote }: SignedVote): InDescriptors {
  let next = state
  for (const { epoch, candidates: heard } of vote.ballots) {
    for (const { descriptor } of heard) {
      const known = next.descriptors.get(epoch)?.has(hex(descriptor.stable.id)) === true
      if (!known && rules.admits(descriptor)) next = addDescriptor(next, descriptor)
    }
  }
  return next
}

/** The set freezes: who cast one vote counts, who cast two does not. From here on secrets are told. */
export function freeze(rules: RoundRules, state: InAgreement, now: number): Stepped {
  const { round, votes } = state
  const since = phaseBegin(rules, state, now)
  const own = round.made.set?.set ?? (round.interrupted ? undefined : countedVotes(votes))
  if (own !== undefined && own.length < rules.network.threshold) {
    return [{ at: 'failed', round, since, why: 'too few votes' }, []]
  }
  const opened = freezeDealings(rules, votes, own)
  const frozen = { at: 'reveals', round, since, votes, own, sets: new Map(), opened } as const
  const [next, reveals] = ownReveal(rules, frozen)
  if (own === undefined) return [next, reveals]
  const message = round.made.set ?? signSet(rules, round.epoch, own)
  return [
    { ...next, sets: new Map([[hex(rules.id), message]]) },
    [{ do: 'keep', message }, { do: 'send', message }, ...reveals],
  ]
}

function countedVotes(votes: Votes): VoteSet {
  return [...votes.entries()]
    .filter(([, of]) => of.length === 1)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, of]) => of[0] as SignedVote)
    .map(({ vote, hash }) => ({ author: vote.author, hash }))
}

function signSet(rules: RoundRules, epoch: number, set: VoteSet): SetMessage {
  const statement = { kind: 'set', epoch, signer: rules.id, about: setHash(set) } as const
  const signature = signStatement(rules.network.name, statement, rules.sign)
  return { kind: 'set', round: epoch, signer: rules.id, set, signature }
}
