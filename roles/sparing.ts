// Says what goes wrong again and again once a minute, with how often it was, and not each second: a log that fills a
// full disk keeps it full.

import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import { type Ms, minute } from '../world/units.ts'

/** Different warnings and errors that are remembered; of more the oldest is forgotten, and said anew. */
const mostKinds = 256

/**
 * Wraps a log: a warning or an error is said at once, and one of the same words and fields that comes within a minute
 * is counted. The next one after it says how many there were (`times`).
 */
export function sparing(log: Log, clock: Pick<Clock, 'elapsed'>): Log {
  const said = new Map<string, { readonly at: Ms; kept: number }>()
  const spare =
    (level: 'warn' | 'error'): Log['warn'] =>
    (fields, message) => {
      const kind = `${level} ${message} ${JSON.stringify(fields)}`
      const before = said.get(kind)
      const at = clock.elapsed()
      if (before !== undefined && at - before.at < minute) {
        before.kept++
        return
      }
      said.delete(kind)
      said.set(kind, { at, kept: 0 })
      const [oldest] = said.keys()
      if (said.size > mostKinds && oldest !== undefined) said.delete(oldest)
      const times = (before?.kept ?? 0) + 1
      log[level](times === 1 ? fields : { ...fields, times }, message)
    }
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: spare('warn'),
    error: spare('error'),
  }
}
