// A node's statistics on their way to the authorities (docs/spec/directory-nodes.md 5.7): once a half epoch, soon after
// it is over, again to each until it has taken or refused them.

import { hex } from '../../encoding/bytes.ts'
import type { Link, Peer } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'
import type { Network } from '../documents/network.ts'
import {
  halfAt,
  halfStart,
  type NodeCount,
  type Statistics,
  signStatistics,
  statisticsLimits,
  writeStatistics,
} from '../documents/statistics.ts'
import type { View } from '../documents/view.ts'
import { Courier } from '../follow/courier.ts'
import { lookAgain, OwnMoments } from '../own-moments.ts'
import type { LoopCount } from '../rounds/reliability.ts'
import type { Sign } from '../statement.ts'

export interface ReporterInit {
  readonly network: Network
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Those of now. */
  readonly authorities: () => readonly Peer[]
  /** Signs with the key of the link's identity. */
  readonly sign: Sign
  /** The document of now. */
  readonly view: () => View | undefined
  /** Reads what this node counted in a half epoch that is over, by the hex of the node; called once for each. */
  readonly counts: (half: number) => ReadonlyMap<string, LoopCount>
}

const requestMs = 5 * second
/** Reports are spread over this part of an epoch, and worth nothing after twice as long. */
const spread = 1 / 32
const halvesRemembered = 8

export class Reporter {
  readonly #init: ReporterInit
  /** By the hex of the authority. */
  readonly #couriers = new Map<string, Courier>()
  readonly #moments: OwnMoments
  /** Each is reported once, also where a clock put back leads through it again. */
  readonly #reported = new Set<number>()
  #half = 0
  #timer: Timer | undefined
  #closed = false

  constructor(init: ReporterInit) {
    this.#init = init
    this.#moments = new OwnMoments(init.network, init.random, { from: 0, to: spread })
    this.#plan()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const courier of this.#couriers.values()) courier.close()
  }

  /** Waits for this node's own moment after the half that is under way. */
  #plan(): void {
    if (this.#closed) return
    const { network, clock } = this.#init
    this.#half = Math.max(0, halfAt(network, clock.now()))
    this.#timer = lookAgain(clock, this.#momentAfter(this.#half), () => this.#look())
  }

  /** Reports about the half that was under way at the last look, unless the clock was set meanwhile. */
  #look(): void {
    const { network, clock } = this.#init
    const [now, half] = [clock.now(), this.#half]
    const passed = halfAt(network, now) - half
    if (passed === 1 && now < this.#momentAfter(half)) {
      this.#timer = lookAgain(clock, this.#momentAfter(half), () => this.#look())
      return
    }
    if (passed === 1 && !this.#reported.has(half)) this.#report(half)
    this.#plan()
  }

  #momentAfter(half: number): Ms {
    return this.#moments.in((half + 1) / 2)
  }

  #report(half: number): void {
    this.#reported.add(half)
    if (this.#reported.size > halvesRemembered)
      this.#reported.delete(this.#reported.values().next().value as number)
    const { network, link, sign, view, counts, log } = this.#init
    try {
      const about = view()
      const counted = counts(half)
      if (about === undefined || counted.size === 0) return
      const content = { reporter: link.id, half, document: about.hash, rows: rowsOf(about, counted) }
      this.#send(half, signStatistics(network.name, content, sign))
    } catch (error) {
      log.error({ why: String(error) }, 'directory: statistics could not be made')
    }
  }

  #send(half: number, statistics: Statistics): void {
    if (statistics.rows.length === 0) return
    const { network } = this.#init
    const until = halfStart(network, half + 1) + 2 * spread * network.epochMs
    const bytes = writeStatistics(statistics)
    for (const authority of this.#init.authorities()) {
      this.#courierTo(authority).send({ ask: 'report', statistics: bytes }, until)
    }
  }

  #courierTo(to: Peer): Courier {
    const { link, clock, random, log } = this.#init
    const courier =
      this.#couriers.get(hex(to.id)) ??
      new Courier({
        link,
        clock,
        random,
        to,
        timeoutMs: requestMs,
        onAnswer: () => {},
        onRefused: ({ code, message }) =>
          log.debug({ authority: hex(to.id), code, why: message }, 'directory: statistics were refused'),
      })
    this.#couriers.set(hex(to.id), courier)
    return courier
  }
}

/** Nodes of the view, in its order, which is the document's. */
function rowsOf(view: View, counted: ReadonlyMap<string, LoopCount>): NodeCount[] {
  return [...view.nodes.keys()].flatMap((id, index) => {
    const { sent, returned } = counted.get(id) ?? { sent: 0, returned: 0 }
    // Beyond what the form has room for, the share counts.
    const scale = Math.min(1, statisticsLimits.loops / Math.max(1, sent))
    const row = { index, sent: Math.floor(sent * scale), returned: Math.floor(returned * scale) }
    return row.sent === 0 ? [] : [row]
  })
}
