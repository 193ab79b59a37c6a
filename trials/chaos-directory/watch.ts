// What must hold whatever happens (docs/spec/directory-voting.md 8.9), looked at after every step of every honest
// authority.

import { networksOf } from '../../directory/address.ts'
import { changes, sameSet } from '../../directory/documents/authority-set.ts'
import { type ConsensusBody, maxDocumentBytes, type NamedBody } from '../../directory/documents/consensus.ts'
import {
  type ConsensusDocument,
  readDocument,
  verifyDocument,
  writeDocument,
} from '../../directory/documents/document.ts'
import { evidenceOf, verifyEvidence } from '../../directory/documents/evidence.ts'
import { statementOf, type VotingMessage } from '../../directory/documents/message.ts'
import type { AuthoritySet, Network, VotingNetwork } from '../../directory/documents/network.ts'
import { Succession } from '../../directory/documents/succession.ts'
import { DirectoryError } from '../../directory/error.ts'
import type { SecretSharing } from '../../directory/randomness/sharing.ts'
import {
  phaseOrder,
  type RoundAction,
  type RoundEvent,
  type RoundRules,
  type RoundState,
  type Stepped,
} from '../../directory/rounds/state.ts'
import type { SignatureEntry, Statement } from '../../directory/statement.ts'
import { hex } from '../../encoding/bytes.ts'
import { RandomnessWatch } from './randomness.ts'

export const invariants = {
  'one-statement': 'no honest authority signs two different statements of one kind and epoch',
  'kept-first': 'what an authority says of its own is kept before it is sent',
  'no-way-back': 'no phase comes back, and no vote is taken after the set is frozen',
  bounded: 'a round holds two votes of an author at most, and one list, name and share of a signer',
  'verified-document': 'what an authority publishes is accepted by everybody',
  'one-document': 'two valid documents of one epoch are a proof against a liar',
  'one-way': 'who signed that others take over signs none of the old authorities while it may be so',
  'one-electorate': 'undisturbed authorities agree on who votes in a round',
  'liars-accused': 'nobody but a liar is accused, and every accusation verifies',
  'liars-named': 'whom an undisturbed authority accused before a round is out of office with its document',
  'one-set': 'undisturbed authorities count the same votes',
  'own-votes-count': 'the votes of undisturbed authorities are counted',
  'randomness-fixed': 'the randomness is what was dealt in the frozen votes, whoever speaks or is silent',
  'randomness-hidden': 'nobody can know a secret before the votes are frozen everywhere',
  seats:
    'no document has more nodes of one network than honest authorities want, nor more bytes than are read',
  progress: 'with the threshold of undisturbed authorities a round ends in a document',
  follow: 'authorities, nodes and clients use the newest document, also when they come back after a change',
} as const

/** Nodes of one network that honest authorities want in a document, at most. */
export const nodesPerNetwork = 2

export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly why: string
}

interface Held {
  /** The authorities that made it. */
  readonly set: AuthoritySet
  readonly bytes: Uint8Array
  readonly name: string
  readonly about: Uint8Array
  readonly signatures: readonly SignatureEntry[]
  readonly voted: ReadonlySet<string>
  readonly excluded: ReadonlySet<string>
  readonly body: ConsensusBody
}

export interface WatchInit {
  readonly network: Network
  /** The seeds of those who lie, by the hex of their ids. */
  readonly liars: ReadonlyMap<string, Uint8Array>
  readonly sharing: SecretSharing
  /** Tells whether nothing befalls an honest authority in a round. */
  readonly isUndisturbed: (id: string, round: number) => boolean
}

export class Watch {
  readonly randomness: RandomnessWatch
  /** The first thing that did not hold. */
  violation: Violation | undefined
  /** The authorities that make documents, as whoever sees everything knows them. */
  readonly succession: Succession
  readonly #network: Network
  readonly #liars: ReadonlySet<string>
  readonly #isUndisturbed: WatchInit['isUndisturbed']
  /** Names by kind, epoch and honest signer. */
  readonly #said = new Map<string, string>()
  readonly #documents = new Map<number, Held[]>()
  readonly #accused: { readonly by: string; readonly signer: string; readonly round: number }[] = []
  /** The name of the list, by round and hex of its signer. */
  readonly #sets = new Map<number, Map<string, string>>()
  /** Those who vote in a round as an authority has it, by round and hex of the authority. */
  readonly #networks = new Map<number, Map<string, VotingNetwork>>()
  /** The last document in which an authority gave way to others, by its hex. */
  readonly #gaveWay = new Map<string, ConsensusBody>()

