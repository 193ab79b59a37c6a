// The folder of a client, open or under lock (docs/spec/client-store.md 11.1): without a vault the store lies in it,
// with one in a folder of its own within. So the vault's appearance is the one moment at which a folder becomes a
// locked one. Node only.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, systemRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { ClientError } from '../error.ts'
import { checkedValues } from './checked-values.ts'
import { folderError, wantFolder } from './folder-error.ts'
import type { IdentityStores } from './identity-list.ts'
import { openKept, syncFolder } from './kept-disk.ts'
import {
  boundValues,
  derivedKey,
  keyBytes,
  makeVault,
  openVault,
  readVault,
  type Unlock,
  type Vault,
} from './vault.ts'

const vaultName = 'vault.json'
const sealedName = 'sealed'
const identitiesName = 'identities'
/** The names of what lies beside an open store begin with this. */
const openName = 'kept'
const isOurs =
  /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d{6,}|\d{6,}\.(log|ldb|sst|dbtmp)|room|kept\.(json|identity)(\.\d+)?)$/
const isIdentity = /^[0-9a-f]{32}$/
/** Records copied at once. */
const chunk = 256

/**
 * Looks up what is needed to open this folder, if anything.
 *
 * @throws ClientError STORE_DAMAGED, STORE_NEWER, NO_FOLDER
 */
export function lockOf(folder: string): 'passphrase' | 'key' | undefined {
  wantFolder(folder)
  if (!existsSync(join(folder, vaultName))) return undefined
  try {
    return vaultIn(folder).kdf.name === 'key' ? 'key' : 'passphrase'
  } catch (error) {
    throw folderError(folder, error)
  }
}

/**
 * Opens the store of a client's folder. A passphrase or key for a folder that is not there yet locks it from the
 * start.
 *
 * @throws ClientError LOCKED (it wants a passphrase or key, another one, or none because it is not locked),
 *   STORE_DAMAGED, STORE_NEWER; and what the folder says (another process has it open)
 */
export async function openFolder(
  folder: string,
  unlock: Unlock | undefined,
  random: Random = systemRandom,
): Promise<Store> {
  const kind = lockOf(folder)
  if (kind !== undefined) {
    if (unlock === undefined) throw new ClientError('LOCKED', `${folder}: is locked: give its ${kind}`)
    const storeKey = openVault(vaultIn(folder), unlock)
    removeOpen(folder)
    return await openSealed(folder, storeKey, random)
  }
  // What was locked once is not begun anew
  if (existsSync(join(folder, `${sealedName}.json`)) && openFiles(folder).length === 0)
    throw new ClientError(
      'STORE_DAMAGED',
      `${folder}: ${vaultName} is gone, without which nothing in ${sealedName} opens; restore it from a copy`,
    )
  if (unlock === undefined) return await openPlain(folder)
  if (openFiles(folder).length > 0)
    throw new ClientError(
      'LOCKED',
      `${folder}: is not locked: lock it first, or leave passphrase and key out`,
    )
  const storeKey = random(keyBytes)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeVault(folder, makeVault(storeKey, unlock, random))
  return await openSealed(folder, storeKey, random)
}

/**
 * Derives a key of 32 bytes for what lies beside a locked folder and belongs under its lock; another passphrase changes
 * nothing of it. Undefined where the folder has no lock.
 *
 * @param purpose names what it is for: each has a key of its own
 * @throws ClientError LOCKED when this does not open it, STORE_DAMAGED, STORE_NEWER
 */
export function keyBeside(
  folder: string,
  unlock: Unlock | undefined,
  purpose: string,
): Uint8Array | undefined {
  const kind = lockOf(folder)
  if (kind === undefined) return undefined
  if (unlock === undefined) throw new ClientError('LOCKED', `${folder}: is locked: give its ${kind}`)
  return derivedKey(openVault(vaultIn(folder), unlock), purpose)
}

