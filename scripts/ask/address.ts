// chaffinch address: what others need to write to a running client.

import { setTimeout as pause } from 'node:timers/promises'
import type { RemoteClient } from '../../client/remote/index.ts'
import { CommandError, durationOption } from '../../encoding/command-line.ts'
import { isAway, runningClient } from '../../roles/files/index.ts'

const pollMs = 200

export interface AddressOptions {
  readonly config?: string
  readonly as?: string
  readonly wait?: string
  readonly qr?: true
  readonly json?: true
}

export async function run({ config, as, wait, qr, json }: AddressOptions): Promise<undefined> {
  const waitMs = wait === undefined ? 0 : durationOption('wait', wait)
  const address = await addressOf(runningClient(config, as), waitMs)
  console.log(json === true ? JSON.stringify({ address }) : address)
  if (qr === true) console.log((await import('../terminal/qr.ts')).qrOf(address))
}

/** A client has no address before its first consensus; with `waitMs` its start is waited for too. */
async function addressOf(client: RemoteClient, waitMs: number): Promise<string> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const over = Date.now() >= deadline
    const status = await client.status().catch((error: unknown) => {
      if (over || !isAway(error)) throw error
    })
    if (status !== undefined && status.address !== '' && (status.ready || waitMs === 0)) return status.address
    if (over) {
      const why = status?.consensus === null ? 'no consensus yet' : 'its gateway does not answer yet'
      throw new CommandError('FAILED', `the client is not ready: ${why}`, 'chaffinch address --wait 30s')
    }
    await pause(pollMs)
  }
}