  constructor({ network, liars, sharing, isUndisturbed }: WatchInit) {
    this.#network = network
    this.succession = new Succession(network)
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
  stepped(
    id: string,
    rules: RoundRules,
    before: RoundState,
    event: RoundEvent,
    stepped: Stepped,
    now: number,
  ): void {
    const [after, actions] = stepped
    const { epoch } = after.round
    const hasFrozen = before.at !== 'reveals'
    const undisturbed = this.#isUndisturbed(id, epoch)
    const networks = this.#networks.get(epoch) ?? new Map<string, VotingNetwork>()
    this.#networks.set(epoch, networks.set(id, rules.network))
    this.randomness.stepped(id, stepped, hasFrozen, undisturbed, now)
    this.#checkPhases(before, after)
    this.#checkBounds(rules.network, after)
    actions.forEach((action, i) => {
      if (action.do === 'send') this.#checkSent(id, action.message, actions.slice(0, i))
      else if (action.do === 'keep') this.#checkWay(id, rules, action)
      else if (action.do === 'publish') this.#checkDocument(rules.network, action)
      else if (action.do === 'accuse') this.#checkAccusation(id, epoch, action)
    })
    if (event.kind === 'set') this.#hearSaid(statementOf(event))
    if (event.kind === 'signature') this.#hearSaid(statementOf(event))
  }

  /**
   * Finds those who vote in a round, where these authorities are enough for a document.
   *
   * @param undisturbed hex of the ids
   */
  electorate(round: number, undisturbed: readonly string[]): VotingNetwork | undefined {
    const networks = undisturbed.flatMap(id => this.#networks.get(round)?.get(id) ?? [])
    const [network] = networks
    if (network === undefined) return undefined
    const { incoming } = network
    const isSame = (other: VotingNetwork): boolean =>
      sameSet(other, network) && sameSet(other.incoming ?? other, incoming ?? network)
    if (!networks.every(isSame)) {
      this.violated('one-electorate', `round ${round}: ${networks.map(sizeOf).join(', ')}`)
    }
    return isEnough(undisturbed, network) && isEnough(undisturbed, incoming ?? network) ? network : undefined
  }

  /** After a round in which these, enough for a document, were undisturbed. */
  checkRound(round: number, { authorities }: VotingNetwork, present: readonly string[]): void {
    const members = new Set(authorities.map(({ id }) => hex(id)))
    const undisturbed = present.filter(id => members.has(id))
    const documents = this.#documents.get(round + 1) ?? []
    if (documents.length === 0) this.violated('progress', `round ${round}: no document`)
    const sets = undisturbed.map(id => this.#sets.get(round)?.get(id))
    if (new Set(sets).size > 1) this.violated('one-set', `round ${round}: ${new Set(sets).size} lists`)
    const accused = this.#accused.filter(({ by, round: then }) => then < round && undisturbed.includes(by))
    for (const { voted, signatures, excluded, body } of documents) {
      const theirs = signatures.some(({ signer }) => undisturbed.includes(hex(signer)))
      const first = undisturbed.find(id => signatures.some(({ signer }) => hex(signer) === id))
      if (first !== undefined) this.randomness.checkDocument(round, first, body)
      const inOffice = new Set(body.authorities.map(({ id }) => hex(id)))
      const kept = accused.filter(({ signer }) => inOffice.has(signer) && !excluded.has(signer)).length
      if (theirs && kept > 0) this.violated('liars-named', `round ${round}: ${kept} still in office`)
      // Of one that hands over, those who go have voted and stand in it no more.
      const missing = undisturbed.filter(id => inOffice.has(id) && !voted.has(id))
      if (theirs && missing.length > 0)
        this.violated('own-votes-count', `round ${round}: ${missing.length} missing`)
    }
  }

  #checkPhases(before: RoundState, after: RoundState): void {
    const back = phaseOrder.indexOf(after.at) < phaseOrder.indexOf(before.at)
    const thawed = before.at === 'reveals' && after.at === 'reveals' && before.votes !== after.votes
    if (back || thawed)
      this.violated('no-way-back', `round ${after.round.epoch}: ${before.at} to ${after.at}`)
  }

  #checkBounds({ authorities, incoming }: VotingNetwork, state: RoundState): void {
    const n = authorities.length
    const signers = new Set([...authorities, ...(incoming?.authorities ?? [])].map(({ id }) => hex(id))).size
    const votes = 'votes' in state ? [...state.votes.values()].map(of => of.length) : []
    const names = state.at === 'signatures' ? [...state.signatures.values()].map(of => of.size) : []
    const sets = state.at === 'reveals' ? state.sets.size : 0
    const shares = state.at === 'reveals' ? [...state.opened.values()].map(of => of.shares.size) : []
    const holds =
      votes.length <= n &&
      votes.every(of => of <= 2) &&
      names.every(of => of <= signers) &&
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

  /** Until somebody has a document of that epoch or a later one, the others may have taken over. */
  #checkWay(id: string, rules: RoundRules, { body: named }: Extract<RoundAction, { do: 'keep' }>): void {
    if (named === undefined) return
    const { body } = named
    const last = this.#gaveWay.get(id)
    const mayBeOver = (rules.newestBefore(body.epoch)?.epoch ?? -1) < (last?.epoch ?? -1)
    if (last !== undefined && mayBeOver && last.epoch < body.epoch && !sameSet(last, body)) {
      this.violated('one-way', `epoch ${body.epoch}: ${id.slice(0, 8)} gave way in ${last.epoch}`)
    }
    if (changes(body) !== undefined) this.#gaveWay.set(id, body)
  }

  #checkDocument(
    voters: VotingNetwork,
    { document, signatures }: Extract<RoundAction, { do: 'publish' }>,
  ): void {
    const { body } = document
    const { epoch, authorities } = body
    // A round that starts the network may hand over in its first document, and its second one is of those who came.
    const isTheirs = changes(body) === undefined && !sameSet(body, voters)
    const makers = isTheirs ? this.succession.networkFor(epoch) : voters
    const bytes = writeDocument(document.bytes, signatures)
    const read = readDocument(bytes)
    try {
      verifyDocument(makers, read)
      this.#follow(read, bytes, makers)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.violated('verified-document', `epoch ${epoch}: ${error.code}`)
      return
    }
    this.#checkSeats(document)
    const name = hex(document.hash)
    const of = this.#documents.get(epoch) ?? []
    if (of.some(held => held.name === name)) return
    const voted = new Set(authorities.filter(({ voted }) => voted).map(({ id }) => hex(id)))
    const excluded = new Set(document.body.excluded.map(({ id }) => hex(id)))
    if ([...excluded].some(id => !this.#liars.has(id))) {
      this.violated('liars-accused', `epoch ${epoch}: an honest one is out of office`)
    }
    const held = { set: makers, bytes, name, about: document.hash, signatures, voted, excluded, body }
    this.#documents.set(epoch, [...of, held])
    for (const other of of) this.#checkBoth(epoch, other, held)
  }

  #checkSeats({ body, bytes }: NamedBody): void {
    const counts = new Map<string, number>()
    for (const network of body.nodes.flatMap(({ descriptor }) => networksOf(descriptor.stable.addresses)))
      counts.set(network, (counts.get(network) ?? 0) + 1)
    const most = Math.max(0, ...counts.values())
    if (most > nodesPerNetwork || bytes.length > maxDocumentBytes)
      this.violated('seats', `epoch ${body.epoch}: ${most} of one network, ${bytes.length} bytes`)
  }

