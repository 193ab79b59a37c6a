// The network as a role sees it: cells to neighbours, requests to servers. Two versions: libp2p over TCP
// (host.ts) and memory with a virtual clock (memory.ts).

import type { Dht } from './dht.ts'
import type { Gossip, GossipInit } from './gossip.ts'
import type { Peer } from './peer.ts'
import type { RankOf } from './shares.ts'
import type { Crowded, Refusals, Traffic } from './traffic.ts'

export type { Peer } from './peer.ts'

/** Why a cell was not sent. */
export type CellDrop = 'queue-full' | 'too-old' | 'closed'

/** A peer to whom packets go, and what waits for it. */
export interface Neighbour {
  readonly id: Uint8Array
  readonly state: 'idle' | 'dialling' | 'open' | 'waiting'
  readonly queued: number
  readonly sent: number
  readonly dropped: Readonly<Record<CellDrop, number>>
}

/** Says how long a request may take, and how long its answer may be. */
export interface RequestOptions {
  /** Milliseconds from the call to the whole answer, dial included. */
  readonly timeoutMs: number
  /** The largest answer that is accepted, bytes. */
  readonly maxBytes: number
  readonly signal?: AbortSignal
  /**
   * Dials one of the peer's addresses also where a connection to it is open: an answer then proves that the peer is
   * at one of them.
   */
  readonly dialAnew?: boolean
  /**
   * Hears with `dialAnew`, before the answer is given, at which address it was: of an address with a name, the same one
   * with the Internet address that the name stood for.
   */
  readonly reached?: (address: string) => void
}

/** A promise holds the peer back until it is settled; it must not be rejected. */
export type CellsHandler = (from: Uint8Array, cells: readonly Uint8Array[]) => Promise<void> | void

/** Answers one request; what it throws closes the stream without an answer. */
export type RequestHandler = (from: Uint8Array, body: Uint8Array) => Promise<Uint8Array>

/** Sends packets and requests to peers, and serves those of others. */
export interface Link {
  /** 32 bytes: this host's raw Ed25519 public key. */
  readonly id: Uint8Array
  /** Multiaddrs it announces, without the /p2p part. */
  readonly addresses: readonly string[]
  /** The table that nodes and authorities keep together; a client only asks. */
  readonly dht: Dht
  /**
   * Queues one fixed-size cell for a neighbour; never waits. The cell is the link's from here on. Cells to one
   * neighbour leave in order on one long-lived stream, which one task re-opens with back-off.
   *
   * @returns false when it was dropped (counted by reason in `neighbours()`)
   * @throws LinkError BAD_CELL when the length is not the network's cell size
   */
  send(to: Peer, cell: Uint8Array): boolean
  /**
   * Takes cells as they arrive, in batches. Each cell is a copy in a buffer of its own that the handler may keep. While
   * a promise that the handler returned is pending, no more is read from that stream. One handler a link.
   */
  onCells(handler: CellsHandler): void
  /**
   * One request, one answer.
   *
   * @throws LinkError UNREACHABLE, TIMEOUT, REFUSED (the other side closed without an answer), TOO_LARGE
   */
  request(to: Peer, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** Serves a protocol; a request over `maxBytes` is refused before it is read. */
  serve(protocol: string, maxBytes: number, handler: RequestHandler): void
  /** Called when the last connection to a peer has closed. */
  onGone(handler: (id: Uint8Array) => void): void
  /** Closes the queues to every neighbour that is not named. */
  keepNeighbours(ids: readonly Uint8Array[]): void
  neighbours(): readonly Neighbour[]
  /**
   * Resolves when all queues are empty, but for those to neighbours that three attempts in a row did not reach, or when
   * `timeoutMs` is over.
   */
  flush(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/** Says what became of requests that other hosts made. */
export type RequestEnd = 'answered' | 'busy' | 'too-large' | 'failed' | 'too-slow' | 'broken'

export function noRequests(): Record<RequestEnd, number> {
  return { answered: 0, busy: 0, 'too-large': 0, failed: 0, 'too-slow': 0, broken: 0 }
}

/** Numbers since the start; none says anything about one peer. */
export interface LinkCounters extends Readonly<Traffic> {
  readonly cellsReceived: number
  readonly cellsSent: number
  readonly cellsDropped: Readonly<Record<CellDrop, number>>
  /** Streams of cells from peers that may not send any. */
  readonly streamsRefused: number
  /** Streams of cells that ended inside a cell. */
  readonly remainders: number
  readonly requests: Readonly<Record<RequestEnd, number>>
  /** Those who were turned away, by what they wanted a place of. */
  readonly refusals: Refusals
  readonly crowded: Crowded
  /** Open now. */
  readonly connections: number
  readonly streams: number
}

/** Tells how peers conducted themselves: docs/spec/link.md 9. */
export interface Shut {
  /** Counts how often one was shut out since the start. */
  readonly times: number
  /** Those that are out now: their id in hex, and until when, milliseconds since 1970-01-01 UTC. */
  readonly out: readonly { readonly id: string; readonly until: number }[]
}

/** The link of a node. */
export interface NodeLink extends Link {
  /**
   * Says as what peers are known to the role that runs here, which decides who gives way where places are few
   * (docs/spec/resources.md). Asked whenever somebody wants a place. Until it is called all are strangers.
   */
  rankPeers(rankOf: RankOf): void
  /** Says whether there is a connection with a peer: `onGone` tells when the last one has ended. */
  isConnected(id: Uint8Array): boolean
  /**
   * Tells what came of cells that a peer has built itself, as clients do: so many opened for the first time, so many
   * did not or had been seen. One of whose cells too many are of no use is disconnected, and for some time not let in.
   *
   * @returns true when this was too much
   */
  judge(from: Uint8Array, cells: { readonly fitting: number; readonly misfits: number }): boolean
  /** Tells whom it has shut out. */
  shut(): Shut
  /** Takes part in the gossip of nodes. @throws LinkError WRONG_STATE for the second time, and when this is no node */
  gossip(init: GossipInit): Gossip
}

/** A link as the program that started it holds it. */
export interface Host extends NodeLink, AsyncDisposable {
  counters(): LinkCounters
}

/** Says why a link failed. */
export type LinkErrorCode =
  | 'BAD_CELL'
  | 'BAD_MESSAGE'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'REFUSED'
  | 'TOO_LARGE'
  | 'ABORTED'
  | 'CLOSED'
  | 'LISTEN'
  | 'BAD_FRAME'
  | 'WRONG_STATE'

/** Everything that fails on a link. */
export class LinkError extends Error {
  readonly code: LinkErrorCode
  constructor(code: LinkErrorCode, message: string) {
    super(message)
    this.name = 'LinkError'
    this.code = code
  }
}
