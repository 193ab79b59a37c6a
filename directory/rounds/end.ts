// A round from the agreed votes to the signed documents (docs/spec/directory-voting.md 8.7).

import { hex, same } from '../../encoding/bytes.ts'
import { changes, type Ids, sameSet } from '../documents/authority-set.ts'
import { type ConsensusBody, type NamedBody, nameBody } from '../documents/consensus.ts'
import { evidenceOf } from '../documents/evidence.ts'
import type { Vote } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { signStatement } from '../statement.ts'
import { accusedNodes } from './accused.ts'
import {
  type InSignatures,
  isMember,
  phaseBegin,
  type RoundAction,
  type RoundRules,
  type SignatureMessage,
  type Stepped,
} from './state.ts'
import { majority, newestPointer, tally } from './tally.ts'

export function draft(rules: RoundRules, state: InSignatures, now: number): Stepped {
  const { round, agreed, contributions } = state
  const votes = agreed.map(({ vote }) => vote)
  const pointer = newestPointer(votes)
  const body = pointer === null ? undefined : rules.body(hex(pointer.hash))
  // The state is the same one: the next event tries again.
  if (pointer !== null && body === undefined) return [state, [{ do: 'fetch', pointer }]]
  let before = pointer === null || body === undefined ? undefined : { body, hash: pointer.hash }
  const drafts = round.documents.map(epoch => {
    const named = nameBody(tally({ network: rules.network, epoch, votes, contributions, before }))
    before = named
    return named
  })
  const actions: RoundAction[] = accuseNodes(votes, body)
  // Nodes that were all late are not gone: the document before carries on, as long as it is valid
  if (body !== undefined && hasPath(body) && !drafts.every(named => hasPath(named.body)))
    return [{ at: 'failed', round, since: phaseBegin(rules, state, now), why: 'no whole path' }, actions]
  return [{ ...state, drafts }, actions]
}

/**
 * Signs each draft once it may, and none behind one that hands over and may not be signed. The state is the same one
 * when there is nothing to sign.
 */
export function sign(rules: RoundRules, state: InSignatures): Stepped {
  const own = hex(rules.id)
  const signatures = new Map(state.signatures)
  const actions: RoundAction[] = []
  for (const named of state.drafts ?? []) {
    const { epoch } = named.body
    if (signatures.get(epoch)?.has(own) === true) continue
    if (!maySign(rules, state, named)) {
      if (changes(named.body) !== undefined) break
      continue
    }
    const about = { kind: 'consensus', epoch, signer: rules.id, about: named.hash } as const
    const signature = signStatement(rules.network.name, about, rules.sign)
    const message: SignatureMessage = {
      kind: 'signature',
      round: state.round.epoch,
      epoch,
      hash: named.hash,
      signer: rules.id,
      signature,
    }
    signatures.set(epoch, new Map(signatures.get(epoch)).set(own, message))
    actions.push({ do: 'keep', message, body: named }, { do: 'send', message })
  }
  return actions.length === 0 ? [state, []] : [{ ...state, signatures }, actions]
}

function maySign(rules: RoundRules, state: InSignatures, { body, hash }: NamedBody): boolean {
  // Two names for one epoch would be two documents: what was signed once is signed again or not at all.
  const signed = rules.signed(body.epoch)
  if (signed !== undefined && !same(signed, hash)) return false
  // One that gave way goes back only when it knows that nobody has taken over.
  const pending = rules.pendingChange(body.epoch)
  if (pending !== undefined && !sameSet(pending, body)) return false
  return changes(body) === undefined || !isMember(rules) || isExpected(rules, state, { body, hash })
}

/**
 * Says whether enough of both sets are there for a document that hands over: who said that these are the votes, and who
 * signed it already, as those who come in do at once. So nobody gives way to authorities that do not exist.
 */
function isExpected(
  rules: RoundRules,
  { agreedBy, signatures }: InSignatures,
  { body, hash }: Pick<NamedBody, 'body' | 'hash'>,
): boolean {
  const signed = [...(signatures.get(body.epoch) ?? [])].filter(([, message]) => same(message.hash, hash))
  const there = new Set([...agreedBy, ...signed.map(([signer]) => signer), hex(rules.id)])
  return thresholdsHold(rules, body, there)
}

/** A gateway, and a mix in each layer. */
function hasPath({ nodes, pinned }: ConsensusBody): boolean {
  const places = new Set(nodes.map(({ place }) => place))
  return Array.from({ length: pinned.layers + 1 }, (_, place) => place).every(place => places.has(place))
}

/** Collects what the votes prove against nodes that were in, or that most votes want in: a liar invents the others. */
function accuseNodes(votes: readonly Vote[], before: ConsensusBody | undefined): RoundAction[] {
  const idsOf = (vote: Vote): Set<string> =>
    new Set(vote.ballots.flatMap(of => of.candidates.map(({ descriptor }) => hex(descriptor.stable.id))))
  const were = new Set(before?.nodes.map(({ descriptor }) => hex(descriptor.stable.id)))
  return [...accusedNodes(votes)]
    .filter(
      ([id]) => were.has(id) || votes.filter(vote => idsOf(vote).has(id)).length >= majority(votes.length),
    )
    .map(([, evidence]) => ({ do: 'accuse', evidence }))
}

export function takeSignature(state: InSignatures, message: SignatureMessage): Stepped {
  const { epoch, signer, hash, signature } = message
  if (!state.round.documents.includes(epoch)) {
    throw new DirectoryError('LATE', `round ${state.round.epoch}: no document of epoch ${epoch}`)
  }
  const of = state.signatures.get(epoch) ?? new Map<string, SignatureMessage>()
  const have = of.get(hex(signer))
  if (have === undefined) {
    const signatures = new Map(state.signatures).set(epoch, new Map(of).set(hex(signer), message))
    return [{ ...state, signatures }, []]
  }
  if (same(have.hash, hash)) return [state, []]
  const evidence = evidenceOf(
    { kind: 'consensus', epoch, signer },
    { about: have.hash, signature: have.signature },
    { about: hash, signature },
  )
  return [state, [{ do: 'accuse', evidence }]]
}

export function publish(rules: RoundRules, state: InSignatures, now: number): Stepped {
  const { round } = state
  const since = phaseBegin(rules, state, now)
  const complete: RoundAction[] = []
  for (const document of state.drafts ?? []) {
    const of = [...(state.signatures.get(document.body.epoch)?.values() ?? [])]
    const signatures = of.filter(({ hash }) => same(hash, document.hash))
    if (isSigned(rules, document.body, signatures)) complete.push({ do: 'publish', document, signatures })
    // Those to whom a document hands over that is none have no say in the next one
    else if (changes(document.body) !== undefined) break
  }
  if (complete.length < round.documents.length) {
    return [{ at: 'failed', round, since, why: 'too few signatures' }, complete]
  }
  return [{ at: 'published', round, since, documents: state.drafts ?? [] }, complete]
}

function isSigned(rules: RoundRules, body: ConsensusBody, signatures: readonly SignatureMessage[]): boolean {
  return thresholdsHold(rules, body, new Set(signatures.map(({ signer }) => hex(signer))))
}

/** The threshold of a document's authorities, and of those that hand over to them, is among these: hex of the ids. */
function thresholdsHold(rules: RoundRules, body: ConsensusBody, ids: ReadonlySet<string>): boolean {
  const sets: Ids[] = changes(body) === undefined ? [body] : [body, rules.network]
  return sets.every(({ authorities, threshold }) => {
    const members = new Set(authorities.map(({ id }) => hex(id)))
    return [...members].filter(id => ids.has(id)).length >= threshold
  })
}
