// chaffinch identity: the identities of a running client; and its keys, locked, copied and taken elsewhere, while it
// does not run.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ClientError,
  exportIdentity,
  importIdentity,
  lockFolder,
  lockOf,
  type Unlock,
  withIdentity,
} from '../../client/folder/index.ts'
import type { IdentityJson } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import {
  askNewPassphrase,
  askPassphrase,
  type ClientFile,
  diskError,
  lockPayments,
  openFolder as openRoleFolder,
  readClientFile,
  roleFileAt,
  runningClient,
  secretFromFiles,
  writeKey,
  writeNew,
} from '../../roles/files/index.ts'
import { systemRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'

export interface IdentityOptions {
  readonly config?: string
  readonly keyFile?: string
  readonly passphraseFile?: string
  readonly newKeyFile?: string
  readonly newPassphraseFile?: string
  readonly as?: string
  readonly json?: true
}

export async function list({ config, json }: IdentityOptions): Promise<undefined> {
  for (const each of await runningClient(config).identities()) show(each, json)
}

export async function create(name: string, { config, json }: IdentityOptions): Promise<undefined> {
  show(await runningClient(config).createIdentity(name), json)
}

export async function remove(name: string, { config, json }: IdentityOptions): Promise<undefined> {
  await runningClient(config).removeIdentity(name)
  console.log(json === true ? JSON.stringify({ name }) : `${name} is forgotten, with its keys and messages`)
}

function show(identity: IdentityJson, json: true | undefined): void {
  const { name, address, ready } = identity
  const line = `${name}  ${ready ? 'ready' : 'not ready'}  ${address === '' ? 'no address yet' : address}`
  console.log(json === true ? JSON.stringify(identity) : line)
}

/** Reads the file of a client that does not run, and its secrets. */
function given({ as, ...values }: IdentityOptions): Given {
  const { keyFile, passphraseFile, newKeyFile, newPassphraseFile } = values
  const config = readClientFile(roleFileAt('client', values.config))
  openRoleFolder(config.folder, 'client')
  return {
    config,
    unlock: secretFromFiles({ keyFile, passphraseFile }) ?? secretFromFiles(config.secret),
    fresh: secretFromFiles({ keyFile: newKeyFile, passphraseFile: newPassphraseFile }),
    as,
  }
}

interface Given {
  readonly config: ClientFile
  /** The secret that opens the folder. */
  readonly unlock: Unlock | undefined
  /** The secret that is to open the folder or the file from now on. */
  readonly fresh: Unlock | undefined
  /** Which identity; undefined: the first. */
  readonly as: string | undefined
}

export async function lock(options: IdentityOptions): Promise<undefined> {
  const { config, unlock, fresh } = given(options)
  const folder = storeFolder(config)
  const locked = lockOf(folder)
  const before = locked === undefined ? undefined : (unlock ?? (await askPassphrase('passphrase until now')))
  const after = fresh ?? (await askNewPassphrase())
  await inFolder(folder, () => lockFolder(folder, after, before))
  lockPayments(config.folder, after)
  say(locked === undefined ? `${folder} is locked` : `${folder} has another lock`)
}

export async function writeOut(file: string, options: IdentityOptions): Promise<undefined> {
  const { config, unlock, fresh, as } = given(options)
  const secret = fresh ?? (await askNewPassphrase())
  await withStore(config, unlock, as, async store => {
    writeNew(file, await exportIdentity(store, config.network.name, secret, systemRandom), 0o600)
  })
  say(`wrote ${file}: whoever opens it is you`)
}

export async function readIn(where: string, options: IdentityOptions): Promise<undefined> {
  const { config, unlock, fresh, as } = given(options)
  const content = readFile(where)
  const secret = fresh ?? (await askPassphrase(`passphrase of ${where}`))
  await withStore(
    config,
    unlock,
    as,
    store => importIdentity(store, config.network.name, { text: content, where }, secret),
    { make: true },
  )
  say(`${as === undefined ? `the client of ${config.file}` : `identity ${as}`} is the one of ${where} now`)
}

export function makeKey(file: string, _: object): undefined {
  writeKey(file, "key of a client's folder", key => createHash('sha256').update(key).digest().subarray(0, 8))
  say(`wrote ${file}`)
}

async function withStore(
  config: ClientFile,
  unlock: Unlock | undefined,
  as: string | undefined,
  act: (store: Store) => Promise<void>,
  { make }: { readonly make: boolean } = { make: false },
): Promise<void> {
  const folder = storeFolder(config)
  const wants = lockOf(folder) !== undefined && unlock === undefined
  const secret = wants ? await askPassphrase('passphrase') : unlock
  await inFolder(folder, () => withIdentity({ folder, unlock: secret, name: as, isNew: make }, act))
}

/** @throws CommandError FAILED when the client runs */
async function inFolder(folder: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (error instanceof ClientError && error.code === 'IN_USE')
      throw new CommandError('FAILED', `${folder}: a client has it open`, 'stop the client first')
    throw error
  }
}

function storeFolder({ folder }: ClientFile): string {
  return join(folder, 'store')
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${diskError(error)}`)
  }
}

function say(line: string): void {
  console.error(`chaffinch: ${line}`)
}
