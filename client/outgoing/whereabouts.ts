// Where a client stands in the network: the consensus that its packets are made with, the gateway that they leave by,
// and how much longer than drawn a way may take. Dispatch asks at every tick, so what it is given is kept while it is
// true.

import { epochAt, type Network } from '../../directory/documents/network.ts'
import { batchWaitMs, defaultParameters } from '../../directory/documents/parameters.ts'
import type { Directory, NodeEntry, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import type { NodeId } from '../../encoding/ids.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, minute, second } from '../../world/units.ts'
import type { Surroundings } from '../packets/packets.ts'
import { type CoverLevel, paceOf } from './cover.ts'
import type { Suspicion } from './suspicion.ts'

/** The gateways by which a client enters, and to which everything comes back. */
export interface Home {
  /** 32 bytes: keeps its mailbox. */
  readonly home: Uint8Array
  /** 32 bytes each: the others of its address. */
  readonly standby: readonly Uint8Array[]
  /** 32 bytes each: all others that are read and answer; another list whenever one is added or goes. */
  readonly asides: readonly Uint8Array[]
  /** Says by which gateway it enters; undefined: by its home. */
  readonly entry: { current(): NodeEntry | undefined }
  /** Says whether packets leave now, and whether what comes back for them is read. */
  readonly sends: boolean
  readonly open: boolean
}

export interface WhereaboutsInit {
  readonly network: Network
  readonly g: Geometry
  readonly directory: Pick<Directory, 'current' | 'view'>
  readonly clock: Clock
  readonly random: Random
  readonly suspicion: Suspicion
  /** 32 bytes: the mailbox to which everything comes back. */
  readonly mailbox: Uint8Array
  /** Undefined before one was chosen. */
  readonly home: () => Home | undefined
  readonly cover: () => CoverLevel
}

/** The most that queues, retries and busy machines may add to a round trip. */
const longestWayMs = 5 * second

export class Whereabouts {
  readonly #init: WhereaboutsInit
  #made:
    | { readonly view: View; readonly asides: readonly Uint8Array[]; readonly around: Surroundings }
    | undefined

  #ended = false

  constructor(init: WhereaboutsInit) {
    this.#init = init
  }

  /** Gives what packets are made with now; undefined while none can leave. */
  surroundings(): Surroundings | undefined {
    return this.#init.home()?.sends === true && !this.#ended ? this.maker() : undefined
  }

  /** Tells whether packets can leave, and what comes back is read. */
  get isReady(): boolean {
    return this.#init.home()?.open === true && this.surroundings() !== undefined
  }

  /** Gives the same while the gateway does not answer: reply blocks can be made all the same. */
  maker(): Surroundings | undefined {
    const doors = this.#init.home()
    const view = this.#init.directory.current()
    if (doors === undefined || view === undefined) return undefined
    const home = this.gateway(hex(doors.home))
    if (home === undefined) return undefined
    const entry = doors.entry.current() ?? home
    const made = this.#made
    // Another document may list either otherwise
    const { asides } = doors
    if (
      made?.view === view &&
      made.asides === asides &&
      made.around.home === home &&
      made.around.entry === entry
    )
      return made.around
    const around = this.#around(view, entry, home, doors)
    this.#made = { view, asides, around }
    return around
  }

  /** Ends: no packet leaves any more. */
  end(): void {
    this.#ended = true
  }

  #around(view: View, entry: NodeEntry, home: NodeEntry, doors: Home): Surroundings {
    const { g, network, clock, random, suspicion, mailbox } = this.#init
    const found = (ids: readonly Uint8Array[]): NodeEntry[] =>
      ids.map(id => this.gateway(hex(id))).filter(gateway => gateway !== undefined)
    return {
      g,
      view,
      epochAt: time => epochAt(network, time),
      entry,
      home,
      standby: found(doors.standby),
      asides: found(doors.asides),
      gateway: id => this.gateway(id),
      mailbox,
      weight: id => suspicion.weight(id, clock.elapsed()),
      reliability: id => suspicion.reliability(id, clock.elapsed()),
      random,
    }
  }

  /**
   * Finds a gateway. One that was away when it should have announced itself is missing from one consensus; nodes
   * still reach it by the one before or after, and so does this client.
   */
  gateway(id: NodeId): NodeEntry | undefined {
    const { directory } = this.#init
    const current = directory.current()
    if (current === undefined) return undefined
    for (const view of [current, directory.view(current.epoch - 1), directory.view(current.epoch + 1)]) {
      const found = view?.nodes.get(id)
      if (found?.role === 'gateway') return found
    }
    return undefined
  }

  /** Six mean waits for a tick of the reading clock, and so much for the way: what takes longer was an outage. */
  mostSlackMs(): Ms {
    const { directory, cover } = this.#init
    const view = directory.current() ?? { mixing: '', parameters: defaultParameters }
    return longestWayMs + this.batchesMs() + (6 * minute) / paceOf(cover(), view).rates.read
  }

  /** Tells what mixing in batches may add at every hop, there and back. */
  batchesMs(): Ms {
    const view = this.#init.directory.current()
    return view === undefined ? 0 : 2 * this.#init.g.hops * batchWaitMs(view.mixing, view.parameters)
  }
}
