// Continuous-time mixing: every packet waits as long as its sender drew from the exponential distribution.
// Kesdogan, Egner, Bueschkes, "Stop-and-Go MIXes" (IH 1998), section 3; Piotrowska et al., "The Loopix
// Anonymity System" (USENIX Security 2017), section 4.1. Bounds and anonymity: docs/spec/mixing.md.

import { heap } from '../../world/heap.ts'
import { below, type Random, shuffle } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'
import type { Asked, Strategy } from './strategy.ts'

/**
 * Holds every packet for the delay that its sender asked for (docs/spec/mixing.md 2).
 *
 * @param options.limit packets held at most, 1 or more
 */
export function poisson<T extends Asked>(options: { random: Random; limit: number }): Strategy<T> {
  const { random, limit } = options
  const held = heap<{ due: Ms; packet: T }>((a, b) => a.due < b.due)
  return {
    get size() {
      return held.size
    },
    put(packet, now) {
      held.push({ due: now + packet.delayMs, packet })
      // the newest may be the one: who floods a hold then gains nothing over whom it pushes out
      return held.size > limit ? held.removeAt(below(random, held.size)).packet : undefined
    },
    take(now) {
      const due: T[] = []
      for (let first = held.peek(); first !== undefined && first.due <= now; first = held.peek()) {
        held.pop()
        due.push(first.packet)
      }
      // a timer ticks in milliseconds: within one, the order of arrival must not show
      return due.length > 1 ? shuffle(random, due) : due
    },
    wakeAt: () => held.peek()?.due,
    release: () => Array.from({ length: held.size }, () => held.removeAt(below(random, held.size)).packet),
  }
}
