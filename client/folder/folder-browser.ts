// Where a client that is handed no store keeps what it has, in a browser: in a database of IndexedDB, under the name of
// its folder (docs/spec/client-browser.md). The same names in Node: folder-node.ts.

import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import {
  beside,
  databaseNames,
  type Held,
  openDatabase,
  records,
  removeDatabase,
  resultOf,
  storeIn,
  writeTo,
} from '../../world/store-browser.ts'
import { ClientError } from '../error.ts'
import { checkedValues } from './checked-values.ts'
import type { IdentityStores } from './identity-list.ts'
import { openKeptOn } from './kept.ts'
import type { KeptDisk } from './kept-face.ts'
import {
  boundValues,
  type KeyedValues,
  keyBytes,
  makeVault,
  openVault,
  readVault,
  type Unlock,
} from './vault.ts'

const vaultKey = 'vault'

/** Names the place that a folder is. */
export function placeOf(folder: string): string {
  return folder
}

/**
 * Opens the store of a client's folder. A passphrase or key for a folder that is not there yet locks it from the
 * start.
 *
 * @throws ClientError LOCKED (it wants a passphrase or key, another one, or none because it is not locked),
 *   STORE_DAMAGED, STORE_NEWER; and what the browser says (code LEVEL_LOCKED: another client has it open)
 */
export async function openFolder(folder: string, unlock: Unlock | undefined, random: Random): Promise<Store> {
  return await openIn(folder, (held, isThere) => valuesOf(folder, held, isThere, unlock, random))
}

/** The stores of a folder's other identities: a database each, sealed with the key that the list has of it. */
export async function identityStores(folder: string, random: Random): Promise<IdentityStores> {
  const nameOf = (identity: string): string => `${folder}/identities/${identity}`
  return {
    open: ({ folder: own, storeKey }) => openIn(nameOf(own), async () => boundValues(storeKey, random)),
    keepOnly: async identities => {
      const kept = identities.map(identity => nameOf(identity.folder))
      const there = (await databaseNames()).filter(name => name.startsWith(nameOf('')))
      for (const name of there) if (!kept.includes(name)) await removeDatabase(name)
    },
  }
}

async function openIn(
  name: string,
  values: (held: Held, isThere: boolean) => Promise<KeyedValues>,
): Promise<Store> {
  const held = await openDatabase(name)
  try {
    const disk = await diskIn(name, held)
    const place = { level: name, beside: name, named: name }
    return await openKeptOn(disk, place, await values(held, disk.found() === 'store'))
  } catch (error) {
    held.close()
    throw error
  }
}

/** A folder's database as what a kept store stands on. What lies beside the records is read once, at the beginning. */
async function diskIn(folder: string, held: Held): Promise<KeptDisk> {
  const [json, identity] = [await read(held, 'json'), await read(held, 'identity')]
  const count = await resultOf(held.database.transaction(records, 'readonly').objectStore(records).count())
  const found = { json, identity, damaged: undefined }
  return {
    found: () => (count > 0 ? 'store' : 'nothing'),
    open: async () => storeIn(folder, held),
    read: name => found[name],
    replace: (name, bytes) => writeTo(held.database, beside, store => store.put(bytes, name)),
  }
}

async function read({ database }: Held, name: string): Promise<Uint8Array | undefined> {
  return await resultOf<Uint8Array | undefined>(
    database.transaction(beside, 'readonly').objectStore(beside).get(name),
  )
}

/** Says how values stand in the database: as they are under a checksum, or sealed. */
async function valuesOf(
  folder: string,
  held: Held,
  isThere: boolean,
  unlock: Unlock | undefined,
  random: Random,
): Promise<KeyedValues> {
  const vault = await read(held, vaultKey)
  if (vault !== undefined) {
    const lock = readVault(new TextDecoder().decode(vault), folder)
    const kind = lock.kdf.name === 'key' ? 'key' : 'passphrase'
    if (unlock === undefined) throw new ClientError('LOCKED', `${folder}: is locked: give its ${kind}`)
    return boundValues(openVault(lock, unlock), random)
  }
  if (unlock === undefined) return checkedValues
  if (isThere) throw new ClientError('LOCKED', `${folder}: is not locked: leave passphrase and key out`)
  const storeKey = random(keyBytes)
  const text = JSON.stringify(makeVault(storeKey, unlock, random))
  await writeTo(held.database, beside, store => store.put(new TextEncoder().encode(text), vaultKey))
  return boundValues(storeKey, random)
}
