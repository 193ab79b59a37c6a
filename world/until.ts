// Waiting that ends early: when the daemon closes, when who asked has gone, when the time is over.

import { anySignal } from 'any-signal'
import type { Clock } from './clock.ts'

/**
 * Runs with a signal that aborts with any of these, and takes its listeners off them afterwards. Not AbortSignal.any:
 * what it makes stays behind on the signals of a long life.
 */
export async function until<T>(
  signals: readonly AbortSignal[],
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
  ms: number,
  signals: readonly AbortSignal[],
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
