// A sweep on one machine: points shared out among threads, results in the order of the points whoever was faster.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Plan, pointCount } from './plan.ts'
import type { PointResult } from './point.ts'

export interface ThreadData {
  readonly plan: Plan
}

/** Starts sweep-thread.ts with this as its `workerData`. */
export type StartThread = (data: ThreadData) => Worker

/** Loads compiled code; who runs from source hands in another way to start threads. */
export const compiledThread: StartThread = workerData =>
  new Worker(new URL('./sweep-thread.js', import.meta.url), { workerData, name: 'sweep' })

/**
 * Runs the points of a plan that are not done.
 *
 * @param done tells which are
 * @param result told of each, in the order of the points
 */
export async function runSweep(
  plan: Plan,
  options: {
    readonly done: (point: number) => boolean
    readonly result: (result: PointResult) => void
    readonly workers?: number | undefined
    readonly startThread?: StartThread | undefined
  },
): Promise<void> {
  const points = Array.from({ length: pointCount(plan) }, (_, i) => i).filter(point => !options.done(point))
  const ready = new Map<number, PointResult>()
  let started = 0
  let told = 0
  const take = (result: PointResult): void => {
    ready.set(result.point, result)
    for (
      let next = ready.get(points[told] as number);
      next !== undefined;
      next = ready.get(points[told] as number)
    ) {
      told++
      options.result(next)
    }
  }
  const threads = Math.min(options.workers ?? availableParallelism(), points.length)
  const start = options.startThread ?? compiledThread
  const workers: Worker[] = []
  try {
    await Promise.all(
      Array.from({ length: threads }, async () => {
        const worker = start({ plan })
        workers.push(worker)
        await worked(worker, () => points[started++], take)
      }),
    )
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

/** Gives a thread one point after the other until there is none left. */
function worked(
  worker: Worker,
  next: () => number | undefined,
  take: (result: PointResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      const point = next()
      if (point === undefined) resolve()
      else worker.postMessage(point)
    }
    worker.on('message', (result: PointResult) => {
      take(result)
      give()
    })
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`a thread of the sweep ended with code ${code}`)))
    give()
  })
}
