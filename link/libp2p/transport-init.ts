// What a host's transports are made with.

import type { Clock } from '../../world/clock.ts'
import type { Certificates } from '../certificates.ts'
import type { LinkLimits } from '../limits.ts'

/** Says which listen addresses only proxies reach, and which those are. */
export interface ProxyInit {
  /** Internet addresses of the proxies. */
  readonly from: readonly string[]
  /** Those of `listen`, as they stand there. */
  readonly at: readonly string[]
}

/** Decides about a socket before its first byte is read. */
export interface SocketDoor {
  /**
   * Lets a socket in to ask for its upgrade.
   *
   * @param address the multiaddr that it comes from, without `/ws`
   * @param turnAway closes it
   * @returns what to call when it has ended; undefined when it is turned away at once
   */
  enter(address: string, turnAway: () => void): (() => void) | undefined
}

/** Says how a host's sockets are opened and taken. */
export interface TransportInit {
  /** Where sockets come in, whatever transport they come by. */
  readonly entrance: SocketDoor
  readonly certificates?: Certificates | undefined
  /** PEM: roots of dialled servers' certificates, besides those that Node knows. */
  readonly trust?: string | undefined
  readonly proxies?: ProxyInit | undefined
  /** Source address of outgoing TCP connections. */
  readonly localAddress: string | undefined
  /** Connections at most. */
  readonly connections: number
  readonly limits: LinkLimits
  readonly clock: Clock
}
