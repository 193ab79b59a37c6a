// chaffinch surb: reply blocks by hand. Whoever has them can write to whoever made them, and does not learn who that
// is.

import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { contactOrAddress } from '../files/contacts.ts'
import { contentGiven } from '../terminal/input.ts'

export interface SurbOptions {
  readonly config?: string
  readonly as?: string
  readonly for?: string
  readonly count?: string
  readonly json?: true
}

export async function make({ config, as, for: user, count = '10', json }: SurbOptions): Promise<undefined> {
  if (user === undefined)
    throw new CommandError('USAGE', 'surb make: want --for, the address of whoever is to use them')
  const client = runningClient(config, as)
  const many = wholeNumber('count', count, 1, 64)
  const surb = await client.makeSurbs(await contactOrAddress(client, config, user), many)
  console.log(json === true ? JSON.stringify({ surb }) : surb)
}

export async function inspect(surb: string, { config, as, json }: SurbOptions): Promise<undefined> {
  const found = await runningClient(config, as).inspectSurbs(surb)
  if (json === true) console.log(JSON.stringify(found))
  else console.log(`${found.epochs.length} blocks of ${found.conversation}, epochs ${found.epochs.join(' ')}`)
}

export async function use(
  surb: string,
  message: string | undefined,
  { config, as, json }: SurbOptions,
): Promise<undefined> {
  const bytes = await contentGiven('surb use', message)
  const handed = await runningClient(config, as).useSurbs(surb, bytes)
  console.log(json === true ? JSON.stringify(handed) : handed.id)
}
