// Requests to services, and the answers that are waited for (docs/spec/client-sdk.md 14).

import { ClientError } from './error.ts'
import type { InboxEntry } from './incoming/inbox.ts'
import { readAnswer } from './service.ts'

/** The inbox of answers: no app can have this name. */
export const answersApp = '?'

export interface RequestsInit {
  readonly bytes: (seq: number) => Promise<Uint8Array | undefined>
  readonly markRead: (seq: number) => Promise<void>
}

type Settle = (outcome: Uint8Array | ClientError) => void

export class Requests {
  readonly #init: RequestsInit
  /** By the id of the request. */
  readonly #waiting = new Map<string, Settle>()

  constructor(init: RequestsInit) {
    this.#init = init
  }

  /** An answer has come. One that nobody waits for any more (the process was started again) is put away. */
  async arrived({ seq, inReplyTo = '' }: InboxEntry): Promise<void> {
    const settle = this.#waiting.get(inReplyTo)
    const bytes = settle === undefined ? undefined : await this.#init.bytes(seq)
    await this.#init.markRead(seq)
    if (settle === undefined || bytes === undefined) return
    try {
      settle(readAnswer(bytes))
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      settle(error)
    }
  }

  /** The request itself has failed. */
  failed(id: string, why: ClientError): void {
    this.#waiting.get(id)?.(why)
  }

  /**
   * Waits for the answer to a request.
   *
   * @throws ClientError with the reason why the request failed or the service gave no answer; ABORTED, CLOSED
   */
  answer(id: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const abort = (): void => settle(new ClientError('ABORTED', 'request: called off by the caller'))
      const settle: Settle = outcome => {
        this.#waiting.delete(id)
        signal?.removeEventListener('abort', abort)
        if (outcome instanceof ClientError) reject(outcome)
        else resolve(outcome)
      }
      this.#waiting.set(id, settle)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  close(): void {
    for (const settle of [...this.#waiting.values()])
      settle(new ClientError('CLOSED', 'client: closed before the answer came'))
  }
}
