// Peels in the node's own thread while that leaves it time for the links, and in others while it does not
// (docs/spec/node.md 1.3). Handing a packet over costs a fifth of what peeling it does, and a thread costs memory: a
// node that has little to do pays neither.

import type { Clock, Timer } from '../../world/clock.ts'
import { type Epoch, type Ms, second } from '../../world/units.ts'
import type { Pool } from './peel-pool.ts'
import { type InlinePeeler, inlinePeeler, type Peeler, type PeelerOptions } from './peeler.ts'

/** Looks so often at what peeling takes. */
const lookMs: Ms = 5 * second
/** The share of its time that peeling takes of the node's own thread at most; the links take as much again. */
const busy = 0.3
/** The share that it would take of it, below which for so many looks in a row the threads are given up. */
const calm = 0.1
const calmLooks = 12
/** Threads that did not start are tried again after so many looks. */
const retryLooks = 12

type Where =
  | { readonly at: 'here'; readonly retryIn: number }
  /** Threads are starting: packets are still peeled here. */
  | { readonly at: 'moving' }
  | { readonly at: 'threads'; readonly pool: Pool; readonly calmFor: number }
  /** Packets are peeled here again; the threads have some left. */
  | { readonly at: 'returning'; readonly pool: Pool }
  | { readonly at: 'closed' }

/** Begins in the caller's thread. @param startPool throws NodeError THREAD when a thread does not start */
export function peelerByLoad(
  options: PeelerOptions & { readonly clock: Clock },
  startPool: () => Promise<Pool>,
): Peeler {
  return new PeelerByLoad(options, startPool)
}

class PeelerByLoad implements Peeler {
  readonly #options: PeelerOptions & { readonly clock: Clock }
  readonly #startPool: () => Promise<Pool>
  readonly #here: InlinePeeler
  #where: Where = { at: 'here', retryIn: 0 }
  #timer: Timer
  #oldest: Epoch = 0
  /** Since the last look: packets that came, those that were peeled here, and how long that took. */
  #came = 0
  #peeled = 0
  #spentMs: Ms = 0
  /** One packet's time, as it was before the threads began. */
  #oneTakes: Ms = 0

  constructor(options: PeelerOptions & { readonly clock: Clock }, startPool: () => Promise<Pool>) {
    this.#options = options
    this.#startPool = startPool
    this.#here = inlinePeeler({
      ...options,
      spent: (ms, packets) => {
        this.#spentMs += ms
        this.#peeled += packets
      },
    })
    this.#timer = this.#lookLater()
  }

  get shares(): Peeler['shares'] {
    return this.#options.shares
  }

  get threads(): number {
    return this.#where.at === 'threads' ? this.#where.pool.threads : 0
  }

  peel(from: string, packets: readonly Uint8Array[]): void {
    this.#came += packets.length
    const peeler = this.#where.at === 'threads' ? this.#where.pool : this.#here
    peeler.peel(from, packets)
  }

  async forget(before: Epoch): Promise<void> {
    this.#oldest = before
    if ('pool' in this.#where) await this.#where.pool.forget(before)
  }

  async close(): Promise<void> {
    const where = this.#where
    this.#where = { at: 'closed' }
    this.#timer.cancel()
    await this.#here.close()
    if ('pool' in where) await where.pool.close()
  }

  #lookLater(): Timer {
    return this.#options.clock.after(lookMs, () => this.#look())
  }

  /** Decides by what came since the last look. */
  #look(): void {
    const inThreads = this.#where.at === 'threads'
    if (!inThreads && this.#peeled > 0) this.#oneTakes = this.#spentMs / this.#peeled
    const takes = inThreads ? this.#came * this.#oneTakes : this.#spentMs
    this.#came = 0
    this.#peeled = 0
    this.#spentMs = 0
    this.#where = this.#next(this.#where, takes / lookMs)
    this.#timer = this.#lookLater()
  }

  #next(where: Where, share: number): Where {
    switch (where.at) {
      case 'here':
        if (where.retryIn > 0) return { ...where, retryIn: where.retryIn - 1 }
        if (share < busy) return where
        void this.#move()
        return { at: 'moving' }
      case 'threads':
        if (share >= calm) return { ...where, calmFor: 0 }
        if (where.calmFor + 1 < calmLooks) return { ...where, calmFor: where.calmFor + 1 }
        return { at: 'returning', pool: where.pool }
      case 'returning':
        if (where.pool.busy) return where
        void where.pool.close()
        return { at: 'here', retryIn: 0 }
      default:
        return where
    }
  }

  /** Starts the threads, and hands over what waits. */
  async #move(): Promise<void> {
    const { log } = this.#options
    let pool: Pool
    try {
      pool = await this.#startPool()
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'no thread for peeling')
      if (this.#where.at === 'moving') this.#where = { at: 'here', retryIn: retryLooks }
      return
    }
    if (this.#where.at !== 'moving') return await pool.close()
    this.#where = { at: 'threads', pool, calmFor: 0 }
    this.#here.rest()
    pool.takeOver()
    await pool.forget(this.#oldest)
  }
}
