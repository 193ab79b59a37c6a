// libp2p with the settings this network needs: TCP or WebSocket, Noise, Yamux and nothing else. No identify, no
// ping, no peer store: a host tells a peer nothing but its key, and keeps nothing of a peer that has left.

import './node20.ts'

import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { Libp2p, MultiaddrConnection, PeerId } from '@libp2p/interface'
import { NotFoundError } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { createLibp2p } from 'libp2p'
import { transports } from '#sockets'
import type { Clock } from '../../world/clock.ts'
import type { Certificates } from '../certificates.ts'
import type { Deed } from '../conduct.ts'
import type { LinkLimits } from '../limits.ts'
import { LinkError } from '../link.ts'
import { noTraffic, type Traffic } from '../traffic.ts'
import { Arrivals } from './arrivals.ts'
import { countBytes } from './count-bytes.ts'
import type { Reach, ReachingHost } from './dialling.ts'
import { Entrance } from './entrance.ts'
import type { GossipService } from './gossiping.ts'
import { guardConnection, guardedNoise, guardedYamux, type Proven } from './guard.ts'
import type { NoiseMaker } from './noise.ts'
import { privateKeyOf } from './private-key.ts'
import type { ProxyInit } from './transport-init.ts'

export interface Libp2pInit {
  /** 32 bytes, the Ed25519 secret. */
  readonly seed: Uint8Array
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly certificates?: Certificates | undefined
  /** PEM: roots of dialled servers' certificates, besides those that Node knows. */
  readonly trust?: string | undefined
  readonly proxies?: ProxyInit | undefined
  /** Source address of outgoing TCP connections. */
  readonly localAddress: string | undefined
  readonly clock: Clock
  readonly limits: LinkLimits
  /** Counts what its connections carry. Default: nobody looks at it. */
  readonly traffic?: Traffic
  /** Where sockets come in, whatever transport they come by. Default: one of its own. */
  readonly entrance?: Entrance
  /** Says whether a peer that has proved its identity may connect. */
  readonly lets: (peer: PeerId) => boolean
  /** Hears what peers do that no honest one does. */
  readonly did?: (peer: PeerId, deed: Deed) => void
  /** Default: over the backend that packets have. */
  readonly noise?: NoiseMaker | undefined
  /** Only a node has one. */
  readonly gossip?: GossipService | undefined
}

/** A window below the read buffer, which would reset a reader that pauses. */
const windowBytes = 1024 * 1024
const bufferBytes = 4 * 1024 * 1024

/** Connections beyond the limit, of peers whose identity is not proved yet, or that are just ending for others. */
const reservedConnections = 256

/**
 * A host that does not listen yet, so that its protocols are there before its first peer is.
 *
 * @throws LinkError LISTEN for an address that is no multiaddr
 */
