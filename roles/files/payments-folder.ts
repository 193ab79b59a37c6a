// What a client's folder keeps of payments: `payments.seed` (what the 24 words say), and keys, requests and payments
// under seal in `payments`, whose key is `payments.key`. docs/spec/payments-keys.md 7.3.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealedValues } from '../../client/folder/index.ts'
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
import { openStore, type Store } from '../../world/store.ts'
import { placeKey, readKey, writeKey } from './folder.ts'

export interface PaymentsFolder {
  /** Seals its values. */
  readonly store: Store
  /** All keys come from it, 64 bytes. */
  readonly seed: Uint8Array
}

/** Stands for all of them: how far keys are handed out is the same for each ledger. */
const anyLedger = new Uint8Array(32)

interface Places {
  readonly seed: string
  readonly key: string
  readonly store: string
}

function placesIn(folder: string): Places {
  const store = join(folder, 'payments')
  return { seed: `${store}.seed`, key: `${store}.key`, store }
}

/**
 * Opens the payments of a client's folder, and makes what is not there yet.
 *
 * @throws PaymentError DAMAGED when what belongs together is not there together; CommandError FAILED for a file that
 * cannot be read
 */
export async function openPayments(folder: string): Promise<PaymentsFolder> {
  const places = placesIn(folder)
  const store = await openSealed(places)
  try {
    return { store, seed: seedOf(await entropyBeside(store, places)) }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A seed is made only where no key of another one can have been handed out. */
async function entropyBeside(store: Store, { seed }: Places): Promise<Uint8Array> {
  if (existsSync(seed)) return readKey(seed)
  if (await Keychain.isIn(store))
    throw new PaymentError(
      'DAMAGED',
      `${seed}: no such file, and the keys beside it come from it: put it back from a copy, or 'chaffinch pay restore' with its 24 words`,
    )
  return makeSeed(seed)
}

function makeSeed(file: string, entropy?: Uint8Array): Uint8Array {
  const what = 'seed of the payments beside it, as 24 words on paper (chaffinch pay backup)'
  const nameOf = (bytes: Uint8Array): Uint8Array => fingerprintOf(seedOf(bytes))
  if (entropy === undefined) return writeKey(file, what, nameOf)
  placeKey(file, what, nameOf, entropy)
  return entropy
}

/**
 * Gives the 24 words of a folder; works while its client runs.
 *
 * @throws PaymentError DAMAGED, CommandError FAILED
 */
export async function wordsIn(folder: string): Promise<readonly string[]> {
  const { seed } = placesIn(folder)
  if (existsSync(seed)) return wordsOf(readKey(seed))
  const { store } = await openPayments(folder)
  await store.close()
  return wordsOf(readKey(seed))
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
): Promise<void> {
  const places = placesIn(folder)
  const seed = seedOf(entropy)
  const others = new PaymentError(
    'WRONG_STATE',
    `${places.store}: it holds payments of other words: choose another folder; nothing was changed`,
  )
  const isOwn = existsSync(places.seed)
  if (isOwn && !same(readKey(places.seed), entropy)) throw others
  const store = await openSealed(places)
  try {
    if (!isOwn && !(await Keychain.isIn(store)) && (await holdsKeys(store))) throw others
    const keychain = await Keychain.open(store, seed, anyLedger).catch(() => {
      throw others
    })
    if (exported !== undefined) await importSecrets(store, unsealed(seed, exported))
    // Before the seed: with it alone a client would begin at the first key again
    await askToRestore(keychain, gap)
    if (!isOwn) makeSeed(places.seed, entropy)
  } finally {
    await store.close()
  }
}

/**
 * Writes down the keys of a folder that do not come from its words, sealed with them.
 *
 * @returns null when there are none
 */
export async function exportFrom(folder: string): Promise<Uint8Array | null> {
  const ledger = ledgerId(pinnedLedger(folder).genesis)
  const { store, seed } = await openPayments(folder)
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
export async function openBitcoin(folder: string): Promise<PaymentsFolder> {
  const places = placesIn(folder)
  if (!existsSync(places.seed)) await (await openPayments(folder)).store.close()
  const seed = seedOf(readKey(places.seed))
  const store = await openSealed({ ...places, store: join(folder, 'payments-bitcoin') })
  const [found, own] = [await store.get('seed'), fingerprintOf(seed)]
  if (found === undefined) await store.put('seed', own)
  else if (!same(found, own)) {
    await store.close()
    throw new PaymentError('DAMAGED', `${places.seed}: its words are not those of payments-bitcoin beside it`)
  }
  return { store, seed }
}

/** @throws PaymentError DAMAGED when the key is not there, or is another one, although payments are */
async function openSealed({ key: file, store: payments }: Places): Promise<Store> {
  if (!existsSync(file) && existsSync(payments)) {
    throw new PaymentError(
      'DAMAGED',
      `${file}: no such file, and ${payments} cannot be read without it: put it back from a copy`,
    )
  }
  const key = existsSync(file)
    ? readKey(file)
    : writeKey(file, 'key of the payments beside it', () => new Uint8Array(0))
  const store = await openStore(payments, sealedValues(key, systemRandom))
  if (await isOfKey(store)) return store
  await store.close()
  throw new PaymentError(
    'DAMAGED',
    `${file}: it is not the key of ${payments}: put the right one back from a copy`,
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
