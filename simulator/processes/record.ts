// The trace that a run of the local network leaves behind, as plain data. The claims read nothing else.

import { createHash } from 'node:crypto'
import type { PacketCounts } from '../../node/index.ts'
import type { KillKind } from './options.ts'
import type { MixRecord } from './passages.ts'
import type { Ending } from './process.ts'

/** Times are milliseconds since 1970-01-01 UTC. */
export interface MessageRecord {
  readonly number: number
  readonly kind: string
  readonly from: string
  readonly to: string
  readonly bytes: number
  /** SHA-256 of what was sent, and of what the receiver answers. */
  readonly digest: string
  readonly replyDigest: string
  /** The sender's handle; undefined until its client accepted the message. */
  id?: string
  acceptedAt?: number
  /** The far gateway acknowledged all of it. */
  stored: boolean
  /** When the receiving app was given exactly these bytes; more than one is a duplicate. */
  readonly readAt: number[]
  readonly replyReadAt: number[]
}

export interface KillRecord {
  readonly kind: KillKind
  readonly name: string
  readonly at: number
  /** The epoch of that moment. */
  readonly epoch: number
  /** Messages that were accepted and not yet read at that moment. */
  readonly inFlight: number
  /** When its status answered again; undefined for mixes, and all authorities together, which stay dead. */
  backAt?: number
}

/** A path that a client drew for a packet, as its own ledger tells: the ids of the hops, first to last. */
export interface PathRecord {
  readonly client: string
  readonly epoch: number
  readonly hops: readonly string[]
}

/** The time that one message took, and where it went, milliseconds. */
export interface Latency {
  readonly number: number
  readonly totalMs: number
  readonly drawnMs: number
  /** Waiting for the sender's own clock. */
  readonly waitedMs: number
}

/** A join of payments, as the ledger has it. */
export interface JoinRecord {
  /** Its id, lowercase hex. */
  readonly transaction: string
  /** Notes that it spends. */
  readonly size: number
  /** Outputs that each of them may have become, as far as the ledger shows. */
  readonly effectiveSet: number
  /** Peers that hold one of its outputs. */
  readonly paid: number
}

/** A payment of one person to another, as both sides and everybody's receipts tell. */
export interface PaidRecord {
  readonly amount: number
  readonly payerSaysPaid: boolean
  readonly receiverSaysPaid: boolean
  /** Persons of the run who hold its receipt. */
  readonly receipts: number
}

/** Counts what the first so many of those that work together in a crowd saw. */
export interface CrowdSight {
  readonly colluders: number
  /** Sessions of which one of them saw the first request. */
  readonly seen: number
  /** Those of which the first to see it had it from who asked. */
  readonly right: number
}

/** Tells what came of requests through a crowd. */
export interface CrowdRecord {
  readonly members: number
  /** The probability with which a member hands on. */
  readonly forward: number
  /** Members that work together. */
  readonly colluders: number
  readonly asked: number
  readonly answered: number
  /** Codes of what was in the way of some, which were asked again. */
  readonly failures: readonly string[]
  /** For one, two, ... all of those that work together. */
  readonly sights: readonly CrowdSight[]
  /** Second requests of a session that were seen, and those of them that came as the first had come. */
  readonly stayed: { readonly compared: number; readonly same: number }
}

/** Counts what the links of clients showed of a network of rounds. */
export interface RoundsRecord {
  /** Milliseconds. */
  readonly roundMs: number
  /** Rounds that were looked at: from the last client's first to the last whole one. */
  readonly rounds: number
  readonly clients: number
  /** Clients whose first packet came in the first round of an epoch. */
  readonly withAnEpoch: number
  /** Rounds in which a client that had begun sent nothing, or more than one packet: its name and the round. */
  readonly missed: readonly string[]
  readonly doubled: readonly string[]
}

export interface RunRecord {
  readonly threshold: number
  readonly layers: number
  /** Kinds that were to lose a process. */
  readonly wantedKills: readonly KillKind[]
  /** Every pair of process and consensus that was seen. */
  readonly consensus: { readonly process: string; readonly epoch: number; readonly hash: string }[]
  /** Processes that said that no new document has come, when, and until when they go on. */
  readonly late: { readonly process: string; readonly at: number; readonly worksUntil: number }[]
  /** Documents fetched by the harness itself: how many valid signatures of known authorities each carries. */
  readonly documents: { readonly epoch: number; readonly signatures: number }[]
  readonly messages: MessageRecord[]
  /** Messages that a client read and that nobody of the run had sent. */
  readonly strangers: string[]
  /** Traces of a sender found in what its receiver was given. */
  readonly exposed: string[]
  readonly nodes: { readonly name: string; readonly packets: PacketCounts }[]
  readonly paths: PathRecord[]
  /** The layer of every mix by epoch and id, from the consensus. */
  readonly layerOf: Map<string, number>
  readonly gateways: Set<string>
  readonly latencies: Latency[]
  readonly kills: KillRecord[]
  readonly endings: Ending[]
  /** Tells what a person did last to a process, by its name: the one is dead on purpose, the other is not any more. */
  readonly byHand: Map<string, 'killed' | 'started'>
  readonly openPorts: string[]
  /** Peers that were to join their payments; 0 for none. */
  readonly wantedPayments: number
  join: JoinRecord | undefined
  /** One person was to pay another. */
  readonly wantedPaid: boolean
  paid: PaidRecord | undefined
  /** The run is one of a crowd; set when its requests are done. */
  readonly wantedCrowd: boolean
  crowd: CrowdRecord | undefined
  /** The run is one of rounds; set when an observer has seen them. */
  readonly wantedRounds: boolean
  rounds: RoundsRecord | undefined
  /** The delay of the mixes that are compared with the simulator; undefined where none is. */
  readonly comparedDelayMs: number | undefined
  readonly mixes: MixRecord[]
  /** Names mixes whose machine had no time for them. */
  readonly busyMixes: string[]
  readonly processes: number
  epochs: number
  /** Somebody ended the run before its claims were settled. */
  stopped: boolean
}

/** Counts what a node received beyond what it accounts for; 0 when the sum holds. */
export function leak(packets: PacketCounts): number {
  const dropped = Object.values(packets.dropped).reduce((sum, n) => sum + n, 0)
  return packets.received - packets.forwarded - packets.stored - packets.served - dropped - packets.held
}

/** Names a byte string in a record: SHA-256, hexadecimal. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
