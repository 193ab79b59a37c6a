// What somebody sees who stands at a mix and knows which packet is which: when each came and when it left. For
// measurements on networks whose nodes all belong to whoever measures (docs/spec/simulator.md 11).

import type { Ms } from '../../world/units.ts'
import type { Mixed } from '../relay/relay.ts'
import type { VotedStrategy } from './voted.ts'

/** Describes a packet's stay in a mix; times are `Clock.elapsed`, milliseconds. */
export interface Passage {
  /** When it was opened. */
  readonly came: Ms
  /** When it was held: its tag was on the disk by then. */
  readonly ready: Ms
  readonly left: Ms
  /** So long after it was due and held did it leave: the mix's loop had other work. */
  readonly late: Ms
  /** It got a delay of the mix's own besides (docs/spec/node.md 4.3). */
  readonly heldOn: boolean
}

/** `due`: when its delay is over. */
type Entry = Omit<Passage, 'left'> & { readonly due: Ms }

/**
 * Puts an eye on a hold, which changes nothing of what the hold does.
 *
 * @param saw is told of each packet that has left, soon afterwards
 */
export function watched(
  hold: VotedStrategy<Mixed>,
  elapsed: () => Ms,
  saw: (passage: Passage) => void,
): VotedStrategy<Mixed> {
  const inside = new Map<Uint8Array, Entry>()
  // What was taken out may be held on at once: it has left when something else happens
  const leaving = new Map<Uint8Array, Passage>()
  const settle = (): void => {
    for (const passage of leaving.values()) saw(passage)
    leaving.clear()
  }
  return {
    get name() {
      return hold.name
    },
    get size() {
      return hold.size
    },
    put(mixed, now) {
      const bytes = bytesOf(mixed)
      const due = now + mixed.delayMs
      const before = mixed.heldOn === true ? leaving.get(bytes) : undefined
      if (before === undefined) {
        settle()
        inside.set(bytes, { came: now, ready: elapsed(), late: 0, heldOn: false, due })
      } else {
        leaving.delete(bytes)
        inside.set(bytes, { ...before, heldOn: true, due })
      }
      const gone = hold.put(mixed, now)
      if (gone !== undefined) inside.delete(bytesOf(gone))
      return gone
    },
    take(now) {
      settle()
      const taken = hold.take(now)
      const left = elapsed()
      for (const mixed of taken) {
        const bytes = bytesOf(mixed)
        const entry = inside.get(bytes)
        inside.delete(bytes)
        if (entry === undefined) continue
        const { due, ...of } = entry
        leaving.set(bytes, { ...of, left, late: of.late + left - Math.max(due, of.ready) })
      }
      return taken
    },
    wakeAt: () => hold.wakeAt(),
    release: () => hold.release(),
    follow: (...told) => hold.follow(...told),
  }
}

/** A packet keeps its bytes while it is held on. */
function bytesOf(mixed: Mixed): Uint8Array {
  return mixed.at === 'forward' ? mixed.packet : mixed.block
}
