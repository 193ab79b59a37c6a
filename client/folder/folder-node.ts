// Where a client that is handed no store keeps what it has, in Node: in a folder. The same names in browsers:
// folder-browser.ts.

import { resolve } from 'node:path'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import type { IdentityStores } from './identity-list.ts'
import type { Unlock } from './vault.ts'

/** Names the place that a folder is, however it is written. */
export function placeOf(folder: string): string {
  return resolve(folder)
}

/** Opens the store of a client's folder. Loaded only here: whoever hands in a store needs no LevelDB. */
export async function openFolder(folder: string, unlock: Unlock | undefined, random: Random): Promise<Store> {
  return await (await import('./folder.ts')).openFolder(folder, unlock, random)
}

/** The stores of a folder's other identities, each sealed with the key that the list has of it. */
export async function identityStores(folder: string, random: Random): Promise<IdentityStores> {
  return (await import('./folder.ts')).identityStores(folder, random)
}
