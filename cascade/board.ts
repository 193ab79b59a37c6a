// The board (docs/spec/cascade.md 3 to 6): what signed requests make of peers, negotiations and cycles. It is the
// whole of what a Controller decides, has no clock and no dice, and comes out the same for everybody who applies the
// same requests in the same order. Every check comes before the first change: a request is applied whole, or not.

import { fromHex } from '../encoding/bytes.ts'
import { ciphertextBytes, type Group } from '../shuffle/index.ts'
import { CascadeError } from './error.ts'
import { aborted, demandFew, demandNoneOpen, openText } from './few.ts'
import {
  type Consensus,
  consensusId,
  contribute,
  demandText,
  type Negotiation,
  negotiate,
} from './negotiation.ts'
import { demandComplains, demandConsumes } from './packets/after.ts'
import { wantPackets } from './packets/message.ts'
import { packetProofBytes } from './packets/packet.ts'
import { packetBytes } from './packets/suite.ts'
import { demandFits, readPeerText } from './peer-text.ts'
import { readPerson } from './person.ts'
import {
  type Cycle,
  contextOf,
  countOf,
  type Lengths,
  type Message,
  newCycle,
  noBytesHash,
  othersOf,
  outRowBytesOf,
  type Peer,
  type Person,
  packetChain,
  quorumOf,
  rowsOf,
  voidAfter,
} from './records.ts'
import { type Rules, strict } from './rules.ts'
import { turnsAtMost } from './senders.ts'
import { digestOf, ownKey, type Payload, PayloadReader, type SignedRequest, sha256Hex } from './signed.ts'

/** Counts the persons and peers that a mix-net takes at most. */
export const peersAtMost = 100_000
/** Negotiations that one signer has begun and that are not over. */
const negotiationsAtMost = 64

interface Said {
  readonly sequence: number
  readonly digest: string
  readonly reply: string
}

/** Holds what signed requests have made of peers, negotiations and cycles. */
export class Board {
  readonly mixnet: string
  readonly persons: Map<string, Person> = new Map()
  readonly peers: Map<string, Peer> = new Map()
  readonly cycles: Map<string, Cycle[]> = new Map()
  readonly negotiations: Map<string, Negotiation & { readonly by: string }> = new Map()
  readonly consensuses: Map<string, Consensus> = new Map()
  /** Cycles whose mixers were left out, in the order in which that was decided. */
  readonly skipped: { readonly peer_id: string; readonly id: number }[] = []
  readonly #said = new Map<string, Said>()
  readonly #group: Group
  readonly #rules: Rules
  readonly #lengths: Lengths
  /** Points of all packets that a peer was ever handed by senders. */
  readonly #points = new Map<string, Set<string>>()
  /** Hashes of the rows of each cycle that takes messages. */
  readonly #rows = new WeakMap<Cycle, Set<string>>()

  /** @param rules what is checked; another than `strict` is for trials */
  constructor(mixnet: string, group: Group, lengths: Lengths, rules: Rules = strict) {
    this.#rules = rules
    this.mixnet = mixnet
    this.#group = group
    this.#lengths = lengths
  }

  /** Says whether a request is the last one of its signer, said again: its reply then, and undefined when it is new. */
  repeated(request: SignedRequest): string | undefined {
    const said = this.#said.get(request.payload.signer)
    return said !== undefined && said.digest === digestOf(request.payload) ? said.reply : undefined
  }

