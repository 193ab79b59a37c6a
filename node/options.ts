// All that a mix or gateway is handed from outside.

import type { Network } from '../directory/documents/network.ts'
import type { Directory, RelayRole } from '../directory/documents/view.ts'
import type { NodeDescription } from '../directory/join/description.ts'
import type { NodeLink, Peer } from '../link/link.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import type { Random } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import type { Ms } from '../world/units.ts'
import type { Files } from './files.ts'
import type { NodeLimits } from './limits.ts'
import type { LoopRecord } from './loops/record.ts'
import type { Passage } from './mixing/watched.ts'
import type { PeelThreads } from './relay/open-peeler.ts'
import type { StartThread } from './relay/peel-worker.ts'
import type { Admission } from './routes.ts'

/** Says what a gateway may take of the machine, and measures what it takes. */
export interface LoadOptions {
  /** Bounds what its process may take: .5 for half of a core. */
  readonly cores: number
  /** Gives the processor time of this process so far, of all its threads, milliseconds. */
  readonly cpuMs: () => Ms
}

/** A mix or gateway is made of these. */
export interface NodeOptions {
  readonly role: RelayRole
  readonly network: Network
  /** Its cells have the geometry's packetBytes, its identity is this node's. Closed by whoever made it. */
  readonly link: NodeLink
  /** The one that the link asks; this node keeps it fresh. */
  readonly admission: Admission
  /** 32 bytes: the Ed25519 seed of the link's identity, which signs the descriptors. */
  readonly seed: Uint8Array
  /** The operator's other nodes have the same; empty for none. */
  readonly family: string
  /**
   * Gives what the operator says besides; asked for each descriptor, since a certificate is renewed while the node
   * runs.
   */
  readonly operator?:
    | (() => Pick<NodeDescription, 'country' | 'contact' | 'software' | 'certified'>)
    | undefined
  /** Says of a gateway whether it announces services of the owner of this mailbox, 32 bytes. Default: of anyone. */
  readonly mayAnnounce?: (mailboxKey: Uint8Array) => boolean
  /** These are asked for documents before the authorities: any nodes. */
  readonly sources?: readonly Peer[]
  /** Default: the node joins the directory itself. One that is handed in is closed by whoever made it. */
  readonly directory?: Directory
  /** Packet keys and replay journals. */
  readonly files: Files
  /** Mail and documents. Closed by whoever opened it. */
  readonly store: Store
  /**
   * Makes what a client of this node's own counts in (`loopRecord`), by the time that the node goes by. Where there is
   * one, the node's loops tell only about nodes that do not run. Default: they tell about all that they pass.
   */
  readonly probes?: ((time: Pick<Clock, 'now'>) => Pick<LoopRecord, 'measured'>) | undefined
  /**
   * Is told of each packet that has left the hold. It links what comes with what goes: for measurements on networks
   * whose nodes are all one's own, and no file or command of an operator's leads to it.
   */
  readonly passed?: (passage: Passage) => void
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits?: Partial<NodeLimits>
  /** Measures what a gateway can carry (docs/spec/gateway.md 8). Default: it carries as many as it may know. */
  readonly load?: LoadOptions
  /** False: it publishes no counts of its traffic (docs/spec/counts.md). Default: it does. */
  readonly counts?: boolean
  /** Threads that peel; default: none but the node's own. Files in memory have none but that. */
  readonly threads?: PeelThreads
  /** Starts one; default: from compiled code. */
  readonly startThread?: StartThread
}
