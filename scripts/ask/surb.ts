// chaffinch surb: reply blocks by hand. Whoever has them can write to whoever made them, and does not learn who that
// is.

import { CommandError, readOptions, wholeNumber } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { contactOrAddress } from '../files/contacts.ts'
import { standardInput } from './send.ts'

const text = { type: 'string' } as const

export async function run(args: readonly string[]): Promise<undefined> {
  const options = { config: text, as: text, for: text, count: text, json: { type: 'boolean' } } as const
  const { values, positionals } = readOptions('surb', args, options, [1, 3])
  const [what, surb, message] = positionals as [string, string?, string?]
  const client = runningClient(values.config, values.as)
  if (what === 'make') {
    if (values.for === undefined)
      throw new CommandError('USAGE', 'surb make: want --for, the address of whoever is to use them')
    const count = wholeNumber('count', values.count ?? '10', 1, 64)
    const made = await client.makeSurbs(await contactOrAddress(client, values.config, values.for), count)
    console.log(values.json === true ? JSON.stringify({ surb: made }) : made)
    return
  }
  if (surb === undefined || (what !== 'inspect' && what !== 'use'))
    throw new CommandError(
      'USAGE',
      `surb ${what}: want make, inspect SURB or use SURB`,
      'chaffinch surb --help',
    )
  if (what === 'inspect') {
    const found = await client.inspectSurbs(surb)
    if (values.json === true) console.log(JSON.stringify(found))
    else
      console.log(`${found.epochs.length} blocks of ${found.conversation}, epochs ${found.epochs.join(' ')}`)
    return
  }
  const bytes = message === undefined ? await standardInput() : new TextEncoder().encode(message)
  const handed = await client.useSurbs(surb, bytes)
  console.log(values.json === true ? JSON.stringify(handed) : handed.id)
}
