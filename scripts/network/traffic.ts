// The people of a local network: they send through their clients' HTTP API, read, and answer what they read.

import { setTimeout as pause } from 'node:timers/promises'
import { bytesOf, type MessageJson, type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import {
  digest,
  type MessageRecord,
  type Plan,
  type Run,
  type RunRecord,
  remoteOf,
} from '../../simulator/processes/index.ts'
import type { PlannedMessage } from './messages.ts'

export interface Traffic {
  readonly plan: Plan
  readonly messages: readonly PlannedMessage[]
  readonly record: RunRecord
  /** The address of a client that is ready. */
  readonly addressOf: (name: string) => string
  readonly now: () => number
  readonly tell: Run['tell']
  readonly signal: AbortSignal
}

const longPollMs = 2000
const retryMs = 500
/** A client that says "not now" (its gateway is gone, or no document came) is asked again for so many epochs. */
const persistEpochs = 3

export function recordOf({ number, kind, from, to, bytes, reply }: PlannedMessage): MessageRecord {
  return {
    number,
    kind,
    from,
    to,
    bytes: bytes.length,
    digest: digest(bytes),
    replyDigest: digest(reply),
    stored: false,
    readAt: [],
    replyReadAt: [],
  }
}

/** Hands the messages over, evenly spread over `spreadMs`; the first at once. */
export async function sendAll(traffic: Traffic, spreadMs: number): Promise<void> {
  const { messages, now, signal } = traffic
  const startedAt = now()
  for (const [i, message] of messages.entries()) {
    const due = startedAt + (i * spreadMs) / messages.length
    await pause(Math.max(0, due - now()), undefined, { signal })
    await sendOne(traffic, message)
  }
}

async function sendOne(traffic: Traffic, { number, from, to, bytes }: PlannedMessage): Promise<void> {
  const entry = traffic.record.messages.find(message => message.number === number) as MessageRecord
  const address = traffic.addressOf(to)
  const handed = await persist(traffic, () => clientOf(traffic, from).send(address, bytes, { replies: true }))
  if (handed === undefined) return traffic.tell({ event: 'not-accepted', name: from, message: number })
  entry.id = handed.id
  entry.acceptedAt = traffic.now()
}

/** An app's patience: what a client refuses for the moment is tried again. */
async function persist<T>({ plan, now, signal }: Traffic, act: () => Promise<T>): Promise<T | undefined> {
  const until = now() + persistEpochs * plan.options.epochMs
  while (now() < until && !signal.aborted) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof RemoteError && error.status === 503)) throw error
      await pause(retryMs)
    }
  }
  return undefined
}

/** Reads every client's inbox until called off; receivers answer each message of the run once. */
export async function readAll(traffic: Traffic): Promise<void> {
  const clients = traffic.plan.processes.filter(({ role }) => role === 'client')
  await Promise.all(clients.map(({ name }) => readOne(traffic, name)))
}

async function readOne(traffic: Traffic, name: string): Promise<void> {
  let after = -1
  while (!traffic.signal.aborted) {
    const page = await clientOf(traffic, name)
      .messages({ after, waitMs: longPollMs })
      .catch(() => undefined)
    if (page === undefined) {
      await pause(retryMs)
      continue
    }
    after = page.next
    for (const incoming of page.messages) await take(traffic, name, incoming)
  }
}

/** Notes what an app was given: a message of the run, a reply to one, or something that nobody sent. */
async function take(traffic: Traffic, name: string, incoming: MessageJson): Promise<void> {
  const { record, messages, now } = traffic
  const bytes = bytesOf(incoming)
  const found = digest(bytes)
  const read = record.messages.find(entry => entry.to === name && entry.digest === found)
  if (read !== undefined) {
    read.readAt.push(now())
    record.exposed.push(...exposures(traffic, read, incoming))
    if (read.readAt.length > 1) return
    const { reply } = messages[read.number] as PlannedMessage
    const answer = (): Promise<unknown> => clientOf(traffic, name).reply(incoming.id, reply)
    let why = 'it was asked until it was too late'
    const answered = await persist(traffic, answer).catch((error: Error) => {
      why = error.message
    })
    if (answered === undefined) traffic.tell({ event: 'not-answered', name, message: read.number, why })
    return
  }
  const reply = record.messages.find(entry => entry.from === name && entry.replyDigest === found)
  if (reply !== undefined) reply.replyReadAt.push(now())
  else record.strangers.push(`${name} read ${bytes.length} bytes that nobody sent`)
}

/** Where a receiver was given its sender's address, in what was sent or around it. */
function exposures(traffic: Traffic, { from, to }: MessageRecord, incoming: MessageJson): string[] {
  const given = JSON.stringify(incoming) + (incoming.text ?? '')
  return given.includes(traffic.addressOf(from)) ? [`${to} was given the address of ${from}`] : []
}

/** Asks each sender what has become of its messages. */
export async function noteStored(traffic: Traffic): Promise<void> {
  const open = traffic.record.messages.filter(({ id, stored }) => id !== undefined && !stored)
  await Promise.all(
    open.map(async message => {
      const handed = await clientOf(traffic, message.from)
        .message(message.id as string)
        .catch(() => undefined)
      message.stored = ['stored', 'received', 'read'].includes(handed?.state ?? '')
    }),
  )
}

/** Everything that was accepted has been read, acknowledged and answered. */
export function isSettled(record: RunRecord): boolean {
  return record.messages.every(
    ({ acceptedAt, stored, readAt, replyReadAt }) =>
      acceptedAt !== undefined && stored && readAt.length > 0 && replyReadAt.length > 0,
  )
}

function clientOf({ plan }: Traffic, name: string): RemoteClient {
  const planned = plan.processes.find(process => process.name === name)
  if (planned === undefined) throw new RangeError(`no process ${name}`)
  return remoteOf(planned)
}
