// Judges what a node takes and passes on (docs/spec/bulletin.md 5.2): every check before the one that
// costs more. All nodes judge by what stands in the entry, not by when it came, so that they agree.

import type { View } from '../../directory/documents/view.ts'
import {
  entryId,
  entryOverheadBytes,
  isEntry,
  isStamped,
  quotaBytes,
  type Topic,
  topicNumbered,
} from '../../directory/topics.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Verdict } from '../../link/gossip.ts'
import { LinkError } from '../../link/link.ts'
import { readStamped, type Stamped } from '../../link/protocol/bulletin.ts'
import { type Ms, minute } from '../../world/units.ts'

/**
 * Says why an entry was not taken: MALFORMED, NO_TOPIC (the consensus has none of this number), OUT_OF_TIME, TOO_LARGE,
 * NO_GATEWAY (its origin is none), KNOWN, OVER_QUOTA, BAD_STAMP (its origin has not signed it), BAD_ENTRY (not what its
 * topic wants), OUTBID (others have more work behind them).
 */
export type Refusal =
  | 'MALFORMED'
  | 'NO_TOPIC'
  | 'OUT_OF_TIME'
  | 'TOO_LARGE'
  | 'NO_GATEWAY'
  | 'KNOWN'
  | 'OVER_QUOTA'
  | 'BAD_STAMP'
  | 'BAD_ENTRY'
  | 'OUTBID'

export type Judgement =
  | { readonly verdict: 'accept'; readonly id: string; readonly entry: Stamped }
  | { readonly verdict: Verdict; readonly why: Refusal }

/** A stamp may be so far from the own clock: clocks differ, and gossip takes its time. */
export const skewMs: Ms = 2 * minute

export interface JudgeInit {
  readonly network: string
  /** The current one first. */
  readonly views: () => readonly View[]
  /** Says whether an entry is here, or was, with as much work behind it. @param id lowercase hex */
  readonly isKnown: (id: string, entry: Stamped) => boolean
  /** The wall time: stamps are dates. */
  readonly now: () => Ms
  readonly ageMs: () => Ms
}

export class Judge {
  readonly #init: JudgeInit
  /** Bytes that were stamped, by origin, topic and minute. */
  readonly #used = new Map<string, { readonly minute: number; bytes: number }>()

  constructor(init: JudgeInit) {
    this.#init = init
  }

  /**
   * Judges an entry, and counts what holds in its origin's quota.
   *
   * @param from who passed it on
   * @param topic the number of the topic that it came by; undefined when it was asked for, and may be older
   */
  take(from: Uint8Array, topic: number | undefined, bytes: Uint8Array): Judgement {
    let entry: Stamped
    try {
      entry = readStamped(bytes)
    } catch (error) {
      if (error instanceof LinkError) return { verdict: 'reject', why: 'MALFORMED' }
      throw error
    }
    const judgement = this.#judge(from, topic, entry)
    if (judgement.verdict === 'accept') this.own(entry)
    return judgement
  }

  /** Counts the bytes that an origin may still stamp of a topic in the minute of `time`, as every node sees it. */
  left(origin: Uint8Array, topic: Topic, time: number, views: readonly View[] = this.#init.views()): number {
    const quota = Math.max(0, ...views.map(view => quotaBytes(view, topic)))
    return quota - (this.#used.get(slotOf(origin, topic.number, time))?.bytes ?? 0)
  }

  /** Counts an entry that this node has stamped itself. */
  own(entry: Stamped): void {
    const slot = slotOf(entry.origin, entry.topic, entry.time)
    const used = this.#used.get(slot) ?? { minute: Math.floor(entry.time / minute), bytes: 0 }
    used.bytes += costOf(entry)
    this.#used.set(slot, used)
  }

  /** Forgets what no entry can be stamped with any more. */
  expire(): void {
    const oldest = Math.floor((this.#init.now() - this.#init.ageMs() - skewMs) / minute)
    for (const [slot, { minute }] of this.#used) if (minute < oldest) this.#used.delete(slot)
  }

  #judge(from: Uint8Array, by: number | undefined, entry: Stamped): Judgement {
    const { network, views, isKnown, now, ageMs } = this.#init
    const known = views()
    const topic = topicNumbered(entry.topic)
    if (by !== undefined && entry.topic !== by) return { verdict: 'reject', why: 'NO_TOPIC' }
    if (topic === undefined || !known.some(({ parameters }) => parameters[topic.parameter] > 0))
      return { verdict: 'ignore', why: 'NO_TOPIC' }
    const age = now() - entry.time
    if (age < -skewMs || age > (by === undefined ? ageMs() : skewMs))
      return { verdict: 'ignore', why: 'OUT_OF_TIME' }
    if (entry.data.length === 0 || entry.data.length > topic.maxBytes)
      return { verdict: 'reject', why: 'TOO_LARGE' }
    const origin = hex(entry.origin)
    if (!known.some(({ nodes }) => nodes.get(origin)?.role === 'gateway'))
      return { verdict: 'ignore', why: 'NO_GATEWAY' }
    const id = entryId(entry.topic, entry.data)
    if (isKnown(hex(id), entry)) return { verdict: 'ignore', why: 'KNOWN' }
    if (this.left(entry.origin, topic, entry.time) < costOf(entry)) {
      // whoever relays it may have seen fewer of them; its origin has not
      return { verdict: hex(from) === origin ? 'reject' : 'ignore', why: 'OVER_QUOTA' }
    }
    if (!isStamped(network, id, entry)) return { verdict: 'reject', why: 'BAD_STAMP' }
    if (!isEntry(topic, entry.data)) return { verdict: 'reject', why: 'BAD_ENTRY' }
    return { verdict: 'accept', id: hex(id), entry }
  }
}

/** Computes what an entry counts for in a quota. */
export function costOf({ data }: Pick<Stamped, 'data'>): number {
  return data.length + entryOverheadBytes
}

function slotOf(origin: Uint8Array, topic: number, time: number): string {
  return `${hex(origin)} ${topic} ${Math.floor(time / minute)}`
}