/**
 * Locks a folder that is open, or gives a locked one another passphrase or key. No client may have it open. What a
 * disk keeps of removed files is out of this program's hands.
 *
 * @param before what opens it now, if it is locked
 * @throws ClientError LOCKED, BAD_OPTION, IN_USE, NO_FOLDER, STORE_DAMAGED, STORE_NEWER
 */
export async function lockFolder(
  folder: string,
  unlock: Unlock,
  before?: Unlock,
  random: Random = systemRandom,
): Promise<void> {
  try {
    await lock(folder, unlock, before, random)
  } catch (error) {
    throw folderError(folder, error)
  }
}

async function lock(
  folder: string,
  unlock: Unlock,
  before: Unlock | undefined,
  random: Random,
): Promise<void> {
  const locked = lockOf(folder) !== undefined
  if (locked && before === undefined)
    throw new ClientError('LOCKED', `${folder}: is locked: give what opens it now`)
  const storeKey = before === undefined || !locked ? random(keyBytes) : openVault(vaultIn(folder), before)
  const vault = makeVault(storeKey, unlock, random)
  if (!locked) await sealAll(folder, storeKey, random)
  writeVault(folder, vault)
  removeOpen(folder)
}

/** Copies every record of the open store into a sealed one; what an attempt before left there goes first. */
async function sealAll(folder: string, storeKey: Uint8Array, random: Random): Promise<void> {
  const open = await openPlain(folder)
  try {
    for (const name of [sealedName, `${sealedName}.json`, `${sealedName}.identity`])
      rmSync(join(folder, name), { recursive: true, force: true })
    const sealed = await openSealed(folder, storeKey, random)
    const records = open.iterator()
    for (let some = await records.nextv(chunk); some.length > 0; some = await records.nextv(chunk))
      await sealed.batch(some.map(([key, value]) => ({ type: 'put', key, value })))
    await records.close()
    await sealed.close()
  } finally {
    await open.close()
  }
}

function openPlain(folder: string): Promise<Store> {
  return openKept({ level: folder, beside: join(folder, openName), named: folder }, checkedValues)
}

function openSealed(folder: string, storeKey: Uint8Array, random: Random): Promise<Store> {
  const place = { level: join(folder, sealedName), beside: join(folder, sealedName), named: folder }
  return openKept(place, boundValues(storeKey, random))
}

/** The stores of a folder's other identities, each sealed with the key that the list has of it. */
export function identityStores(folder: string, random: Random = systemRandom): IdentityStores {
  const within = join(folder, identitiesName)
  return {
    open: async identity => {
      mkdirSync(within, { recursive: true, mode: 0o700 })
      const own = join(within, identity.folder)
      const place = { level: own, beside: join(own, openName), named: own }
      return await openKept(place, boundValues(identity.storeKey, random))
    },
    keepOnly: async identities => {
      const kept = identities.map(identity => identity.folder)
      const there = existsSync(within) ? readdirSync(within) : []
      for (const name of there)
        if (isIdentity.test(name) && !kept.includes(name))
          rmSync(join(within, name), { recursive: true, force: true })
    },
  }
}

/**
 * The files of the store as it was before it was locked: LevelDB's, and those beside it. Whatever else lies there is
 * not ours.
 */
function openFiles(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(name => isOurs.test(name)) : []
}

function removeOpen(folder: string): void {
  for (const name of openFiles(folder)) rmSync(join(folder, name), { recursive: true, force: true })
}

function vaultIn(folder: string): Vault {
  const file = join(folder, vaultName)
  return readVault(readFileSync(file, 'utf8'), file)
}

/** All of it or nothing, also when the process ends in between. */
function writeVault(folder: string, vault: Vault): void {
  const file = join(folder, vaultName)
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(vault, undefined, 1)}\n`, { mode: 0o600, flush: true })
  renameSync(draft, file)
  syncFolder(folder)
}
