// chaffinch queue: what a running client was given to send, and what became of it.

import type { QueuedJson } from '../../client/remote/index.ts'
import { runningClient } from '../../roles/files/index.ts'

export interface QueueOptions {
  readonly config?: string
  readonly as?: string
  readonly all?: true
  readonly json?: true
}

export async function run({ config, as, all, json }: QueueOptions): Promise<undefined> {
  const messages = await runningClient(config, as).queue(all)
  for (const message of messages) console.log(json === true ? JSON.stringify(message) : line(message))
  if (messages.length === 0 && json !== true) console.error('nothing is under way')
}

/** `id  state  how much  kind  bytes  accepted  until`, and why it failed. */
function line({ id, app, kind, state, reason, bytes, acceptedAt, deadline, ...of }: QueuedJson): string {
  const time = (at: number): string => new Date(at).toISOString()
  const arrived = `${Math.floor((100 * of.arrived) / of.fragments)} %`
  const what = app === '' ? kind : `${kind} of ${app}`
  const end = reason === null ? `until ${time(deadline)}` : reason
  return `${id}  ${state.padEnd(6)}  ${arrived.padStart(5)}  ${what}  ${bytes} bytes  ${time(acceptedAt)}  ${end}`
}