  #follow(document: ConsensusDocument, bytes: Uint8Array, set: AuthoritySet): void {
    const isNext = sameSet(set, this.succession.networkFor(document.body.epoch))
    if (isNext) this.succession.note(document, bytes)
  }

  /** The documents alone must prove who is to blame: the two, or those where the ways of their makers part. */
  #checkBoth(epoch: number, a: Held, b: Held): void {
    if (this.#isProven(epoch, a, b) || this.#isParted(epoch, a) || this.#isParted(epoch, b)) return
    this.violated('one-document', `epoch ${epoch}: two, and no liar signed both`)
  }

  #isProven(epoch: number, a: Held, b: Held): boolean {
    return this.#liarsUnder(a, b).some(({ signer, ours, theirs }) => {
      const said = [
        { about: a.about, signature: ours },
        { about: b.about, signature: theirs },
      ] as const
      verifyEvidence(this.#network.name, evidenceOf({ kind: 'consensus', epoch, signer }, ...said))
      return true
    })
  }

  /** Tells whether a liar gave way to others in one document and signed the next of those who had been there before. */
  #isParted(epoch: number, { set }: Held): boolean {
    const theirs = [...this.#documents].flatMap(([of, held]) => (of <= epoch ? held : []))
    const made = theirs.filter(held => sameSet(held.set, set)).sort((a, b) => a.body.epoch - b.body.epoch)
    return made.some(handed => {
      if (changes(handed.body) === undefined) return false
      const next = made.find(({ body }) => body.epoch > handed.body.epoch && !sameSet(body, handed.body))
      return next !== undefined && this.#liarsUnder(handed, next).length > 0
    })
  }

  #liarsUnder(a: Held, b: Held): { signer: Uint8Array; ours: Uint8Array; theirs: Uint8Array }[] {
    return a.signatures.flatMap(({ signer, signature: ours }) => {
      const again = b.signatures.find(other => hex(other.signer) === hex(signer))
      const lied = again !== undefined && this.#liars.has(hex(signer))
      return lied ? [{ signer, ours, theirs: again.signature }] : []
    })
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

function isEnough(ids: readonly string[], { authorities, threshold }: AuthoritySet): boolean {
  return authorities.filter(({ id }) => ids.includes(hex(id))).length >= threshold
}

function sizeOf({ authorities, threshold, incoming }: VotingNetwork): string {
  const to = incoming === undefined ? '' : ` to ${incoming.threshold} of ${incoming.authorities.length}`
  return `${threshold} of ${authorities.length}${to}`
}
