// Peeling in threads (docs/spec/node.md 1.3): one scheduler, which gives each thread batches of what waits, in turns
// of the neighbours it came from, and which makes the replay check between the two halves of a batch.

import { Worker } from 'node:worker_threads'
import type { Network } from '../../directory/documents/network.ts'
import type { Clock } from '../../world/clock.ts'
import { second } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import { type FairQueue, fairQueue } from './fair-queue.ts'
import {
  type FromThread,
  openedBytes,
  outcomeBytes,
  readOpened,
  readOutcome,
  recordsOf,
  type ThreadData,
  type ToThread,
} from './peel-messages.ts'
import { inlinePeeler, type Peeler, type PeelerOptions } from './peeler.ts'
import { countFit, refusal } from './peeling.ts'
import type { Outcome } from './relay.ts'

/** Packets that one thread gets at once: enough that handing them over costs little, few enough to be done soon. */
const batchPackets = 32
/** Of one neighbour, before the next has its turn. */
const share = 8
/** Batches a thread has: one that it works on and one that waits for it. */
const batchesAtOnce = 2
/** Packets of one neighbour inside, from which on no more of its are read, until there are half as many. */
const mostOfOne = 256
/** How long after its end a thread is replaced, and how long it may take to start. */
const replaceMs = second
const startMs = 30 * second

/**
 * How many threads a node of so many cores has: one core is for the links. Where that leaves one, handing packets over
 * costs more than it gains (docs/record/performance.md), and more than four peel faster than one thread reads and
 * writes. None when this runs from source.
 */
export function usualThreads(cores: number): number {
  if (cores <= 2 || !import.meta.url.endsWith('.js')) return 0
  return Math.min(4, cores - 1)
}

/** Packets that a thread has. */
interface Batch {
  /** Whose they are, and how many of each. */
  readonly from: readonly (readonly [from: string, packets: number])[]
  readonly packets: number
  readonly epochs: readonly number[]
  /** Those that will not be finished. */
  dropped: readonly Outcome[]
}

interface Waiting {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

interface Thread {
  readonly worker: Worker
  readonly batches: Map<number, Batch>
}

/** Starts peel-thread.ts with this as its `workerData`. */
export type StartThread = (data: ThreadData) => Worker

/** Threads load compiled code; who runs from source hands in another way to start them. */
const compiledThread: StartThread = workerData =>
  new Worker(new URL('./peel-thread.js', import.meta.url), { workerData, name: 'peel' })

export interface PoolOptions extends PeelerOptions {
  readonly clock: Clock
  readonly threads: number
  readonly data: ThreadData
  readonly startThread?: StartThread
}

/**
 * Peels in threads, or in the caller's where none are wanted or the keys are in memory only.
 *
 * @throws NodeError THREAD when one does not start
 */
export async function openPeeler(
  options: PeelerOptions & {
    readonly clock: Clock
    readonly threads: number
    readonly startThread: StartThread | undefined
    readonly network: Pick<Network, 'suite' | 'hops' | 'userBytes'>
    /** Of the key files. */
    readonly folder: string | undefined
  },
): Promise<Peeler> {
  const { threads, startThread, folder, network } = options
  if (threads === 0 || folder === undefined) return inlinePeeler(options)
  const { suite, hops, userBytes } = network
  const data = { folder, geometry: { suite, hops, userBytes } }
  return await peelPool({ ...options, data, startThread: startThread ?? compiledThread })
}

/**
 * Starts the threads.
 *
 * @throws NodeError THREAD when one does not start
 */
export async function peelPool(options: PoolOptions): Promise<Peeler> {
  const pool = new PeelPool(options)
  try {
    await pool.start()
  } catch (error) {
    await pool.close()
    throw error
  }
  return pool
}

class PeelPool implements Peeler {
  readonly #options: PoolOptions
  readonly #threads = new Set<Thread>()
  readonly #waiting: FairQueue<Uint8Array> = fairQueue(share)
  /** Packets inside, by neighbour, and who waits until there are fewer. */
  readonly #inside = new Map<string, { packets: number; room: Waiting | undefined }>()
  #nextBatch = 0
  #oldest = 0
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { threads } = this.#options
    await Promise.all(Array.from({ length: threads }, () => this.#startThread()))
  }

  peel(from: string, packets: readonly Uint8Array[]): void {
    const inside = this.#inside.get(from)
    if (inside === undefined) this.#inside.set(from, { packets: packets.length, room: undefined })
    else inside.packets += packets.length
    this.#waiting.push(from, packets)
    this.#schedule()
  }

  room(from: string): Promise<void> | undefined {
    const inside = this.#inside.get(from)
    if (inside === undefined || inside.packets < mostOfOne) return undefined
    inside.room ??= waiting()
    return inside.room.promise
  }

  async forget(before: number): Promise<void> {
    this.#oldest = before
    await Promise.all(
      [...this.#threads].map(async thread => {
        tell(thread, { t: 'forget', before })
        await until(thread, message => message.t === 'forgotten' && message.before === before)
      }),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { room } of this.#inside.values()) room?.resolve()
    await Promise.all(
      [...this.#threads].map(async thread => {
        const ended = new Promise(resolve => thread.worker.once('exit', resolve))
        tell(thread, { t: 'close' })
        await ended
      }),
    )
  }