export async function createHost(init: Libp2pInit): Promise<ReachingHost> {
  for (const address of [...init.listen, ...init.announce]) checkAddress(address)
  for (const address of init.listen) {
    if (/\/wss$|\/tls\/ws$/.test(address) && init.certificates === undefined)
      throw new LinkError('LISTEN', `cannot listen on ${address}: it wants a certificate`)
  }
  const { limits, gossip, clock, traffic = noTraffic() } = init
  const entrance = init.entrance ?? new Entrance(new Arrivals(limits, clock), clock, limits)
  const connections = limits.connections + reservedConnections
  const streams = {
    maxInboundStreams: limits.streamsPerConnection,
    // Those that come in the same read as the end of the handshake.
    maxEarlyStreams: limits.streamsPerConnection,
    maxFrameBytes: windowBytes,
    clock: init.clock,
    streamOptions: {
      maxStreamWindowSize: windowBytes,
      maxReadBufferLength: bufferBytes,
      maxWriteBufferLength: bufferBytes,
    },
  }
  const proven: Proven = new WeakMap()
  const did = init.did ?? (() => {})
  let host: ReachingHost | undefined
  const options: Libp2pOptions<{ reach: Reach }> = {
    privateKey: privateKeyOf(init.seed),
    addresses: { listen: [...init.listen], announce: [...init.announce] },
    transports: transports({ ...init, entrance, connections }),
    connectionEncrypters: [guardedNoise(proven, init.noise)],
    streamMuxers: [
      guardedYamux(streams, {
        speaks: name => host?.getProtocols().includes(name) === true,
        did: (connection, deed) => {
          const peer = proven.get(connection)
          if (peer !== undefined) did(peer, deed)
        },
      }),
    ],
    connectionManager: {
      maxConnections: connections,
      inboundConnectionThreshold: limits.connectionsPerSecond,
      // The door has its own bound; one that it turns away counts here until it has closed.
      maxIncomingPendingConnections: 2 * limits.pendingConnections,
      inboundUpgradeTimeout: limits.handshakeMs,
      reconnectRetries: 0,
    },
    connectionMonitor: { enabled: false },
    connectionGater: {
      denyDialMultiaddr: () => false,
      denyInboundConnection: connection =>
        !entrance.admits(connection) || watched(connection, traffic, clock),
      denyOutboundConnection: (_peer, connection) => watched(connection, traffic, clock),
      denyInboundEncryptedConnection: peer => !init.lets(peer),
    },
    datastore: forgetful,
    logger: { forComponent: () => mute },
    services: {
      reach:
        ({ transportManager }: Components): Reach =>
        (to, options) =>
          transportManager.dial(to, options),
      ...(gossip === undefined
        ? {}
        : { gossip: (components: GossipSubComponents) => gossip.attach(components) }),
    },
    start: false,
  }
  host = await createLibp2p(options)
  host.addEventListener('connection:open', ({ detail }) => entrance.opened(detail))
  return host
}

/** @throws LinkError LISTEN naming the address that cannot be listened on; the host has then to be stopped */
export async function listenOn(host: Libp2p, listen: readonly string[]): Promise<void> {
  try {
    await host.start()
  } catch (error) {
    throw listenError(listen, error as Error)
  }
}

/** Called before the first byte of a connection is read. */
function watched(connection: MultiaddrConnection, traffic: Traffic, clock: Clock): false {
  countBytes(connection, traffic)
  guardConnection(connection, clock)
  return false
}

function checkAddress(address: string): void {
  try {
    multiaddr(address)
  } catch (error) {
    throw new LinkError('LISTEN', `${address} is no multiaddr: ${(error as Error).message}`)
  }
}

/** libp2p names each address that failed on a line of its own, with the reason after it. */
function listenError(listen: readonly string[], error: Error): LinkError {
  const reasons = listen.flatMap(address => {
    const reason = error.message.split('\n').find(line => line.trim().startsWith(`${address}:`))
    return reason === undefined
      ? []
      : [
          reason
            .trim()
            .slice(address.length + 1)
            .trim(),
        ]
  })
  const failed = listen.filter(address => error.message.includes(`${address}:`))
  const inUse = reasons.some(reason => reason.includes('EADDRINUSE'))
  const why = inUse ? 'the port is in use' : (reasons[0] ?? error.message).replace(/^\w*Error: /, '')
  return new LinkError(
    'LISTEN',
    `cannot listen on ${(failed.length > 0 ? failed : listen).join(', ')}: ${why}`,
  )
}

/** The part that is used here of what libp2p hands to a service. */
interface Components {
  readonly transportManager: { dial: Reach }
}

type Datastore = NonNullable<Libp2pOptions['datastore']>

/** libp2p would keep here a peer's addresses for hours. */
const forgetful: Datastore = {
  put: key => key,
  get: () => {
    throw new NotFoundError()
  },
  has: () => false,
  delete: () => {},
  async *putMany(source) {
    for await (const { key } of source) yield key
  },
  async *getMany() {},
  async *deleteMany(source) {
    yield* source
  },
  batch: () => ({ put() {}, delete() {}, async commit() {} }),
  async *query() {},
  async *queryKeys() {},
}

type Logger = ReturnType<NonNullable<Libp2pOptions['logger']>['forComponent']>

/** libp2p's own log names addresses. */
export const mute: Logger = Object.assign(() => {}, {
  error: () => {},
  trace: () => {},
  enabled: false,
  newScope: () => mute,
})
