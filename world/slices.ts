// Long work in slices, so that whatever else the loop has at hand is never kept waiting for all of it.

import { soon } from '#machine'

/** Work that pauses between two units of it, none of which takes long. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Does all of it in one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * Does it in slices.
 *
 * @param units how many units a slice has at most
 * @param pause waited for between two slices; what fits into one waits for nothing
 */
export async function inSlices<T>(steps: Steps<T>, units: number, pause: () => Promise<void>): Promise<T> {
  for (let left = units; ; left--) {
    if (left === 0) {
      await pause()
      left = units
    }
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Waits until the loop has done what it has at hand: the usual pause between two slices. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => soon(() => resolve()))
}
