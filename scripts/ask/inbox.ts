// chaffinch inbox: what has arrived at a running client: all of it with its contents, a list, one message, or each as
// it comes.

import { writeFileSync } from 'node:fs'
import type { Senders } from '../../client/index.ts'
import { bytesOf, type ListedJson, type MessageJson, type RemoteClient } from '../../client/remote/index.ts'
import { CommandError, durationOption, readOptions, wholeNumber } from '../../encoding/command-line.ts'
import { diskError, runningClient } from '../../roles/files/index.ts'
import { printable, quoted } from './quoted.ts'

/** The longest that one request may wait. */
const longestWaitMs = 30_000
const text = { type: 'string' } as const

export async function run(args: readonly string[]): Promise<undefined> {
  const { values, positionals } = readOptions(
    'inbox',
    args,
    {
      config: text,
      as: text,
      app: text,
      after: text,
      wait: text,
      timeout: text,
      file: text,
      json: { type: 'boolean' },
    },
    [0, 2],
  )
  const [what, which] = positionals
  if ((what === 'read') !== (which !== undefined))
    throw new CommandError(
      'USAGE',
      what === 'read' ? 'inbox read: want the number or id of a message' : `inbox: no '${which}' here`,
      'chaffinch inbox --help',
    )
  const { app, json = false } = values
  const client = runningClient(values.config, values.as)
  if (what === 'list') return await list(client, app, json)
  if (what === 'read') return await read(client, which as string, { app, json, file: values.file })
  const after = values.after === undefined ? undefined : wholeNumber('after', values.after, 0, 2 ** 31)
  if (what === 'watch') {
    const until =
      values.timeout === undefined ? Infinity : Date.now() + durationOption('timeout', values.timeout)
    const from = after ?? (await firstUnread(client, app))
    return await show(client, { app, json, senders: 'everyone', after: from, left: () => until - Date.now() })
  }
  if (what !== undefined && what !== 'requests')
    throw new CommandError(
      'USAGE',
      `inbox ${what}: want list, read, watch or requests`,
      'chaffinch inbox --help',
    )
  const deadline = Date.now() + (values.wait === undefined ? 0 : durationOption('wait', values.wait))
  const left = (shown: number): number => (shown === 0 ? deadline - Date.now() : 0)
  // What strangers wrote waits apart from what people read; programs are told who wrote what
  const senders = what === 'requests' ? 'strangers' : json ? 'everyone' : 'known'
  await show(client, { app, json, senders, after: after ?? -1, left })
  if (senders === 'known') await tellRequests(client, app)
}

async function tellRequests(client: RemoteClient, app: string | undefined): Promise<void> {
  const waiting = (await client.listInbox(app ?? '')).filter(
    ({ inReplyTo, contact, read }) => inReplyTo === null && contact === null && !read,
  )
  if (waiting.length > 0)
    console.error(`chaffinch: ${waiting.length} unread from strangers: chaffinch inbox requests shows them`)
}

/** A line for each, without contents. */
async function list(client: RemoteClient, app: string | undefined, json: boolean): Promise<undefined> {
  const messages = await client.listInbox(app)
  for (const message of messages) console.log(json ? JSON.stringify(message) : headOf(message))
  if (messages.length === 0 && !json) console.error('nothing has arrived')
}

/** One of them: as text where it is text, else as it came. */
async function read(
  client: RemoteClient,
  which: string,
  { app, json, file }: { app: string | undefined; json: boolean; file: string | undefined },
): Promise<undefined> {
  const found = (await client.listInbox(app)).find(({ id, seq }) => id === which || String(seq) === which)
  const page = found && (await client.messages({ after: found.seq - 1, app: found.app }))
  const message = page?.messages.find(({ id }) => id === found?.id)
  if (message === undefined)
    throw new CommandError('FAILED', `no message ${which} is kept here`, 'chaffinch inbox list')
  if (file !== undefined) return save(file, bytesOf(message))
  if (json) console.log(JSON.stringify(message))
  else if (message.text === undefined) process.stdout.write(bytesOf(message))
  else console.log(process.stdout.isTTY ? quoted(message.text) : printable(message.text))
}

function save(file: string, bytes: Uint8Array): undefined {
  try {
    writeFileSync(file, bytes, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${diskError(error)}`, 'nothing was overwritten')
  }
}

/** Where somebody who has read everything so far goes on. */
async function firstUnread(client: RemoteClient, app: string | undefined): Promise<number> {
  const messages = await client.listInbox(app ?? '')
  const unread = messages.find(message => !message.read)
  return unread === undefined ? (messages.at(-1)?.seq ?? -1) : unread.seq - 1
}

interface Show {
  readonly app: string | undefined
  readonly json: boolean
  readonly senders: Senders
  readonly after: number
  /** Tells how long to wait for more when so many were shown, milliseconds; not above 0: not at all. */
  readonly left: (shown: number) => number
}

async function show(client: RemoteClient, { app, json, senders, left, ...from }: Show): Promise<undefined> {
  let { after } = from
  let shown = 0
  for (;;) {
    const waitMs = Math.min(longestWaitMs, Math.max(0, Math.ceil(left(shown))))
    const { messages, next } = await client.messages({ after, waitMs, app, senders })
    for (const message of messages) console.log(json ? JSON.stringify(message) : lines(message))
    shown += messages.length
    after = next
    if (messages.length === 0 && left(shown) <= 0) break
  }
  if (shown === 0 && !json) console.error('nothing has arrived')
}

/** `seq  when  kind  id`: what a line of the list and the head of a message have in common. */
function introduce(message: Omit<MessageJson, 'base64' | 'text'>): string {
  const { id, seq, at, canReply } = message
  return `${seq}  ${new Date(at).toISOString()}  ${kindOf(message)}  ${id}${canReply ? '  (may be replied to)' : ''}`
}

function kindOf({ inReplyTo, from, contact }: Omit<MessageJson, 'base64' | 'text'>): string {
  if (inReplyTo !== null) return `reply to ${inReplyTo}`
  if (contact !== null) return `message from ${contact}`
  return from === null ? 'message from a stranger' : `message from a stranger at ${from}`
}

function headOf(message: ListedJson): string {
  const { app, bytes, read } = message
  return `${read ? ' ' : '*'} ${introduce(message)}  ${bytes} bytes${app === '' ? '' : `  for ${app}`}`
}

function lines(message: MessageJson): string {
  const { text } = message
  const size = bytesOf(message).length
  return `${introduce(message)}\n${quoted(text ?? `[${size} bytes]`)}\n`
}
