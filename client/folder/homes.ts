// Where a client's mail is kept and was kept (docs/spec/client-clocks.md 9.3): former homes, which are read until their
// time is over, and the contacts that are still to be told of the last change. One record in the store.

import * as v from 'valibot'
import { hex, same } from '../../encoding/bytes.ts'
import type { Store } from '../../world/store.ts'
import { day, type Ms } from '../../world/units.ts'
import { type Identity, identityRecord } from './identity.ts'
import { bytesOf, putRecord, readRecord, time } from './schema.ts'

/** Former homes that are remembered; of more, the one that was left first is read no longer. */
const mostFormer = 8
/** A home that no document has listed for so long is given up. */
const lostMs: Ms = 3 * day

/** A gateway, 32 bytes, and a time by signed documents; 0 until one has told it. */
type Noted = { readonly id: Uint8Array; readonly at: Ms }
type Kept = {
  readonly serial: number
  readonly former: readonly Noted[]
  readonly absent: readonly Noted[]
  readonly owed: readonly Uint8Array[]
}

const noted = v.strictObject({ id: bytesOf(32), at: time })
const schema: v.GenericSchema<unknown, Kept> = v.strictObject({
  serial: time,
  former: v.pipe(v.array(noted), v.maxLength(mostFormer)),
  absent: v.array(noted),
  owed: v.array(bytesOf(32)),
})

const none: Kept = { serial: 0, former: [], absent: [], owed: [] }

export class Homes {
  readonly #store: Store
  #kept: Kept

  private constructor(store: Store, kept: Kept) {
    this.#store = store
    this.#kept = kept
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(store: Store): Promise<Homes> {
    const found = await store.get('homes')
    return new Homes(store, found === undefined ? none : readRecord('homes', found, schema))
  }

  /** Lists the homes of before that are still read, 32 bytes each, the last one in front. */
  get former(): readonly Uint8Array[] {
    return this.#kept.former.map(({ id }) => id)
  }

  /** Numbers the gateways that there are now, for the notice; 0 when they were never others. */
  get serial(): number {
    return this.#kept.serial
  }

  /** Lists the contacts that do not know of them yet, by their sealing keys. */
  get owed(): readonly Uint8Array[] {
    return this.#kept.owed
  }

  /**
   * Takes other gateways. All of it is on disk when this resolves, or nothing.
   *
   * @param contacts the sealing keys of those who are to be told
   * @param now wall time; it may be wrong, only that notices rise matters
   */
  async change(
    identity: Identity,
    gateways: readonly Uint8Array[],
    contacts: readonly Uint8Array[],
    now: Ms,
  ): Promise<Identity> {
    const before = identity.gateways
    if (before.map(hex).join() === gateways.map(hex).join()) return identity
    const changed = { ...identity, gateways }
    const isNow = (id: Uint8Array): boolean => gateways.some(other => same(other, id))
    const left = before.filter(id => !isNow(id)).map(id => ({ id, at: 0 }))
    const isLeft = (id: Uint8Array): boolean => left.some(other => same(other.id, id))
    const former = [...left, ...this.#kept.former.filter(({ id }) => !isNow(id) && !isLeft(id))]
    // Who has no address yet has told nobody
    const next: Kept =
      before.length === 0
        ? this.#kept
        : {
            serial: Math.max(Math.floor(now), this.#kept.serial + 1),
            former: former.slice(0, mostFormer),
            absent: [],
            owed: contacts,
          }
    await this.#store.batch([identityRecord(changed), putRecord('homes', { ...next })])
    this.#kept = next
    return changed
  }

  /**
   * Goes by the time of a signed document: a former home is read until what came to it is over.
   *
   * @param longestMs for how long a mailbox keeps mail, and reply blocks work
   */
  async advance(at: Ms, longestMs: Ms): Promise<void> {
    const former = this.#kept.former
      .map(one => (one.at === 0 ? { ...one, at: at + longestMs } : one))
      .filter(one => one.at > at)
    const isSame =
      former.length === this.#kept.former.length &&
      former.every((one, i) => one.at === this.#kept.former[i]?.at)
    if (!isSame) await this.#write({ ...this.#kept, former })
  }

  /** Notes that a contact knows, or is none any more. */
  async told(contact: Uint8Array): Promise<void> {
    const owed = this.#kept.owed.filter(key => !same(key, contact))
    if (owed.length < this.#kept.owed.length) await this.#write({ ...this.#kept, owed })
  }

  /**
   * Picks the homes that have been in no document for three days.
   *
   * @param isListed tells whether one near this time has it
   */
  async lost(
    gateways: readonly Uint8Array[],
    isListed: (id: Uint8Array) => boolean,
    at: Ms,
  ): Promise<Uint8Array[]> {
    const away = gateways.filter(id => !isListed(id))
    const since = (id: Uint8Array): Ms => this.#kept.absent.find(one => same(one.id, id))?.at ?? at
    const absent = away.map(id => ({ id, at: since(id) }))
    if (absent.map(({ id }) => hex(id)).join() !== this.#kept.absent.map(({ id }) => hex(id)).join())
      await this.#write({ ...this.#kept, absent })
    return absent.filter(one => at - one.at >= lostMs).map(({ id }) => id)
  }

  async #write(next: Kept): Promise<void> {
    await this.#store.batch([putRecord('homes', { ...next })])
    this.#kept = next
  }
}
