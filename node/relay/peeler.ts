// Takes the layer off packets for the relay, in its own thread (here) or in others (peel-pool.ts). Tags are admitted
// between the two halves of peeling, always in the relay's thread: there is one replay store.

import type { Geometry } from '../../sphinx/geometry.ts'
import { discard } from '../../sphinx/peel.ts'
import type { Log } from '../../world/log.ts'
import type { Epoch, Ms } from '../../world/units.ts'
import type { KeyRing, PacketKey } from './keys.ts'
import { countFit, type Fit, finish, open, refusal } from './peeling.ts'
import type { PeelResult } from './relay.ts'
import type { ReplayStore } from './replay.ts'

export interface Peeler {
  /**
   * Takes packets, whose bytes are the peeler's from here on.
   *
   * @param from whose they are, in hex; empty for this node's own
   */
  peel(from: string, packets: readonly Uint8Array[]): void
  /** Resolves when more packets of this neighbour may come; undefined when they may come now. */
  room(from: string): Promise<void> | undefined
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
  /** Told one result a packet, in any order and in any portions; the tags of the good ones are admitted. */
  readonly peeled: (results: readonly PeelResult[]) => void
  /** Told of each neighbour, in hex, what its packets were worth: once for all that it peels together. */
  readonly judged: (from: string, fit: Readonly<Fit>) => void
}

/** Peels at once, in the caller's thread, with the key ring's own keys. */
export function inlinePeeler(options: PeelerOptions): Peeler {
  const { geometry, keys, replay, now, log, peeled, judged } = options
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
  return {
    peel(from, packets) {
      const opening = keys.opening(now())
      const fit = { fitting: 0, misfits: 0 }
      const results = packets.map(packet => peelOne(opening, packet, fit))
      judged(from, fit)
      peeled(results)
    },
    room: () => undefined,
    forget: async () => {},
    close: async () => {},
  }
}
