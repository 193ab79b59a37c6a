// Requests of this host that are under way: each has its time, may be called off, and ends with the link
// (docs/spec/link.md 4). Both versions of the link share it.

import type { Clock } from '../world/clock.ts'
import { type Settle, wait } from '../world/wait.ts'
import { LinkError, type RequestOptions } from './link.ts'

/** Holds the requests of one host. */
export class UnderWay {
  readonly #clock: Clock
  readonly #fails = new Set<(error: LinkError) => void>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Does something within a request's time, until it is called off or the link closes.
   *
   * @param begin starts it, and has it settled; what it returns is called once when it is over, however it ended
   * @throws LinkError TIMEOUT, ABORTED, CLOSED, and what it is settled with
   */
  within<T>(
    { timeoutMs, signal }: Pick<RequestOptions, 'timeoutMs' | 'signal'>,
    begin: (settle: Settle<T>) => () => void,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(new LinkError('CLOSED', 'the link is closed'))
    return wait<T>({ signal, aborted: () => new LinkError('ABORTED', 'called off') }, settle => {
      const fail = (error: LinkError): void => settle.reject(error)
      const timer = this.#clock.after(timeoutMs, () =>
        fail(new LinkError('TIMEOUT', `no answer within ${timeoutMs} ms`)),
      )
      this.#fails.add(fail)
      const stop = begin(settle)
      return () => {
        timer.cancel()
        this.#fails.delete(fail)
        stop()
      }
    })
  }

  /** Has all that is under way fail with CLOSED, and all that comes later. */
  close(): void {
    this.#closed = true
    for (const fail of [...this.#fails]) fail(new LinkError('CLOSED', 'the link is closed'))
  }
}
