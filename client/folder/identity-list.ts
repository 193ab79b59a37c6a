// The other identities of a client (docs/spec/client-store.md 11.3): which there are, and what opens the store of
// each. The list lies in the store of the first, and under its lock.

import * as v from 'valibot'
import { hex } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { isAppName, longestAppName } from '../app-name.ts'
import { ClientError } from '../error.ts'
import { onDisk } from './disk-full.ts'
import { bytesOf, checkFormat, putRecord, readRecord } from './schema.ts'
import { keyBytes } from './vault.ts'

/** The identity that every client has. */
export const mainIdentity = 'main'
/** Besides the first: each sends cover traffic of its own. */
export const mostIdentities = 15

/** An identity as the folder lists it. */
export interface ListedIdentity {
  /** For its owner; it is nowhere on the wire. */
  readonly name: string
  /** Lowercase hex, 32 digits, drawn: names its folder. */
  readonly folder: string
  /** 32 bytes: seals every value of its store. Without it nobody reads that store again. */
  readonly storeKey: Uint8Array
}

/** Where the stores of the others lie. */
export interface IdentityStores {
  open(identity: ListedIdentity): Promise<Store>
  /** Removes all but these. */
  keepOnly(identities: readonly ListedIdentity[]): Promise<void>
}

const key = 'identities'
const schema: v.GenericSchema<unknown, { readonly identities: ListedIdentity[] }> = v.strictObject({
  identities: v.pipe(
    v.array(
      v.strictObject({
        name: v.pipe(v.string(), v.check(isAppName)),
        folder: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
        storeKey: bytesOf(keyBytes),
      }),
    ),
    v.maxLength(mostIdentities),
  ),
})

/** @throws ClientError STORE_DAMAGED */
export async function readIdentities(store: Store): Promise<readonly ListedIdentity[]> {
  const found = await store.get(key)
  return found === undefined ? [] : readRecord(key, found, schema).identities
}

/**
 * Puts a new one on the list: when this resolves it is on disk.
 *
 * @throws ClientError BAD_OPTION: the name is none or taken, or there are 16 already; STORE_DAMAGED, STORE_NEWER
 */
export async function addIdentity(store: Store, name: string, random: Random): Promise<ListedIdentity> {
  await checkFormat(store)
  const listed = await readIdentities(store)
  if (!isAppName(name))
    throw new ClientError(
      'BAD_OPTION',
      `identity '${name}': want 1 to ${longestAppName} of a to z, 0 to 9, dot and hyphen, first a letter or digit`,
    )
  if (name === mainIdentity || listed.some(other => other.name === name))
    throw new ClientError('BAD_OPTION', `identity '${name}': is there already: choose another name`)
  if (listed.length === mostIdentities)
    throw new ClientError('BAD_OPTION', `identities: ${mostIdentities + 1} at most: remove one`)
  const added = { name, folder: hex(random(16)), storeKey: random(keyBytes) }
  await onDisk(() => store.batch([putRecord(key, { identities: [...listed, added] })]))
  return added
}

/**
 * Takes one off the list, and its key with it.
 *
 * @returns those that are left
 * @throws ClientError NO_IDENTITY, STORE_DAMAGED
 */
export async function dropIdentity(store: Store, name: string): Promise<readonly ListedIdentity[]> {
  const left = (await readIdentities(store)).filter(other => other.name !== name)
  await store.batch([putRecord(key, { identities: left })])
  return left
}
