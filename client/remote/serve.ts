// A service at a client that runs as a daemon (docs/spec/client-sdk.md 14): its requests come as messages of an app,
// and are answered over their reply blocks.

import { stayAlive, systemClock } from '../../world/clock.ts'
import { second } from '../../world/units.ts'
import { sleep } from '../../world/wait.ts'
import { writeAnswer } from '../service.ts'
import { bytesOf, type RemoteClient } from './remote.ts'

const waitMs = 2 * second
const retryMs = second / 2

/**
 * Answers what others ask of a service, until the signal aborts. A daemon that does not answer is asked again. Never
 * rejects.
 *
 * @param service the name of the app that the requests are for
 * @param answer gives the answer to a question, at most 1 MiB less a byte
 */
export async function serveAt(
  client: RemoteClient,
  service: string,
  answer: (question: Uint8Array) => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const rest = stayAlive()
  let after: number | undefined
  while (!signal.aborted) {
    try {
      after ??= await lastRead(client, service)
      const page = await client.messages({ after, waitMs, app: service, signal })
      after = page.next
      for (const { id, canReply, ...question } of page.messages) {
        const answered = canReply ? writeAnswer('fine', await answer(bytesOf(question))) : undefined
        // One whose reply blocks are over keeps no other one waiting: whoever asked asks again
        if (answered !== undefined) await client.reply(id, answered).catch(() => {})
      }
    } catch {
      // The client does not answer now
      await sleep(systemClock, retryMs, signal).catch(() => {})
    }
  }
  rest()
}

/**
 * Finds where to begin: what was read before is not answered again, since its reply blocks are spent, or who asked
 * has asked again.
 */
async function lastRead(client: RemoteClient, app: string): Promise<number> {
  const read = (await client.listInbox(app)).filter(message => message.read)
  return Math.max(-1, ...read.map(({ seq }) => seq))
}
