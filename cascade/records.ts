// What a board holds (docs/spec/cascade.md 1 and 5): persons, peers, cycles and their messages.

import { concat } from '../encoding/bytes.ts'
import { ciphertextBytes } from '../shuffle/index.ts'
import { deliveredBytes, packetBytes } from './packets/suite.ts'
import type { SenderList } from './senders.ts'
import { digestOf, sha256Hex } from './signed.ts'

/** Somebody who signs: a person or a program. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly keyData: Uint8Array
  /** A point of 32 bytes that others seal to, in hexadecimal; undefined for who takes nothing. */
  readonly sealingKey: string | undefined
}

/** Describes a peer with owners, as all of them have agreed. */
export interface Peer {
  readonly peer_id: string
  readonly name: string
  readonly peer_type: 'MIX' | 'TRUSTEES' | 'SPHINX'
  /** Names who decides about it. */
  readonly owners: readonly string[]
  /** Names who processes its cycles: one mixer, or all trustees in the order of their numbers. */
  readonly processors: readonly string[]
  /** Trustees that are needed; 1 for a mix. */
  readonly threshold: number
  /** The key that rows are encrypted to, or a mixer's packets, 32 bytes in hexadecimal. */
  readonly key_data: string
  /** The trustees' parts of it, 32 bytes each, in hexadecimal; empty for a mix. */
  readonly verification: string
  /** Columns of a row; 0 for packets. */
  readonly width: number
  /** Packets (docs/spec/packets.md 3): hops, bytes of a body, packets of a message; 0 for rows. */
  readonly hops: number
  readonly body_bytes: number
  readonly each: number
  readonly size_min: number
  readonly size_max: number
  /** So many owners close a cycle: more than half. */
  readonly quorum: number
  /**
   * Says that a cycle of messages is opened by as many as close one, also after one that had too few; undefined where
   * one owner suffices, and where the next cycle goes on with too few by itself.
   */
  readonly opening: 'quorum' | undefined
  /** The peer that takes its outbox; an empty text behind trustees and the last of a chain of packets. */
  readonly next: string
  /** Lists who may send; anybody may, for one row a message, where there is no list. */
  readonly senders: SenderList | undefined
}

/** Holds a row of an inbox, and who handed it in. */
export interface Message {
  readonly id: number
  readonly sender: string
  readonly row: Uint8Array
  /** So often the row stands in the inbox. */
  readonly weight: number
  /** The how manieth message of its sender it is, where the last one counts; else 1. */
  readonly turn: number
}

/** Holds what a trustee handed in: the hash of its points, and their proof of 64 bytes. */
export interface Share {
  readonly index: number
  readonly points_hash: string
  readonly proof: Uint8Array
}

/** Says of a recipient that it has what was for it in a last batch of packets. */
export interface Consumed {
  readonly who: string
  readonly taken: number
}

/** Holds what a sender showed of a packet that was lost, or of one that was not. */
export interface Complaint {
  readonly who: string
  /** From 1 on, of the packets of the sender's message. */
  readonly packet: number
  /** The scalars that it was made with, 32 bytes a hop. */
  readonly opening: Uint8Array
}

/** Says how far a cycle has come (docs/spec/cascade.md 5). */
export type CycleStatus = 'OPEN' | 'CLOSED' | 'PROCESSED' | 'ABORTED' | 'ENDED' | 'SKIPPED' | 'VOID'

/** Holds one batch of a peer. */
export interface Cycle {
  readonly peer_id: string
  readonly id: number
  status: CycleStatus
  /** The cycle that this one's rows came from; undefined for one that takes messages. */
  readonly from: { readonly peer_id: string; readonly id: number } | undefined
  /** Until when its owners have agreed to take messages, as 2026-01-31T18:00:00Z; an empty text where they have not. */
  readonly until: string
  readonly messages: Message[]
  /** SHA-256 of its rows, once it is closed. */
  input_hash: string
  count: number
  output_hash: string
  proof_hash: string
  readonly shares: Share[]
  /** Packets that a mixer says it dropped: none of its chain, or there before. */
  malformed: number
  duplicates: number
  readonly consumed: Consumed[]
  readonly complaints: Complaint[]
}

