// What a board holds (docs/spec/cascade.md 1 and 5): persons, peers, cycles and their messages.

import type { SenderList } from './senders.ts'
import { digestOf } from './signed.ts'

/** Somebody who signs: a person or a program. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly keyData: Uint8Array
}

/** Describes a peer with owners, as all of them have agreed. */
export interface Peer {
  readonly peer_id: string
  readonly name: string
  readonly peer_type: 'MIX' | 'TRUSTEES'
  /** Names who decides about it. */
  readonly owners: readonly string[]
  /** Names who processes its cycles: one mixer, or all trustees in the order of their numbers. */
  readonly processors: readonly string[]
  /** Trustees that are needed; 1 for a mix. */
  readonly threshold: number
  /** The key that rows are encrypted to, 32 bytes in hexadecimal. */
  readonly key_data: string
  /** The trustees' parts of it, 32 bytes each, in hexadecimal; empty for a mix. */
  readonly verification: string
  readonly width: number
  readonly size_min: number
  readonly size_max: number
  /** So many owners close a cycle: more than half. */
  readonly quorum: number
  /** The peer that takes its outbox, or an empty text. */
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

/** Says how far a cycle has come (docs/spec/cascade.md 5). */
export type CycleStatus = 'OPEN' | 'CLOSED' | 'PROCESSED' | 'ABORTED' | 'SKIPPED' | 'VOID'

/** Holds one batch of a peer. */
export interface Cycle {
  readonly peer_id: string
  readonly id: number
  status: CycleStatus
  /** The cycle that this one's rows came from; undefined for one that takes messages. */
  readonly from: { readonly peer_id: string; readonly id: number } | undefined
  readonly messages: Message[]
  /** SHA-256 of its rows, once it is closed. */
  input_hash: string
  count: number
  output_hash: string
  proof_hash: string
  readonly shares: Share[]
}

/** Gives the length of what was handed in under a hash. */
export type Lengths = (hash: string) => number | undefined

const textEncoder = new TextEncoder()

/** Gives the bytes that proofs of a cycle are bound to. */
export function contextOf(mixnet: string, what: 'message' | 'cycle', peer_id: string, id = 0): Uint8Array {
  return textEncoder.encode(digestOf({ mixnet, what, peer_id, id }))
}

/** Counts the rows that messages stand for. */
export function countOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { weight }) => sum + weight, 0)
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

/** Names the owners of a mix who decide whether its mixer is left out. */
export function othersOf({ owners, processors }: Peer): string[] {
  return owners.filter(owner => owner !== processors[0])
}

/** Counts how many of these must agree. */
export function quorumOf({ quorum }: Peer, participants: readonly string[]): number {
  return Math.min(quorum, participants.length)
}
