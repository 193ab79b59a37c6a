// The network as nodes and clients use it: a consensus, verified, in the shape of questions they ask.

import { hex } from '../../encoding/bytes.ts'
import type { AnnouncedService } from './announced.ts'
import type { PublishedCount } from './count.ts'

/** Numbers that the authorities vote on, each the low median of the votes, clamped to its range. */
export interface Parameters {
  /** Mean of the exponential delay at each hop, milliseconds. */
  readonly hopDelayMs: number
  /** A hop drops what asks for a longer delay, milliseconds. */
  readonly maxHopDelayMs: number
  /** A client's clock for messages (a loop when none waits), ticks a minute. */
  readonly payloadPerMinute: number
  /** A client's clock for loops, ticks a minute. */
  readonly loopPerMinute: number
  /** A client's clock for drops, ticks a minute. */
  readonly dropPerMinute: number
  /** A client's clock for reads of its mailbox, ticks a minute. */
  readonly readPerMinute: number
  /** Entries of a mailbox page. */
  readonly pageEntries: number
  /** A mix's or gateway's loops, a minute. */
  readonly nodeLoopPerMinute: number
  /** Bounds what one mailbox holds: entries, and for how long, minutes. */
  readonly mailboxEntries: number
  readonly mailboxMinutes: number
  /** Mixing in batches (docs/spec/mixing.md): packets of a batch, milliseconds between two, */
  readonly batchPackets: number
  readonly batchMs: number
  /** what a pool keeps at least, and the percentage of it that leaves at most. */
  readonly poolPackets: number
  readonly poolPercent: number
  /**
   * Bounds what makes a node running and reliable (docs/spec/directory-tally.md 7.5): the share of its loops that come
   * back,
   */
  readonly runningPercent: number
  readonly reliablePercent: number
  /** of the reporters' values the share that is dropped at each end, */
  readonly trimPercent: number
  /** and without so many reporters and loops nothing is decided. */
  readonly minimumReporters: number
  readonly minimumSamples: number
  /** The bulletin (docs/spec/bulletin.md): bytes of it on each mailbox page, how long nodes keep an entry (minutes), */
  readonly bulletinPageBytes: number
  readonly bulletinMinutes: number
  /** what they keep of one topic (KiB), */
  readonly bulletinKiB: number
  /** and what a topic may carry, KiB a minute; 0: the network has no such topic. */
  readonly openKiB: number
  readonly paymentsKiB: number
  readonly headsKiB: number
  /** Epochs that a new mix waits for its layer. */
  readonly waitingEpochs: number
  /** 1: no two nodes of one network in a path; 0: networks do not matter. */
  readonly networksApart: number
  /** Nodes of one network, and of one family, in a document at most; 10,000: any number. */
  readonly nodesPerNetwork: number
  readonly nodesPerFamily: number
}

/**
 * Names what a node is in the network: a mix has a layer, a gateway has mailboxes, a member of the crowd neither: it
 * carries no packets (docs/spec/crowds.md).
 */
export type Role = 'mix' | 'gateway' | 'member'

/** Names the roles of those that carry packets. */
export type RelayRole = Exclude<Role, 'member'>

/** A node as a document has it. */
export interface NodeEntry {
  /** 32 bytes: raw Ed25519 public key of its libp2p identity; also the node id in packets. */
  readonly id: Uint8Array
  readonly role: Role
  /** 0 to layers - 1 for a mix, -1 for a gateway and a member. */
  readonly layer: number
  readonly addresses: readonly string[]
  /** Packet public keys (32 bytes each) by epoch: those of epoch, epoch + 1 and epoch + 2 of the document. */
  readonly packetKeys: ReadonlyMap<number, Uint8Array>
  readonly family: string
  /** Lists what it announces for people whose mailbox it keeps; nothing for a mix. */
  readonly services: readonly AnnouncedService[]
  /** The class of clients that a gateway says it can carry: 2^(class - 1) and more; 0 or nothing for unstated. */
  readonly capacity?: number
  /** The newest count that it publishes (docs/spec/counts.md). */
  readonly count?: PublishedCount | undefined
  readonly running: boolean
  readonly reliable: boolean
}

/** A document as those see it who follow it: checked, and of one epoch. */
export interface View {
  readonly network: string
  readonly epoch: number
  /** 32 bytes: the document's name, the hash of its body without signatures. */
  readonly hash: Uint8Array
  /** Ids of the authorities whose valid signatures it carries. */
  readonly signers: readonly Uint8Array[]
  /** Milliseconds since 1970-01-01 UTC. */
  readonly validAfter: number
  readonly freshUntil: number
  readonly validUntil: number
  readonly parameters: Parameters
  /** The name of the nodes' mixing strategy, as it stands in the document. */
  readonly mixing: string
  /** Which mixes may follow each other in a path: the pinned one (network.ts, Topology). */
  readonly topology: string
  /** layers[i]: the mixes of layer i. */
  readonly layers: readonly (readonly NodeEntry[])[]
  readonly gateways: readonly NodeEntry[]
  /** Any node by the hex of its id. */
  readonly nodes: ReadonlyMap<string, NodeEntry>
}

/** Says whether the documents come as they should (docs/spec/directory-travel.md 10). */
export interface DirectoryHealth {
  /**
   * Set while the newest document is not fresh any more: since when (milliseconds since 1970-01-01 UTC) it is
   * the newest, and until when one can go on with it.
   */
  readonly late: { readonly since: number; readonly worksUntil: number } | null
  /** Epochs of which two signed documents are known: both names, and who signed both, as hex. Neither is used. */
  readonly splits: readonly {
    readonly epoch: number
    readonly documents: readonly string[]
    readonly signers: readonly string[]
  }[]
  /** Lists what was wrong at each place that was asked since the last document came. */
  readonly troubles: readonly { readonly id: string; readonly code: string; readonly why: string }[]
}

/** The health of a directory that holds what there is. */
export const healthy: DirectoryHealth = { late: null, splits: [], troubles: [] }

/** Follows the consensus for a node or a client; made by `followDirectory` or `joinDirectory`. */
export interface Directory {
  /** The newest verified view whose time has come and is not over; undefined when there is none. */
  current(): View | undefined
  /** The verified view of an epoch, while it is kept (until validUntil). */
  view(epoch: number): View | undefined
  /** Called with every newly verified view; returns how to stop. */
  onView(handler: (view: View) => void): () => void
  health(): DirectoryHealth
  /**
   * The newest document that somebody has told since there is none of now, signed as it must be, whose time is not the
   * clock's. It is used for nothing; but it shows by how much the clock may be wrong.
   */
  outOfTime?(): View | undefined
  /** Resolves with the first current view. */
  ready(signal?: AbortSignal): Promise<View>
  close(): Promise<void>
}

/** The consensus that somebody works with, as a status tells it; ids and hash in lowercase hex. */
export interface ConsensusStatus {
  readonly epoch: number
  readonly hash: string
  readonly signers: readonly string[]
  /** Milliseconds since 1970-01-01 UTC. */
  readonly validUntil: number
}

export function consensusStatus(view: View | undefined): ConsensusStatus | null {
  if (view === undefined) return null
  const { epoch, hash, signers, validUntil } = view
  return { epoch, hash: hex(hash), signers: signers.map(hex), validUntil }
}
