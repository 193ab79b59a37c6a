// How many clients a gateway can carry (docs/spec/gateway.md 8): by the processor time that this process takes for its
// work, which other processes of a busy machine do not change, and the share of a core that it may take. No I/O.

import type { Parameters } from '../../directory/documents/view.ts'
import { type Ms, minute, second } from '../../world/units.ts'

/** A packet or a page takes so much before it was measured here: about what a core of 2020 needs. */
const usualCostMs: Ms = 0.4
/** A window says what work costs only when there was so much of it, and it kept the process so busy: ... */
const leastWork = 200
const leastBusy = 0.05
/** ... and counts for this much beside those before it. */
const newest = 0.2
/** A process that has just begun compiles what it runs: so many samples say nothing. */
const warmUp = 6
/** Work that costs less or more than this is a mistake of the measurement. */
const [cheapest, dearest] = [0.02, 20] as const

/** Time between two samples. */
export const sampleMs: Ms = 5 * second

/** The highest class of capacity that a descriptor has. */
export const highestClass = 23

/** Holds what has been counted since the start. */
export interface Sample {
  /** As `Clock.elapsed`. */
  readonly at: Ms
  /** Processor time of this process, user's and system's, of all its threads. */
  readonly cpuMs: Ms
  /** Packets that came in and requests that were answered. */
  readonly work: number
  /** Clients that are known now. */
  readonly clients: number
}

/** Tells what a client may bring in a minute, in packets and requests: its clocks, each at its rate. */
export function workOfClient(parameters: Parameters): number {
  const { payloadPerMinute, loopPerMinute, dropPerMinute, readPerMinute } = parameters
  return payloadPerMinute + loopPerMinute + dropPerMinute + readPerMinute
}

/** Measures what work costs, and what is left of what this process may take. */
export class Load {
  readonly #cores: number
  #before: Sample | undefined
  #samples = 0
  #clients = 0
  #class = 0
  /** Gives what one packet or request takes of a core, ms. */
  costMs: Ms = usualCostMs
  /** Gives what the process takes, in cores. */
  used = 0

  /** @param cores what this process may take: .5 for half of a core */
  constructor(cores: number) {
    this.#cores = cores
  }

  /** Counts the time since the sample before. */
  sample(now: Sample): void {
    const before = this.#before
    this.#before = now
    this.#clients = now.clients
    if (this.#samples++ < warmUp || before === undefined || now.at <= before.at) return
    const used = (now.cpuMs - before.cpuMs) / (now.at - before.at)
    this.used += newest * (used - this.used)
    const work = now.work - before.work
    if (work < leastWork || used < leastBusy) return
    const cost = Math.min(dearest, Math.max(cheapest, (now.cpuMs - before.cpuMs) / work))
    this.costMs += newest * (cost - this.costMs)
  }

  /** Tells how many clients it can carry at their rates, beside what else it does. */
  capacity(parameters: Parameters): number {
    const each = (workOfClient(parameters) * this.costMs) / minute
    const atMost = this.#cores / each
    const asItIs = this.#clients + (this.#cores - this.used) / each
    return Math.max(1, Math.floor(Math.min(atMost, asItIs)))
  }

  /**
   * Gives the capacity as a descriptor states it: class c stands for 2^(c - 1) clients and more, fewer than 2^c. It
   * stays what it was until it is off by a quarter, so that a document seldom changes for it.
   */
  class(parameters: Parameters): number {
    const capacity = this.capacity(parameters)
    const [low, high] = [2 ** (this.#class - 1), 2 ** this.#class]
    if (this.#class === 0 || capacity < low / 1.25 || capacity >= high * 1.25) this.#class = classOf(capacity)
    return this.#class
  }
}

function classOf(capacity: number): number {
  return Math.min(highestClass, 1 + Math.floor(Math.log2(Math.max(1, capacity))))
}
