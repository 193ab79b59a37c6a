// Peeling in threads (docs/spec/node.md 1.3): one scheduler, which gives each thread batches of what waits, in turns
// of the neighbours it came from, and which makes the replay check between the two halves of a batch.

import type { Worker } from 'node:worker_threads'
import type { Clock } from '../../world/clock.ts'
import { type Epoch, second } from '../../world/units.ts'
import {
  type FromThread,
  openedBytes,
  readOpened,
  readResult,
  recordsOf,
  resultBytes,
  type ThreadData,
} from './peel-messages.ts'
import { compiledThread, heard, type StartThread, startWorker, tell } from './peel-worker.ts'
import type { Peeler, PeelerOptions } from './peeler.ts'
import { countFit, refusal, unlessFirstHop } from './peeling.ts'
import type { PeelResult } from './relay.ts'
import type { Shares } from './shares.ts'

/** Packets that one thread gets at once: enough that handing them over costs little, few enough to be done soon. */
const batchPackets = 32
/** Batches a thread has: one that it works on and one that waits for it. */
const batchesAtOnce = 2
/** A thread is replaced so long after its end. */
const replaceMs = second

/** Packets that a thread has. */
interface Batch {
  /** Tells whose they are, and how many of each. */
  readonly from: readonly (readonly [from: string, packets: number])[]
  readonly packets: number
  readonly epochs: readonly Epoch[]
  /** Those that will not be finished. */
  dropped: readonly PeelResult[]
  /** Tells of each that will be whether it came from a node. */
  ofNodes: readonly boolean[]
}

interface Thread {
  readonly worker: Worker
  readonly batches: Map<number, Batch>
}

/** Peels in threads. */
export interface Pool extends Peeler {
  /** Packets wait or are in a thread. */
  readonly busy: boolean
  /** Takes what waits already. */
  takeOver(): void
}

export interface PoolOptions extends PeelerOptions {
  readonly clock: Clock
  readonly threads: number
  readonly data: ThreadData
  readonly startThread?: StartThread
}

/**
 * Starts the threads.
 *
 * @throws NodeError THREAD when one does not start
 */
export async function peelPool(options: PoolOptions): Promise<Pool> {
  const pool = new PeelPool(options)
  try {
    await pool.start()
  } catch (error) {
    await pool.close()
    throw error
  }
  return pool
}

