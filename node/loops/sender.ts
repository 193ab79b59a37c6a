// The clocks of a node's loops: exponential gaps at the rate that the consensus states (docs/spec/node.md 4); and of
// its cover, while its own loops are missing (4.3).

import type { View } from '../../directory/documents/view.ts'
import type { Timer } from '../../world/clock.ts'
import type { Timers } from '../../world/timers.ts'
import type { Loops, LoopUse } from './loops.ts'

/** While it gives cover, a node sends so many times as many loops more. */
const coverFactor = 3

export interface LoopSender {
  /** Sends this many a minute on average from now on; 0 for none. */
  follow(perMinute: number): void
  /** Begins or ends to send loops that are nothing but cover, besides. */
  cover(on: boolean): void
  stop(): void
}

/**
 * Begins with none.
 *
 * @param options.view gives the network as it is now
 * @param options.send puts a loop on its way
 */
export function loopSender(options: {
  loops: Loops
  timers: Timers
  view: () => View | undefined
  send: (loop: { readonly next: Uint8Array; readonly packet: Uint8Array }) => void
}): LoopSender {
  const { loops, timers, view, send } = options

  /** Sends loops of one use at a rate, which may be set anew. */
  function ticker(use: LoopUse): (perMinute: number) => void {
    let rate = 0
    let timer: Timer | undefined
    const later = (): void => {
      timer?.cancel()
      const wait = loops.nextIn(rate)
      if (wait !== undefined) timer = timers.after(wait, once)
    }
    const once = (): void => {
      const now = view()
      const loop = now && loops.make(now, use)
      if (loop !== undefined) send(loop)
      later()
    }
    return perMinute => {
      if (perMinute === rate) return
      rate = perMinute
      later()
    }
  }

  const measuring = ticker('measure')
  const covering = ticker('cover')
  let rate = 0
  let covers = false
  let stopped = false
  const adjust = (): void => {
    measuring(stopped ? 0 : rate)
    covering(stopped || !covers ? 0 : rate * coverFactor)
  }

  return {
    follow(perMinute) {
      rate = perMinute
      adjust()
    },
    cover(on) {
      covers = on
      adjust()
    },
    stop() {
      stopped = true
      adjust()
    },
  }
}
