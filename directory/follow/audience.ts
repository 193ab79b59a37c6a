// Those who are told of views: handlers of each one, and those who wait for a first one.

import type { Log } from '../../world/log.ts'
import { type Settle, wait } from '../../world/wait.ts'
import type { View } from '../documents/view.ts'

export class Audience {
  readonly #log: Log
  readonly #handlers = new Set<(view: View) => void>()
  readonly #waiting = new Set<Settle<View>>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Calls `handler` with every view until the function it returns is called. */
  onView(handler: (view: View) => void): () => void {
    this.#handlers.add(handler)
    return () => void this.#handlers.delete(handler)
  }

  /** Waits until a view is of use now; rejects with the signal's reason, or as `close` says. */
  ready(signal: AbortSignal | undefined): Promise<View> {
    return wait({ signal }, settle => {
      this.#waiting.add(settle)
      return () => void this.#waiting.delete(settle)
    })
  }

  /** Tells the handlers of a view; one that fails costs nobody else anything. */
  tell(view: View): void {
    for (const handler of this.#handlers) {
      try {
        handler(view)
      } catch (error) {
        this.#log.error({ why: String(error) }, 'directory: a handler of views failed')
      }
    }
  }

  /** Tells those who wait that this view is of use now. */
  tellReady(view: View): void {
    for (const { resolve } of [...this.#waiting]) resolve(view)
  }

  close(reason: Error): void {
    for (const { reject } of [...this.#waiting]) reject(reason)
    this.#handlers.clear()
  }
}
