// The elections that a member of a mix-net holds with the others (docs/spec/voting.md 5.1): founded on the mix-net of
// its plan, with the key that the plan's trustees have made, and closed when its operator says so.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Board,
  type ChainFounding,
  type Cycle,
  digestOf,
  type Foundation,
  type Founding,
  keyAgreed,
  keyId,
  type Peer,
  type Plan,
  type Step,
} from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { type Definition, Opening, ownersOf, VotingError } from '../../voting/index.ts'
import { writeNew } from '../files/index.ts'
import { definitionIn, rollIn } from './election-folder.ts'

/** Reads the elections that a member was told of. @throws CommandError CONFIG for one that is not of this plan */
export function electionsIn(folders: readonly string[], plan: Plan, member: string): Opening[] {
  return folders.map(folder => {
    try {
      const definition = definitionIn(folder)
      const why = misfitOf(definition, plan, member)
      if (why !== undefined) throw new CommandError('CONFIG', `${folder}: ${why}`)
      return new Opening(definition, rollIn(folder))
    } catch (error) {
      if (!(error instanceof VotingError)) throw error
      throw new CommandError('CONFIG', `${folder}: ${error.detail}`)
    }
  })
}

/** Says why an election cannot be held by the people of a plan; undefined where it can. @param member who asks */
export function misfitOf(definition: Definition, plan: Plan, member?: string): string | undefined {
  const ids = (of: readonly { readonly key_data: string }[]): string[] =>
    of.map(({ key_data }) => keyId(fromHex(key_data)))
  const mixers = ids(plan.mixers)
  if (definition.mixnet !== plan.mixnet) return `mixnet: is ${definition.mixnet}, not ${plan.mixnet}`
  if (definition.controller_key !== plan.controller_key) return 'controller_key: is not that of the plan'
  if (definition.trustees.join() !== ids(plan.trustees).join())
    return 'trustees: are not those of the plan, in its order'
  if (definition.threshold !== plan.threshold)
    return `threshold: the trustees' key has ${plan.threshold}, not ${definition.threshold}`
  const stranger = definition.mixers.find(id => !mixers.includes(id))
  if (stranger !== undefined) return `mixers: ${stranger} is none of the plan`
  return member === undefined || ownersOf(definition).includes(member)
    ? undefined
    : 'this member has no part in it'
}

/** Founds a mix-net by its plan, elections on it, and chains of packets beside. */
export class FoundingWithElections implements Foundation {
  readonly #plan: Plan
  readonly #member: string
  readonly #founding: Founding
  readonly #elections: readonly Opening[]
  readonly #chains: ChainFounding

  /** @param member whose steps these are */
  constructor(
    plan: Plan,
    member: string,
    founding: Founding,
    elections: readonly Opening[],
    chains: ChainFounding,
  ) {
    this.#plan = plan
    this.#member = member
    this.#founding = founding
    this.#elections = elections
    this.#chains = chains
  }

  /** Gives what is next. Where rows wait for somebody, packets go on. */
  next(board: Board, now: number): Step {
    const step: Step = this.#plan.trustees.length > 0 ? this.#nextOfRows(board, now) : { do: 'work' }
    if (step.do === 'say' || step.do === 'agree') return step
    const beside = this.#chains.next(board)
    if (beside.do !== 'work') return beside
    const hasPackets = [...board.peers.values()].some(({ peer_type }) => peer_type === 'SPHINX')
    return hasPackets ? { do: 'work' } : step
  }

  /** Says whether a newer chain of packets has taken a peer's place. */
  isOver(board: Board, peer_id: string): boolean {
    return this.#chains.isOver(board, peer_id)
  }

  #nextOfRows(board: Board, now: number): Step {
    const step = this.#founding.next(board)
    const agreed = keyAgreed(this.#plan, board)
    if (step.do !== 'work' || agreed === undefined) return step
    const { key_data, verification } = agreed.text as { key_data: string; verification: string }
    const key = { key: fromHex(key_data), verification: fromHex(verification) }
    const steps = this.#elections.map(election => election.next(board, key, now))
    return firstOf(steps, board, this.#member) ?? step
  }

  share(board: Board): Uint8Array | undefined {
    return this.#founding.share(board)
  }
}

/**
 * Gives the first step in which there is something to do: one that a member has agreed to and others have not waits for
 * them, and nothing else waits for it.
 */
export function firstOf(steps: readonly Step[], board: Board, member: string): Step | undefined {
  const left = steps.filter(({ do: act }) => act !== 'work')
  const agreed = [...board.negotiations.values()]
    .filter(({ consensus }) => consensus === undefined)
    .flatMap(({ contributions }) => contributions)
    .filter(({ signer, accepts }) => signer === member && accepts)
    .map(({ text }) => digestOf(text))
  const said = new Set(agreed)
  return left.find(step => step.do !== 'agree' || !said.has(digestOf(step.text))) ?? left[0]
}

/** Names where an operator's word about an election stands. */
function closingFile(folder: string, election: string): string {
  return join(folder, `close-${election}`)
}

/** Writes down in a member's folder that an election is to be closed. @param at as 2026-01-31T12:00:00Z */
export function closeElection(folder: string, election: string, at: string): void {
  if (!existsSync(join(folder, 'shelf')))
    throw new CommandError('CONFIG', `${folder}: is no folder of a mixer or trustee that has run`)
  writeNew(closingFile(folder, election), `${at}\n`)
}

/** Gives when a member's operator wants an election to be closed; undefined where that was not said. */
export function closesAt(folder: string, election: string): string | undefined {
  const file = closingFile(folder, election)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** Says whether a member's operator wants an election to be closed by now. @param now milliseconds since 1970 */
export function wantsClosed(folder: string, election: string, now: number): boolean {
  const at = closesAt(folder, election)
  return at !== undefined && now >= Date.parse(at)
}

/** Something that is closed by its operators' word, or at its time. */
export interface Closed {
  /** By which the word is kept. */
  readonly id: string
  has(peer: Peer): boolean
  /** When it is closed by its own definition, whatever its operators say; undefined where they decide. */
  readonly closesAt?: string | undefined
}

/** Gives an election as something that is closed by its definition's time, or by its operators' word. */
export function asHeld(election: Opening): Closed {
  const { definition } = election
  return { id: election.election, has: peer => election.has(peer), closesAt: definition.closes_at }
}

/** Says whether a cycle is to be closed: an election's or survey's by its operator's word, another by the plan. */
export function closer(
  folder: string,
  held: readonly Closed[],
  byPlan: (cycle: Cycle, now: number) => boolean,
): (cycle: Cycle, peer: Peer, now: number) => boolean {
  return (cycle, peer, now) => {
    const which = held.find(each => each.has(peer))
    if (which === undefined) return byPlan(cycle, now)
    if (cycle.until !== '') return now >= Date.parse(cycle.until)
    return which.closesAt === undefined
      ? wantsClosed(folder, which.id, now)
      : now >= Date.parse(which.closesAt)
  }
}
