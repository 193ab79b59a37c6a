// Takes the layer off packets for the relay, in its own thread (here) or in others (peel-pool.ts). Tags are admitted
// between the two halves of peeling, always in the relay's thread: there is one replay store.

import type { Log } from '../link/log.ts'
import type { Geometry } from '../sphinx/geometry.ts'
import { discard } from '../sphinx/peel.ts'
import type { KeyRing, PacketKey } from './keys.ts'
import { finish, open, refusal } from './peeling.ts'
import type { Outcome } from './relay.ts'
import type { ReplayStore } from './replay.ts'

/** Told one outcome a packet, in any order and in any portions; the tags of the good ones are admitted. */
export type Peeled = (outcomes: readonly Outcome[]) => void

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
  forget(before: number): Promise<void>
  /** Wipes all keys and ends; what it still has is not answered. */
  close(): Promise<void>
}

export interface PeelerOptions {
  readonly geometry: Geometry
  readonly keys: KeyRing
  readonly replay: ReplayStore
  readonly now: () => number
  readonly log: Log
  readonly peeled: Peeled
}

/** Peels at once, in the caller's thread, with the key ring's own keys. */
export function inlinePeeler({ geometry, keys, replay, now, log, peeled }: PeelerOptions): Peeler {
  const peelOne = (opening: readonly PacketKey[], packet: Uint8Array): Outcome => {
    try {
      const header = open(geometry, opening, packet)
      if ('drop' in header) return header
      const drop = refusal(replay, header.epoch, header.opened.tag.slice())
      if (drop === undefined) return finish(header, packet)
      discard(header.opened)
      return { drop }
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'peeling failed')
      return { drop: 'FAULT' }
    }
  }
  return {
    peel(_from, packets) {
      const opening = keys.opening(now())
      peeled(packets.map(packet => peelOne(opening, packet)))
    },
    room: () => undefined,
    forget: async () => {},
    close: async () => {},
  }
}
