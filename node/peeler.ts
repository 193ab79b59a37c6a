// Takes the layer off packets, where the relay's loop runs. A peeler may answer later and from another thread;
// tags are admitted before it answers.

import type { Log } from '../link/log.ts'
import { SphinxError } from '../sphinx/error.ts'
import type { Geometry } from '../sphinx/geometry.ts'
import { type Peeled, peel } from '../sphinx/peel.ts'
import type { KeyRing, PacketKey } from './keys.ts'
import type { DropReason, Outcome } from './relay.ts'
import type { Admission, ReplayStore } from './replay.ts'

/** Answers once with one outcome a packet, in any order. */
export type Peeler = (packets: readonly Uint8Array[], done: (outcomes: readonly Outcome[]) => void) => void

/** Peels at once, in the caller's thread. */
export function inlinePeeler(options: {
  geometry: Geometry
  keys: KeyRing
  replay: ReplayStore
  now: () => number
  log: Log
}): Peeler {
  const { geometry, keys, replay, now, log } = options
  return (packets, done) => {
    const opening = keys.opening(now())
    done(
      packets.map(packet => {
        try {
          return open(geometry, opening, replay, packet)
        } catch (error) {
          log.error({ error: error instanceof Error ? error.message : String(error) }, 'peeling failed')
          return { drop: 'FAULT' }
        }
      }),
    )
  }
}

/** The likeliest key first; the neighbouring epoch's only where the first one's MAC does not fit. */
function open(
  geometry: Geometry,
  opening: readonly PacketKey[],
  replay: ReplayStore,
  packet: Uint8Array,
): Outcome {
  let reason: DropReason = 'NO_KEY'
  for (const key of opening) {
    const outcome = openWith(geometry, key, replay, packet)
    if ('peeled' in outcome) return outcome
    reason = outcome.drop
    if (reason !== 'BAD_MAC') break
  }
  return { drop: reason }
}

function openWith(geometry: Geometry, key: PacketKey, replay: ReplayStore, packet: Uint8Array): Outcome {
  let admission: Admission = 'new'
  try {
    const peeled: Peeled = peel(geometry, key.secret, packet, tag => {
      admission = replay.admit(key.epoch, tag)
      return admission !== 'new'
    })
    return { peeled }
  } catch (error) {
    if (!(error instanceof SphinxError)) throw error
    return {
      drop: error.code === 'REPLAY' && (admission as Admission) === 'full' ? 'REPLAY_FULL' : error.code,
    }
  }
}
