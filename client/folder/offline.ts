// The store of one identity, for as long as something is done to it while no client runs
// (docs/spec/client-store.md 11.2, 11.3).

import { type Random, systemRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { ClientError } from '../error.ts'
import { identityStores, openFolder } from './folder.ts'
import { folderError, wantFolder } from './folder-error.ts'
import {
  addIdentity,
  dropIdentity,
  type IdentityStores,
  type ListedIdentity,
  mainIdentity,
  readIdentities,
} from './identity-list.ts'
import type { Unlock } from './vault.ts'

/** Says which store: that of an identity of a client's folder. */
export interface OfflineIdentity {
  /** Where the client keeps its stores. */
  readonly folder: string
  /** Opens it; undefined for a folder without a lock. */
  readonly unlock: Unlock | undefined
  /** Its name; undefined for the first. */
  readonly name: string | undefined
  /** Puts a new one of that name on the list, instead of looking for it. Default false. */
  readonly isNew?: boolean
  /** Where the keys of a new one come from. Default: the system. */
  readonly random?: Random
}

/**
 * Opens the store of an identity, acts on it, and closes it. Where the act fails on a new one, there is no such
 * identity afterwards.
 *
 * @throws ClientError NO_IDENTITY where there is none of this name, BAD_OPTION where a new one cannot have it,
 * LOCKED, IN_USE (a client has it open), NO_FOLDER, STORE_NEWER, STORE_DAMAGED
 */
export async function withIdentity(
  { folder, unlock, name, isNew = false, random = systemRandom }: OfflineIdentity,
  act: (store: Store) => Promise<void>,
): Promise<void> {
  wantFolder(folder)
  const store = await openFolder(folder, unlock).catch((error: unknown) => {
    throw folderError(folder, error)
  })
  try {
    if (name === undefined || name === mainIdentity) return await act(store)
    const stores = identityStores(folder)
    if (isNew) await inNew(store, stores, { name, random }, act)
    else await inStoreOf(await listed(store, name), stores, act)
  } finally {
    await store.close()
  }
}

async function listed(store: Store, name: string): Promise<ListedIdentity> {
  const identity = (await readIdentities(store)).find(other => other.name === name)
  if (identity === undefined) throw new ClientError('NO_IDENTITY', `no identity '${name}' in this client`)
  return identity
}

async function inNew(
  list: Store,
  stores: IdentityStores,
  { name, random }: { readonly name: string; readonly random: Random },
  act: (store: Store) => Promise<void>,
): Promise<void> {
  const added = await addIdentity(list, name, random)
  try {
    await inStoreOf(added, stores, act)
  } catch (error) {
    await stores.keepOnly(await dropIdentity(list, name))
    throw error
  }
}

async function inStoreOf(
  identity: ListedIdentity,
  stores: IdentityStores,
  act: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await stores.open(identity)
  try {
    await act(store)
  } finally {
    await store.close()
  }
}
