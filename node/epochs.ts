// Follows the epochs and their documents: keys and journals, routes, mixing, the rate of loops (docs/spec/node.md
// 2, 3).

import { hex } from '../encoding/bytes.ts'
import type { Timer } from '../world/clock.ts'
import type { Timers } from '../world/timers.ts'
import { type Ms, second } from '../world/units.ts'
import type { Life } from './door.ts'
import type { LoopSender } from './loops/sender.ts'
import type { NodeOptions } from './options.ts'
import type { Parts } from './parts.ts'
import type { Pipeline } from './pipeline.ts'
import { openJournals } from './relay/journals.ts'
import { neighboursOf } from './routes.ts'

/** A disk that refused is asked again after this. */
const retryMs: Ms = 10 * second
/** The wall clock is looked at so often: nobody says when it is set. */
const lookMs: Ms = 10 * second

export interface Epochs {
  /** Mixes by the strategy of this name from now on, also what is held. */
  mixAs(strategy: string): void
  stop(): void
}

/**
 * Takes over what the documents say, now and whenever there is another, and turns keys and journals with the epochs.
 */
export function epochs(
  options: NodeOptions,
  parts: Parts,
  { relay, hold, peeler, happen, now }: Pipeline,
  running: { readonly life: Readonly<Life>; readonly sender: LoopSender; readonly timers: Timers },
): Epochs {
  const { link, admission, clock, log } = options
  const { directory, parameters, keys, replay, disk, bulletin, mail, loops, worth, time } = parts
  const { life, sender, timers } = running

  function adopt(): void {
    admission.refresh(directory)
    const { maxHopDelayMs, mailboxEntries, mailboxMinutes, nodeLoopPerMinute } = parameters()
    relay.maxDelayMs = maxHopDelayMs
    mail?.boxes.limit({ entries: mailboxEntries, minutes: mailboxMinutes })
    const view = admission.views[0]
    if (view === undefined) return
    if (life.at !== 'closed') bulletin.adopt()
    if (life.at === 'running') mixAs(view.mixing)
    sender.follow(nodeLoopPerMinute)
    const neighbours = neighboursOf(admission.views, link.id)
    link.keepNeighbours(neighbours.map(node => node.id))
    worth.keep(id => admission.views.some(({ nodes }) => nodes.has(id)))
    loops.keep(new Set(neighbours.map(node => hex(node.id))))
  }

  function mixAs(mixing: string): void {
    if (!hold.follow(mixing, parameters(), now())) return
    if (hold.name !== mixing)
      log.warn({ mixing, instead: hold.name }, 'unknown mixing strategy in the consensus')
    happen({ type: 'due' })
  }

  /** Keys and journals follow the epochs; a disk that refuses is asked again, and stops nothing else. */
  async function turn(): Promise<void> {
    const at = clock.now()
    try {
      adopt()
      const wasSure = time.isSure()
      await keys.advance(at, wasSure)
      await openJournals(options, keys, replay)
      // A journal goes after its key, never before: what was let through could be let through again
      const { oldest } = keys
      await peeler.forget(oldest)
      await replay.free(oldest)
      disk.wrote('keys')
      left = { at, next: keys.nextAdvance(at), wasSure }
      look()
    } catch (error) {
      disk.wrote('keys', error)
      timers.after(retryMs, () => void turn())
    }
  }

  /** Says what the last turn has left to do; undefined during a turn. */
  let left: { readonly at: Ms; readonly next: Ms; readonly wasSure: boolean } | undefined
  let looking: Timer | undefined

  /**
   * Turns when there is something to do for the keys: it is time, the clock shows a time before the one of the last
   * turn, or what it shows has become sure. Else looks again later.
   */
  function look(): void {
    tellError()
    looking?.cancel()
    if (left === undefined) return
    const shown = clock.now()
    if (shown >= left.next || shown < left.at || (!left.wasSure && time.isSure())) {
      left = undefined
      void turn()
    } else looking = timers.after(Math.min(lookMs, left.next - shown), look)
  }

  let isWrong = false
  /** Says once that the machine's clock is thought to be wrong, and once that it is believed again. */
  function tellError(): void {
    const aheadMs = time.seemsAheadMs()
    if ((aheadMs !== 0) === isWrong) return
    isWrong = aheadMs !== 0
    if (isWrong) log.warn({ aheadMs }, 'the clock seems to be wrong: no document says that it is right')
    else log.warn({}, 'the clock is believed again')
  }

  const unfollow = directory.onView(() => {
    adopt()
    look()
  })
  adopt()
  const begun = clock.now()
  left = { at: begun, next: keys.nextAdvance(begun), wasSure: false }
  look()
  return { mixAs, stop: unfollow }
}
