// One after another: what rests on what was decided before waits for it. Who queues bounds how many may wait.

/** Runs `work` when all that was handed in before is over, however that ended, and gives its outcome. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

export function turns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const mine = last.then(work)
    // The next one takes its turn also after one that failed
    last = mine.catch(() => {})
    return mine
  }
}
