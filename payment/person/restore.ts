// Finds the notes of a seed on a ledger, from nothing but the seed: number by number on each branch, until a gap of
// keys that nothing was paid to. How far it has come lies on disk, so that it goes on after a crash.
// docs/spec/payments-keys.md 7.4.

import { write } from '../../encoding/cbor.ts'
import type { Store } from '../../world/store.ts'
import { PaymentError } from '../error.ts'
import { type Branch, branches, type Keychain } from '../keychain.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { ownerOf } from '../ledger/transaction.ts'
import { Reader } from '../reader.ts'
import { keepKeys } from './wallet.ts'

/** So many keys in a row to which nothing was paid end the search of a branch. */
export const usualGap = 1000
/** The largest gap that can be asked for. */
export const mostGap = 1_000_000
/** Keys that are looked for at the same time. */
const atOnce = 32
const recordKey = 'restore'

/** Says how far a search has come. */
export interface Progress {
  readonly gap: number
  /** Place of the branch that is searched, in the order of `branches`. */
  readonly branch: number
  /** The number that is looked for next on it, and the first one after the last that was found. */
  readonly next: number
  readonly end: number
}

/** Branches to whose keys something is paid. */
const searched: readonly Branch[] = branches.filter(branch => branch !== 'receipt')

/**
 * Has the notes of a keychain looked for when its store is opened next.
 *
 * @param gap from 2 to 1,000,000
 * @throws PaymentError BAD_AMOUNT
 */
export async function askToRestore(keychain: Keychain, gap: number): Promise<void> {
  if (!Number.isSafeInteger(gap) || gap < 2 || gap > mostGap)
    throw new PaymentError(
      'BAD_AMOUNT',
      `restore: gap: want a whole number from 2 to ${mostGap}, have ${gap}`,
    )
  await keychain.putWith(recordKey, writeProgress({ gap, branch: 0, next: 0, end: 0 }))
}

/** Says how far the search in a store has come; null when none is under way. @throws PaymentError BAD_DOCUMENT */
export async function restoring(store: Store): Promise<Progress | null> {
  const value = await store.get(recordKey)
  return value === undefined ? null : readProgress(value)
}

/**
 * Searches on from where it was left, to its end. The keychain then goes on half a gap after the last key that was
 * found, so that no key is used twice and the next search crosses what lies between.
 *
 * @param tell is told how far it has come
 * @throws what the ledger throws: what was found until then is kept
 */
export async function restore(
  store: Store,
  ledger: Ledger,
  keychain: Keychain,
  tell: (progress: Progress) => void = () => {},
): Promise<void> {
  for (;;) {
    const progress = await restoring(store)
    if (progress === null) return
    tell(progress)
    const branch = searched[progress.branch]
    if (branch === undefined) {
      await finish(store, keychain)
      return
    }
    if (progress.next < progress.end + progress.gap) await searchSome(store, ledger, keychain, progress)
    else await leaveBranch(store, keychain, progress)
  }
}

async function searchSome(
  store: Store,
  ledger: Ledger,
  keychain: Keychain,
  progress: Progress,
): Promise<void> {
  const { next, end, gap } = progress
  const branch = searched[progress.branch] as Branch
  const numbers = Array.from({ length: Math.min(atOnce, end + gap - next) }, (_, i) => next + i)
  const found = await Promise.all(
    numbers.map(async number => {
      const secret = keychain.at(branch, number)
      const notes = await ledger.notesOwnedBy(ownerOf(secret))
      return { number, secret, isPaid: notes.length > 0, isOpen: notes.some(note => note.spentBy === null) }
    }),
  )
  const paid = found.filter(({ isPaid }) => isPaid)
  // Before the progress: what is searched a second time is only kept a second time
  const open = paid.filter(({ isOpen }) => isOpen).map(({ secret }) => secret)
  await keepKeys(store, 'key', open)
  await keepKeys(
    store,
    'used',
    paid.filter(({ isOpen }) => !isOpen).map(({ secret }) => secret),
  )
  const last = paid.at(-1)
  const after = { ...progress, next: next + numbers.length, end: last === undefined ? end : last.number + 1 }
  await store.put(recordKey, writeProgress(after))
}

/** Keeps what was shown to others and may be paid still: the history looks after it. */
async function leaveBranch(store: Store, keychain: Keychain, { gap, branch, end }: Progress): Promise<void> {
  const name = searched[branch] as Branch
  const from = end + Math.floor(gap / 2)
  const between = Array.from({ length: from - end }, (_, i) => keychain.at(name, end + i))
  await keepKeys(store, 'used', between)
  keychain.skip(name, from)
  // As many requests as keys that were asked to be paid at most
  if (name === 'paid') keychain.skip('receipt', from)
  await keychain.saved()
  await store.put(recordKey, writeProgress({ gap, branch: branch + 1, next: 0, end: 0 }))
}

async function finish(store: Store, keychain: Keychain): Promise<void> {
  await keychain.saved()
  await store.del(recordKey)
}

function writeProgress({ gap, branch, next, end }: Progress): Uint8Array {
  return write({ gap, branch, next, end })
}

function readProgress(value: Uint8Array): Progress {
  const read = new Reader(value, 'restore', 128)
  read.map(4)
  const end = read.key('end').uint()
  const gap = read.key('gap').uint()
  const next = read.key('next').uint()
  const branch = read.key('branch').uint()
  read.end()
  return { gap, branch, next, end }
}
