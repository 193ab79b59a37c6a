// Keys that a wallet made before it had a seed: the words do not bring them back, so they are written down by
// themselves. docs/spec/payments-keys.md 7.5.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { keysUnder, type Store } from '../../world/store.ts'
import { branches, type Keychain } from '../keychain.ts'
import { Reader } from '../reader.ts'
import { recordsUnder } from '../records.ts'
import { readRecord } from '../rounds/record.ts'
import { paymentsIn } from './temporal-ledger.ts'
import { keepKeys, readKey } from './wallet.ts'

/** Secrets of one list, 34 bytes each, and what is around them. */
const mostOld = 100_000
const longestList = 40 * mostOld
const places = ['key/', 'used/', 'payment/', 'round/'] as const

/** Says whether a store holds any key of a note. */
export async function holdsKeys(store: Store): Promise<boolean> {
  for (const prefix of places) if ((await keysUnder(store, prefix)).length > 0) return true
  return false
}

/**
 * Lists the secrets in a store that its keychain did not give: 32 bytes each.
 *
 * @param aside is told the name of each record that cannot be read
 */
export async function oldKeys(
  store: Store,
  keychain: Keychain,
  aside: (key: string) => void = () => {},
): Promise<Uint8Array[]> {
  const found = new Map<string, Uint8Array>()
  for (const secret of await secretsIn(store, aside)) found.set(hex(secret), secret)
  for (const branch of branches)
    for (let number = 0; number < keychain.numberOf(branch); number++)
      found.delete(hex(keychain.at(branch, number)))
  return [...found.values()]
}

async function secretsIn(store: Store, aside: (key: string) => void): Promise<Uint8Array[]> {
  const own = [
    ...(await recordsUnder(store, 'key/', readKey, aside)),
    ...(await recordsUnder(store, 'used/', readKey, aside)),
  ].map(([, secret]) => secret)
  const pieces = (await paymentsIn(store, aside).all()).flatMap(payment => payment.pieces)
  const rounds = (await recordsUnder(store, 'round/', readRecord, aside)).map(([, record]) => record)
  const ofRounds = rounds.flatMap(({ noteSecret, attempts, reclaim }) => [
    noteSecret,
    ...attempts.map(({ outputSecret }) => outputSecret),
    ...(reclaim === null ? [] : [reclaim]),
  ])
  return [...own, ...pieces.map(({ secret }) => secret), ...ofRounds]
}

/** Writes secrets as one document, which is to be sealed. */
export function writeSecrets(secrets: readonly Uint8Array[]): Uint8Array {
  return write({ secrets: [...secrets] })
}

/** Puts the secrets of such a document where a wallet finds them. @throws PaymentError BAD_DOCUMENT, TOO_LARGE */
export async function importSecrets(store: Store, document: Uint8Array): Promise<number> {
  const read = new Reader(document, 'keys', longestList)
  read.map(1)
  const secrets = read.items('secrets', mostOld, () => read.bytes(32))
  read.end()
  await keepKeys(store, 'key', secrets)
  return secrets.length
}
