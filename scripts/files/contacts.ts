// chaffinch contacts: the people whom a client's owner knows, kept by the running client under its lock.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Contact } from '../../client/index.ts'
import { type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { readClientFile, roleFileAt, runningClient } from '../../roles/files/index.ts'

export interface ContactOptions {
  readonly config?: string
  readonly as?: string
  readonly read?: string
  readonly received?: string
  readonly json?: true
}

export async function list(options: ContactOptions): Promise<undefined> {
  for (const contact of await (await opened(options)).contacts()) say(options, contact, lineOf(contact))
}

export async function add(name: string, address: string, options: ContactOptions): Promise<undefined> {
  const settings = settingsIn(options)
  const kept = await (await opened(options)).keepContact(name, { address, ...settings })
  say(options, kept, lineOf(kept))
}

export async function set(name: string, options: ContactOptions): Promise<undefined> {
  const settings = settingsIn(options)
  const kept = await (await opened(options)).keepContact(name, settings)
  say(options, kept, lineOf(kept))
}

export async function remove(name: string, options: ContactOptions): Promise<undefined> {
  await (await opened(options)).removeContact(name)
  if (options.json === true) console.log(JSON.stringify({ name }))
}

export async function words(name: string, options: ContactOptions): Promise<undefined> {
  const twelve = await (await opened(options)).safetyWords(name)
  say(options, { words: twelve }, twelve.join(' '))
}

async function opened({ config, as }: ContactOptions): Promise<RemoteClient> {
  const client = runningClient(config, as)
  await takeOver(client, config)
  return client
}

function say({ json }: ContactOptions, value: unknown, line: string): void {
  console.log(json === true ? JSON.stringify(value) : line)
}

function settingsIn({ read, received }: ContactOptions): Readonly<Record<string, boolean>> {
  return { ...flagOf('read', read), ...flagOf('received', received) }
}

function lineOf({ name, address, read, received }: Contact): string {
  const told = [...(received ? ['received'] : []), ...(read ? ['read'] : [])]
  return `${name}  ${address}  (is told: ${told.length === 0 ? 'nothing' : told.join(', ')})`
}

function flagOf(name: string, value: string | undefined): Readonly<Record<string, boolean>> {
  if (value === undefined) return {}
  if (value === 'on' || value === 'off') return { [name]: value === 'on' }
  throw new CommandError('USAGE', `--${name} ${value}: want on or off`)
}

/** An address as it is, or that of a contact. @throws CommandError FAILED for a name that is none */
export async function contactOrAddress(
  client: RemoteClient,
  config: string | undefined,
  who: string,
): Promise<string> {
  if (who.trim().startsWith('chaffinch_')) return who
  await takeOver(client, config)
  // Another identity may go by the names that the first one has
  for (const asked of [client, runningClient(config)]) {
    const found = (await asked.contacts()).find(({ name }) => name === who)
    if (found !== undefined) return found.address
  }
  throw new CommandError('FAILED', `no contact '${who}', and no address`, 'chaffinch contacts')
}

const before = v.record(v.string(), v.string())

/** Takes over the names that an earlier version kept in a file of its own, not under the client's lock. */
async function takeOver(client: RemoteClient, config: string | undefined): Promise<void> {
  const file = join(readClientFile(roleFileAt('client', config)).folder, 'contacts.json')
  if (!existsSync(file)) return
  let names: Readonly<Record<string, string>>
  try {
    names = v.parse(before, JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    throw new CommandError('FAILED', `${file}: cannot be read`, 'restore it from a copy, or remove it')
  }
  for (const [name, address] of Object.entries(names))
    await client.keepContact(name, { address }).catch((error: unknown) => {
      // Somebody of this name, or with this address, is known already: that goes before
      if (!(error instanceof RemoteError) || error.code !== 'BAD_OPTION') throw error
      console.error(`chaffinch: ${file}: '${name}' was left out: ${error.message}`)
    })
  rmSync(file)
}
