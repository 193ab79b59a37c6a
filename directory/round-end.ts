// A round from the frozen set to the signed documents (docs/directory.md 8.6, 8.7).

import { nameBody } from './consensus.ts'
import { DirectoryError } from './error.ts'
import { evidenceOf } from './evidence.ts'
import { setHash, type VoteSet } from './message.ts'
import {
  type InReveals,
  type InSignatures,
  phaseBegin,
  type RoundAction,
  type RoundRules,
  type SetMessage,
  type SignatureMessage,
  type Stepped,
} from './round-state.ts'
import { hex, sameBytes, signStatement } from './statement.ts'
import { newestPointer, tally } from './tally.ts'

// Reveals (8.6): the set is frozen; everybody tells which one it counts.

export function takeSet(rules: RoundRules, state: InReveals, message: SetMessage): Stepped {
  const signer = hex(message.signer)
  const have = state.sets.get(signer)
  if (have === undefined) return [{ ...state, sets: new Map(state.sets).set(signer, message) }, []]
  const [first, second] = [setHash(have.set), setHash(message.set)]
  if (sameBytes(first, second) || signer === hex(rules.id)) return [state, []]
  const evidence = evidenceOf(
    { kind: 'set', epoch: message.round, signer: message.signer },
    { about: first, signature: have.signature },
    { about: second, signature: message.signature },
  )
  return [state, [{ do: 'accuse', evidence }]]
}

/** What the threshold counts is certain to be an honest authority's count; who was away takes it over. */
export function agree(rules: RoundRules, state: InReveals, now: number): Stepped {
  const { round, votes, sets, own } = state
  const since = phaseBegin(rules, state, now)
  const counts = new Map<string, { set: VoteSet; signers: number }>()
  for (const { set } of sets.values()) {
    const name = hex(setHash(set))
    counts.set(name, { set, signers: (counts.get(name)?.signers ?? 0) + 1 })
  }
  const certain = [...counts.values()].find(({ signers }) => signers >= rules.network.threshold)
  const set = certain?.set ?? own
  const agreed = set?.map(({ author, hash }) =>
    votes.get(hex(author))?.find(vote => sameBytes(vote.hash, hash)),
  )
  if (agreed === undefined || !agreed.every(vote => vote !== undefined)) {
    return [{ at: 'failed', round, since, why: 'votes missing' }, []]
  }
  return [{ at: 'signatures', round, since, agreed, drafts: undefined, signatures: new Map() }, []]
}

// Signatures (8.7)

export function draft(rules: RoundRules, state: InSignatures): Stepped {
  const { round, agreed } = state
  const votes = agreed.map(({ vote }) => vote)
  const pointer = newestPointer(votes)
  const body = pointer === null ? undefined : rules.body(hex(pointer.hash))
  // The state is the same one: the next event tries again.
  if (pointer !== null && body === undefined) return [state, [{ do: 'fetch', pointer }]]
  let before = pointer === null || body === undefined ? undefined : { body, hash: pointer.hash }
  const drafts = round.documents.map(epoch => {
    const named = nameBody(tally({ network: rules.network, epoch, votes, before }))
    before = named
    return named
  })
  const signatures = new Map(state.signatures)
  const actions: RoundAction[] = []
  for (const named of drafts) {
    const { epoch } = named.body
    const signed = rules.signed(epoch)
    // Two names for one epoch would be two documents: what was signed once is signed again or not at all.
    if (signed !== undefined && !sameBytes(signed, named.hash)) continue
    const about = { kind: 'consensus', epoch, signer: rules.id, about: named.hash } as const
    const signature = signStatement(rules.network.name, about, rules.sign)
    const message: SignatureMessage = {
      kind: 'signature',
      round: round.epoch,
      epoch,
      hash: named.hash,
      signer: rules.id,
      signature,
    }
    signatures.set(epoch, new Map(signatures.get(epoch)).set(hex(rules.id), message))
    actions.push({ do: 'keep', message, body: named }, { do: 'send', message })
  }
  return [{ ...state, drafts, signatures }, actions]
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
  if (sameBytes(have.hash, hash)) return [state, []]
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
    const signatures = of.filter(({ hash }) => sameBytes(hash, document.hash))
    if (signatures.length >= rules.network.threshold) complete.push({ do: 'publish', document, signatures })
  }
  if (complete.length < round.documents.length) {
    return [{ at: 'failed', round, since, why: 'too few signatures' }, complete]
  }
  return [{ at: 'published', round, since, documents: state.drafts ?? [] }, complete]
}
