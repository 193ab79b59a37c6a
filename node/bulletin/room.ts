// How much of the bulletin there is room for: what a gateway may stamp now, and what its pages can show
// (docs/spec/bulletin.md 4.4, 6.3).

import type { View } from '../../directory/documents/view.ts'
import { entryOverheadBytes, type Topic, topicsOf } from '../../directory/topics.ts'
import { type Bucket, fullBucket, type Rate, takeTokens } from '../../world/rates.ts'
import { KiB, type Ms, minute } from '../../world/units.ts'

/** This part of a minute's quota is there at its beginning, and the rest as the minute passes. */
const atOnce = 1 / 2

/**
 * Says whether a gateway may stamp so much now: who comes first in a minute does not get all of it. What comes first
 * may be of any size.
 *
 * @param quota bytes that it may stamp in this minute
 * @param used bytes that it has stamped
 * @param now wall time
 */
export function mayStamp(quota: number, used: number, cost: number, now: Ms): boolean {
  if (used + cost > quota) return false
  const passed = (now % minute) / minute
  return used === 0 || used + cost <= quota * (atOnce + (1 - atOnce) * passed)
}

/**
 * Tells how much of a topic a node shows: of what a client's pages carry, the topic's part, and half a minute of it at
 * once, but one entry of any size.
 */
export function showRate({ parameters }: View, topic: Topic): Rate {
  const all = topicsOf(parameters).reduce((sum, { parameter }) => sum + parameters[parameter], 0)
  const share = all === 0 ? 0 : parameters[topic.parameter] / all
  const pages = parameters.readPerMinute * parameters.bulletinPageBytes
  const perMinute = Math.max(parameters[topic.parameter] * KiB, pages * share)
  return { perMinute, burst: Math.max(topic.maxBytes + entryOverheadBytes, perMinute / 2) }
}

/** Counts what is shown of a topic. */
export class ShownRoom {
  #bucket: Bucket | undefined

  /** Takes room for so many bytes; false, and nothing taken, while there is not as much. @param now time gone by */
  take(rate: Rate, cost: number, now: Ms): boolean {
    const bucket = this.#bucket ?? fullBucket(rate, now)
    this.#bucket = bucket
    takeTokens(bucket, rate, 0, now)
    return bucket.tokens >= cost && takeTokens(bucket, rate, cost, now) === cost
  }
}
