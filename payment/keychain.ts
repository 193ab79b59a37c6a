// All keys of a person's payments come from one seed: branch by branch, by number. How far each branch is handed out
// lies on disk before anybody can pay to one of its keys. docs/spec/payments-keys.md 7.2.

import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { same } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'
import type { Random } from '../world/random.ts'
import type { Store } from '../world/store.ts'
import { turns } from '../world/turns.ts'
import { PaymentError } from './error.ts'
import { Reader } from './reader.ts'
import { tagged } from './tagged.ts'

/**
 * The branches, in the order of their numbers: keys that others pay to, keys of one's own exchanges, outputs of rounds
 * and reclaims, and keys that sign requests and receipts, to which nothing is paid.
 */
export const branches = ['paid', 'change', 'round', 'receipt'] as const
export type Branch = (typeof branches)[number]

/** Gives keys that nobody had before. */
export interface Keys {
  /** The next secret of a branch, 32 bytes. It may be shown to others only once `saved` has come back. */
  next(branch: Branch): Uint8Array
  /** Returns when it is on disk that no secret that was given is given again. */
  saved(): Promise<void>
}

const recordKey = 'keychain'
const ascii = new TextEncoder()
/** A branch has so many keys at most: what its number takes in 4 bytes. */
const mostKeys = 2 ** 32

/**
 * Derives one secret: HKDF-SHA512 (RFC 5869), salt `chaffinch/payments/v1`.
 *
 * @param seed 64 bytes (words.ts `seedOf`)
 * @param ledger id of the ledger, 32 bytes
 * @returns 32 bytes
 */
export function secretAt(seed: Uint8Array, ledger: Uint8Array, branch: Branch, index: number): Uint8Array {
  return secretOf(rootOf(seed), ledger, branch, index)
}

function rootOf(seed: Uint8Array): Uint8Array {
  return extract(sha512, seed, ascii.encode('chaffinch/payments/v1'))
}

function secretOf(root: Uint8Array, ledger: Uint8Array, branch: Branch, index: number): Uint8Array {
  const place = new Uint8Array(5)
  place[0] = branches.indexOf(branch)
  new DataView(place.buffer).setUint32(1, index)
  return expand(sha512, root, tagged('chaffinch/key/v1', ledger, place), 32)
}

/** Gives the key that a person's lists of old keys are sealed with, 32 bytes. */
export function exportKeyOf(seed: Uint8Array): Uint8Array {
  return expand(sha512, rootOf(seed), tagged('chaffinch/export/v1'), 32)
}

/** Names a seed without telling anything of it: 8 bytes. */
export function fingerprintOf(seed: Uint8Array): Uint8Array {
  return sha256(tagged('chaffinch/fingerprint/v1', seed)).subarray(0, 8)
}

/** Keys from the dice alone: nothing but the store that keeps them brings them back. */
export function diceKeys(random: Random): Keys {
  return { next: () => random(32), saved: async () => {} }
}

type Numbers = Readonly<Record<Branch, number>>
const none: Numbers = { paid: 0, change: 0, round: 0, receipt: 0 }

/** The keys of one seed, of which a store knows how far they are handed out. */
export class Keychain implements Keys {
  readonly #store: Store
  readonly #root: Uint8Array
  readonly #fingerprint: Uint8Array
  readonly #ledger: Uint8Array
  readonly #inTurn = turns()
  #next: Numbers
  #saved: Numbers

  private constructor(store: Store, seed: Uint8Array, ledger: Uint8Array, next: Numbers) {
    this.#store = store
    this.#root = rootOf(seed)
    this.#fingerprint = fingerprintOf(seed)
    this.#ledger = ledger
    this.#next = next
    this.#saved = next
  }

  /** Says whether keys of a seed were handed out by a store, or are looked for. */
  static async isIn(store: Store): Promise<boolean> {
    return (await store.get(recordKey)) !== undefined
  }

  /**
   * Goes on where the store says.
   *
   * @param seed 64 bytes
   * @param ledger id of the ledger, 32 bytes
   * @throws PaymentError DAMAGED when the store's keys are of another seed, or what it says of them cannot be read
   */
  static async open(store: Store, seed: Uint8Array, ledger: Uint8Array): Promise<Keychain> {
    const value = await store.get(recordKey)
    if (value === undefined) return new Keychain(store, seed, ledger, none)
    const { fingerprint, next } = readRecord(value)
    if (!same(fingerprint, fingerprintOf(seed)))
      throw new PaymentError('DAMAGED', 'keys: the words are not those that the keys in this store come from')
    return new Keychain(store, seed, ledger, next)
  }

  /** Gives the next secret of a branch, 32 bytes. @throws PaymentError BUSY after 2^32 of them */
  next(branch: Branch): Uint8Array {
    const index = this.#next[branch]
    if (index >= mostKeys) throw new PaymentError('BUSY', `keys: all ${mostKeys} of a branch are used`)
    this.#next = { ...this.#next, [branch]: index + 1 }
    return this.at(branch, index)
  }

  /** The secret of a number, whether it was handed out or not. */
  at(branch: Branch, index: number): Uint8Array {
    return secretOf(this.#root, this.#ledger, branch, index)
  }

  /** The number of the next secret of a branch. */
  numberOf(branch: Branch): number {
    return this.#next[branch]
  }

  /** Goes on from a number, where that is higher. */
  skip(branch: Branch, to: number): void {
    this.#next = { ...this.#next, [branch]: Math.max(to, this.#next[branch]) }
  }

  /** Returns when it is on disk that no secret that was given is given again. */
  async saved(): Promise<void> {
    await this.#inTurn(async () => {
      const next = this.#next
      if (branches.every(branch => next[branch] === this.#saved[branch])) return
      await this.#store.put(recordKey, this.#record(next))
      this.#saved = next
    })
  }

  /** Writes its record whether or not anything was handed out, together with another one. */
  async putWith(key: string, value: Uint8Array): Promise<void> {
    await this.#inTurn(async () => {
      const next = this.#next
      await this.#store.batch([
        { type: 'put', key: recordKey, value: this.#record(next) },
        { type: 'put', key, value },
      ])
      this.#saved = next
    })
  }

  #record(next: Numbers): Uint8Array {
    return write({ fingerprint: this.#fingerprint, next: branches.map(branch => next[branch]) })
  }
}

function readRecord(value: Uint8Array): { readonly fingerprint: Uint8Array; readonly next: Numbers } {
  try {
    const read = new Reader(value, 'keychain', 256)
    read.map(2)
    const next = read.items('next', branches.length, () => read.uint())
    const fingerprint = read.key('fingerprint').bytes(8)
    read.end()
    const [paid, change, round, receipt] = next as [number, number, number, number]
    if (next.length !== branches.length) throw read.fail('BAD_DOCUMENT', 'want a number for each branch')
    return { fingerprint, next: { paid, change, round, receipt } }
  } catch (cause) {
    // To begin again at 0 would hand out keys a second time
    throw new PaymentError(
      'DAMAGED',
      'keys: it cannot be read how many were handed out: put the folder back from a copy, or restore it from the words',
      { cause },
    )
  }
}