  /**
   * Applies a request.
   *
   * @returns the id of what it made, or an empty text
   * @throws CascadeError BAD_REQUEST, BAD_SIGNATURE, REPLAYED, UNKNOWN, FORBIDDEN, WRONG_STATE, FULL; then nothing has
   *   changed
   */
  apply({ payload, signature }: SignedRequest): string {
    const { mixnet, signer, sequence } = payload
    if (mixnet !== this.mixnet) throw new CascadeError('BAD_REQUEST', 'mixnet: is another one')
    const read = new PayloadReader(payload)
    const key = this.persons.get(signer)?.keyData ?? ownKey(payload, read)
    if (!this.#rules.isSigned(key, 'request', payload, signature))
      throw new CascadeError('BAD_SIGNATURE', 'request: is not signed by its signer')
    const last = this.#said.get(signer)?.sequence ?? 0
    if (!this.#rules.isLater(sequence, last))
      throw new CascadeError('REPLAYED', `sequence: want more than ${last}`)
    const change = this.#decide(payload, read)
    const reply = change()
    this.#said.set(signer, { sequence, digest: digestOf(payload), reply })
    return reply
  }

  /** Gives a peer. @throws CascadeError UNKNOWN */
  peer(id: string): Peer {
    return known(this.peers.get(id), 'peer')
  }

  /** Gives a cycle by its number, from 1 on. @throws CascadeError UNKNOWN */
  cycle(peer_id: string, id: number): Cycle {
    return known(this.cycles.get(peer_id)?.[id - 1], 'cycle')
  }

  /**
   * Finds the cycle whose rows these are: its own, or those of a mix before it that was left out, which handed on what
   * it had been handed.
   */
  originOf(cycle: Cycle): Cycle {
    if (cycle.from === undefined) return cycle
    const before = this.cycle(cycle.from.peer_id, cycle.from.id)
    return before.input_hash === cycle.input_hash ? this.originOf(before) : cycle
  }

  /** Gives the sequence number of what somebody said last, 0 for nothing. */
  sequenceOf(signer: string): number {
    return this.#said.get(signer)?.sequence ?? 0
  }

  #decide(payload: Payload, read: PayloadReader): () => string {
    const { resource, operation } = payload
    const action = operation === 'action' ? read.text('action') : ''
    const what = `${operation} ${resource} ${action}`.trim()
    const ways: Readonly<Record<string, () => () => string>> = {
      'create peer': () => this.#createPeer(payload, read),
      'action peer senders': () => this.#senders(read),
      'create negotiation': () => this.#createNegotiation(payload, read),
      'action negotiation contribute': () => this.#contribute(payload, read),
      'create cycle': () => this.#createCycle(payload, read),
      'create message': () => this.#createMessage(payload, read),
      'action cycle close': () => this.#close(read),
      'action cycle end': () => this.#end(read),
      'action cycle process': () => this.#process(payload, read),
      'action cycle share': () => this.#share(payload, read),
      'action cycle skip': () => this.#skip(read),
      'action cycle consume': () => this.#consume(payload, read),
      'action cycle complain': () => this.#complain(payload, read),
    }
    const way = Object.hasOwn(ways, what) ? ways[what] : undefined
    if (way === undefined) throw new CascadeError('BAD_REQUEST', `operation: ${what} is not known`)
    if (what !== 'create peer' && !this.persons.has(payload.signer))
      throw new CascadeError('UNKNOWN', 'signer: is no peer of this mix-net')
    return way()
  }

  #createPeer(payload: Payload, read: PayloadReader): () => string {
    if (this.persons.size + this.peers.size >= peersAtMost)
      throw new CascadeError('FULL', `has ${peersAtMost} peers`)
    if (Object.hasOwn(payload, 'consensus_id')) return this.#createShared(read)
    const person = readPerson(this.#group, payload, read)
    const { id } = person
    if (this.persons.has(id)) throw new CascadeError('REPLAYED', 'peer: is there already')
    return () => {
      this.persons.set(id, person)
      return id
    }
  }

  #createShared(read: PayloadReader): () => string {
    const id = read.hash('consensus_id')
    read.end()
    const consensus = this.#consensus(id, 'create peer')
    const peer = readPeerText(id, consensus.text)
    if (this.peers.has(id)) throw new CascadeError('REPLAYED', 'peer: is there already')
    this.#demandAgreed(consensus, peer.owners, peer.owners.length)
    if (peer.next !== '') demandFits(peer, this.peer(peer.next))
    return () => {
      this.peers.set(id, peer)
      this.cycles.set(id, [])
      return id
    }
  }

