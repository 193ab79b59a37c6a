// Starts a node's threads from TypeScript, for tests and measurements: the loader with which they themselves run does
// not reach into threads.

import { Worker } from 'node:worker_threads'
import type { StartThread } from '../../node/relay/peel-worker.ts'

const program = new URL('../../node/relay/peel-thread.ts', import.meta.url).href
const loader = import.meta.resolve('tsx/esm/api')

export const sourceThread: StartThread = workerData =>
  new Worker(
    `import(${JSON.stringify(loader)}).then(({ register }) => {
       register()
       return import(${JSON.stringify(program)})
     })`,
    { eval: true, workerData, execArgv: ['--conditions=chaffinch-source'], name: 'peel' },
  )