class PeelPool implements Pool {
  readonly #options: PoolOptions
  readonly #threads = new Set<Thread>()
  readonly shares: Shares
  readonly threads: number
  #nextBatch = 0
  #oldest = 0
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.shares = options.shares
    this.threads = options.threads
  }

  get busy(): boolean {
    return this.shares.waiting > 0 || [...this.#threads].some(({ batches }) => batches.size > 0)
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.threads }, () => this.#startThread()))
  }

  peel(from: string, packets: readonly Uint8Array[]): void {
    this.shares.push(from, packets)
    this.#schedule()
  }

  takeOver(): void {
    this.#schedule()
  }

  async forget(before: Epoch): Promise<void> {
    this.#oldest = before
    await Promise.all(
      [...this.#threads].map(async thread => {
        tell(thread.worker, { do: 'forget', before })
        await heard(thread.worker, message => message.type === 'forgotten' && message.before === before)
      }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(
      [...this.#threads].map(async thread => {
        const ended = new Promise(resolve => thread.worker.once('exit', resolve))
        tell(thread.worker, { do: 'close' })
        await ended
      }),
    )
  }

  async #startThread(): Promise<void> {
    const { data, clock, startThread = compiledThread } = this.#options
    const worker = startThread(data)
    const thread: Thread = { worker, batches: new Map() }
    const why = await startWorker(worker, clock, message => this.#hear(thread, message))
    worker.on('exit', () => this.#ended(thread, why()))
    this.#threads.add(thread)
    tell(worker, { do: 'forget', before: this.#oldest })
    if (this.#closed) tell(worker, { do: 'close' })
    this.#schedule()
  }

  /** A thread has ended: what it had is lost, and counted; another takes its place. */
  #ended(thread: Thread, why: string): void {
    this.#threads.delete(thread)
    if (this.#closed) return
    const { log, clock } = this.#options
    log.error({ error: why }, 'a thread for peeling has ended: it is replaced')
    for (const [number, batch] of thread.batches) {
      const lost = batch.packets - batch.dropped.length
      this.#done(thread, number, [
        ...batch.dropped,
        ...Array.from({ length: lost }, (): PeelResult => ({ drop: 'THREAD_ENDED' })),
      ])
    }
    clock.after(replaceMs, () => this.#replace())
  }

  #replace(): void {
    if (this.#closed) return
    const { log, clock } = this.#options
    this.#startThread().catch((error: Error) => {
      log.error({ error: error.message }, 'a thread for peeling does not start')
      clock.after(replaceMs, () => this.#replace())
    })
  }

  /** Gives what waits to the threads that have least. */
  #schedule(): void {
    const { keys, now } = this.#options
    while (this.shares.waiting > 0) {
      const thread = this.#idlest()
      if (thread === undefined) return
      const portions = this.shares.take(batchPackets)
      const packets = portions.flatMap(({ items }) => items.map(ownBuffer))
      const epochs = keys.opening(now()).map(({ epoch }) => epoch)
      const batch = this.#nextBatch++
      const from = portions.map(({ from, items }) => [from, items.length] as const)
      thread.batches.set(batch, { from, packets: packets.length, epochs, dropped: [], ofNodes: [] })
      tell(thread.worker, { do: 'open', batch, epochs, packets }, packets)
    }
  }

  #idlest(): Thread | undefined {
    let idlest: Thread | undefined
    for (const thread of this.#threads)
      if (thread.batches.size < (idlest?.batches.size ?? batchesAtOnce)) idlest = thread
    return idlest
  }

  #hear(thread: Thread, message: FromThread): void {
    if (message.type === 'opened') this.#opened(thread, message)
    else if (message.type === 'finished') this.#finished(thread, message)
  }

  /**
   * Makes the replay check (docs/spec/sphinx.md 7.4), here and not in a thread, so that a tag is admitted once in all
   * of them.
   */
  #opened(thread: Thread, { batch: number, records }: Extract<FromThread, { type: 'opened' }>): void {
    const batch = thread.batches.get(number)
    if (batch === undefined) return
    const { replay, judged, isNode } = this.#options
    const dropped: PeelResult[] = []
    const ofNodes: boolean[] = []
    const verdicts = new Uint8Array(batch.packets)
    let opening = 0
    const all = [...recordsOf(records, openedBytes)]
    let at = 0
    for (const [from, packets] of batch.from) {
      const fit = { fitting: 0, misfits: 0 }
      const ofNode = isNode(from)
      for (const end = at + packets; at < end; at++) {
        const opened = readOpened(all[at] as Uint8Array)
        const drop =
          'drop' in opened ? opened.drop : refusal(replay, batch.epochs[opened.at] as Epoch, opened.tag)
        if (!('drop' in opened)) opening++
        countFit(fit, drop)
        if (drop === undefined) {
          verdicts[at] = 1
          ofNodes.push(ofNode)
        } else dropped.push({ drop })
      }
      judged(from, fit)
    }
    Object.assign(batch, { dropped, ofNodes })
    if (opening === 0) this.#done(thread, number, dropped)
    else tell(thread.worker, { do: 'finish', batch: number, verdicts }, [verdicts.buffer])
  }

  #finished(thread: Thread, message: Extract<FromThread, { type: 'finished' }>): void {
    const { geometry } = this.#options
    const batch = thread.batches.get(message.batch)
    if (batch === undefined) return
    let at = 0
    const packet = (): Uint8Array => new Uint8Array(message.packets[at++] as ArrayBuffer)
    const results = [...batch.dropped]
    for (const [i, record] of [...recordsOf(message.records, resultBytes)].entries())
      results.push(unlessFirstHop(readResult(geometry, record, packet), batch.ofNodes[i] === true))
    this.#done(thread, message.batch, results)
  }

  #done(thread: Thread, number: number, results: readonly PeelResult[]): void {
    const batch = thread.batches.get(number)
    thread.batches.delete(number)
    for (const [from, packets] of batch?.from ?? []) this.shares.left(from, packets)
    if (this.#closed) return
    this.#schedule()
    this.#options.peeled(results)
  }
}

/** Gives a packet's bytes as a buffer that can be handed over: one that holds nothing else. */
function ownBuffer(packet: Uint8Array): ArrayBuffer {
  const { buffer } = packet
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === packet.byteLength
  return whole ? buffer : new Uint8Array(packet).buffer
}
