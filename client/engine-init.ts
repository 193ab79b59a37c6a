// What an engine stands on, and what it tells its face (docs/spec/client.md).

import type { Network } from '../directory/documents/network.ts'
import type { Directory } from '../directory/documents/view.ts'
import type { Link } from '../link/link.ts'
import type { Geometry } from '../sphinx/geometry.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import type { Random } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import type { Ms } from '../world/units.ts'
import type { Acknowledge } from './contacts/choices.ts'
import type { InboxEntry } from './incoming/arrivals.ts'
import type { ChooseGateway } from './incoming/choose-homes.ts'
import type { ClientLimits } from './limits.ts'
import type { CoverLevel } from './outgoing/cover.ts'
import type { Outgoing } from './outgoing/outbox.ts'
import type { LoopFate } from './outgoing/returns.ts'
import type { Sealing } from './packets/sealing.ts'

export interface EngineInit {
  readonly network: Network
  readonly g: Geometry
  readonly link: Link
  readonly directory: Directory
  readonly store: Store
  /** Its wall time is what is believed: directory/believed-time.ts. */
  readonly clock: Clock
  /** Tells by how much the machine's wall clock is thought to be ahead. */
  readonly clockErrorMs: () => Ms
  /** Tells whether a document has confirmed it: before, nothing is over. */
  readonly timeIsSure: () => boolean
  readonly random: Random
  readonly sealing: Sealing
  readonly log: Log
  readonly limits: ClientLimits
  readonly onLoop?: ((loop: LoopFate) => void) | undefined
  /** 32 bytes each; empty: those in the store, else one that is chosen. */
  readonly gateways: readonly Uint8Array[]
  readonly chooseGateway: ChooseGateway
  /** So many gateways are to keep its mail, where `gateways` names none. */
  readonly homes: number
  /** The level to begin with. */
  readonly cover: CoverLevel
  /** Says whom it tells that it has all of a message, to begin with. */
  readonly acknowledge: Acknowledge
}

/** Tells the face that an app sees what happens in the engine. */
export interface EngineEvents {
  readonly onState: (message: Outgoing) => void
  readonly onProgress: (message: Outgoing) => void
  readonly onMessage: (entry: InboxEntry) => void
  readonly onReady: (ready: boolean) => void
}
