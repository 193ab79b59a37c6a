// Starts threads from TypeScript, for tests and measurements: the loader with which they themselves run does not reach
// into threads.

import { Worker } from 'node:worker_threads'
import type { StartThread } from '../../node/relay/peel-worker.ts'
import type { StartThread as StartShuffle } from '../../shuffle/threads.ts'

const loader = import.meta.resolve('tsx/esm/api')

function start(program: string, name: string, workerData: unknown): Worker {
  return new Worker(
    `import(${JSON.stringify(loader)}).then(({ register }) => {
       register()
       return import(${JSON.stringify(new URL(program, import.meta.url).href)})
     })`,
    { eval: true, workerData, execArgv: ['--conditions=chaffinch-source'], name },
  )
}

/** Starts a thread of a node, which peels. */
export const sourceThread: StartThread = data => start('../../node/relay/peel-thread.ts', 'peel', data)

/** Starts a thread that computes parts of a shuffle. */
export const shuffleThread: StartShuffle = data => start('../../shuffle/thread.ts', 'shuffle', data)
