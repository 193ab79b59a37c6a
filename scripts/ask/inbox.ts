// chaffinch inbox: what has arrived at a running client: all of it with its contents, a list, one message, or each as
// it comes.

import { writeFileSync } from 'node:fs'
import type { Senders } from '../../client/index.ts'
import { bytesOf, type ListedJson, type MessageJson, type RemoteClient } from '../../client/remote/index.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import { printable } from '../../encoding/quoted.ts'
import { diskError, runningClient } from '../../roles/files/index.ts'
import { quotedHere } from './quoted.ts'

/** The longest that one request may wait. */
const longestWaitMs = 30_000
export interface InboxOptions {
  readonly config?: string
  readonly as?: string
  readonly app?: string
  readonly after?: string
  readonly wait?: string
  readonly timeout?: string
  readonly file?: string
  readonly json?: true
}

/** Leaves out what strangers wrote, which waits apart; programs are told who wrote what. */
export async function show(options: InboxOptions): Promise<undefined> {
  const senders = options.json === true ? 'everyone' : 'known'
  await shownOnce(options, senders)
  if (senders === 'known') await tellRequests(runningClient(options.config, options.as), options.app)
}

export async function requests(options: InboxOptions): Promise<undefined> {
  await shownOnce(options, 'strangers')
}

/** With `--wait`, waits for a first message where there is none. */
async function shownOnce({ wait, ...options }: InboxOptions, senders: Senders): Promise<void> {
  const after = afterIn(options) ?? -1
  const deadline = Date.now() + (wait === undefined ? 0 : durationOption('wait', wait))
  const left = (shown: number): number => (shown === 0 ? deadline - Date.now() : 0)
  await showing(options, { senders, after, left })
}

/** Goes on with what nobody has read. */
export async function watch({ timeout, ...options }: InboxOptions): Promise<undefined> {
  const until = timeout === undefined ? Infinity : Date.now() + durationOption('timeout', timeout)
  const after =
    afterIn(options) ?? (await firstUnread(runningClient(options.config, options.as), options.app))
  await showing(options, { senders: 'everyone', after, left: () => until - Date.now() })
}

function afterIn({ after }: InboxOptions): number | undefined {
  return after === undefined ? undefined : wholeNumber('after', after, 0, 2 ** 31)
}

async function tellRequests(client: RemoteClient, app: string | undefined): Promise<void> {
  const waiting = (await client.listInbox(app ?? '')).filter(
    ({ inReplyTo, contact, read }) => inReplyTo === null && contact === null && !read,
  )
  if (waiting.length > 0)
    console.error(`chaffinch: ${waiting.length} unread from strangers: chaffinch inbox requests shows them`)
}

/** A line for each, without contents. */
export async function list({ config, as, app, json }: InboxOptions): Promise<undefined> {
  const messages = await runningClient(config, as).listInbox(app)
  for (const message of messages) console.log(json === true ? JSON.stringify(message) : headOf(message))
  if (messages.length === 0 && json !== true) console.error('nothing has arrived')
}

/** One of them: as text where it is text, else as it came. */
export async function read(which: string, { config, as, app, json, file }: InboxOptions): Promise<undefined> {
  const client = runningClient(config, as)
  const found = (await client.listInbox(app)).find(({ id, seq }) => id === which || String(seq) === which)
  const page = found && (await client.messages({ after: found.seq - 1, app: found.app }))
  const message = page?.messages.find(({ id }) => id === found?.id)
  if (message === undefined)
    throw new CommandError('FAILED', `no message ${which} is kept here`, 'chaffinch inbox list')
  if (file !== undefined) return save(file, bytesOf(message))
  if (json === true) console.log(JSON.stringify(message))
  else if (message.text === undefined) process.stdout.write(bytesOf(message))
  else console.log(process.stdout.isTTY ? quotedHere(message.text) : printable(message.text))
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
  readonly senders: Senders
  readonly after: number
  /** Tells how long to wait for more when so many were shown, milliseconds; not above 0: not at all. */
  readonly left: (shown: number) => number
}

async function showing(
  { config, as, app, json }: InboxOptions,
  { senders, left, ...from }: Show,
): Promise<void> {
  const client = runningClient(config, as)
  let { after } = from
  let shown = 0
  for (;;) {
    const waitMs = Math.min(longestWaitMs, Math.max(0, Math.ceil(left(shown))))
    const { messages, next } = await client.messages({ after, waitMs, app, senders })
    for (const message of messages) console.log(json === true ? JSON.stringify(message) : lines(message))
    shown += messages.length
    after = next
    if (messages.length === 0 && left(shown) <= 0) break
  }
  if (shown === 0 && json !== true) console.error('nothing has arrived')
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
  return `${introduce(message)}\n${quotedHere(text ?? `[${size} bytes]`)}\n`
}
