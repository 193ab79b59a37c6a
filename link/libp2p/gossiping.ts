// How a host takes part in gossip, whatever carries it.

import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { Clock } from '../../world/clock.ts'
import type { Deed } from '../conduct.ts'
import type { Gossip, GossipInit } from '../gossip.ts'
import type { LinkLimits } from '../limits.ts'
import type { Connections } from './connections.ts'

/** Gossip as a service of libp2p, before anybody uses it: no peer is let in. */
export interface GossipService {
  /** For libp2p's `services`. */
  attach(components: GossipSubComponents): unknown
}

/** Gives gossip what it stands on. */
export interface GossipSurroundings {
  readonly connections: Connections
  readonly clock: Clock
  readonly limits: LinkLimits
  /** Hears of a peer that sends what no honest one does. */
  readonly did: (id: Uint8Array, deed: Deed) => void
}

/** The gossip of a host, as the host holds it. */
export interface HostGossip extends Gossip {
  /** The last connection to a peer has closed. */
  gone(peer: Uint8Array): void
  stop(): void
}

/** Holds what a node takes part in gossip with. */
export interface Gossiping {
  readonly service: GossipService
  join(init: GossipInit, around: GossipSurroundings): HostGossip
}
