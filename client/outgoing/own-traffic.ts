// What a client may send by itself because of one correspondent: receipts, and the reply blocks that it is asked for
// (docs/spec/client-delivery.md 5.5). Whoever was written to, or has written, makes a client answer: so each has a
// budget.

import { type Bucket, fullBucket, type Rate, takeTokens } from '../../world/rates.ts'
import type { Ms } from '../../world/units.ts'

/**
 * In packets. The longest reply, 1 MiB, needs 216 packets of reply blocks, and a few receipts: the burst lets it come
 * as fast as the payload clock brings it.
 */
const rate: Rate = { perMinute: 240, burst: 256 }
/** Correspondents whose budget is remembered; who is forgotten has a full one. */
const most = 4096

export class OwnTraffic {
  readonly #buckets = new Map<string, Bucket>()
  /** Packets that were not sent because a budget was spent. */
  refused = 0

  /**
   * Takes so many packets off the budget of a correspondent, all or none.
   *
   * @param dueTo an address, or the id of a message that brought reply blocks
   * @param now elapsed time
   */
  take(dueTo: string, packets: number, now: Ms): boolean {
    const bucket = this.#buckets.get(dueTo) ?? fullBucket(rate, now)
    this.#buckets.delete(dueTo)
    this.#buckets.set(dueTo, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > most) this.#buckets.delete(oldest as string)
    takeTokens(bucket, rate, 0, now)
    if (bucket.tokens < packets) {
      this.refused += packets
      return false
    }
    return takeTokens(bucket, rate, packets, now) === packets
  }
}
