// What members and clients do again and again: the next thing at once after an answer, else after a while.

import { systemClock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { sleep } from '../../world/wait.ts'

export const usualPauseMs = 500

/** Something that is done again and again. */
export interface Again {
  /** Ends, and waits for what is under way. */
  end(): Promise<void>
  /** Says what went wrong the last time, such as a disk that is full; undefined where nothing did. */
  readonly fault: string | undefined
}

/**
 * Begins. What goes wrong is said, and tried again: a disk that was full may have room later.
 *
 * @param act says whether there was something to do
 */
export function again(act: () => Promise<boolean>, log: Log, pauseMs: number = usualPauseMs): Again {
  const ending = new AbortController()
  let fault: string | undefined
  const once = async (): Promise<boolean> => {
    try {
      const busy = await act()
      if (fault !== undefined) log.warn({ was: fault }, 'a step that had failed is possible again')
      fault = undefined
      return busy
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      // Said when it begins: a full disk must not be filled by the log that complains of it
      if (why !== fault) log.error({ why }, 'a step failed: it is tried again')
      fault = why
      return false
    }
  }
  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const busy = await once()
      await sleep(systemClock, busy ? 0 : pauseMs, ending.signal).catch(() => {})
    }
  }
  const over = loop()
  return {
    async end() {
      ending.abort()
      await over
    },
    get fault() {
      return fault
    },
  }
}
