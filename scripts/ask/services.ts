// chaffinch services: what gateways announce, as a running client knows it from the consensus. Looking is seen by
// nobody.

import type { KnownService } from '../../client/index.ts'
import { runningClient } from '../../roles/files/index.ts'

export interface ServicesOptions {
  readonly config?: string
  readonly as?: string
  readonly json?: true
}

export async function run(
  name: string | undefined,
  { config, as, json }: ServicesOptions,
): Promise<undefined> {
  const services = await runningClient(config, as).services()
  const found = services.filter(service => name === undefined || service.name === name)
  for (const service of found) console.log(json === true ? JSON.stringify(service) : line(service))
  if (found.length === 0 && json !== true) console.error('no gateway announces one')
}

/** `NAME@GATEWAY  ADDRESS`: what `request --service` takes, and what `--to` does. */
function line({ name, gateway, address }: KnownService): string {
  return `${name}@${gateway.slice(0, 8)}  ${address}`
}
