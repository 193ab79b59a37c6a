// chaffinch queue: what a running client was given to send, and what became of it.

import type { QueuedJson } from '../../client/remote/index.ts'
import { readOptions } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const { values } = readOptions('queue', args, {
    config: { type: 'string' },
    as: { type: 'string' },
    all: { type: 'boolean' },
    json: { type: 'boolean' },
  })
  const messages = await runningClient(values.config, values.as).queue(values.all)
  for (const message of messages) console.log(values.json === true ? JSON.stringify(message) : line(message))
  if (messages.length === 0 && values.json !== true) console.error('nothing is under way')
}

/** `id  state  kind  bytes  accepted  until`, and why it failed. */
function line({ id, app, kind, state, reason, bytes, acceptedAt, deadline }: QueuedJson): string {
  const time = (at: number): string => new Date(at).toISOString()
  const what = app === '' ? kind : `${kind} of ${app}`
  const end = reason === null ? `until ${time(deadline)}` : reason
  return `${id}  ${state.padEnd(6)}  ${what}  ${bytes} bytes  ${time(acceptedAt)}  ${end}`
}
