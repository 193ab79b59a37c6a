// The bulletin's room, which nobody's rank divides since authors are hidden: flooders of so many networks put up all
// the work that they have, and honest authors publish beside them.

import { Price, workAt } from '../../client/bulletin/price.ts'
import { defaultParameters } from '../../directory/documents/parameters.ts'
import type { View } from '../../directory/documents/view.ts'
import { entryOverheadBytes, quotaBytes, topicNamed } from '../../directory/topics.ts'
import { mayStamp, ShownRoom, showRate } from '../../node/bulletin/room.ts'
import { Sale } from '../../node/bulletin/sale.ts'
import { virtualClock } from '../../world/clock.ts'
import { below, seededRandom } from '../../world/random.ts'
import { KiB, type Ms, minute, second } from '../../world/units.ts'

const open = topicNamed('open')!

/** Hashes a millisecond: of an honest client, which searches beside its clocks, and of one who does nothing else. */
const speed = { honest: 340, flooder: 1000 } as const
/** Packets a minute that a client may send, each with an entry of one piece. */
const packetsPerMinute = 600

/**
 * Floods four gateways and tells which share of 12 honest entries others see.
 *
 * @param price hashes for each byte that the flooders put up, as often as they can pay for
 */
export async function market(flooders: number, price: number, entryBytes: number): Promise<number> {
  const clock = virtualClock(0)
  const random = seededRandom(flooders * 1_000_003 + price)
  const parameters = { ...defaultParameters }
  const view = { parameters, gateways: Array(4) } as unknown as View
  const quota = quotaBytes(view, open)
  type Entry = { readonly id: string; readonly cost: number; readonly work: number }
  const shown = new Map<string, Ms>()
  const recent: { at: Ms; cost: number }[] = []
  const room = new ShownRoom()
  const board = new Sale<Entry>({
    clock,
    random,
    most: () => showRate(view, open).perMinute,
    hasRoom: cost => room.take(showRate(view, open), cost, clock.elapsed()),
    sell: ({ id, cost }) => {
      shown.set(id, clock.elapsed())
      recent.push({ at: clock.elapsed(), cost })
    },
    outbid: () => {},
  })
  const gateways = Array.from({ length: 4 }, () => {
    let slot = { minute: -1, used: 0 }
    const usedNow = (): { minute: number; used: number } => {
      const now = Math.floor(clock.now() / minute)
      if (slot.minute !== now) slot = { minute: now, used: 0 }
      return slot
    }
    return new Sale<Entry>({
      clock,
      random,
      most: () => quota,
      hasRoom: cost => mayStamp(quota, usedNow().used, cost, clock.now()),
      sell: entry => {
        usedNow().used += entry.cost
        board.offer({ ...entry, entry })
      },
      outbid: () => {},
    })
  })
  const post = (id: string, cost: number, work: number): void => {
    gateways[below(random, 4)]!.offer({ id, cost, work, entry: { id, cost, work } })
  }
  let flooded = 0
  const cost = 1963 + entryOverheadBytes
  const affordable = price === 0 ? Number.POSITIVE_INFINITY : (speed.flooder * minute) / (price * cost)
  const perSecond = (flooders * Math.min(packetsPerMinute, affordable)) / 60
  let owed = 0
  const flood = (): void => {
    for (owed += perSecond; owed >= 1; owed--) post(`flood ${flooded++}`, cost, price * cost)
    clock.after(second, flood)
  }
  flood()
  await clock.advance(2 * minute)

  const prices = new Price()
  const publish = async (n: number): Promise<boolean> => {
    const [id, cost] = [`honest ${n}`, entryBytes + entryOverheadBytes]
    for (let tried = 0; tried < 4; tried++) {
      const carried = recent
        .filter(({ at }) => at > clock.elapsed() - minute)
        .reduce((sum, one) => sum + one.cost, 0)
      const step = prices.next(carried >= 32 * KiB, tried)
      await clock.advance(workAt(step, cost) / speed.honest)
      post(id, cost, workAt(step, cost))
      for (let waited = 0; waited < (step > 0 ? 75 : 15) && !shown.has(id); waited++)
        await clock.advance(second)
      if (!shown.has(id)) continue
      prices.worked(step)
      return true
    }
    return false
  }
  let done = 0
  for (let n = 0; n < 12; n++) if (await publish(n)) done++
  return done / 12
}

/** Hashes for each byte that flooders put up, at most and at least: what is least for honest authors counts. */
const prices = [256, 4096] as const

/** @returns the share of honest entries that others see */
export async function playBulletin(networks: number): Promise<number> {
  const shares: number[] = []
  for (const price of prices) shares.push(await market(networks, price, 100))
  return Math.min(...shares)
}
