// One thread of shuffle/threads.ts: computes parts on a core of its own. A core is not re-entrant, and has its memory.

import { parentPort, workerData } from 'node:worker_threads'
import { coreGroup } from './core-group.ts'
import { type Answer, answerWords, compute, type Part } from './parts.ts'

const answers = new Int32Array((workerData as { readonly answers: SharedArrayBuffer }).answers)
const group = coreGroup()

parentPort?.on('message', ({ id, part, out }: { id: number; part: Part; out: SharedArrayBuffer }) => {
  let answer: Answer = 'done'
  try {
    new Uint8Array(out).set(compute(group, part))
  } catch {
    answer = 'failed' // whoever waits computes it all again, and throws what is to be thrown
  }
  Atomics.store(answers, 1, answerWords[answer])
  Atomics.store(answers, 0, id)
  Atomics.notify(answers, 0)
})
parentPort?.postMessage('ready')
