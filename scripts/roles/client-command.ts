// chaffinch client: a client that stays, with its HTTP API on loopback.

import { runClient } from '../../roles/client.ts'
import { configOption } from './config-option.ts'

export async function run(args: readonly string[]): Promise<number> {
  return await runClient(configOption('client', args))
}
