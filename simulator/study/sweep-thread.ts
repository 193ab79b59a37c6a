// A thread of a sweep: it is told numbers of points, and answers with their results.

import { parentPort, workerData } from 'node:worker_threads'
import { runPoint } from './point.ts'
import type { ThreadData } from './sweep.ts'

const { plan } = workerData as ThreadData

parentPort?.on('message', (point: number) => {
  parentPort?.postMessage(runPoint(plan, point))
})
