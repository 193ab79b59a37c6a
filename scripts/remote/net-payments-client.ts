// A client's HTTP API as a payment peer and a ledger use it: the topic of rounds, questions and answers.

import { setTimeout as pause } from 'node:timers/promises'
import { writeAnswer } from '../../client/api/index.ts'
import type { Topic } from '../../payment/rounds/index.ts'
import { second } from '../../world/units.ts'
import { bytesOf, listInbox, publishEntry, readEntries, readMessages, replyTo } from './daemon.ts'
import type { Endpoint } from './http.ts'

const entriesWaitMs = 10 * second
const questionsWaitMs = 2 * second
const retryMs = 500

/** A topic through a running client. */
export function topicAt(endpoint: Endpoint, name: 'payments' | 'heads'): Topic {
  return {
    name,
    publish: (bytes, { signal } = {}) => publishEntry(endpoint, name, bytes, signal),
    async *entries({ after = -1, signal } = {}) {
      for (let next = after; !signal?.aborted; ) {
        const page = await readEntries(endpoint, name, next, entriesWaitMs, signal)
        for (const entry of page.entries) yield { ...entry, bytes: bytesOf(entry) }
        next = page.next
      }
    },
  }
}

/** Answers what is asked of a service at a running client, until the signal aborts. Never rejects. */
export async function answerer(
  endpoint: Endpoint,
  service: string,
  answer: (question: Uint8Array) => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let after: number | undefined
  while (!signal.aborted) {
    try {
      after ??= await lastRead(endpoint, service)
      const page = await readMessages(endpoint, after, questionsWaitMs, service)
      after = page.next
      for (const { id, canReply, ...question } of page.messages) {
        const answered = canReply ? writeAnswer('fine', await answer(bytesOf(question))) : undefined
        // One whose reply blocks are over keeps no other one waiting: whoever asked asks again
        if (answered !== undefined) await replyTo(endpoint, id, answered).catch(() => {})
      }
    } catch {
      // The client does not answer now
      await pause(retryMs)
    }
  }
}

/** What was read before this began is not answered again: its reply blocks are spent, or who asked has asked again. */
async function lastRead(endpoint: Endpoint, app: string): Promise<number> {
  const read = (await listInbox(endpoint, app)).filter(message => message.read)
  return Math.max(-1, ...read.map(({ seq }) => seq))
}