/** Makes a cycle that takes messages, or what came of another one. */
export function newCycle(peer_id: string, id: number, from: Cycle['from'], until = ''): Cycle {
  return {
    ...{ peer_id, id, status: 'OPEN', from, until, messages: [] },
    ...{ input_hash: '', count: 0, output_hash: '', proof_hash: '', shares: [] },
    ...{ malformed: 0, duplicates: 0, consumed: [], complaints: [] },
  }
}

/** Gives the length of what was handed in under a hash. */
export type Lengths = (hash: string) => number | undefined

const textEncoder = new TextEncoder()

/** Gives the bytes that proofs of a cycle are bound to. */
export function contextOf(mixnet: string, what: 'message' | 'cycle', peer_id: string, id = 0): Uint8Array {
  return textEncoder.encode(digestOf({ mixnet, what, peer_id, id }))
}

/** SHA-256 of nothing: what a mixer hands on when no packet was one. */
export const noBytesHash: string = sha256Hex(new Uint8Array(0))

/** Lists a chain of packets from a peer to its last one. */
export function packetChain(board: { peer(id: string): Peer }, from: Peer): readonly Peer[] {
  return from.next === '' ? [from] : [from, ...packetChain(board, board.peer(from.next))]
}

/** Voids all that came of a cycle. */
export function voidAfter(all: readonly Cycle[], { peer_id, id }: Cycle): void {
  for (const later of all)
    if (later.from?.peer_id === peer_id && later.from.id === id && later.status !== 'VOID') {
      later.status = 'VOID'
      voidAfter(all, later)
    }
}

/** Counts the rows that messages stand for. */
export function countOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { weight }) => sum + weight, 0)
}

/** Bytes of a row of a peer's inbox. */
export function rowBytesOf(peer: Peer): number {
  return peer.peer_type === 'SPHINX' ? packetBytes(peer) : ciphertextBytes * peer.width
}

/** Bytes of a row of its outbox. */
export function outRowBytesOf(peer: Peer): number {
  return peer.peer_type === 'SPHINX' && peer.next === '' ? deliveredBytes(peer) : rowBytesOf(peer)
}

/** Gives the rows of a cycle's messages, in the order of the log, each as often as its weight says. */
export function rowsOf(messages: readonly Message[]): Uint8Array {
  const [first] = messages
  const out = new Uint8Array(countOf(messages) * (first?.row.length ?? 0))
  let at = 0
  for (const { row, weight } of messages)
    for (let i = 0; i < weight; i++) {
      out.set(row, at)
      at += row.length
    }
  return out
}

/** Gives the bytes of those rows from one place up to and without another, and makes no others. */
export function rowsBetween(messages: readonly Message[], from: number, to: number): Uint8Array {
  const parts: Uint8Array[] = []
  let at = 0
  for (const { row, weight } of messages) {
    const end = at + weight * row.length
    for (let start = at + rowsBefore(from - at, row); start < Math.min(end, to); start += row.length)
      if (start + row.length > from) parts.push(row.subarray(Math.max(0, from - start), to - start))
    at = end
    if (at >= to) break
  }
  return concat(parts)
}

/** Counts the bytes of whole rows that lie before a place. */
function rowsBefore(place: number, { length }: Uint8Array): number {
  return Math.max(0, Math.floor(place / length)) * length
}

/** Names the owners of a mix who decide whether its mixer is left out. */
export function othersOf({ owners, processors }: Peer): string[] {
  return owners.filter(owner => owner !== processors[0])
}

/** Counts how many of these must agree. */
export function quorumOf({ quorum }: Peer, participants: readonly string[]): number {
  return Math.min(quorum, participants.length)
}
