// Requests to services, and the answers that are waited for (docs/spec/client-sdk.md 14).

import type { MessageId } from '../encoding/ids.ts'
import type { Clock } from '../world/clock.ts'
import type { Ms } from '../world/units.ts'
import { type Settle, wait } from '../world/wait.ts'
import { ClientError } from './error.ts'
import type { InboxEntry } from './incoming/arrivals.ts'
import { readAnswer } from './service.ts'

/** The inbox of answers: no app can have this name. */
export const answersApp = '?'

export interface RequestsInit {
  readonly bytes: (seq: number) => Promise<Uint8Array | undefined>
  readonly markRead: (seq: number) => Promise<void>
}

export class Requests {
  readonly #init: RequestsInit
  /** By the id of the request. */
  readonly #waiting = new Map<MessageId, Settle<Uint8Array>>()

  constructor(init: RequestsInit) {
    this.#init = init
  }

  /** An answer has come. One that nobody waits for any more (the process was started again) is put away. */
  async arrived({ seq, inReplyTo = '' }: InboxEntry): Promise<void> {
    const waiting = this.#waiting.get(inReplyTo)
    const bytes = waiting === undefined ? undefined : await this.#init.bytes(seq)
    await this.#init.markRead(seq)
    if (waiting === undefined || bytes === undefined) return
    try {
      waiting.resolve(readAnswer(bytes))
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      waiting.reject(error)
    }
  }

  /** The request itself has failed. */
  failed(id: string, why: ClientError): void {
    this.#waiting.get(id)?.reject(why)
  }

  /**
   * Waits for the answer to a request.
   *
   * @throws ClientError with the reason why the request failed or the service gave no answer; ABORTED, CLOSED
   */
  answer(id: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const aborted = (): ClientError => new ClientError('ABORTED', 'request: called off by the caller')
    return wait<Uint8Array>({ signal, aborted }, settle => {
      this.#waiting.set(id, settle)
      return () => this.#waiting.delete(id)
    })
  }

  /** The same, but for so long at most. @throws ClientError DEADLINE besides */
  async within(clock: Clock, ms: Ms, id: MessageId, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const late = clock.after(ms, () =>
      this.failed(id, new ClientError('DEADLINE', 'request: no answer came in time')),
    )
    try {
      return await this.answer(id, signal)
    } finally {
      late.cancel()
    }
  }

  close(): void {
    for (const { reject } of [...this.#waiting.values()])
      reject(new ClientError('CLOSED', 'client: closed before the answer came'))
  }
}
