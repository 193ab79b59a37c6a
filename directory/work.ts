// The work that stands behind an entry of the bulletin (docs/spec/bulletin.md 4.4): its authors are anonymous, so that
// nobody can be given a share of the room; what there is to divide it by is what somebody puts up for it. After A.
// Back, "Hashcash: A Denial of Service Counter-Measure", 2002, with an auction in the place of a fixed price.

import { blake2b, blake2bInto } from '#crypto'
import { concat } from '../encoding/bytes.ts'
import { type Ms, minute as minuteMs } from '../world/units.ts'
import { labelled } from './statement.ts'

/** Names what work is done for: it counts for this entry, at this gateway, now, and nowhere else. */
export interface WorkFor {
  /** 32 bytes: the document in force, which nobody knows long before. */
  readonly document: Uint8Array
  /** 32 bytes: the gateway that is to publish. */
  readonly gateway: Uint8Array
  /** Gives the time at which it is done: whole minutes since 1970-01-01 UTC. */
  readonly minute: number
  /** The topic's number. */
  readonly topic: number
  /** 32 bytes: the entry's id. */
  readonly id: Uint8Array
}

/** Holds what an author found: with a nonce of 0 there is no work behind it. */
export interface Proof {
  readonly minute: number
  /** 0 to 2^53 - 1 */
  readonly nonce: number
}

/** Stands for no work at all. */
export const noProof: Proof = { minute: 0, nonce: 0 }

/** Work may have been done so many minutes ago, or begin so many ahead: clocks differ, and packets take their time. */
const window = { before: 5, after: 2 } as const
const digits = 2 ** 48

/** Tries nonces for one purpose. */
export class Work {
  readonly #tried: Uint8Array = new Uint8Array(40)
  readonly #numbers: DataView = new DataView(this.#tried.buffer)
  readonly #out: Uint8Array = new Uint8Array(16)
  readonly #read: DataView = new DataView(this.#out.buffer)

  constructor({ document, gateway, minute, topic, id }: WorkFor) {
    const when = new Uint8Array(5)
    new DataView(when.buffer).setUint32(0, minute)
    when[4] = topic
    this.#tried.set(blake2b(labelled('bulletin-work', concat([document, gateway, when, id])), 32))
  }

  /** Counts the tries that it takes on average to find a nonce as good as this one; 0 for a nonce of 0. */
  of(nonce: number): number {
    if (nonce === 0) return 0
    this.#numbers.setUint32(32, Math.floor(nonce / 2 ** 32))
    this.#numbers.setUint32(36, nonce >>> 0)
    blake2bInto(this.#out, this.#tried)
    return digits / (1 + this.#read.getUint32(0) * 2 ** 16 + this.#read.getUint16(4))
  }
}

/**
 * Counts the work behind an entry as a gateway sees it: 0 when it was done at another time.
 *
 * @param documents one of them was in force for the author
 * @param now wall time
 */
export function workOf(
  { minute, nonce }: Proof,
  purpose: Omit<WorkFor, 'document' | 'minute'>,
  documents: readonly Uint8Array[],
  now: Ms,
): number {
  const age = Math.floor(now / minuteMs) - minute
  if (nonce === 0 || age > window.before || age < -window.after) return 0
  return Math.max(0, ...documents.map(document => new Work({ ...purpose, document, minute }).of(nonce)))
}
