// chaffinch identity: the keys of a client, locked, copied and taken elsewhere, while the client does not run.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  exportIdentity,
  importIdentity,
  lockFolder,
  lockOf,
  type Unlock,
  withIdentity,
} from '../../client/folder/index.ts'
import { CommandError, readOptions } from '../../encoding/command-line.ts'
import {
  askNewPassphrase,
  askPassphrase,
  type ClientFile,
  diskError,
  openFolder as openRoleFolder,
  readClientFile,
  runningClient,
  secretFromFiles,
  writeKey,
  writeNew,
} from '../../roles/files/index.ts'
import { systemRandom } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { identityChore, identityChores } from '../ask/identities.ts'

const text = { type: 'string' } as const

export async function run(args: readonly string[]): Promise<undefined> {
  const { values, positionals } = readOptions(
    'identity',
    args,
    {
      config: text,
      'key-file': text,
      'passphrase-file': text,
      'new-key-file': text,
      'new-passphrase-file': text,
      as: text,
      json: { type: 'boolean' },
    },
    [1, 2],
  )
  const [what, file] = positionals as [string, string?]
  const old = secretFromFiles({ keyFile: values['key-file'], passphraseFile: values['passphrase-file'] })
  const fresh = secretFromFiles({
    keyFile: values['new-key-file'],
    passphraseFile: values['new-passphrase-file'],
  })
  if (what === 'key') return makeKey(wanted(file, what))
  const chore = identityChores.find(name => name === what)
  if (chore !== undefined) {
    await identityChore(runningClient(values.config), chore, file, values.json === true)
    return
  }
  const config = readClientFile(values.config ?? 'client.toml')
  openRoleFolder(config.folder, 'client')
  const given = { config, unlock: old ?? secretFromFiles(config.secret), fresh, as: values.as }
  if (what === 'lock') return lock(given)
  if (what === 'export') return writeOut(given, wanted(file, what))
  if (what === 'import') return readIn(given, wanted(file, what))
  throw new CommandError(
    'USAGE',
    `identity ${what}: want list, create, remove, lock, export, import or key`,
    'chaffinch identity --help',
  )
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

async function lock({ config, unlock, fresh }: Given): Promise<undefined> {
  const folder = storeFolder(config)
  const locked = lockOf(folder)
  const before = locked === undefined ? undefined : (unlock ?? (await askPassphrase('passphrase until now')))
  const after = fresh ?? (await askNewPassphrase())
  await inFolder(folder, () => lockFolder(folder, after, before))
  say(locked === undefined ? `${folder} is locked` : `${folder} has another lock`)
}

async function writeOut({ config, unlock, fresh, as }: Given, file: string): Promise<undefined> {
  const secret = fresh ?? (await askNewPassphrase())
  await withStore(config, unlock, as, async store => {
    writeNew(file, await exportIdentity(store, config.network.name, secret, systemRandom), 0o600)
  })
  say(`wrote ${file}: whoever opens it is you`)
}

async function readIn({ config, unlock, fresh, as }: Given, where: string): Promise<undefined> {
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

function makeKey(file: string): undefined {
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
    const { cause } = error as { cause?: { code?: string } }
    if (cause?.code === 'LEVEL_LOCKED')
      throw new CommandError('FAILED', `${folder}: a client has it open`, 'stop the client first')
    throw error
  }
}

function storeFolder({ folder }: ClientFile): string {
  return join(folder, 'store')
}

function wanted(file: string | undefined, what: string): string {
  if (file !== undefined) return file
  throw new CommandError('USAGE', `identity ${what}: want a file`, 'chaffinch identity --help')
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
