// Authorities for tests of the voting machine: one alone with its inbox, or a few that hand each other what they say.

import { sharingSecretKey } from '../directory/authority/keys.ts'
import type { Descriptor } from '../directory/documents/descriptor.ts'
import {
  holderStatement,
  revealHash,
  type SignedVote,
  type VotingMessage,
} from '../directory/documents/message.ts'
import { epochStart, type Network } from '../directory/documents/network.ts'
import { DirectoryError } from '../directory/error.ts'
import { openShare, secretSharing } from '../directory/randomness/sharing.ts'
import { step } from '../directory/rounds/round.ts'
import {
  beginRound,
  type RevealMessage,
  type RoundAction,
  type RoundEvent,
  type RoundRules,
  type RoundState,
} from '../directory/rounds/state.ts'
import { signStatement } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import { dealtBy, descriptorsOf, signer, signVote, voteOf } from './directory-samples.ts'
import { networkOf, seedOf } from './directory-world.ts'

export const round = 4
export const network: Network = networkOf()
export const descriptors: Descriptor[] = descriptorsOf(network, round + 1)
export const at = (fraction: number): number => epochStart(network, round + fraction)

export function rulesOf(i: number, change: Partial<RoundRules> = {}, of: Network = network): RoundRules {
  return {
    network: of,
    id: of.authorities[i]?.id as Uint8Array,
    sign: signer(`authority ${i}`),
    deal: ({ epoch }) => dealtBy(of, i, epoch),
    openShare: dealing => openShare(dealing, sharingSecretKey(seedOf(`authority ${i}`))),
    sharing: secretSharing,
    addresses: [],
    wanted: () => ({}),
    successors: () => null,
    mixing: 'poisson',
    flags: () => ({ running: true, reliable: true }),
    admits: () => true,
    stays: () => true,
    newestBefore: () => null,
    body: () => undefined,
    evidence: () => [],
    pendingChange: () => undefined,
    signed: () => undefined,
    ...change,
  }
}

/** An authority alone with its inbox; what it says is kept. */
export class Alone {
  readonly rules: RoundRules
  state: RoundState
  readonly actions: RoundAction[] = []

  readonly #machine: typeof step

  constructor(
    i: number,
    change: Partial<RoundRules> = {},
    of: typeof network = network,
    machine: typeof step = step,
  ) {
    this.#machine = machine
    this.rules = rulesOf(i, change, of)
    this.state = beginRound(of, { epoch: round, bootstrap: false, now: at(0) })
  }

  take(event: RoundEvent, now: number): RoundAction[] {
    const [state, actions] = this.#machine(this.rules, this.state, event, now)
    this.state = state
    this.actions.push(...actions)
    return [...actions]
  }

  upload(): this {
    for (const descriptor of descriptors) this.take({ kind: 'descriptor', descriptor }, at(0.05))
    return this
  }

  tick(fraction: number): RoundAction[] {
    return this.take({ kind: 'tick' }, at(fraction))
  }

  /** The last message of a kind that it sent. */
  sent<K extends VotingMessage['kind']>(kind: K): Extract<VotingMessage, { kind: K }> | undefined {
    const messages = this.actions.flatMap(action => (action.do === 'send' ? [action.message] : []))
    return messages.findLast(message => message.kind === kind) as
      | Extract<VotingMessage, { kind: K }>
      | undefined
  }
}

export function votedBy(i: number, change: Parameters<typeof voteOf>[3] = {}): SignedVote {
  return signVote(network, i, voteOf(network, i, descriptors, change))
}

export function passedBy(signed: SignedVote, i: number): SignedVote {
  const id = network.authorities[i]?.id as Uint8Array
  const signature = signStatement(
    network.name,
    holderStatement(network.name, signed, id),
    signer(`authority ${i}`),
  )
  return { ...signed, signatures: [...signed.signatures, { signer: id, signature }] }
}

/** Hands over everything that was said, at once, until nobody says anything new. */
export function converse(group: readonly Alone[], now: number): void {
  const done = new Map<Alone, number>(group.map(member => [member, 0]))
  for (let quiet = false; !quiet; ) {
    quiet = true
    for (const from of group) {
      const fresh = from.actions.slice(done.get(from) ?? 0)
      done.set(from, from.actions.length)
      for (const action of fresh) {
        if (action.do !== 'send') continue
        quiet = false
        for (const to of group) if (to !== from) hand(to, action.message, now)
      }
    }
  }
}

/** Hands a message to a member; one that it refuses is no news to the others. */
function hand(to: Alone, message: Parameters<Alone['take']>[0], now: number): void {
  try {
    to.take(message, now)
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
  }
}

export function names(member: Alone): string[] {
  return member.actions.flatMap(action => (action.do === 'publish' ? [hex(action.document.hash)] : []))
}

// A round whose votes are frozen

/** The first two authorities with the vote of the third, in the reveals. */
export function frozen(machine: typeof step = step): [Alone, Alone] {
  const of = (i: number): Alone => new Alone(i, {}, network, machine).upload()
  const group: [Alone, Alone] = [of(0), of(1)]
  for (const member of group) member.tick(0.125)
  for (const member of group) member.take({ kind: 'vote', round, signed: votedBy(2) }, at(0.13))
  for (const end of [0.13, 0.25, 0.375]) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
  return group
}

/** A reveal that authority `i` signs. */
export function revealBy(i: number, dealer: number, opened: Uint8Array): RevealMessage {
  const [signerId, of] = [i, dealer].map(j => network.authorities[j]?.id) as [Uint8Array, Uint8Array]
  const about = revealHash(of, opened)
  const statement = { kind: 'reveal', epoch: round, signer: signerId, about } as const
  const signature = signStatement(network.name, statement, signer(`authority ${i}`))
  return { kind: 'reveal', round, signer: signerId, dealer: of, opened, signature }
}

/** The shared randomness of the document that it made, or where it is instead. */
export function randomness(member: Alone): string | undefined {
  const { state } = member
  return state.at === 'published' ? hex(state.documents[0]?.body.randomness[0] as Uint8Array) : state.at
}

/** Through the ends of the phases, saying everything to each other. */
export function finish(group: readonly Alone[], ends: readonly number[] = [0.4375, 0.5, 0.625]): void {
  for (const end of ends) {
    for (const member of group) member.tick(end)
    converse(group, at(end))
  }
}

/** Counts the reveals that it has sent. */
export function reveals(member: Alone): number {
  return member.actions.filter(action => action.do === 'send' && action.message.kind === 'reveal').length
}
