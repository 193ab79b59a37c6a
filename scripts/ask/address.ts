// chaffinch address: what others need to write to a running client.

import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, durationOption, readOptions } from '../../encoding/command-line.ts'
import { clientEndpoint } from '../files/config.ts'
import { clientStatus } from '../remote/daemon.ts'
import type { Endpoint } from '../remote/http.ts'

const pollMs = 200

export async function run(args: readonly string[]): Promise<undefined> {
  const { values } = readOptions('address', args, {
    config: { type: 'string' },
    as: { type: 'string' },
    wait: { type: 'string' },
    json: { type: 'boolean' },
  })
  const waitMs = values.wait === undefined ? 0 : durationOption('wait', values.wait)
  const address = await addressOf(clientEndpoint(values.config, values.as), waitMs)
  console.log(values.json === true ? JSON.stringify({ address }) : address)
}

/** A client has no address before its first consensus; with `waitMs` its start is waited for too. */
async function addressOf(endpoint: Endpoint, waitMs: number): Promise<string> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const over = Date.now() >= deadline
    const status = await clientStatus(endpoint).catch((error: unknown) => {
      if (over || !(error instanceof CommandError)) throw error
    })
    if (status !== undefined && status.address !== '' && (status.ready || waitMs === 0)) return status.address
    if (over) {
      const why = status?.consensus === null ? 'no consensus yet' : 'its gateway does not answer yet'
      throw new CommandError('FAILED', `the client is not ready: ${why}`, 'chaffinch address --wait 30s')
    }
    await pause(pollMs)
  }
}
