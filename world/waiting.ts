// Those who wait for something new to read: all are woken together, and look themselves whether it is for them.

import { wait } from './wait.ts'

export class Waiting {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next `wake`, or when the signal aborts. */
  next(signal: AbortSignal | undefined): Promise<void> {
    const woken = wait<void>({ signal }, ({ resolve }) => {
      const wake = (): void => resolve()
      this.#waiting.add(wake)
      return () => this.#waiting.delete(wake)
    })
    return woken.catch(() => {})
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