  /** Takes a part of the list that the owners of a peer have agreed on, whoever brings it. */
  #senders(read: PayloadReader): () => string {
    const { senders } = this.peer(read.hash('peer_id'))
    const part = read.count('part', 1, senders?.parts ?? 1)
    const data = read.bytes('data')
    read.end()
    const add = known(senders, 'senders').adding(part, data)
    return () => {
      add()
      return ''
    }
  }

  #createNegotiation(payload: Payload, read: PayloadReader): () => string {
    const participants = read.hashes('participants', 1, 100)
    const least = read.count('least', 1, participants.length)
    read.bytes('nonce', 32)
    read.end()
    const keys = participants.map(id => known(this.persons.get(id), 'participant').keyData)
    const id = digestOf(payload)
    const open = [...this.negotiations.values()].filter(
      each => each.by === payload.signer && each.consensus === undefined,
    )
    if (open.length >= negotiationsAtMost)
      throw new CascadeError('FULL', `has begun ${negotiationsAtMost} negotiations`)
    const negotiation = negotiate(this.mixnet, id, keys, least)
    return () => {
      this.negotiations.set(id, { ...negotiation, by: payload.signer })
      return id
    }
  }

  #contribute(payload: Payload, read: PayloadReader): () => string {
    const id = read.hash('negotiation_id')
    const text = read.object('text')
    const accepts = read.text('accepts', ['yes', 'no']) === 'yes'
    const text_signature = payload['text_signature']
    read.bytes('text_signature', 64)
    read.end()
    const negotiation = known(this.negotiations.get(id), 'negotiation')
    const said = { signer: payload.signer, text, accepts, text_signature: text_signature as string }
    const after = contribute(negotiation, said)
    return () => {
      this.negotiations.set(id, { ...after, by: negotiation.by })
      if (after.consensus === undefined) return ''
      const agreed = consensusId(after.consensus)
      this.consensuses.set(agreed, after.consensus)
      return agreed
    }
  }

  #createCycle(payload: Payload, read: PayloadReader): () => string {
    const peer = this.peer(read.hash('peer_id'))
    const consensus = peer.opening && this.#consensus(read.hash('consensus_id'), 'open')
    read.end()
    if (!peer.owners.includes(payload.signer))
      throw new CascadeError('FORBIDDEN', 'cycle: its signer does not own the peer')
    const all = this.#cyclesOf(peer)
    if (consensus !== undefined) {
      demandText(consensus, openText(peer.peer_id, all, consensus))
      this.#demandAgreed(consensus, peer.owners, peer.quorum)
    }
    if ([...this.peers.values()].some(({ next }) => next === peer.peer_id))
      throw new CascadeError('FORBIDDEN', 'cycle: another peer fills the inbox of this one')
    demandNoneOpen(all)
    const until = consensus?.text['until'] ?? ''
    return () => String(this.#goOn(peer, aborted(all)?.messages ?? [], String(until)).id)
  }

  #createMessage(payload: Payload, read: PayloadReader): () => string {
    const { peer, cycle } = this.#named(read)
    if (cycle.from !== undefined || (peer.peer_type !== 'MIX' && peer.peer_type !== 'SPHINX'))
      throw new CascadeError('WRONG_STATE', 'cycle: takes no messages')
    read.count('box', 0, 0)
    const isSphinx = peer.peer_type === 'SPHINX'
    const row = read.bytes('data', isSphinx ? peer.each * packetBytes(peer) : ciphertextBytes * peer.width)
    const proof = read.bytes('proof', isSphinx ? peer.each * packetProofBytes : 32 * (peer.width + 1))
    read.end()
    if (cycle.status !== 'OPEN') throw new CascadeError('WRONG_STATE', `cycle: is ${cycle.status}`)
    if (peer.senders?.isWhole === false) throw new CascadeError('WRONG_STATE', 'senders: are not all known')
    const listed = peer.senders === undefined ? 1 : peer.senders.weightOf(payload.signer)
    if (listed === undefined)
      throw new CascadeError('FORBIDDEN', 'message: its signer is no sender of the peer')
    const isLastCounted = peer.senders !== undefined || isSphinx
    const at = isLastCounted ? cycle.messages.findIndex(({ sender }) => sender === payload.signer) : -1
    const turn = (cycle.messages[at]?.turn ?? 0) + 1
    if (turn > turnsAtMost) throw new CascadeError('FULL', `message: is the ${turn}th of its sender`)
    if (at === -1 && cycle.messages.length >= peer.size_max)
      throw new CascadeError('FULL', `cycle: has ${peer.size_max} messages`)
    const names = isSphinx
      ? wantPackets(this.#rules, this.#group, this.mixnet, payload.signer, peer, row, proof)
      : this.#wantBallot(payload.signer, peer, row, proof)
    const taken = isSphinx ? this.#pointsOf(peer) : this.#rowsOf(cycle)
    for (const name of names)
      if (!this.#rules.isFresh(taken, name)) throw new CascadeError('REPLAYED', 'data: is there already')
    return () => {
      const id = (cycle.messages.at(-1)?.id ?? 0) + 1
      if (at !== -1) cycle.messages.splice(at, 1)
      const weight = isSphinx ? 1 : listed
      cycle.messages.push({ id, sender: payload.signer, row, weight, turn })
      for (const name of names) taken.add(name)
      return String(id)
    }
  }

  #wantBallot(signer: string, peer: Peer, row: Uint8Array, proof: Uint8Array): readonly string[] {
    const context = contextOf(this.mixnet, 'message', peer.peer_id)
    const about = { context, voter: fromHex(signer), key: fromHex(peer.key_data) }
    if (!this.#rules.isKnown(this.#group, about, { row, proof }))
      throw new CascadeError('BAD_SIGNATURE', 'data: its sender does not show that it knows what is in it')
    return [sha256Hex(row)]
  }

  #close(read: PayloadReader): () => string {
    const { peer, cycle, consensus } = this.#agreed(read, 'close')
    this.#demandAgreed(consensus, peer.owners, peer.quorum)
    if (cycle.status !== 'OPEN') throw new CascadeError('WRONG_STATE', `cycle: is ${cycle.status}`)
    return () => {
      cycle.count = countOf(cycle.messages) * Math.max(1, peer.each)
      if (cycle.messages.length < peer.size_min) {
        cycle.status = 'ABORTED'
        // Where no owner opens a cycle alone, none is opened here either: whoever comes now is too late
        if (peer.opening === undefined) this.#goOn(peer, cycle.messages)
        return 'ABORTED'
      }
      cycle.status = 'CLOSED'
      cycle.input_hash = sha256Hex(rowsOf(cycle.messages))
      return 'CLOSED'
    }
  }

  /** Gives up for good what has too few messages: nothing of it is ever mixed, and none follows. */
  #end(read: PayloadReader): () => string {
    const { peer, cycle, consensus } = this.#agreed(read, 'end')
    this.#demandAgreed(consensus, peer.owners, peer.quorum)
    demandFew(peer, cycle, this.#cyclesOf(peer))
    return () => Object.assign(cycle, { status: 'ENDED', count: countOf(cycle.messages) }).status
  }

  #process(payload: Payload, read: PayloadReader): () => string {
    const { peer, cycle } = this.#named(read)
    const isSphinx = peer.peer_type === 'SPHINX'
    const output_hash = read.hash('outbox_hash')
    const proof_hash = isSphinx ? '' : read.hash('proof_hash')
    const malformed = isSphinx ? read.count('malformed', 0, cycle.count) : 0
    const duplicates = isSphinx ? read.count('duplicates', 0, cycle.count - malformed) : 0
    read.end()
    if (peer.peer_type === 'TRUSTEES' || peer.processors[0] !== payload.signer)
      throw new CascadeError('FORBIDDEN', 'cycle: its signer does not process it')
    if (cycle.status !== 'CLOSED') throw new CascadeError('WRONG_STATE', `cycle: is ${cycle.status}`)
    const count = cycle.count - malformed - duplicates
    const length = output_hash === noBytesHash ? 0 : known(this.#lengths(output_hash), 'outbox')
    if (!isSphinx) known(this.#lengths(proof_hash), 'proof')
    if (length !== outRowBytesOf(peer) * count)
      throw new CascadeError('BAD_REQUEST', `outbox: want ${count} rows`)
    return () => {
      Object.assign(cycle, { status: 'PROCESSED', output_hash, proof_hash, malformed, duplicates })
      if (peer.next !== '') this.#carry(peer, cycle, output_hash, count)
      return 'PROCESSED'
    }
  }

  /** Takes a recipient's word that it has what was for it. */
  #consume({ signer: who }: Payload, read: PayloadReader): () => string {
    const { peer, cycle } = this.#named(read)
    const taken = read.count('taken', 1, cycle.count)
    read.end()
    demandConsumes(peer, cycle, who)
    return () => {
      cycle.consumed.push({ who, taken })
      return ''
    }
  }

  /** Takes a sender's word that a packet of its message was lost, with what shows it. */
  #complain({ signer: who }: Payload, read: PayloadReader): () => string {
    const { peer, cycle } = this.#named(read)
    const packet = read.count('packet', 1, Math.max(1, peer.each))
    const opening = read.bytes('opening', 32 * packetChain(this, peer).length)
    read.end()
    demandComplains(peer, cycle, who, packet)
    return () => {
      cycle.complaints.push({ who, packet, opening })
      return ''
    }
  }

  #share(payload: Payload, read: PayloadReader): () => string {
    const { peer, cycle } = this.#named(read)
    const index = read.count('index', 1, peer.processors.length)
    const points_hash = read.hash('points_hash')
    const proof = read.bytes('proof', 64)
    read.end()
    if (peer.peer_type !== 'TRUSTEES' || peer.processors[index - 1] !== payload.signer)
      throw new CascadeError('FORBIDDEN', 'share: its signer is not that trustee')
    if (cycle.status !== 'CLOSED' && cycle.status !== 'PROCESSED')
      throw new CascadeError('WRONG_STATE', `cycle: is ${cycle.status}`)
    if (cycle.shares.some(each => each.index === index))
      throw new CascadeError('REPLAYED', 'share: is there already')
    const length = known(this.#lengths(points_hash), 'points')
    if (length !== 32 * peer.width * cycle.count)
      throw new CascadeError('BAD_REQUEST', 'points: are not as many')
    return () => {
      cycle.shares.push({ index, points_hash, proof })
      if (cycle.shares.length >= peer.threshold) cycle.status = 'PROCESSED'
      return cycle.status
    }
  }

  /** Takes a mixer that failed out of a cycle: its input goes on to the next, and what came of it is void. */
  #skip(read: PayloadReader): () => string {
    const { peer, cycle, consensus } = this.#agreed(read, 'skip')
    const others = othersOf(peer)
    this.#demandAgreed(consensus, others, quorumOf(peer, others))
    if (peer.peer_type === 'TRUSTEES') throw new CascadeError('FORBIDDEN', 'skip: only a mix can be left out')
    if (cycle.status !== 'CLOSED' && cycle.status !== 'PROCESSED')
      throw new CascadeError('WRONG_STATE', `cycle: is ${cycle.status}`)
    return () => {
      voidAfter([...this.cycles.values()].flat(), cycle)
      cycle.status = 'SKIPPED'
      this.skipped.push({ peer_id: peer.peer_id, id: cycle.id })
      // Nobody but its mixer takes the layer off a packet: their senders send them again
      if (peer.peer_type === 'MIX') this.#carry(peer, cycle, cycle.input_hash, cycle.count)
      return 'SKIPPED'
    }
  }

  /** Carries rows to the next peer, where they make a cycle that is closed. */
  #carry(peer: Peer, from: Cycle, rows_hash: string, count: number): void {
    const next = this.peer(peer.next)
    const cycle = this.#open(next, { peer_id: from.peer_id, id: from.id })
    Object.assign(cycle, { status: 'CLOSED', input_hash: rows_hash, count })
  }

  /** Opens a cycle that begins with these messages. */
  #goOn(peer: Peer, messages: readonly Message[], until = ''): Cycle {
    const cycle = this.#open(peer, undefined, until)
    for (const message of messages) cycle.messages.push(message)
    return cycle
  }

  #open(peer: Peer, from: Cycle['from'], until = ''): Cycle {
    const all = this.#cyclesOf(peer)
    const cycle = newCycle(peer.peer_id, all.length + 1, from, until)
    all.push(cycle)
    return cycle
  }

  #rowsOf(cycle: Cycle): Set<string> {
    const rows = this.#rows.get(cycle) ?? new Set(cycle.messages.map(({ row }) => sha256Hex(row)))
    this.#rows.set(cycle, rows)
    return rows
  }

  #pointsOf({ peer_id }: Peer): Set<string> {
    const points = this.#points.get(peer_id) ?? new Set()
    this.#points.set(peer_id, points)
    return points
  }

  #cyclesOf({ peer_id }: Peer): Cycle[] {
    return known(this.cycles.get(peer_id), 'peer')
  }

  #named(read: PayloadReader): { readonly peer: Peer; readonly cycle: Cycle } {
    const peer = this.peer(read.hash('peer_id'))
    return { peer, cycle: this.cycle(peer.peer_id, read.count('cycle_id', 1, 2 ** 32)) }
  }

  #agreed(
    read: PayloadReader,
    action: string,
  ): { readonly peer: Peer; readonly cycle: Cycle; readonly consensus: Consensus } {
    const { peer, cycle } = this.#named(read)
    const consensus = this.#consensus(read.hash('consensus_id'), action)
    read.end()
    demandText(consensus, { action, peer_id: peer.peer_id, cycle_id: cycle.id })
    return { peer, cycle, consensus }
  }

  /** Demands that just these were asked, and so many of them agreed. */
  #demandAgreed(consensus: Consensus, owners: readonly string[], least: number): void {
    if (!this.#rules.isAgreed(consensus, owners, least))
      throw new CascadeError('FORBIDDEN', 'consensus: not those who must agree, or not as many')
  }

  #consensus(id: string, action: string): Consensus {
    const consensus = known(this.consensuses.get(id), 'consensus')
    if (consensus.text['action'] !== action)
      throw new CascadeError('FORBIDDEN', 'consensus: says something else')
    return consensus
  }
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CascadeError('UNKNOWN', `${what}: is not there`)
  return value
}
