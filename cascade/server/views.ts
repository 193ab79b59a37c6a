// How a Controller shows what is on its board: the field names of PANORAMIX D4.1, chapter 4.3, and what goes beyond
// (docs/spec/cascade.md 13).

import * as v from 'valibot'
import { hex } from '../../encoding/bytes.ts'
import type { Json } from '../../encoding/jcs.ts'
import type { Consensus, Negotiation } from '../negotiation.ts'
import { consensusId } from '../negotiation.ts'
import type { Cycle, Peer, Person } from '../records.ts'
import type { Fields } from '../signed.ts'

const text = v.string()
const number = v.number()

export const peerView: v.GenericSchema<PeerView> = v.object({
  peer_id: text,
  key_id: text,
  key_type: v.pipe(
    number,
    v.description(
      '1: a person’s key, Ed25519; 2: a key that rows are encrypted to, 3: one that packets are made for, ristretto255',
    ),
  ),
  key_data: text,
  name: text,
  peer_type: text,
  status: v.literal('READY'),
  owners: v.array(text),
  processors: v.array(text),
  threshold: number,
  verification: text,
  width: number,
  hops: number,
  body_bytes: number,
  each: number,
  size_min: number,
  size_max: number,
  quorum: number,
  opening: v.nullable(text),
  next: text,
  consensus_id: v.nullable(text),
  sealing_key: v.nullable(text),
})
export interface PeerView {
  readonly peer_id: string
  readonly key_id: string
  readonly key_type: number
  readonly key_data: string
  readonly name: string
  readonly peer_type: string
  readonly status: 'READY'
  readonly owners: string[]
  readonly processors: string[]
  readonly threshold: number
  readonly verification: string
  readonly width: number
  readonly hops: number
  readonly body_bytes: number
  readonly each: number
  readonly size_min: number
  readonly size_max: number
  readonly quorum: number
  readonly opening: string | null
  readonly next: string
  readonly consensus_id: string | null
  readonly sealing_key: string | null
}

/** Shows a person as the report shows a peer without owners. */
export function viewPerson({ id, name, keyData, sealingKey }: Person): PeerView {
  return {
    peer_id: id,
    key_id: id,
    key_type: 1,
    key_data: hex(keyData),
    name,
    peer_type: 'CLIENT',
    status: 'READY',
    owners: [],
    processors: [],
    threshold: 0,
    verification: '',
    width: 0,
    hops: 0,
    body_bytes: 0,
    each: 0,
    size_min: 0,
    size_max: 0,
    quorum: 0,
    opening: null,
    next: '',
    consensus_id: null,
    sealing_key: sealingKey ?? null,
  }
}

export function viewPeer(peer: Peer): PeerView {
  const { senders: _, ...rest } = peer
  const { peer_id, owners, processors } = rest
  const lists = { owners: [...owners], processors: [...processors] }
  const key_type = peer.peer_type === 'SPHINX' ? 3 : 2
  const about = {
    key_id: peer_id,
    key_type,
    consensus_id: peer_id,
    sealing_key: null,
    opening: peer.opening ?? null,
  }
  return { ...rest, ...lists, ...about, status: 'READY' }
}

export const cycleView: v.GenericSchema<CycleView> = v.object({
  peer_id: text,
  id: number,
  status: text,
  until: text,
  size_current: number,
  count: number,
  input_hash: text,
  outbox_hash: text,
  proof_hash: text,
  from: v.nullable(v.object({ peer_id: text, id: number })),
  shares: v.array(v.object({ index: number, points_hash: text, proof: text })),
  malformed: number,
  duplicates: number,
  consumed: v.array(v.object({ who: text, taken: number })),
  complaints: v.array(v.object({ who: text, packet: number, opening: text })),
})
export interface CycleView {
  readonly peer_id: string
  readonly id: number
  readonly status: string
  readonly until: string
  readonly size_current: number
  readonly count: number
  readonly input_hash: string
  readonly outbox_hash: string
  readonly proof_hash: string
  readonly from: { peer_id: string; id: number } | null
  readonly shares: { index: number; points_hash: string; proof: string }[]
  readonly malformed: number
  readonly duplicates: number
  readonly consumed: { who: string; taken: number }[]
  readonly complaints: { who: string; packet: number; opening: string }[]
}

export function viewCycle(cycle: Cycle): CycleView {
  const { peer_id, id, status, until, count, input_hash, output_hash, proof_hash, from, messages } = cycle
  return {
    peer_id,
    id,
    status,
    until,
    size_current: status === 'OPEN' ? messages.length : count,
    count,
    input_hash,
    outbox_hash: output_hash,
    proof_hash,
    from: from === undefined ? null : { ...from },
    shares: cycle.shares.map(share => ({ ...share, proof: hex(share.proof) })),
    malformed: cycle.malformed,
    duplicates: cycle.duplicates,
    consumed: cycle.consumed.map(said => ({ ...said })),
    complaints: cycle.complaints.map(said => ({ ...said, opening: hex(said.opening) })),
  }
}

export const messageView: v.GenericSchema<MessageView> = v.object({
  box: v.picklist([0, 1]),
  cycle_id: number,
  id: number,
  sender: text,
  recipient: text,
  data: text,
})
export interface MessageView {
  readonly box: 0 | 1
  readonly cycle_id: number
  readonly id: number
  readonly sender: string
  readonly recipient: string
  readonly data: string
}

const json = v.record(text, v.any())

export const negotiationView: v.GenericSchema<NegotiationView> = v.object({
  id: text,
  status: v.picklist(['OPEN', 'DONE']),
  hash: v.nullable(text),
  participants: v.array(text),
  least: number,
  contributions: v.array(v.object({ signer: text, text: json, accepts: v.boolean(), text_signature: text })),
})
export interface NegotiationView {
  readonly id: string
  readonly status: 'OPEN' | 'DONE'
  readonly hash: string | null
  readonly participants: string[]
  readonly least: number
  readonly contributions: { signer: string; text: Fields; accepts: boolean; text_signature: string }[]
}

export function viewNegotiation(negotiation: Negotiation): NegotiationView {
  const { id, consensus, participants, least, contributions } = negotiation
  return {
    id,
    status: consensus === undefined ? 'OPEN' : 'DONE',
    hash: consensus === undefined ? null : consensusId(consensus),
    participants: Object.keys(participants),
    least,
    contributions: contributions.map(said => ({ ...said, text: { ...said.text } })),
  }
}

export const consensusView: v.GenericSchema = v.object({
  id: text,
  mixnet: text,
  negotiation_id: text,
  participants: v.record(text, text),
  least: number,
  text: json,
  signings: v.record(text, text),
})

export function viewConsensus(id: string, consensus: Consensus): Json {
  return { id, ...consensus }
}

export const requestForm: v.GenericSchema = v.object({
  payload: v.looseObject({
    mixnet: text,
    signer: text,
    sequence: number,
    resource: text,
    operation: text,
  }),
  signature: text,
})

export const replyView: v.GenericSchema = v.object({
  id: text,
  receipt: v.object({ index: number, path: v.array(text), checkpoint: text }),
})

export const logView: v.GenericSchema = v.object({ entries: v.array(requestForm), checkpoint: text })

export const problemView: v.GenericSchema = v.object({
  title: text,
  status: number,
  code: text,
  detail: text,
})
