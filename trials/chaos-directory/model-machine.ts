// The voting machine of one authority as a table, for a search over all that can happen: a state, an event and a time
// slot give a state and what is said. Each arrow is taken once by the real machine (directory/rounds/round.ts) and then
// known by number.

import { type SignedVote, type VotingMessage, writeMessage } from '../../directory/documents/message.ts'
import { epochStart, type Network, phaseEnds } from '../../directory/documents/network.ts'
import { DirectoryError } from '../../directory/error.ts'
import type { step as honestStep } from '../../directory/rounds/round.ts'
import {
  beginRound,
  type RoundEvent,
  type RoundRules,
  type RoundState,
  relayRounds,
} from '../../directory/rounds/state.ts'
import { digest, type Sign } from '../../directory/statement.ts'
import { hex } from '../../encoding/bytes.ts'

/** A round is cut into slots: the votes, each relay round, two halves of the reveals, the signatures, and the end. */
export interface Slots {
  readonly count: number
  /** The first slot of the reveals. */
  readonly frozen: number
  readonly begin: (slot: number) => number
  /** A moment within. */
  readonly within: (slot: number) => number
}

export function slotsOf(network: Network, round: number): Slots {
  const relays = relayRounds(network)
  const { descriptors, votes, agreement, reveals, signatures } = phaseEnds
  const begins = [
    descriptors,
    ...Array.from({ length: relays }, (_, i) => votes + (i / relays) * (agreement - votes)),
    agreement,
    (agreement + reveals) / 2,
    reveals,
    signatures,
  ]
  const begin = (slot: number): number => Math.ceil(epochStart(network, round + (begins[slot] as number)))
  return {
    count: begins.length,
    frozen: 1 + relays,
    begin,
    within: slot => (slot + 1 < begins.length ? (begin(slot) + begin(slot + 1)) / 2 : begin(slot) + 1),
  }
}

export interface Arrow {
  /** The state's number. */
  readonly to: number
  /** Numbers of messages, for every other authority. */
  readonly said: readonly number[]
}

/** Everything by number: a message is the same one when it says the same, whoever's copy it is. */
export class Messages {
  readonly #numbers = new Map<string, number>()
  readonly #messages: VotingMessage[] = []

  number(message: VotingMessage): number {
    const name = nameOf(message)
    const known = this.#numbers.get(name) ?? this.#messages.push(message) - 1
    this.#numbers.set(name, known)
    return known
  }

  get(number: number): VotingMessage {
    return this.#messages[number] as VotingMessage
  }
}

function nameOf(message: VotingMessage): string {
  if (message.kind !== 'vote') return `${message.kind} ${hex(digest(writeMessage(message)))}`
  const { hash, signatures } = message.signed
  return `vote ${hex(hash)} ${signatures
    .map(({ signer }) => hex(signer))
    .sort()
    .join()}`
}

export class Machine {
  readonly rules: RoundRules
  readonly begin: number
  readonly #slots: Slots
  readonly #messages: Messages
  readonly #step: typeof honestStep
  readonly #numbers = new Map<string, number>()
  readonly #states: RoundState[] = []
  readonly #arrows = new Map<string, Arrow>()

  constructor(rules: RoundRules, round: number, messages: Messages, step: typeof honestStep) {
    this.rules = rules
    this.#slots = slotsOf(rules.network, round)
    this.#messages = messages
    this.#step = step
    const now = epochStart(rules.network, round)
    this.begin = this.#number(beginRound(rules.network, { epoch: round, bootstrap: false, now }))
  }

  state(number: number): RoundState {
    return this.#states[number] as RoundState
  }

  /** Time passes into a slot. */
  tick(from: number, slot: number): Arrow {
    return this.#arrow(`${from} ${slot}`, from, { kind: 'tick' }, this.#slots.begin(slot))
  }

  /** A message arrives within a slot. One that is refused changes nothing. */
  take(from: number, message: number, slot: number): Arrow {
    const key = `${from} ${slot} ${message}`
    return this.#arrow(key, from, this.#messages.get(message), this.#slots.within(slot))
  }

  /** The machine uploads before the search begins. */
  upload(from: number, event: RoundEvent): number {
    return this.#number(this.#step(this.rules, this.state(from), event, this.state(from).since)[0])
  }

  #arrow(key: string, from: number, event: RoundEvent, now: number): Arrow {
    const known = this.#arrows.get(key)
    if (known !== undefined) return known
    const arrow = this.#move(from, event, now)
    this.#arrows.set(key, arrow)
    return arrow
  }

  #move(from: number, event: RoundEvent, now: number): Arrow {
    try {
      const [next, actions] = this.#step(this.rules, this.state(from), event, now)
      const said = actions.flatMap(action =>
        action.do === 'send' ? [this.#messages.number(action.message)] : [],
      )
      return { to: this.#number(next), said }
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      return { to: from, said: [] }
    }
  }

  #number(state: RoundState): number {
    const name = fingerprint(state)
    const known = this.#numbers.get(name) ?? this.#states.push(state) - 1
    this.#numbers.set(name, known)
    return known
  }
}

/** All that a state's future depends on, in one order. */
function fingerprint(state: RoundState): string {
  const votes =
    'votes' in state
      ? [...state.votes].map(([author, of]) => `${author}:${of.map(({ hash }) => hex(hash))}`)
      : []
  const parts: string[] = [state.at, ...votes.sort()]
  if (state.at === 'descriptors') {
    parts.push(...[...state.descriptors].map(([epoch, of]) => `${epoch}:${[...of.keys()].sort()}`))
  }
  if (state.at === 'reveals') {
    parts.push(...[...state.sets].map(([signer, { set }]) => `${signer}=${namesOf(set)}`).sort())
    for (const [dealer, { byDealer, shares, passedOn }] of state.opened) {
      parts.push(`${dealer}~${byDealer !== undefined}${passedOn}${[...shares.keys()].sort()}`)
    }
  }
  if (state.at === 'signatures') {
    parts.push(namesOf(state.agreed), ...state.contributions.map(({ value }) => hex(value)))
    parts.push(
      ...[...state.signatures.values()].flatMap(of =>
        [...of].map(([s, { hash }]) => `${s}=${hex(hash)}`).sort(),
      ),
    )
  }
  if (state.at === 'published') parts.push(...state.documents.map(({ hash }) => hex(hash)))
  if (state.at === 'failed') parts.push(state.why)
  return parts.join('|')
}

function namesOf(of: readonly (SignedVote | { readonly hash: Uint8Array })[]): string {
  return of
    .map(({ hash }) => hex(hash))
    .sort()
    .join()
}

/** A signature that anybody could make and nobody checks: messages come to a machine verified. */
export function unchecked(id: Uint8Array): Sign {
  return message => {
    const half = digest(Uint8Array.of(...id, ...message))
    return Uint8Array.of(...half, ...half)
  }
}
