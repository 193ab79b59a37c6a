// chaffinch flush: waits until what a running client was given has left, or is with the receivers' gateways.

import type { RemoteClient } from '../../client/remote/index.ts'
import { CommandError, durationOption } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { orInterrupted } from '../terminal/interrupt.ts'

/** The longest that one request may wait. */
const longestWaitMs = 30_000

export interface FlushOptions {
  readonly config?: string
  readonly as?: string
  readonly until?: string
  readonly timeout?: string
  readonly json?: true
}

export async function run(values: FlushOptions): Promise<number> {
  const { until = 'stored' } = values
  if (until !== 'sent' && until !== 'stored')
    throw new CommandError('USAGE', `--until ${until}: want sent or stored`, 'chaffinch flush --help')
  const deadline = Date.now() + durationOption('timeout', values.timeout ?? '60s')
  const client = runningClient(values.config, values.as)
  return await orInterrupted(
    () => 'nobody waits any more; what was given goes on: chaffinch queue shows it',
    () => waited(client, until, deadline, values.json === true),
  )
}

async function waited(
  client: RemoteClient,
  until: 'sent' | 'stored',
  deadline: number,
  json: boolean,
): Promise<number> {
  for (;;) {
    const wait = Math.max(0, Math.min(longestWaitMs, deadline - Date.now()))
    const left = await client.flush(until, wait)
    if (left > 0 && Date.now() < deadline) continue
    if (json) console.log(JSON.stringify({ left }))
    else if (left > 0) console.error(`chaffinch: ${left} not ${until} yet; they stay in the queue`)
    return left > 0 ? 1 : 0
  }
}
