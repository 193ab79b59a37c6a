// An authority that does not answer any more: said once, with its name, in the log of each of the others. One more may
// be one too few, and nobody reads numbers on a quiet day.

import type { AuthorityStatus } from '../directory/authority/index.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import { type Ms, minute, second } from '../world/units.ts'

const lookEveryMs = 10 * second

type Others = AuthorityStatus['authorities']

/** Tells whether another authority has not answered for a minute. */
export function isSilent(seen: Ms | null, now: Ms): boolean {
  return seen === null || now - seen > minute
}

/**
 * Watches the other authorities and says when one falls silent and when it answers again.
 *
 * @returns ends the watch
 */
export function watchSilence(others: () => Others, clock: Clock, log: Log): () => void {
  const silent = new Set<string>()
  const begun = clock.elapsed()
  const look = (): void => {
    // Whoever has just started has heard of nobody yet
    if (clock.elapsed() - begun >= minute) for (const other of others()) tell(other)
    timer = clock.after(lookEveryMs, look)
  }
  const tell = ({ id, seen }: Others[number]): void => {
    if (!isSilent(seen, clock.now())) {
      if (silent.delete(id)) log.info({ authority: id }, 'authority: answers again')
      return
    }
    if (silent.has(id)) return
    silent.add(id)
    const since = seen === null ? 'this start' : new Date(seen).toISOString()
    log.warn(
      { authority: id, since },
      `authority ${id.slice(0, 16)} silent since ${since}: tell its operator`,
    )
  }
  let timer = clock.after(lookEveryMs, look)
  return () => timer.cancel()
}
