// Questions and answers over a client of the mixnet: the two ends of transport-ledger.ts. docs/payments.md 3.7.

import type { Client } from '../client/index.ts'
import { ClientError } from '../client/index.ts'
import type { Clock, Timer } from '../link/clock.ts'

/** Most answers take one packet; a longer one asks for more blocks. */
const replyBlocks = 4
/** Questions that wait for an answer. */
const mostOpen = 256

export interface AskerInit {
  /** Its inbox belongs to the asker: whatever comes counts as read. */
  readonly client: Client
  /** Where the questions go. */
  readonly address: string
  readonly clock: Clock
  /** Milliseconds until an answer must be there. */
  readonly patienceMs: number
}

/** Asks somebody at an address, who learns nothing about the asker. */
export class Asker {
  readonly #init: AskerInit
  readonly #open = new Map<string, { readonly resolve: (answer: Uint8Array) => void; readonly late: Timer }>()
  readonly #stop: () => void

  constructor(init: AskerInit) {
    this.#init = init
    this.#stop = init.client.on('message', ({ inReplyTo, seq }) => {
      if (inReplyTo !== undefined && this.#open.has(inReplyTo)) void this.#take(inReplyTo, seq)
    })
  }

  /** @throws ClientError DEADLINE when no answer comes, QUEUE_FULL, and what `send` throws */
  async ask(question: Uint8Array): Promise<Uint8Array> {
    const { client, address, clock, patienceMs } = this.#init
    if (this.#open.size >= mostOpen) throw new ClientError('QUEUE_FULL', 'too many questions are open')
    const { id } = await client.send(address, question, { replies: replyBlocks, deadlineMs: patienceMs })
    return await new Promise((resolve, reject) => {
      const late = clock.after(patienceMs, () => {
        this.#open.delete(id)
        reject(new ClientError('DEADLINE', `no answer within ${patienceMs} ms`))
      })
      this.#open.set(id, { resolve, late })
    })
  }

  close(): void {
    this.#stop()
    for (const { late } of this.#open.values()) late.cancel()
    this.#open.clear()
  }

  /** Never rejects. */
  async #take(id: string, seq: number): Promise<void> {
    const [reply] = await this.#init.client.inbox({ after: seq - 1, most: 1 }).catch(() => [])
    const open = this.#open.get(id)
    if (reply === undefined || open === undefined) return
    open.late.cancel()
    this.#open.delete(id)
    open.resolve(new Uint8Array(reply.bytes))
  }
}

/** Questions that are answered at once; the others wait their turn in the inbox. */
const mostAtOnce = 8

/**
 * Answers what comes to a client, oldest first, until the signal aborts or the client closes. A message that nobody can
 * reply to is passed over. Never rejects.
 */
export async function answerAll(
  client: Client,
  answer: (question: Uint8Array) => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const work = async (): Promise<void> => {
    for await (const question of client.messages({ signal })) {
      if (!question.canReply) continue
      // Whoever asked asks again when the reply cannot leave.
      await client.reply(question, await answer(question.bytes)).catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: mostAtOnce }, work))
}
