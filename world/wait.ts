// Waiting for something that somebody else brings about, until a signal calls it off: here once, for everybody.

import { anySignal } from 'any-signal'
import type { Clock } from './clock.ts'
import type { Ms } from './units.ts'

/** Settles a wait. Only the first call counts. */
export interface Settle<T> {
  resolve(value: T): void
  reject(reason: unknown): void
}

/** Says who may call a wait off, and what its error is then. */
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
  options: WaitOptions,
  begin: (settle: Settle<T>) => (() => void) | undefined,
): Promise<T> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    const waiting = new Wait(options, resolve, reject)
    if (signal?.aborted === true) {
      waiting.handleEvent()
      return
    }
    signal?.addEventListener('abort', waiting)
    waiting.begin(begin)
  })
}

/** One wait. One object, which is the signal's listener too: a host has some for each of its connections. */
class Wait<T> implements Settle<T> {
  readonly #options: WaitOptions
  readonly #resolve: (value: T) => void
  readonly #reject: (reason: unknown) => void
  #cleanUp: (() => void) | undefined
  #over = false

  readonly resolve = (value: T): void => {
    if (this.#ends()) this.#resolve(value)
  }

  readonly reject = (reason: unknown): void => {
    if (this.#ends()) this.#reject(reason)
  }

  constructor(options: WaitOptions, resolve: (value: T) => void, reject: (reason: unknown) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(begin: (settle: Settle<T>) => (() => void) | undefined): void {
    const cleanUp = begin(this)
    // Settled within `begin`, before there was anything to clean up with
    if (this.#over) cleanUp?.()
    else this.#cleanUp = cleanUp
  }

  /** The signal has aborted. */
  handleEvent(): void {
    const { signal, aborted } = this.#options
    this.reject(aborted === undefined ? signal?.reason : aborted())
  }

  #ends(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#options.signal?.removeEventListener('abort', this)
    this.#cleanUp?.()
    return true
  }
}

/**
 * Calls `run` once when the signal aborts, at once where it has, and never where there is none.
 *
 * @returns calls that off: who no longer cares leaves no listener on a signal that lives long
 */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    run()
    return () => {}
  }
  // One of its own: a signal takes the same listener only once, whoever adds it
  const listener = (): void => run()
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, ms: Ms, signal?: AbortSignal): Promise<void> {
  return wait({ signal }, ({ resolve }) => {
    const timer = clock.after(ms, () => resolve())
    return () => timer.cancel()
  })
}

/**
 * Runs with a signal that aborts with any of these, and takes its listeners off them afterwards. Not AbortSignal.any:
 * what it makes stays behind on the signals of a long life.
 */
export async function until<T>(
  signals: readonly (AbortSignal | undefined)[],
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const any = anySignal([...signals])
  try {
    return await run(any)
  } finally {
    any.clear()
  }
}

/** Runs with a signal that aborts after `ms`, or with any of these. */
export async function within<T>(
  clock: Clock,
  ms: Ms,
  signals: readonly (AbortSignal | undefined)[],
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = clock.after(ms, () => late.abort())
  try {
    return await until([late.signal, ...signals], run)
  } finally {
    timer.cancel()
  }
}

/** Those who wait for something new to read: all are woken together, and look themselves whether it is for them. */
export class Waiting {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next `wake`, and also when the signal aborts or has aborted. */
  next(signal: AbortSignal | undefined): Promise<void> {
    return wait<void>({}, ({ resolve }) => {
      const wake = (): void => resolve()
      this.#waiting.add(wake)
      const heedNoMore = onAbort(signal, wake)
      return () => {
        this.#waiting.delete(wake)
        heedNoMore()
      }
    })
  }

  /** Wakes all who wait now. */
  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
