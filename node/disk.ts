// The watch over what the disk refuses a node: said once when it begins and once when it is over, and counted in
// between: a full disk must not be filled by the log that complains of it (docs/spec/node.md 5.1).

import type { Log } from '../world/log.ts'

/** A node writes these: the tags of packets, mail, packet keys, the count that it publishes. */
export type Written = 'journal' | 'mail' | 'keys' | 'count'

const consequence: Readonly<Record<Written, string>> = {
  journal: 'the replay journal cannot be written: packets are dropped',
  mail: 'mail cannot be written: packets for mailboxes are dropped, and not acknowledged',
  keys: 'packet keys cannot be renewed',
  count: 'the count of a period cannot be written: it is not published',
}

export interface Disk {
  /** A write has ended; `error` is what the disk said when it refused. */
  wrote(what: Written, error?: unknown): void
  /** Writes that were refused since the start. */
  readonly refusals: number
  /** Lists what could not be written when it was last tried. */
  readonly failing: readonly Written[]
}

export function diskWatch(log: Log): Disk {
  const failing = new Set<Written>()
  let refusals = 0
  return {
    wrote(what, error) {
      if (error === undefined) {
        if (failing.delete(what)) log.warn({ what }, 'the disk takes it again')
        return
      }
      refusals++
      if (failing.has(what)) return
      failing.add(what)
      log.error({ what, error: String(error) }, consequence[what])
    },
    get refusals() {
      return refusals
    },
    get failing() {
      return [...failing]
    },
  }
}
