// Every bound of a link, with the reason for its value (docs/spec/link.md 6). Both versions of the link use
// these; a test hands in smaller ones. Who may fill each, and who gives way, is said in shares.ts.

import { MiB, minute, second } from '../world/units.ts'
import type { ConductLimits } from './conduct.ts'
import type { BackOff } from './neighbour.ts'
import type { Bounds } from './shares.ts'

/** The bounds that a link holds its peers to. */
export interface LinkLimits {
  /** Cells that wait for one neighbour. */
  readonly queueCells: number
  /** Cells that wait in all queues together. */
  readonly totalCells: number
  /** Milliseconds a cell waits at most: longer than a neighbour takes to start again. */
  readonly cellAgeMs: number
  /** Neighbours with a queue. */
  readonly neighbours: number
  readonly backOff: BackOff
  /** Milliseconds for a dial, and for opening a stream on a connection. */
  readonly dialMs: number
  /** Addresses that are tried at once, and besides them those that are dialled to prove that a peer is there. */
  readonly dials: number
  readonly dialsAnew: number
  /** Milliseconds between two signs of life on a stream of cells, while cells arrive. */
  readonly alivePeriodMs: number
  /** Milliseconds without one, after cells were written, that make a stream count as dead. */
  readonly deadMs: number
  /** Cells taken from one stream before the others get their turn. */
  readonly burstCells: number
  /** Requests that are being read, answered or written, of one peer and of all. */
  readonly requestsPerPeer: number
  readonly requestsPerNetwork: number
  readonly requestsTotal: number
  /** Bytes of their bodies, from when a length has been read. */
  readonly requestBytesPerPeer: number
  readonly requestBytesPerNetwork: number
  readonly requestBytesTotal: number
  /** Milliseconds a stream of requests may stay silent between two requests: here as the asking side ... */
  readonly askIdleMs: number
  /** ... and as the answering side: much longer, so that no request meets a stream that is being closed. */
  readonly serveIdleMs: number
  /** Milliseconds from a request's first byte to its last. */
  readonly readMs: number
  /** Milliseconds its handler may take. */
  readonly handleMs: number
  /** Milliseconds until the other side has taken the answer. */
  readonly writeMs: number
  /** Connections, theirs and ours. */
  readonly connections: number
  /** Inbound connections a second from one address, and those whose handshake is not over. */
  readonly connectionsPerSecond: number
  readonly pendingConnections: number
  /** Connections of one peer: two that crossed, and some that are just ending. */
  readonly connectionsPerPeer: number
  /** Inbound connections of one address, and of one network (/24 of IPv4, /48 of IPv6). */
  readonly connectionsPerAddress: number
  readonly connectionsPerNetwork: number
  /** Inbound handshakes a second from one network: in `handshakeMs` they do not fill `pendingConnections`. */
  readonly handshakesPerNetwork: number
  /** Milliseconds for an inbound handshake. */
  readonly handshakeMs: number
  /** Streams of one connection that its other side opened. */
  readonly streamsPerConnection: number
  /** Streams of cells and requests that one network has open. */
  readonly streamsPerNetwork: number
  /** Milliseconds without a stream after which the side that dialled hangs up; the other side waits four times. */
  readonly connectionIdleMs: number
  /** Says when a peer that sends what nobody can use is shut out. */
  readonly conduct: ConductLimits
}

export const defaultLimits: LinkLimits = {
  queueCells: 4096,
  totalCells: 32_768,
  cellAgeMs: 30 * second,
  neighbours: 1024,
  backOff: { firstMs: 100, longestMs: 5 * second, lastingMs: 5 * second },
  dialMs: 5 * second,
  dials: 256,
  dialsAnew: 512,
  alivePeriodMs: 5 * second,
  deadMs: 20 * second,
  burstCells: 64,
  requestsPerPeer: 16,
  requestsPerNetwork: 128,
  requestsTotal: 512,
  requestBytesPerPeer: 4 * MiB,
  requestBytesPerNetwork: 16 * MiB,
  requestBytesTotal: 64 * MiB,
  askIdleMs: 20 * second,
  serveIdleMs: 60 * second,
  readMs: 10 * second,
  handleMs: 30 * second,
  writeMs: 30 * second,
  connections: 2000,
  connectionsPerSecond: 50,
  pendingConnections: 128,
  connectionsPerPeer: 8,
  connectionsPerAddress: 128,
  connectionsPerNetwork: 512,
  handshakesPerNetwork: 20,
  handshakeMs: 3 * second,
  streamsPerConnection: 64,
  streamsPerNetwork: 4096,
  connectionIdleMs: 30 * second,
  conduct: {
    mostOwed: 8192,
    forgivenPerSecond: 250,
    streamCost: 16,
    frameCost: 1024,
    firstOutMs: 10 * second,
    longestOutMs: 10 * minute,
    rememberedMs: 60 * minute,
  },
}

/** Requests that are under way. */
export function requestBounds(limits: LinkLimits): Bounds {
  const { requestsPerPeer, requestsPerNetwork, requestsTotal } = limits
  return { perPeer: requestsPerPeer, perNetwork: requestsPerNetwork, total: requestsTotal }
}

/** Bytes of their bodies. */
export function requestByteBounds(limits: LinkLimits): Bounds {
  const { requestBytesPerPeer, requestBytesPerNetwork, requestBytesTotal } = limits
  return { perPeer: requestBytesPerPeer, perNetwork: requestBytesPerNetwork, total: requestBytesTotal }
}

/** Streams of cells and requests. */
export function streamBounds({
  connectionsPerPeer,
  streamsPerConnection,
  streamsPerNetwork,
}: LinkLimits): Bounds {
  const perPeer = connectionsPerPeer * streamsPerConnection
  return { perPeer, perNetwork: streamsPerNetwork, total: Number.POSITIVE_INFINITY }
}

/** Connections: of one peer and of one network the door and libp2p have bounds of their own. */
export function connectionBounds({ connections }: LinkLimits): Bounds {
  return { perPeer: connections, perNetwork: connections, total: connections }
}
