// chaffinch inspect: what a message, an address or a string of reply blocks is.

import { readAddress, surbPrefix } from '../../client/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { readClientFile, roleFileAt, runningClient } from '../../roles/files/index.ts'

export interface InspectOptions {
  readonly config?: string
  readonly as?: string
  readonly json?: true
}

export async function run(what: string, { config, as, json }: InspectOptions): Promise<undefined> {
  const found = await inspect(what, config, as)
  if (json === true) console.log(JSON.stringify(found))
  else for (const [name, value] of Object.entries(found)) console.log(`${name}: ${String(value)}`)
}

async function inspect(what: string, config: string | undefined, as: string | undefined): Promise<object> {
  if (/^[0-9a-f]{32}$/.test(what)) {
    const messages = await runningClient(config, as).queue(true)
    const found = messages.find(({ id }) => id === what)
    if (found === undefined)
      throw new CommandError('FAILED', `no message ${what} was given to this client`, 'chaffinch queue --all')
    return found
  }
  if (what.startsWith(surbPrefix)) return await runningClient(config, as).inspectSurbs(what)
  const { network } = readClientFile(roleFileAt('client', config))
  const { sealingKey, mailboxKey, gateways } = readAddress(what, network.name)
  return {
    network: network.name,
    sealingKey: hex(sealingKey),
    mailboxKey: hex(mailboxKey),
    gateways: gateways.map(hex),
  }
}
