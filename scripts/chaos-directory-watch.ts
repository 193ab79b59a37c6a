// What must hold whatever happens (docs/directory.md 8.9), looked at after every step of every honest authority.

import type { ConsensusBody } from '../directory/consensus.ts'
import { verifyConsensus, writeDocument } from '../directory/document.ts'
import { DirectoryError } from '../directory/error.ts'
import { evidenceOf, verifyEvidence } from '../directory/evidence.ts'
import { statementOf, type VotingMessage } from '../directory/message.ts'
import type { Network } from '../directory/network.ts'
import type { RoundAction, RoundEvent, RoundState, Stepped } from '../directory/round-state.ts'
import type { SecretSharing } from '../directory/sharing.ts'
import { hex, type SignatureEntry, type Statement } from '../directory/statement.ts'
import { RandomnessWatch } from './chaos-directory-randomness.ts'

export const invariants = {
  'one-statement': 'no honest authority signs two different statements of one kind and epoch',
  'kept-first': 'what an authority says of its own is kept before it is sent',
  'no-way-back': 'no phase comes back, and no vote is taken after the set is frozen',
  bounded: 'a round holds two votes of an author at most, and one list, name and share of a signer',
  'verified-document': 'what an authority publishes is accepted by everybody',
  'one-document': 'two valid documents of one epoch are a proof against a liar',
  'liars-accused': 'nobody but a liar is accused, and every accusation verifies',
  'liars-named': 'whom an undisturbed authority accused before a round is out of office with its document',
  'one-set': 'undisturbed authorities count the same votes',
  'own-votes-count': 'the votes of undisturbed authorities are counted',
  'randomness-fixed': 'the randomness is what was dealt in the frozen votes, whoever speaks or is silent',
  'randomness-hidden': 'nobody can know a secret before the votes are frozen everywhere',
  progress: 'with the threshold of undisturbed authorities a round ends in a document',
  follow: 'authorities and clients use the newest document',
} as const

export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly why: string
}

interface Held {
  readonly bytes: Uint8Array
  readonly name: string
  readonly about: Uint8Array
  readonly signatures: readonly SignatureEntry[]
  readonly voters: ReadonlySet<string>
  readonly excluded: ReadonlySet<string>
  readonly body: ConsensusBody
}

const order: readonly RoundState['at'][] = [
  'descriptors',
  'votes',
  'agreement',
  'reveals',
  'signatures',
  'published',
  'failed',
]

export interface WatchInit {
  readonly network: Network
  /** The seeds of those who lie, by the hex of their ids. */
  readonly liars: ReadonlyMap<string, Uint8Array>
  readonly sharing: SecretSharing
  /** Whether nothing befalls an honest authority in a round. */
  readonly isUndisturbed: (id: string, round: number) => boolean
}

export class Watch {
  readonly randomness: RandomnessWatch
  /** The first thing that did not hold. */
  violation: Violation | undefined
  readonly #network: Network
  readonly #liars: ReadonlySet<string>
  readonly #isUndisturbed: WatchInit['isUndisturbed']
  /** Names by kind, epoch and honest signer. */
  readonly #said = new Map<string, string>()
  readonly #documents = new Map<number, Held[]>()
  readonly #accused: { readonly by: string; readonly signer: string; readonly round: number }[] = []
  /** The name of the list, by round and hex of its signer. */
  readonly #sets = new Map<number, Map<string, string>>()

  constructor({ network, liars, sharing, isUndisturbed }: WatchInit) {
    this.#network = network
    this.#liars = new Set(liars.keys())
    this.#isUndisturbed = isUndisturbed
    this.randomness = new RandomnessWatch(network, sharing, liars, (invariant, why) =>
      this.violated(invariant, why),
    )
  }

  hasDocument(epoch: number): boolean {
    return this.#documents.has(epoch)
  }

  violated(invariant: Invariant, why: string): void {
    this.violation ??= { invariant, why }
  }

  /** One honest authority took one step. */
  stepped(id: string, before: RoundState, event: RoundEvent, stepped: Stepped, now: number): void {
    const [after, actions] = stepped
    const hasFrozen = before.at !== 'reveals'
    const undisturbed = this.#isUndisturbed(id, after.round.epoch)
    this.randomness.stepped(id, stepped, hasFrozen, undisturbed, now)
    this.#checkPhases(before, after)
    this.#checkBounds(after)
    actions.forEach((action, i) => {
      if (action.do === 'send') this.#checkSent(id, action.message, actions.slice(0, i))
      else if (action.do === 'publish') this.#checkDocument(action)
      else if (action.do === 'accuse') this.#checkAccusation(id, after.round.epoch, action)
    })
    if (event.kind === 'set') this.#hearSaid(statementOf(event))
    if (event.kind === 'signature') this.#hearSaid(statementOf(event))
  }

