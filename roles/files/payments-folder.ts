// What a client's folder keeps of payments: `payments.seed` (what the 24 words say), and keys, requests and payments
// under seal in `payments`, whose key is `payments.key`. Where the folder has a lock, seed and key are under it too.
// docs/spec/payments-keys.md 7.3.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  boundValues,
  ClientError,
  keyBeside,
  openKept,
  sealedValues,
  type Unlock,
} from '../../client/folder/index.ts'
import { fromHex, same } from '../../encoding/bytes.ts'
import {
  askToRestore,
  exportKeyOf,
  fingerprintOf,
  holdsKeys,
  importSecrets,
  Keychain,
  ledgerId,
  oldKeys,
  PaymentError,
  type PinnedLedger,
  readGenesis,
  seedOf,
  wordsOf,
  writeSecrets,
} from '../../payment/index.ts'
import { systemRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { isThere, readSealed, type SealedFile, writeSealed } from './sealed-file.ts'

export interface PaymentsFolder {
  /** Seals its values. */
  readonly store: Store
  /** All keys come from it, 64 bytes. */
  readonly seed: Uint8Array
}

/** Stands for all of them: how far keys are handed out is the same for each ledger. */
const anyLedger = new Uint8Array(32)

interface Places {
  readonly seed: SealedFile
  readonly key: SealedFile
  readonly store: string
  /** Seals seed and key: the folder's, where it has a lock. */
  readonly lock: Uint8Array | undefined
}

/** @throws ClientError LOCKED */
function placesIn(folder: string, unlock: Unlock | undefined): Places {
  const store = join(folder, 'payments')
  return {
    seed: {
      file: `${store}.seed`,
      name: 'payments.seed',
      what: 'seed of the payments beside it, as 24 words on paper (chaffinch pay backup)',
      publicKeyOf: bytes => fingerprintOf(seedOf(bytes)),
    },
    key: {
      file: `${store}.key`,
      name: 'payments.key',
      what: 'key of the payments beside it',
      publicKeyOf: () => new Uint8Array(0),
    },
    store,
    lock: keyBeside(join(folder, 'store'), unlock, 'payments'),
  }
}

/** Puts seed and key under the folder's lock, where they lie open beside one. @throws ClientError LOCKED */
export function lockPayments(folder: string, unlock: Unlock): void {
  const { seed, key, lock } = placesIn(folder, unlock)
  for (const file of [seed, key]) if (isThere(file)) readSealed(file, lock)
}

/**
 * Opens the payments of a client's folder, and makes what is not there yet.
 *
 * @param unlock opens the folder, where it is locked
 * @throws PaymentError DAMAGED when what belongs together is not there together; CommandError FAILED for a file that
 *   cannot be read; ClientError LOCKED, STORE_DAMAGED
 */
export async function openPayments(folder: string, unlock?: Unlock): Promise<PaymentsFolder> {
  const places = placesIn(folder, unlock)
  const store = await openSealed(places)
  try {
    return { store, seed: seedOf(await entropyBeside(store, places)) }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A seed is made only where no key of another one can have been handed out. */
async function entropyBeside(store: Store, { seed, lock }: Places): Promise<Uint8Array> {
  if (isThere(seed)) return readSealed(seed, lock)
  if (await Keychain.isIn(store))
    throw new PaymentError(
      'DAMAGED',
      `${seed.file}: no such file, and the keys beside it come from it: put it back from a copy, or 'chaffinch pay restore' with its 24 words`,
    )
  return make(seed, lock)
}

function make(file: SealedFile, lock: Uint8Array | undefined): Uint8Array {
  const bytes = systemRandom(32)
  writeSealed(file, lock, bytes)
  return bytes
}

/**
 * Gives the 24 words of a folder; works while its client runs.
 *
 * @throws PaymentError DAMAGED, CommandError FAILED, ClientError LOCKED
 */
export async function wordsIn(folder: string, unlock?: Unlock): Promise<readonly string[]> {
  const { seed, lock } = placesIn(folder, unlock)
  if (isThere(seed)) return wordsOf(readSealed(seed, lock))
  const { store } = await openPayments(folder, unlock)
  await store.close()
  return wordsOf(readSealed(seed, lock))
}

/**
 * Has the keys of a seed looked for in this folder, when its payments are opened next. Whatever moment a process ends
 * at, the same again goes on.
 *
 * @param entropy 32 bytes (`entropyOf` the words)
 * @param exported what `exportKeys` gave, for keys that were made before there was a seed
 * @throws PaymentError WRONG_STATE when the folder has payments of other words; BAD_DOCUMENT, BAD_AMOUNT
 */
export async function restoreInto(
  folder: string,
  entropy: Uint8Array,
  gap: number,
  exported?: Uint8Array,
  unlock?: Unlock,
): Promise<void> {
  const places = placesIn(folder, unlock)
  const seed = seedOf(entropy)
  const others = new PaymentError(
    'WRONG_STATE',
    `${places.store}: it holds payments of other words: choose another folder; nothing was changed`,
  )
  const isOwn = isThere(places.seed)
  if (isOwn && !same(readSealed(places.seed, places.lock), entropy)) throw others
  const store = await openSealed(places)
  try {
    if (!isOwn && !(await Keychain.isIn(store)) && (await holdsKeys(store))) throw others
    const keychain = await Keychain.open(store, seed, anyLedger).catch(() => {
      throw others
    })
    if (exported !== undefined) await importSecrets(store, unsealed(seed, exported))
    // Before the seed: with it alone a client would begin at the first key again
    await askToRestore(keychain, gap)
    if (!isOwn) writeSealed(places.seed, places.lock, entropy)
  } finally {
    await store.close()
  }
}

/**
 * Writes down the keys of a folder that do not come from its words, sealed with them.
 *
 * @returns null when there are none
 */
export async function exportFrom(folder: string, unlock?: Unlock): Promise<Uint8Array | null> {
  const ledger = ledgerId(pinnedLedger(folder).genesis)
  const { store, seed } = await openPayments(folder, unlock)
  try {
    const secrets = await oldKeys(store, await Keychain.open(store, seed, ledger))
    return secrets.length === 0 ? null : sealing(seed).encode(writeSecrets(secrets))
  } finally {
    await store.close()
  }
}

/**
 * Reads `payments.ledger`: the ledger's genesis in hex, the address where it answers, and, one a line, those where its
 * mirrors do.
 *
 * @throws PaymentError NO_LEDGER
 */
export function pinnedLedger(folder: string): PinnedLedger {
  const file = join(folder, 'payments.ledger')
  if (!existsSync(file)) {
    throw new PaymentError(
      'NO_LEDGER',
      `${file}: no such file: write two lines into it, the ledger's genesis and its address, as 'chaffinch ledger' prints them`,
    )
  }
  const [genesis, address, ...mirrors] = readFileSync(file, 'utf8').trim().split(/\s+/)
  if (genesis === undefined || address === undefined)
    throw new PaymentError('NO_LEDGER', `${file}: want two lines: the ledger's genesis and its address`)
  try {
    return { genesis: readGenesis(fromHex(genesis)), address, mirrors }
  } catch (error) {
    throw new PaymentError('NO_LEDGER', `${file}: line 1, genesis: ${(error as Error).message}`)
  }
}

function sealing(seed: Uint8Array): ReturnType<typeof sealedValues> {
  return sealedValues(exportKeyOf(seed), systemRandom)
}

/** @throws PaymentError BAD_DOCUMENT */
function unsealed(seed: Uint8Array, exported: Uint8Array): Uint8Array {
  try {
    return sealing(seed).decode(exported)
  } catch {
    throw new PaymentError('BAD_DOCUMENT', 'exported keys: they were changed, or belong to other words')
  }
}

/**
 * Opens what a client's folder keeps of Bitcoin, `payments-bitcoin`: it is of the same words, and no running client
 * holds it.
 *
 * @throws PaymentError DAMAGED, as openPayments
 */
export async function openBitcoin(folder: string, unlock?: Unlock): Promise<PaymentsFolder> {
  const places = placesIn(folder, unlock)
  if (!isThere(places.seed)) await (await openPayments(folder, unlock)).store.close()
  const seed = seedOf(readSealed(places.seed, places.lock))
  const store = await openSealed({ ...places, store: join(folder, 'payments-bitcoin') })
  const [found, own] = [await store.get('seed'), fingerprintOf(seed)]
  if (found === undefined) await store.put('seed', own)
  else if (!same(found, own)) {
    await store.close()
    throw new PaymentError(
      'DAMAGED',
      `${places.seed.file}: its words are not those of payments-bitcoin beside it`,
    )
  }
  return { store, seed }
}

/**
 * Opens a store as the client's own is opened (docs/spec/client-store.md 11.5): values bound to their keys, each commit
 * on the disk and counted.
 *
 * @throws PaymentError DAMAGED when the key is not there, or is another one, although payments are
 */
async function openSealed({ key: file, store: payments, lock }: Places): Promise<Store> {
  if (!isThere(file) && existsSync(payments)) {
    throw new PaymentError(
      'DAMAGED',
      `${file.file}: no such file, and ${payments} cannot be read without it: put it back from a copy`,
    )
  }
  const key = isThere(file) ? readSealed(file, lock) : make(file, lock)
  const place = { level: payments, beside: payments, named: payments }
  const store = await openKept(place, boundValues(key, systemRandom)).catch((cause: unknown) => {
    if (!(cause instanceof ClientError && cause.code === 'STORE_DAMAGED')) throw cause
    const [what] = cause.message.split(';')
    const text = `${what}: put ${payments} and ${payments}.json back from a copy, or 'chaffinch pay restore' the words elsewhere`
    throw new PaymentError('DAMAGED', text, { cause })
  })
  if (await isOfKey(store)) return store
  await store.close()
  throw new PaymentError(
    'DAMAGED',
    `${file.file}: it is not the key of ${payments}: put the right one back from a copy`,
  )
}

/** Some records may be damaged; where none of the first can be read, the key is another one. */
async function isOfKey(store: Store): Promise<boolean> {
  const keys = await store.keys({ limit: 64 }).all()
  for (const key of keys) {
    const isRead = await store.get(key).then(
      () => true,
      () => false,
    )
    if (isRead) return true
  }
  return keys.length === 0
}
