// The program of a mix of `chaffinch net`: the mix as an operator starts it, and an eye on it that tells who started
// it, over the channel between them, when each packet came and left (docs/spec/simulator.md 11).

import type { Passage } from '../../node/index.ts'
import { runNode } from '../../roles/node.ts'
import { systemClock } from '../../world/clock.ts'
import { second } from '../../world/units.ts'
import { addTimer, noTimers, type TimersTold } from './timers.ts'

/** A mix tells this about every second. */
export interface PassagesTold {
  readonly pid: number
  /** In the order in which they left. */
  readonly passages: readonly Passage[]
  /** Tells how late timers rang that have nothing to do with packets. */
  readonly timers: TimersTold
}

/** A timer is set so often. */
const timerMs = 10
const tellEveryMs = second

const [, , file] = process.argv.slice(2) as [string, string, string]
let passages: Passage[] = []
let timers = noTimers

const tell = (): void => {
  const told: PassagesTold = { pid: process.pid, passages, timers }
  passages = []
  timers = noTimers
  // Whoever started it may be gone
  if (process.connected) process.send?.(told, undefined, undefined, () => {})
}

const look = (): void => {
  const due = systemClock.elapsed() + timerMs
  setTimeout(() => {
    timers = addTimer(timers, timerMs, Math.max(0, systemClock.elapsed() - due))
    look()
  }, timerMs).unref()
}

look()
setInterval(tell, tellEveryMs).unref()
try {
  process.exitCode = await runNode('mix', file, footing => ({
    ...footing,
    passed: passage => void passages.push(passage),
  }))
} catch (error) {
  console.error(`chaffinch: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
tell()
