// Takes the layer off packets for the relay, in its own thread (here) or in others (peel-pool.ts). Tags are admitted
// between the two halves of peeling, always in the relay's thread: there is one replay store.

import type { Geometry } from '../../sphinx/geometry.ts'
import { discard } from '../../sphinx/peel.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Epoch, Ms } from '../../world/units.ts'
import type { KeyRing, PacketKey } from './keys.ts'
import { countFit, type Fit, finish, open, refusal, unlessFirstHop } from './peeling.ts'
import type { PeelResult } from './relay.ts'
import type { ReplayStore } from './replay.ts'
import type { Portion, Shares } from './shares.ts'

export interface Peeler {
  /**
   * Takes packets, whose bytes are the peeler's from here on.
   *
   * @param from whose they are, in hex; empty for this node's own
   */
  peel(from: string, packets: readonly Uint8Array[]): void
  /** The packets inside, and the neighbours that wait until there are fewer. */
  readonly shares: Shares
  /** Threads that peel now besides the node's own. */
  readonly threads: number
  /** Wipes what it holds of the keys of epochs before this one, whose files are gone. */
  forget(before: Epoch): Promise<void>
  /** Wipes all keys and ends; what it still has is not answered. */
  close(): Promise<void>
}

export interface PeelerOptions {
  readonly geometry: Geometry
  readonly keys: KeyRing
  readonly replay: ReplayStore
  /** The wall time, which says whose epoch's keys open packets. */
  readonly now: () => Ms
  readonly log: Log
  /** Tells nodes, and this node itself (empty), from clients, by hex. */
  readonly isNode: (from: string) => boolean
  /** Told one result a packet, in any order and in any portions; the tags of the good ones are admitted. */
  readonly peeled: (results: readonly PeelResult[]) => void
  /** Told of each neighbour, in hex, what its packets were worth: once for all that it peels together. */
  readonly judged: (from: string, fit: Readonly<Fit>) => void
  /** Hold what waits: one for all peelers of a node. */
  readonly shares: Shares
}

/** Peels in the caller's thread. */
export interface InlinePeeler extends Peeler {
  /** Leaves to others what waits; it goes on with the next `peel`. */
  rest(): void
}

export interface InlineOptions extends PeelerOptions {
  readonly clock: Clock
  /** Is told how long so many packets took together. */
  readonly spent?: (ms: Ms, packets: number) => void
}

/** Packets taken at once, in the turns of their neighbours. */
const batchPackets = 64
/** After so long, the links have their turn: the packets that come then wait for theirs. */
const turnMs: Ms = 5

/**
 * Peels in the caller's thread, with the key ring's own keys: at once, until that has taken all the thread's time for
 * a while; then what comes waits and is taken in turns.
 */
export function inlinePeeler(options: InlineOptions): InlinePeeler {
  const { geometry, keys, replay, now, log, peeled, judged, clock, shares, spent } = options
  let timer: Timer | undefined
  let closed = false
  let working = false
  /** Peeling has had the thread since then, as far as is known; so long of that it has used. */
  let began = Number.NEGATIVE_INFINITY
  let worked = 0

  const peelOne = (opening: readonly PacketKey[], packet: Uint8Array, fit: Fit): PeelResult => {
    try {
      const header = open(geometry, opening, packet)
      if ('drop' in header) {
        countFit(fit, header.drop)
        return header
      }
      const drop = refusal(replay, header.epoch, header.opened.tag.slice())
      countFit(fit, drop)
      if (drop === undefined) return finish(header, packet)
      discard(header.opened)
      return { drop }
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'peeling failed')
      return { drop: 'FAULT' }
    }
  }

  const peelPortion = (opening: readonly PacketKey[], { from, items }: Portion): readonly PeelResult[] => {
    const fit = { fitting: 0, misfits: 0 }
    const isNode = options.isNode(from)
    const results = items.map(packet => unlessFirstHop(peelOne(opening, packet, fit), isNode))
    shares.left(from, items.length)
    judged(from, fit)
    return results
  }

  /** Works off what waits until its time is over; what is left waits for the links to have had theirs. */
  const work = (): void => {
    working = true
    let at = clock.elapsed()
    if (at - began >= 2 * turnMs) {
      began = at
      worked = 0
    }
    while (shares.waiting > 0 && worked < turnMs && !closed) {
      const opening = keys.opening(now())
      const results = shares.take(batchPackets).flatMap(portion => peelPortion(opening, portion))
      const after = clock.elapsed()
      worked += after - at
      spent?.(after - at, results.length)
      at = after
      peeled(results)
    }
    working = false
    if (shares.waiting > 0 && !closed) timer ??= clock.after(0, nextTurn)
  }

  const nextTurn = (): void => {
    timer = undefined
    began = Number.NEGATIVE_INFINITY
    work()
  }

  return {
    shares,
    threads: 0,
    peel(from, packets) {
      shares.push(from, packets)
      if (timer === undefined && !working) work()
    },
    rest() {
      timer?.cancel()
      timer = undefined
    },
    forget: async () => {},
    async close() {
      closed = true
      timer?.cancel()
    },
  }
}
