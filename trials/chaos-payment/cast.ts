// Who and what is in a world of the chaos harness: peers, how they fail, and what is kept of it for the checks.

import type { EmbeddedLedger } from '../../payment/ledger/embedded.ts'
import type { Genesis, Ledger } from '../../payment/ledger/ledger.ts'
import type { Note } from '../../payment/ledger/transaction.ts'
import type { Join } from '../../payment/rounds/join.ts'
import type { Conviction } from '../../payment/rounds/judge.ts'
import type { Body, Received } from '../../payment/rounds/message.ts'
import type { RoundRecord } from '../../payment/rounds/record.ts'
import type { step } from '../../payment/rounds/round.ts'
import type { Report, RoundShell } from '../../payment/rounds/shell.ts'
import type { RoundConfig, RoundInit, RoundState } from '../../payment/rounds/state.ts'
import type { VirtualClock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import type { Stranger } from './said.ts'

/** A message that a peer publishes: to whom (all when absent), and how much later. */
export interface Outgoing {
  readonly bytes: Uint8Array
  readonly to?: (peer: Peer) => boolean
  readonly delayMs?: number
}

/** Breaks the protocol in a peer's place: what it does in place of a message that it should publish. */
export interface Fault {
  readonly name: string
  /** @returns null to send it as it is */
  send(peer: Peer, message: Received, world: World): readonly Outgoing[] | null
  /** Something else that it does when it comes to know a message. */
  hear?(peer: Peer, message: Received, world: World): readonly Outgoing[]
  /** Spoils its own state machine. */
  plant?(peer: Peer): Plant
  /** The secret of the output that it offers in its run number `attempt`, in place of a fresh one. */
  output?(attempt: number, random: Random): Uint8Array
}

/** The parts of an honest peer that a planted defect replaces. */
export interface Parts {
  readonly step: typeof step
  readonly config: RoundConfig
  readonly store: Store
  readonly ledger: Ledger
  /** Changes what a restarted peer finds of its record. */
  readonly found: (record: RoundRecord) => RoundRecord
  readonly tell: (report: Report) => Report[]
}
export type Plant = (parts: Parts, world: World) => Parts

/** The process dies just before its first message of a kind leaves, or a while after it has. */
export interface Crash {
  readonly kind: Body['kind']
  readonly afterMs: number | null
}

export interface Peer {
  readonly name: number
  readonly fault: Fault | null
  readonly random: Random
  readonly noteSecret: Uint8Array
  readonly note: Note
  readonly round: RoundInit
  readonly store: Store
  /** The last record that was written to its store. */
  onDisk: RoundRecord | null
  shell: RoundShell
  /** Hex of its identity in the pairing, once it has asked. */
  identity: string
  /** Everything that it can spend when all is settled: secrets of outputs, or of its note. */
  readonly wallet: Uint8Array[]
  isDown: boolean
  /** When it crashes, once; null when it does not, or has. */
  crash: Crash | null
  crashes: number
  isSettled: boolean
  outcome: RoundState | null
  attempt: number
  outputs: number
  /** When it heard whose request, by identity; until its first run. */
  readonly asked: Map<string, number>
  /**
   * Messages that it has sent in place of each of its own, by the message's hash: handing one on again repeats that.
   */
  readonly replaced: Map<string, readonly Outgoing[]>
}

export interface World {
  readonly seed: number
  readonly random: Random
  readonly clock: VirtualClock
  readonly ledger: EmbeddedLedger
  readonly genesis: Genesis
  readonly peers: Peer[]
  readonly denomination: number
  readonly lossRate: number
  readonly trace: Trace
  readonly stranger: Stranger
}

export interface Plan {
  readonly seed: number
  readonly peers: number
  /** By the peer's place. */
  readonly faults: ReadonlyMap<number, Fault>
  /** Honest peers that crash. */
  readonly crashes: ReadonlyMap<number, Crash>
  /** The part of deliveries that never happen. */
  readonly lossRate: number
  readonly plant: Plant
}

/** Collects what the checks look at. */
export interface Trace {
  /** By honest peers, with the record that a crash would have left at that moment. */
  readonly sent: { peer: Peer; message: Received; onDisk: RoundRecord | null }[]
  /** By all peers, also what a faulty one then withheld. */
  readonly made: { peer: Peer; message: Received }[]
  /** Joins that honest peers have signed, and the output that they offered in that run. */
  readonly commits: { peer: Peer; join: Join; outputSecret: Uint8Array }[]
  /** Records that honest peers kept on disk. */
  readonly records: { peer: Peer; record: RoundRecord }[]
  readonly blamed: { by: Peer; note: Note; conviction: Conviction; attempt: number }[]
  /** Steps that ended a run by blame with everybody's secrets on the table: whose, which vectors, and who was named. */
  readonly judged: { by: Peer; attempt: number; revealed: string[]; saw: string[]; named: string[] }[]
  /** Requests of honest peers that an honest one had heard and knew nothing of when the runs began. */
  readonly forgotten: { by: Peer; identity: string }[]
  /** Strikes by honest peers for which most members had not voted. */
  readonly struck: { by: Peer; note: Note }[]
  /** Changes of state, and when. */
  readonly states: { peer: Peer; state: RoundState; at: number }[]
  /** Vectors of SR and DC that spoil a run, in hex. */
  readonly spoilt: { peer: Peer; attempt: number; vector: string }[]
}
