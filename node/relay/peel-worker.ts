// One thread that peels, as the relay's thread sees it: started, told, heard, ended.

import { Worker } from 'node:worker_threads'
import type { Clock } from '../../world/clock.ts'
import { second } from '../../world/units.ts'
import { wait } from '../../world/wait.ts'
import { NodeError } from '../error.ts'
import type { FromThread, ThreadData, ToThread } from './peel-messages.ts'

/** A thread may take so long to start. */
const startMs = 30 * second

/** Starts peel-thread.ts with this as its `workerData`. */
export type StartThread = (data: ThreadData) => Worker

/** Loads compiled code; who runs from source hands in another way to start threads. */
export const compiledThread: StartThread = workerData =>
  new Worker(new URL('./peel-thread.js', import.meta.url), { workerData, name: 'peel' })

/**
 * Waits until a thread that was started says that it is ready.
 *
 * @param hear told of every message of the thread
 * @returns says why the thread has ended, once it has
 * @throws NodeError THREAD when it does not start within 30 s, or ends instead
 */
export async function startWorker(
  worker: Worker,
  clock: Clock,
  hear: (message: FromThread) => void,
): Promise<() => string> {
  let why = 'it ended'
  worker.on('error', error => {
    why = error.message
  })
  worker.on('message', hear)
  const failed = (reason: string): NodeError => new NodeError('THREAD', `a thread for peeling: ${reason}`)
  const started = wait<void>({}, ({ resolve, reject }) => {
    const late = clock.after(startMs, () => reject(failed('no answer')))
    void heard(worker, message => message.type === 'ready').then(ready =>
      ready ? resolve() : reject(failed(why)),
    )
    return () => late.cancel()
  })
  // who has the address of the node keeps the process alive, not what works for it
  worker.unref()
  await started
  return () => why
}

/** @param handedOver buffers of the message that are the thread's from here on */
export function tell(worker: Worker, message: ToThread, handedOver: readonly ArrayBuffer[] = []): void {
  worker.postMessage(message, handedOver)
}

/** Waits for such a message. Resolves with false when the thread has ended instead. */
export function heard(worker: Worker, is: (message: FromThread) => boolean): Promise<boolean> {
  return wait({}, ({ resolve }) => {
    const ended = (): void => resolve(false)
    const hear = (message: FromThread): void => {
      if (is(message)) resolve(true)
    }
    worker.on('message', hear)
    worker.on('exit', ended)
    return () => {
      worker.off('message', hear)
      worker.off('exit', ended)
    }
  })
}
