// Waiting for something that somebody else brings about, until a signal calls the waiting off.

/** Settles a wait. Only the first call counts. */
export interface Settle<T> {
  resolve(value: T): void
  reject(reason: unknown): void
}

export interface WaitOptions {
  /** Calls the waiting off, also where it has aborted before. */
  readonly signal?: AbortSignal | undefined
  /** Makes the error of a wait that was called off; default: the signal's own reason. */
  readonly aborted?: () => unknown
}

/**
 * Waits until `begin` has somebody settle it, or the signal aborts. Whatever ends it, nothing of it stays behind: the
 * signal's listener is taken off, and what `begin` returned is called once.
 *
 * @param begin starts the waiting; not called when the signal has aborted already
 */
export function wait<T>(
  { signal, aborted }: WaitOptions,
  begin: (settle: Settle<T>) => (() => void) | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const calledOff = (): unknown => (aborted === undefined ? signal?.reason : aborted())
    if (signal?.aborted === true) return reject(calledOff())
    let over = false
    let cleanUp: (() => void) | undefined
    const end = (settle: () => void): void => {
      if (over) return
      over = true
      signal?.removeEventListener('abort', abort)
      cleanUp?.()
      settle()
    }
    const abort = (): void => end(() => reject(calledOff()))
    signal?.addEventListener('abort', abort, { once: true })
    cleanUp = begin({
      resolve: value => end(() => resolve(value)),
      reject: reason => end(() => reject(reason)),
    })
    // Settled within `begin`, before there was anything to clean up with
    if (over) cleanUp?.()
  })
}
