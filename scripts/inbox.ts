// chaffinch inbox: shows what has arrived at a running client.

import { readOptions, wholeNumber } from './command.ts'
import { clientEndpoint } from './config.ts'
import { bytesOf, type Incoming, readMessages } from './daemon.ts'
import { durationOption } from './duration.ts'

/** The longest that one request may wait. */
const longestWaitMs = 30_000

export async function run(args: readonly string[]): Promise<undefined> {
  const { values } = readOptions('inbox', args, {
    config: { type: 'string' },
    as: { type: 'string' },
    after: { type: 'string' },
    wait: { type: 'string' },
    json: { type: 'boolean' },
  })
  const endpoint = clientEndpoint(values.config, values.as)
  const deadline = Date.now() + (values.wait === undefined ? 0 : durationOption('wait', values.wait))
  let after = values.after === undefined ? -1 : wholeNumber('after', values.after, 0, 2 ** 31)
  let shown = 0
  for (;;) {
    const waitMs = shown > 0 ? 0 : Math.min(longestWaitMs, Math.max(0, deadline - Date.now()))
    const { messages, next } = await readMessages(endpoint, after, waitMs)
    for (const message of messages)
      console.log(values.json === true ? JSON.stringify(message) : lines(message))
    shown += messages.length
    after = next
    if (messages.length === 0 && (shown > 0 || Date.now() >= deadline)) break
  }
  if (shown === 0 && values.json !== true) console.error('nothing has arrived')
}

/** The text as it is, but for what would steer a terminal. */
function lines(message: Incoming): string {
  const { id, seq, at, inReplyTo, canReply, text } = message
  const kind = inReplyTo === null ? 'message' : `reply to ${inReplyTo}`
  const size = bytesOf(message).length
  const head = `${seq}  ${new Date(at).toISOString()}  ${kind}  ${id}${canReply ? '  (may be replied to)' : ''}`
  return `${head}\n${text === undefined ? `[${size} bytes]` : printable(text)}\n`
}

/** Text without what would steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, found => (found === '\n' || found === '\t' ? found : '\ufffd'))
}