  /** After a round in which these, the threshold at least, were undisturbed. */
  checkRound(round: number, undisturbed: readonly string[]): void {
    const documents = this.#documents.get(round + 1) ?? []
    if (documents.length === 0) this.violated('progress', `round ${round}: no document`)
    const sets = undisturbed.map(id => this.#sets.get(round)?.get(id))
    if (new Set(sets).size > 1) this.violated('one-set', `round ${round}: ${new Set(sets).size} lists`)
    const accused = this.#accused.filter(({ by, round: then }) => then < round && undisturbed.includes(by))
    for (const { voters, signatures, excluded, body } of documents) {
      const theirs = signatures.some(({ signer }) => undisturbed.includes(hex(signer)))
      const first = undisturbed.find(id => signatures.some(({ signer }) => hex(signer) === id))
      if (first !== undefined) this.randomness.checkDocument(round, first, body)
      const kept = accused.filter(({ signer }) => !excluded.has(signer)).length
      if (theirs && kept > 0) this.violated('liars-named', `round ${round}: ${kept} still in office`)
      const missing = undisturbed.filter(id => !voters.has(id))
      if (theirs && missing.length > 0)
        this.violated('own-votes-count', `round ${round}: ${missing.length} missing`)
    }
  }

  #checkPhases(before: RoundState, after: RoundState): void {
    const back = order.indexOf(after.at) < order.indexOf(before.at)
    const thawed = before.at === 'reveals' && after.at === 'reveals' && before.votes !== after.votes
    if (back || thawed)
      this.violated('no-way-back', `round ${after.round.epoch}: ${before.at} to ${after.at}`)
  }

  #checkBounds(state: RoundState): void {
    const n = this.#network.authorities.length
    const votes = 'votes' in state ? [...state.votes.values()].map(of => of.length) : []
    const names = state.at === 'signatures' ? [...state.signatures.values()].map(of => of.size) : []
    const sets = state.at === 'reveals' ? state.sets.size : 0
    const shares = state.at === 'reveals' ? [...state.opened.values()].map(of => of.shares.size) : []
    const holds =
      votes.length <= n &&
      votes.every(of => of <= 2) &&
      names.every(of => of <= n) &&
      sets <= n &&
      shares.every(of => of <= n)
    if (!holds) this.violated('bounded', `round ${state.round.epoch}: ${votes}; ${sets}; ${names}`)
  }

  #checkSent(id: string, message: VotingMessage, earlier: readonly RoundAction[]): void {
    // A reveal has nothing that is drawn: it comes out the same each time.
    const statement = statementOf(message)
    if (hex(statement.signer) !== id || message.kind === 'reveal') return
    const kept = earlier.find(action => action.do === 'keep' && action.message === message)
    if (kept?.do !== 'keep' || (message.kind === 'vote' && kept.opening === undefined)) {
      this.violated('kept-first', `round ${message.round}: a ${message.kind} was not kept`)
    }
    if (message.kind === 'set') {
      const of = this.#sets.get(message.round) ?? new Map<string, string>()
      this.#sets.set(message.round, of.set(id, hex(statement.about)))
    }
    this.#hearSaid(statement)
  }

  #hearSaid({ kind, epoch, signer, about }: Statement): void {
    if (this.#liars.has(hex(signer))) return
    const key = `${kind} of epoch ${epoch} by ${hex(signer).slice(0, 8)}`
    const name = hex(about)
    if ((this.#said.get(key) ?? name) !== name) this.violated('one-statement', `two: ${key}`)
    this.#said.set(key, name)
  }

  #checkDocument({ document, signatures }: Extract<RoundAction, { do: 'publish' }>): void {
    const { epoch, authorities } = document.body
    const bytes = writeDocument(document.bytes, signatures)
    try {
      verifyConsensus(this.#network, bytes)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.violated('verified-document', `epoch ${epoch}: ${error.code}`)
      return
    }
    const name = hex(document.hash)
    const of = this.#documents.get(epoch) ?? []
    if (of.some(held => held.name === name)) return
    const voters = new Set(authorities.filter(({ voted }) => voted).map(({ id }) => hex(id)))
    const excluded = new Set(document.body.excluded.map(({ id }) => hex(id)))
    if ([...excluded].some(id => !this.#liars.has(id))) {
      this.violated('liars-accused', `epoch ${epoch}: an honest one is out of office`)
    }
    const held = { bytes, name, about: document.hash, signatures, voters, excluded, body: document.body }
    for (const other of of) this.#checkBoth(epoch, other, held)
    this.#documents.set(epoch, [...of, held])
  }

  /** The two documents alone must prove who is to blame. */
  #checkBoth(epoch: number, a: Held, b: Held): void {
    const proven = a.signatures.some(({ signer, signature }) => {
      const again = b.signatures.find(other => hex(other.signer) === hex(signer))
      if (again === undefined || !this.#liars.has(hex(signer))) return false
      const said = [
        { about: a.about, signature },
        { about: b.about, signature: again.signature },
      ] as const
      verifyEvidence(this.#network.name, evidenceOf({ kind: 'consensus', epoch, signer }, ...said))
      return true
    })
    if (!proven) this.violated('one-document', `epoch ${epoch}: two, and no liar signed both`)
  }

  #checkAccusation(by: string, round: number, { evidence }: Extract<RoundAction, { do: 'accuse' }>): void {
    this.#accused.push({ by, signer: hex(evidence.signer), round })
    try {
      verifyEvidence(this.#network.name, evidence)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.violated('liars-accused', `epoch ${evidence.epoch}: ${error.code}`)
    }
    if (!this.#liars.has(hex(evidence.signer)))
      this.violated('liars-accused', `epoch ${evidence.epoch}: honest`)
  }
}
