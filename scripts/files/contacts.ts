// chaffinch contacts: names for addresses, in a file of the client's own folder. Nobody else sees them.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { readAddress } from '../../client/index.ts'
import { CommandError, readOptions } from '../../encoding/command-line.ts'
import { readClientFile } from '../../roles/files/index.ts'

const name = v.pipe(v.string(), v.regex(/^[^\s/]{1,64}$/, 'want 1 to 64 characters without space and slash'))
const schema = v.record(name, v.string())

export async function run(args: readonly string[]): Promise<undefined> {
  const options = { config: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values, positionals } = readOptions('contacts', args, options, [0, 3])
  const [what = 'list', who, address] = positionals
  const { network } = readClientFile(values.config ?? usual)
  const contacts = readContacts(values.config)
  if (what === 'list' && who === undefined) {
    if (values.json === true) console.log(JSON.stringify(contacts))
    else for (const [known, of] of Object.entries(contacts)) console.log(`${known}  ${of}`)
    return
  }
  if (what === 'add' && who !== undefined && address !== undefined) {
    const read = v.safeParse(name, who)
    if (!read.success) throw new CommandError('USAGE', `contacts add: '${who}': ${read.issues[0].message}`)
    readAddress(address, network.name)
    writeContacts(values.config, { ...contacts, [who]: address.trim() })
    if (values.json === true) console.log(JSON.stringify({ name: who, address: address.trim() }))
    return
  }
  if (what === 'remove' && who !== undefined && address === undefined) {
    if (contacts[who] === undefined) throw unknown(who)
    const { [who]: _, ...others } = contacts
    writeContacts(values.config, others)
    if (values.json === true) console.log(JSON.stringify({ name: who }))
    return
  }
  throw new CommandError(
    'USAGE',
    'contacts: want list, add NAME ADDRESS or remove NAME',
    'chaffinch contacts --help',
  )
}

/** An address as it is, or that of a contact. @throws CommandError FAILED for a name that is none */
export function contactOrAddress(config: string | undefined, text: string): string {
  if (text.trim().startsWith('chaffinch_')) return text
  const address = readContacts(config)[text]
  if (address === undefined) throw unknown(text)
  return address
}

const usual = 'client.toml'

function unknown(who: string): CommandError {
  return new CommandError('FAILED', `no contact '${who}', and no address`, 'chaffinch contacts')
}

function fileOf(config: string | undefined): string {
  return join(readClientFile(config ?? usual).folder, 'contacts.json')
}

/** @throws CommandError FAILED when the file is damaged */
function readContacts(config: string | undefined): Record<string, string> {
  const file = fileOf(config)
  if (!existsSync(file)) return {}
  try {
    return v.parse(schema, JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    throw new CommandError('FAILED', `${file}: cannot be read`, 'restore it from a copy, or remove it')
  }
}

function writeContacts(config: string | undefined, contacts: Record<string, string>): void {
  const file = fileOf(config)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(contacts, undefined, 1)}\n`, { mode: 0o600 })
  renameSync(draft, file)
}
