// A client's HTTP API as a payment peer and a ledger use it: the topic of rounds, questions and answers.

import { setTimeout as pause } from 'node:timers/promises'
import type { BulletinEntry } from '../client/bulletin.ts'
import type { Topic } from '../payment/transport.ts'
import { bytesOf, type Incoming, readMessages, replyTo, sendMessage } from './daemon.ts'
import { askJson, type Endpoint } from './http.ts'

const second = 1000
const longPollMs = 10 * second
/** Longer than the client tries to publish an entry. */
const publishWithinMs = 150 * second
const retryMs = 500
/** Reply blocks of a question: most answers take one packet. */
const replyBlocks = 4

/** The topic `payments` through a running client. */
export function paymentsTopic(endpoint: Endpoint): Topic {
  const path = '/bulletin/payments'
  return {
    async publish(bytes, { signal } = {}) {
      const body = { base64: Buffer.from(bytes).toString('base64') }
      const asked = { method: 'POST', body, timeoutMs: publishWithinMs, ...(signal && { signal }) } as const
      const { id } = (await askJson(endpoint, path, asked)) as { id: string }
      return id
    },
    async *entries({ after = -1, signal } = {}) {
      for (let next = after; !signal?.aborted; ) {
        const asked = { timeoutMs: 4 * longPollMs, ...(signal && { signal }) }
        const page = (await askJson(endpoint, `${path}?after=${next}&wait=${longPollMs}`, asked)) as {
          entries: readonly { seq: number; id: string; at: number; base64: string }[]
          next: number
        }
        for (const { seq, id, at, base64 } of page.entries)
          yield { seq, id, at, bytes: new Uint8Array(Buffer.from(base64, 'base64')) } satisfies BulletinEntry
        next = page.next
      }
    },
  }
}

/** Everything that comes to a client from now on, until the signal aborts. Never rejects. */
export async function readFromNow(
  endpoint: Endpoint,
  take: (incoming: Incoming) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let after: number | undefined
  while (!signal.aborted) {
    try {
      const page = await readMessages(endpoint, after ?? -1, after === undefined ? 0 : retryMs)
      if (page.messages.length === 0) after = page.next
      else if (after !== undefined) for (const incoming of page.messages) await take(incoming)
      after = page.next
    } catch {
      // The client is busy or being started again
      await pause(retryMs)
    }
  }
}

/** Asks somebody at an address through a running client. */
export function asker(
  endpoint: Endpoint,
  address: string,
  patienceMs: number,
  signal: AbortSignal,
): { ask: (question: Uint8Array) => Promise<Uint8Array>; over: Promise<void> } {
  const open = new Map<string, (answer: Uint8Array) => void>()
  const over = readFromNow(
    endpoint,
    async incoming => {
      const { inReplyTo } = incoming
      if (inReplyTo !== null) open.get(inReplyTo)?.(bytesOf(incoming))
    },
    signal,
  )
  const ask = async (question: Uint8Array): Promise<Uint8Array> => {
    const { id } = await sendMessage(endpoint, address, question, { replies: replyBlocks })
    return await new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        open.delete(id)
        reject(new Error('the ledger did not answer in time'))
      }, patienceMs)
      open.set(id, answer => {
        clearTimeout(late)
        open.delete(id)
        resolve(answer)
      })
    })
  }
  return { ask, over }
}

/** Answers every question that comes to a running client, until the signal aborts. Never rejects. */
export async function answerer(
  endpoint: Endpoint,
  answer: (question: Uint8Array) => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  await readFromNow(
    endpoint,
    async incoming => {
      if (incoming.canReply) await replyTo(endpoint, incoming.id, await answer(bytesOf(incoming)))
    },
    signal,
  )
}
