// chaffinch contacts: the people whom a client's owner knows, kept by the running client under its lock.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Contact } from '../../client/index.ts'
import { type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { CommandError, readOptions } from '../../encoding/command-line.ts'
import { readClientFile, runningClient } from '../../roles/files/index.ts'

const text = { type: 'string' } as const

export async function run(args: readonly string[]): Promise<undefined> {
  const options = { config: text, as: text, read: text, received: text, json: { type: 'boolean' } } as const
  const { values, positionals } = readOptions('contacts', args, options, [0, 3])
  const [what = 'list', who, address] = positionals
  const client = runningClient(values.config, values.as)
  const settings = { ...flagOf('read', values.read), ...flagOf('received', values.received) }
  const say = (value: unknown, line: string): void =>
    console.log(values.json === true ? JSON.stringify(value) : line)
  await takeOver(client, values.config)
  if (what === 'list' && who === undefined)
    for (const contact of await client.contacts()) say(contact, lineOf(contact))
  else if (what === 'add' && who !== undefined && address !== undefined) {
    const kept = await client.keepContact(who, { address, ...settings })
    say(kept, lineOf(kept))
  } else if (what === 'set' && who !== undefined && address === undefined) {
    const kept = await client.keepContact(who, settings)
    say(kept, lineOf(kept))
  } else if (what === 'remove' && who !== undefined && address === undefined) {
    await client.removeContact(who)
    if (values.json === true) console.log(JSON.stringify({ name: who }))
  } else if (what === 'words' && who !== undefined && address === undefined) {
    const words = await client.safetyWords(who)
    say({ words }, words.join(' '))
  } else
    throw new CommandError(
      'USAGE',
      'contacts: want list, add NAME ADDRESS, set NAME, words NAME or remove NAME',
      'chaffinch contacts --help',
    )
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
  const file = join(readClientFile(config ?? 'client.toml').folder, 'contacts.json')
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
