// The people of `npm run chaos -- node`: they send and read through their clients' HTTP API, whatever happens. A
// message counts as accepted when the call that sent it has returned; every call sends other bytes, so that one whose
// connection broke may have been accepted or not.

import { setTimeout as pause } from 'node:timers/promises'
import { bytesOf, type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { digest } from '../../simulator/processes/record.ts'
import { below, pick, type Random } from '../../world/random.ts'

export interface Sent {
  readonly number: number
  readonly from: string
  readonly to: string
  readonly bytes: number
  /** Its handle; undefined when the call did not return. */
  id?: string
  /** Counts how often the receiving app was given it. */
  reads: number
}

export interface People {
  /** Those who write to each other. */
  readonly clients: readonly string[]
  readonly clientOf: (name: string) => RemoteClient
  readonly addressOf: (name: string) => string
  readonly random: Random
  /** Mean time between two messages of one client. */
  readonly betweenMs: number
}

export interface Mail {
  readonly all: readonly Sent[]
  accepted(): readonly Sent[]
  lost(): readonly Sent[]
  duplicates(): number
  /** Messages that somebody read and nobody had sent. */
  readonly strangers: readonly string[]
  /** Asks what its sender's client knows of a message. */
  stateOf(sent: Sent): Promise<string>
  /** Sends until `over`. */
  send(over: AbortSignal): Promise<void>
  /** Reads until `over`. */
  read(over: AbortSignal): Promise<void>
}

const longestBytes = 12_000
const pollMs = 1000
const retryMs = 400

export function mail({ clients, clientOf, addressOf, random, betweenMs }: People): Mail {
  const all: Sent[] = []
  const byDigest = new Map<string, Sent>()
  const strangers: string[] = []
  const accepted = (): Sent[] => all.filter(({ id }) => id !== undefined)

  function draw(from: string): { sent: Sent; bytes: Uint8Array } {
    const to = pick(
      random,
      clients.filter(name => name !== from),
    )
    const length = below(random, 8) === 0 ? below(random, longestBytes) : below(random, 400)
    const text = new TextEncoder().encode(`message ${all.length} from ${from} `)
    const bytes = new Uint8Array([...text, ...random(length)])
    const sent: Sent = { number: all.length, from, to, bytes: bytes.length, reads: 0 }
    all.push(sent)
    byDigest.set(digest(bytes), sent)
    return { sent, bytes }
  }

  async function sendFrom(name: string, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const { sent, bytes } = draw(name)
      try {
        const handed = await clientOf(name).send(addressOf(sent.to), bytes, { replies: false })
        sent.id = handed.id
      } catch (error) {
        // Full, not ready, stopped or dead: an app tries again later.
        await pause(error instanceof RemoteError && error.status !== undefined ? 3 * retryMs : retryMs)
      }
      await pause(below(random, 2 * betweenMs))
    }
  }

  async function readAt(name: string, over: AbortSignal): Promise<void> {
    for (let after = -1; !over.aborted; ) {
      const page = await clientOf(name)
        .messages({ after, waitMs: pollMs })
        .catch(() => undefined)
      if (page === undefined) {
        await pause(retryMs)
        continue
      }
      after = page.next
      for (const incoming of page.messages) {
        const bytes = bytesOf(incoming)
        const sent = byDigest.get(digest(bytes))
        if (sent?.to === name) sent.reads++
        else strangers.push(`${name} read ${bytes.length} bytes that nobody sent it`)
      }
    }
  }

  return {
    all,
    strangers,
    accepted,
    lost: () => accepted().filter(({ reads }) => reads === 0),
    duplicates: () => all.reduce((sum, { reads }) => sum + Math.max(0, reads - 1), 0),
    async stateOf({ from, id }) {
      const handed = await clientOf(from)
        .message(id as string)
        .catch(() => undefined)
      return handed === undefined ? 'unknown' : [handed.state, handed.reason].filter(Boolean).join(' ')
    },
    send: async over => void (await Promise.all(clients.map(name => sendFrom(name, over)))),
    read: async over => void (await Promise.all(clients.map(name => readAt(name, over)))),
  }
}
