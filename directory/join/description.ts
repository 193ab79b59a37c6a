// Tells what a node says about itself, and what it takes to join (docs/spec/directory-nodes.md 5).

import type { BelievedTime } from '../believed-time.ts'
import type { AnnouncedService } from '../documents/announced.ts'
import type { PublishedCount } from '../documents/count.ts'
import type { Role } from '../documents/view.ts'
import type { FollowOptions } from '../follow/follow.ts'
import type { Sign } from '../statement.ts'
import type { ReporterInit } from './report.ts'

/** Describes a node, as it says of itself; what it leaves out is empty. */
export interface NodeDescription {
  readonly role: Role
  /** Multiaddrs without the /p2p part, at which others reach it. */
  readonly addresses: readonly string[]
  /** X25519 public keys (32 bytes each) for packets of epoch, epoch + 1, epoch + 2. */
  readonly packetKeys: readonly Uint8Array[]
  readonly family?: string | undefined
  readonly country?: string | undefined
  readonly software?: string | undefined
  readonly services?: readonly AnnouncedService[] | undefined
  /** The class of clients that a gateway can carry, 0 to 23 (descriptor.ts). */
  readonly capacity?: number | undefined
  /** The newest count that it publishes. */
  readonly count?: PublishedCount | undefined
  /** Where the authorities' people reach the operator; it stands in no document. */
  readonly contact?: string | undefined
  readonly certified?: Certified | undefined
}

/** Certifies a node's key with the operator's offline identity key (docs/spec/directory-nodes.md 5.4). */
export interface Certified {
  /** 32 bytes */
  readonly identity: Uint8Array
  /** 64 bytes: that the node's key is the operator's, until the end of epoch `until`. */
  readonly certificate: Uint8Array
  readonly until: number
  /** 64 bytes: that the node may ask to join with this role, family and contact. */
  readonly approval: Uint8Array
}

/** Holds what `joinDirectory` is handed, besides what a follower is. */
export interface JoinOptions extends FollowOptions {
  /**
   * The time that the node goes by (believed-time.ts), which is to follow the directory that comes of this: by it the
   * node speaks of the epochs it is in. The documents are followed by `clock`. Default: what `clock` shows.
   */
  readonly time?: BelievedTime | undefined
  /** Makes what the descriptor for an epoch's document says; called once an epoch. */
  readonly describe: (epoch: number) => NodeDescription | Promise<NodeDescription>
  /** Signs with the key of the link's identity. */
  readonly sign: Sign
  /** Reads what this node's loops counted in a half epoch (report.ts); without it nothing is reported. */
  readonly counts?: ReporterInit['counts'] | undefined
}
