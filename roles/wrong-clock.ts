// An authority whose clock is not that of the others: said once, and once when it is right again.

import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import { type Ms, second } from '../world/units.ts'

const lookEveryMs = 10 * second

/**
 * Watches what is thought of the own clock's error and says when there is one.
 *
 * @returns ends the watch
 */
export function watchClock(errorMs: () => Ms, clock: Clock, log: Log): () => void {
  let isWrong = false
  const look = (): void => {
    const aheadMs = errorMs()
    if ((aheadMs !== 0) !== isWrong) {
      isWrong = aheadMs !== 0
      if (isWrong)
        log.warn({ aheadMs }, 'authority: this clock is not that of most others: run an NTP client')
      else log.info({}, 'authority: this clock is that of the others again')
    }
    timer = clock.after(lookEveryMs, look)
  }
  let timer = clock.after(lookEveryMs, look)
  return () => timer.cancel()
}
