// chaffinch bulletin: what everybody can read, through a running client.

import { bytesOf, type EntryJson, type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { topicNamed, topics } from '../../directory/index.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { contentGiven } from '../terminal/input.ts'
import { quotedHere } from './quoted.ts'

/** The longest that one request may wait. */
const longestWaitMs = 30_000

export interface BulletinOptions {
  readonly config?: string
  readonly publish?: string
  readonly after?: string
  readonly wait?: string
  readonly json?: true
}

export async function run(topic = 'open', values: BulletinOptions): Promise<undefined> {
  if (topicNamed(topic) === undefined) {
    const names = topics.map(({ name }) => name).join(', ')
    throw new CommandError('USAGE', `bulletin: no topic '${topic}': want one of ${names}`)
  }
  const after = values.after === undefined ? -1 : wholeNumber('after', values.after, 0, 2 ** 31)
  const waitMs = values.wait === undefined ? 0 : durationOption('wait', values.wait)
  const client = runningClient(values.config)
  const json = values.json === true
  if (values.publish === undefined) return await show(client, topic, { after, waitMs, json })
  const { publish: text } = values
  const bytes = await contentGiven('bulletin', text === '-' ? undefined : text)
  try {
    const id = await client.publish(topic, bytes)
    console.log(json ? JSON.stringify({ id }) : id)
  } catch (error) {
    if (error instanceof RemoteError && error.status !== undefined)
      throw new CommandError('FAILED', error.detail)
    throw error
  }
}

async function show(
  client: RemoteClient,
  topic: string,
  { after, waitMs, json }: { after: number; waitMs: number; json: boolean },
): Promise<undefined> {
  const deadline = Date.now() + waitMs
  let shown = 0
  for (let from = after; ; ) {
    const wait = shown > 0 ? 0 : Math.min(longestWaitMs, Math.max(0, deadline - Date.now()))
    const { entries, next } = await client.entries(topic, { after: from, waitMs: wait })
    for (const entry of entries) console.log(json ? JSON.stringify(entry) : lines(entry))
    shown += entries.length
    from = next
    if (entries.length === 0 && (shown > 0 || Date.now() >= deadline)) break
  }
  if (shown === 0 && !json) console.error('nothing is there')
}

function lines(entry: EntryJson): string {
  const { id, seq, at, text } = entry
  const what = text === undefined ? `[${bytesOf(entry).length} bytes]` : quotedHere(text)
  return `${seq}  ${new Date(at).toISOString()}  ${id}\n${what}\n`
}
