// chaffinch services: what gateways announce, as a running client knows it from the consensus. Looking is seen by
// nobody.

import type { KnownService } from '../../client/index.ts'
import { CommandError, readOptions } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const text = { type: 'string' } as const
  const options = { config: text, as: text, json: { type: 'boolean' } } as const
  const { values, positionals } = readOptions('services', args, options, [0, 2])
  const [what = 'list', name] = positionals
  if (what !== 'list')
    throw new CommandError('USAGE', `services ${what}: want list`, 'chaffinch services --help')
  const services = await runningClient(values.config, values.as).services()
  const found = services.filter(service => name === undefined || service.name === name)
  for (const service of found) console.log(values.json === true ? JSON.stringify(service) : line(service))
  if (found.length === 0 && values.json !== true) console.error('no gateway announces one')
}

/** `NAME@GATEWAY  ADDRESS`: what `request --service` takes, and what `--to` does. */
function line({ name, gateway, address }: KnownService): string {
  return `${name}@${gateway.slice(0, 8)}  ${address}`
}
