// Those who wait for something new to read: all are woken together, and look themselves whether it is for them.

export class Waiting {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next `wake`, or when the signal aborts. */
  next(signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
