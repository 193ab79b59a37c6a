// The clock of a node's loops: exponential gaps at the rate that the consensus states (docs/spec/node.md 4).

import type { View } from '../../directory/documents/view.ts'
import type { Timer } from '../../world/clock.ts'
import type { Timers } from '../../world/timers.ts'
import type { Loops } from './loops.ts'

export interface LoopSender {
  /** Sends this many a minute on average from now on; 0 for none. */
  follow(perMinute: number): void
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
  let rate = 0
  let timer: Timer | undefined
  let stopped = false

  function later(): void {
    timer?.cancel()
    const wait = stopped ? undefined : loops.nextIn(rate)
    if (wait !== undefined) timer = timers.after(wait, once)
  }

  function once(): void {
    const now = view()
    const loop = now && loops.make(now)
    if (loop !== undefined) send(loop)
    later()
  }

  return {
    follow(perMinute) {
      if (perMinute === rate) return
      rate = perMinute
      later()
    },
    stop() {
      stopped = true
      timer?.cancel()
    },
  }
}
