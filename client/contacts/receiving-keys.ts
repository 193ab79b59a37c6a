// The keys that a client's correspondents seal to instead of the key of its address (docs/spec/client-contacts.md
// 17.4): one for each period, told to them with what is exchanged anyway, and erased when nothing that was sealed to it
// can wait any more.

import { wipe } from '#crypto'
import type { Random } from '../../world/random.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { ClientError } from '../error.ts'
import { del, type Operation, put } from '../folder/schema.ts'
import type { PeriodKey } from '../packets/content.ts'
import type { Sealing, SealingKey } from '../packets/sealing.ts'

/** Periods whose keys are made ahead, this one included: who is away for longer is written to as at first. */
const ahead = 4
const secretBytes = 32

export class ReceivingKeys {
  readonly #store: Store
  readonly #sealing: Sealing
  readonly #random: Random
  readonly #periodMs: Ms
  readonly #keys = new Map<number, SealingKey>()
  /** Undefined before the first document told the time. */
  #period: number | undefined

  private constructor(store: Store, sealing: Sealing, random: Random, periodMs: Ms) {
    this.#store = store
    this.#sealing = sealing
    this.#random = random
    this.#periodMs = periodMs
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(store: Store, sealing: Sealing, random: Random, periodMs: Ms): Promise<ReceivingKeys> {
    const keys = new ReceivingKeys(store, sealing, random, periodMs)
    for (const [name, secret] of await entriesUnder(store, 'receiving/')) {
      if (secret.length !== secretBytes)
        throw new ClientError(
          'STORE_DAMAGED',
          `store: ${name} cannot be read; restore the folder from a copy`,
        )
      keys.#keys.set(Number(name.slice('receiving/'.length)), sealing.key(new Uint8Array(secret)))
    }
    return keys
  }

  /**
   * Makes the keys that are to be told, and erases those to which nothing can have been sealed that still waits.
   *
   * @param at a time that has come for certain: that of a signed document. A clock that is wrong must erase nothing
   * @param keepMs how long what was sealed may wait in a mailbox
   * @throws what the disk says; nothing is told or erased then
   */
  async advance(at: Ms, keepMs: Ms): Promise<void> {
    const period = Math.floor(at / this.#periodMs)
    const made = new Map<number, SealingKey>()
    for (let next = period; next < period + ahead; next++)
      if (!this.#keys.has(next)) made.set(next, this.#sealing.key(this.#random(secretBytes)))
    const over = [...this.#keys.keys()].filter(old => (old + 1) * this.#periodMs + keepMs <= at)
    const operations: Operation[] = [
      ...[...made].map(([of, { secret }]) => put(nameOf(of), secret)),
      ...over.map(old => del(nameOf(old))),
    ]
    if (operations.length > 0) await this.#store.batch(operations)
    for (const [of, key] of made) this.#keys.set(of, key)
    for (const old of over) {
      wipe((this.#keys.get(old) as SealingKey).secret)
      this.#keys.delete(old)
    }
    this.#period = Math.max(period, this.#period ?? period)
    // What LevelDB was told to delete lies in its files until they are written anew
    if (over.length > 0) await compacted(this.#store)
  }

  /** Lists the keys that correspondents are told: of this period and those to come. */
  told(): PeriodKey[] {
    const from = this.#period
    if (from === undefined) return []
    return [...this.#keys]
      .filter(([period]) => period >= from)
      .sort(([a], [b]) => a - b)
      .map(([period, { public: key }]) => ({ period, key }))
  }

  /** Lists the keys that a fragment may have been sealed to, that of this period first. */
  all(): SealingKey[] {
    const now = this.#period ?? 0
    return [...this.#keys].sort(([a], [b]) => Math.abs(a - now) - Math.abs(b - now)).map(([, key]) => key)
  }
}

function nameOf(period: number): string {
  return `receiving/${period.toString().padStart(10, '0')}`
}

async function compacted(store: Store): Promise<void> {
  const { compactRange } = store as { compactRange?: (from: string, to: string) => Promise<void> }
  if (compactRange !== undefined) await compactRange.call(store, 'receiving/', 'receiving0')
}
