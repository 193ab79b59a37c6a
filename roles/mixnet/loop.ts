// What members and clients do again and again: the next thing at once after an answer, else after a while.

import { systemClock } from '../../world/clock.ts'
import { sleep } from '../../world/wait.ts'

export const usualPauseMs = 500

/** Begins; gives how to end, which waits for what is under way. @param act says whether there was something to do */
export function again(act: () => Promise<boolean>, pauseMs: number = usualPauseMs): () => Promise<void> {
  const ending = new AbortController()
  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const busy = await act()
      await sleep(systemClock, busy ? 0 : pauseMs, ending.signal).catch(() => {})
    }
  }
  const over = loop()
  return async () => {
    ending.abort()
    await over
  }
}
