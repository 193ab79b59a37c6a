// chaffinch client: a client that stays, with its HTTP API on loopback.

import { runClient } from '../../roles/client.ts'
import { roleFileAt } from '../../roles/files/index.ts'

export async function run({ config }: { readonly config?: string }): Promise<number> {
  return await runClient(roleFileAt('client', config))
}
