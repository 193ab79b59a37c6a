// Computes how well a client's messages are hidden, whenever there is another consensus and never because somebody
// asks: when the client's packets leave says nothing of who looks at its page (docs/spec/counts.md 6).

import type { Client } from '../client/index.ts'
import { hex } from '../encoding/bytes.ts'
import { type AnonymityReport, anonymityReport } from '../hiding/index.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import { Timers } from '../world/timers.ts'
import { type Ms, second } from '../world/units.ts'
import { sleep } from '../world/wait.ts'

/** The consensus is looked at so often. */
const lookMs: Ms = 2 * second
/** Between two slices of some 20 ms the client's clocks have their turn. */
const pauseMs: Ms = 50

export interface HidingWatch {
  /** The report of the newest consensus that it is computed for; undefined before the first. */
  current(): AnonymityReport | undefined
  close(): void
}

/** Begins to compute. */
export function watchHiding(client: Pick<Client, 'consensus'>, clock: Clock, log: Log): HidingWatch {
  const timers = new Timers(clock)
  const closing = new AbortController()
  let report: AnonymityReport | undefined
  let done = ''
  const look = async (): Promise<void> => {
    const view = client.consensus()
    const name = view === undefined ? '' : hex(view.hash)
    try {
      if (view !== undefined && name !== done) {
        report = await anonymityReport(view, () => sleep(clock, pauseMs, closing.signal))
        done = name
      }
    } catch (error) {
      if (closing.signal.aborted) return
      done = name
      log.error({ why: String(error) }, 'how well messages are hidden cannot be computed')
    }
    timers.after(lookMs, () => void look())
  }
  void look()
  return {
    current: () => report,
    close: () => {
      closing.abort()
      timers.close()
    },
  }
}