  async #startThread(): Promise<void> {
    const { data, clock, startThread = compiledThread } = this.#options
    const worker = startThread(data)
    const thread: Thread = { worker, batches: new Map() }
    let why = 'it ended'
    worker.on('error', error => {
      why = error.message
    })
    worker.on('message', (message: FromThread) => this.#hear(thread, message))
    const started = new Promise<void>((resolve, reject) => {
      const late = clock.after(startMs, () =>
        reject(new NodeError('THREAD', 'a thread for peeling: no answer')),
      )
      void until(thread, message => message.t === 'ready').then(ready => {
        late.cancel()
        if (ready) resolve()
        else reject(new NodeError('THREAD', `a thread for peeling: ${why}`))
      })
    })
    // who has the address of the node keeps the process alive, not what works for it
    worker.unref()
    await started
    worker.on('exit', () => this.#ended(thread, why))
    this.#threads.add(thread)
    tell(thread, { t: 'forget', before: this.#oldest })
    if (this.#closed) tell(thread, { t: 'close' })
    this.#schedule()
  }

  /** What a thread had is lost, and counted; another takes its place. */
  #ended(thread: Thread, why: string): void {
    this.#threads.delete(thread)
    if (this.#closed) return
    const { log, clock } = this.#options
    log.error({ error: why }, 'a thread for peeling has ended: it is replaced')
    for (const [number, batch] of thread.batches) {
      const lost = batch.packets - batch.dropped.length
      this.#done(thread, number, [
        ...batch.dropped,
        ...Array.from({ length: lost }, (): Outcome => ({ drop: 'THREAD_ENDED' })),
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
    while (this.#waiting.size > 0) {
      const thread = this.#idlest()
      if (thread === undefined) return
      const portions = this.#waiting.take(batchPackets)
      const packets = portions.flatMap(({ items }) => items.map(ownBuffer))
      const epochs = keys.opening(now()).map(({ epoch }) => epoch)
      const batch = this.#nextBatch++
      const from = portions.map(({ from, items }) => [from, items.length] as const)
      thread.batches.set(batch, { from, packets: packets.length, epochs, dropped: [] })
      tell(thread, { t: 'open', batch, epochs, packets }, packets)
    }
  }

  #idlest(): Thread | undefined {
    let idlest: Thread | undefined
    for (const thread of this.#threads)
      if (thread.batches.size < (idlest?.batches.size ?? batchesAtOnce)) idlest = thread
    return idlest
  }

  #hear(thread: Thread, message: FromThread): void {
    if (message.t === 'opened') this.#opened(thread, message)
    else if (message.t === 'finished') this.#finished(thread, message)
  }

  /**
   * docs/spec/sphinx.md 7.4: the replay check, here and not in a thread, so that a tag is admitted once in all of them.
   */
  #opened(thread: Thread, { batch: number, records }: Extract<FromThread, { t: 'opened' }>): void {
    const batch = thread.batches.get(number)
    if (batch === undefined) return
    const { replay, judged } = this.#options
    const dropped: Outcome[] = []
    const verdicts = new Uint8Array(batch.packets)
    let opening = 0
    const all = [...recordsOf(records, openedBytes)]
    let at = 0
    for (const [from, packets] of batch.from) {
      const fit = { fitting: 0, misfits: 0 }
      for (const end = at + packets; at < end; at++) {
        const opened = readOpened(all[at] as Uint8Array)
        const drop =
          'drop' in opened ? opened.drop : refusal(replay, batch.epochs[opened.at] as number, opened.tag)
        if (!('drop' in opened)) opening++
        countFit(fit, drop)
        if (drop === undefined) verdicts[at] = 1
        else dropped.push({ drop })
      }
      judged(from, fit)
    }
    batch.dropped = dropped
    if (opening === 0) this.#done(thread, number, dropped)
    else tell(thread, { t: 'finish', batch: number, verdicts }, [verdicts.buffer])
  }

  #finished(thread: Thread, message: Extract<FromThread, { t: 'finished' }>): void {
    const { geometry } = this.#options
    const batch = thread.batches.get(message.batch)
    if (batch === undefined) return
    let at = 0
    const packet = (): Uint8Array => new Uint8Array(message.packets[at++] as ArrayBuffer)
    const outcomes = [...batch.dropped]
    for (const record of recordsOf(message.records, outcomeBytes))
      outcomes.push(readOutcome(geometry, record, packet))
    this.#done(thread, message.batch, outcomes)
  }

  #done(thread: Thread, number: number, outcomes: readonly Outcome[]): void {
    const batch = thread.batches.get(number)
    thread.batches.delete(number)
    for (const [from, packets] of batch?.from ?? []) this.#left(from, packets)
    if (this.#closed) return
    this.#schedule()
    this.#options.peeled(outcomes)
  }

  #left(from: string, packets: number): void {
    const inside = this.#inside.get(from)
    if (inside === undefined) return
    inside.packets -= packets
    if (inside.packets * 2 <= mostOfOne) {
      inside.room?.resolve()
      inside.room = undefined
    }
    if (inside.packets === 0) this.#inside.delete(from)
  }
}

function waiting(): Waiting {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

function tell({ worker }: Thread, message: ToThread, handedOver: readonly ArrayBuffer[] = []): void {
  worker.postMessage(message, handedOver)
}

/** @returns whether such a message has come; false when the thread has ended instead */
function until({ worker }: Thread, is: (message: FromThread) => boolean): Promise<boolean> {
  return new Promise(resolve => {
    const settle = (come: boolean): void => {
      worker.off('message', hear)
      worker.off('exit', ended)
      resolve(come)
    }
    const ended = (): void => settle(false)
    const hear = (message: FromThread): void => {
      if (is(message)) settle(true)
    }
    worker.on('message', hear)
    worker.on('exit', ended)
  })
}

/** A packet's bytes as a buffer that can be handed over: one that holds nothing else. */
function ownBuffer(packet: Uint8Array): ArrayBuffer {
  const { buffer } = packet
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === packet.byteLength
  return whole ? buffer : new Uint8Array(packet).buffer
}
