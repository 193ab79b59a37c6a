// A group on several threads, for Node (docs/spec/shuffle.md 9). It is a `Group` like any other: a call is cut into
// parts of consecutive rows, this thread computes the first, and waits for the rest. So nothing that proves or verifies
// knows of threads. This thread is blocked meanwhile: who serves others runs all of it in a worker.

import { Worker } from 'node:worker_threads'
import { concat } from '../encoding/bytes.ts'
import { coreGroup } from './core-group.ts'
import { type Group, one } from './group.ts'
import { answerWords, bytesOfPart, compute, cut, isSum, type Part, rowsOfPart, shared } from './parts.ts'

/** Fewer rows than these for each thread are not worth a message. */
const rowsAtLeast = 128
/** A thread that has not answered so long after this one was done is given up. */
const patienceMs = 60_000

/** Starts thread.ts with this as its `workerData`. */
export type StartThread = (data: { readonly answers: SharedArrayBuffer }) => Worker

/** Loads compiled code; who runs from source hands in another way to start threads. */
export const compiledThread: StartThread = workerData =>
  new Worker(new URL('./thread.js', import.meta.url), { workerData, name: 'shuffle' })

/** A group on threads, which its owner closes. */
export interface Threads {
  readonly group: Group
  /** Counts the threads that still answer, this one too. */
  count(): number
  close(): Promise<void>
}

interface Helper {
  readonly worker: Worker
  readonly answers: Int32Array<SharedArrayBuffer>
  id: number
}

/**
 * Opens a group on so many threads, this one among them.
 *
 * @param patience milliseconds that a part may take longer than this thread's own
 */
export async function openThreads(
  count: number,
  start: StartThread = compiledThread,
  patience: number = patienceMs,
): Promise<Threads> {
  const helpers = await Promise.all(Array.from({ length: count - 1 }, () => startHelper(start)))
  const core = coreGroup()
  const call = (part: Part): Uint8Array => inParts(core, helpers, part, patience)
  const group: Group = {
    ...core,
    sum: terms => call({ method: 'sum', terms }),
    sumSecret: (points, scalars) => call({ method: 'sumSecret', points, scalars }),
    multiples: (addends, a, b) => call({ method: 'multiples', addends, a, b }),
    derive: uniform => call({ method: 'derive', uniform }),
  }
  return {
    group,
    count: () => helpers.length + 1,
    close: async () => {
      await Promise.all(helpers.splice(0).map(({ worker }) => worker.terminate()))
    },
  }
}

async function startHelper(start: StartThread): Promise<Helper> {
  const answers = new SharedArrayBuffer(8)
  const worker = start({ answers })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
  })
  worker.removeAllListeners('error')
  worker.on('error', () => undefined) // its parts are computed here
  worker.unref()
  return { worker, answers: new Int32Array(answers), id: 0 }
}

function inParts(core: Group, helpers: Helper[], whole: Part, patience: number): Uint8Array {
  const threads = Math.min(helpers.length + 1, Math.floor(rowsOfPart(whole) / rowsAtLeast))
  if (threads < 2) return compute(core, whole)
  const [own, ...others] = cut(whole, threads) as [Part, ...Part[]]
  const asked = others.map((part, i) => ({ part, ...ask(helpers[i] as Helper, part) }))
  try {
    const results = [compute(core, own)]
    for (const { part, helper, id, out } of asked) {
      const isDone = answered(helpers, helper, id, patience)
      if (isDone === false) return compute(core, whole) // throws, and says where in the whole
      results.push(isDone ? Uint8Array.from(new Uint8Array(out)) : compute(core, part))
    }
    if (!isSum(whole)) return concat(results)
    return core.sum([{ points: concat(results), scalars: concat(results.map(() => one)) }])
  } finally {
    // Also when this thread's own part threw: nobody may write into what is wiped, or answer the next call.
    for (const { helper, id, wipe } of asked) {
      answered(helpers, helper, id, patience)
      wipe()
    }
  }
}

function ask(
  helper: Helper,
  part: Part,
): { readonly helper: Helper; readonly id: number; readonly out: SharedArrayBuffer; wipe(): void } {
  const id = (helper.id + 1) | 0
  helper.id = id
  const out = new SharedArrayBuffer(bytesOfPart(part))
  const { part: copied, wipe } = shared(part)
  helper.worker.postMessage({ id, part: copied, out })
  return { helper, id, out, wipe }
}

/** Waits for an answer: whether it is a result, or undefined where the thread is gone, which is asked nothing more. */
function answered(helpers: Helper[], helper: Helper, id: number, patience: number): boolean | undefined {
  const { answers, worker } = helper
  while (helpers.includes(helper)) {
    const last = Atomics.load(answers, 0)
    if (last === id) return Atomics.load(answers, 1) === answerWords.done
    if (Atomics.wait(answers, 0, last, patience) === 'timed-out') {
      helpers.splice(helpers.indexOf(helper), 1)
      void worker.terminate()
    }
  }
  return undefined
}
