// A million users with clocks of their own (docs/spec/simulator.md 4.4): every tick sends a packet through layers of
// Poisson mixes, and labels follow some of them. Events come one after the other, so that users' rates may differ;
// memory is what waits and what is in flight. A packet inside a mix needs no label: the mix has it.

import { Dice, mixed } from '../../hiding/dice.ts'
import { surprise } from '../../hiding/metrics.ts'
import { Wheel } from './wheel.ts'

export interface PopulationPlan {
  readonly users: number
  /** Gives packets a second of each user, whatever they carry, above 0. */
  readonly ratePerS: (user: number) => number
  readonly layers: number
  /** Mixes in a layer. */
  readonly width: number
  /** Mean delay at each mix, seconds. */
  readonly hopDelayS: number
  readonly seed: number
  /** Packets that are followed at one time. */
  readonly labels: number
}

/** Events that fall into one slice of the wheel: its heap then stays in the cache. */
const eventsPerSlice = 2048

export class Population {
  readonly #plan: PopulationPlan
  readonly #queue: Wheel
  readonly #dice: Dice
  /** The clock of each user draws by the number of the tick, whatever others do. */
  readonly #ticks: Uint32Array
  readonly #seed: number
  /** Packets in each mix, and what it has inside of each label, mix by mix. */
  readonly #held: Uint32Array
  readonly #inside: Float64Array
  /** For each packet in flight the mix that holds it; for one that is not, the next free number. */
  #mixOf: Int32Array = new Int32Array(1024)
  #free = -1
  #made = 0
  /** Tells what a packet brings along of each label from one mix to the next. */
  readonly #share: Float64Array
  readonly #bits: Float64Array
  readonly #delivered: Float64Array
  #unlabelled = 0
  #events = 0

  constructor(plan: PopulationPlan) {
    const { users, layers, width, seed, labels } = plan
    this.#plan = plan
    this.#dice = new Dice(seed, 0)
    this.#seed = new Dice(seed, 1).bits()
    this.#ticks = new Uint32Array(users)
    this.#held = new Uint32Array(layers * width)
    this.#inside = new Float64Array(layers * width * labels)
    this.#share = new Float64Array(labels)
    this.#bits = new Float64Array(labels)
    this.#delivered = new Float64Array(labels)
    let rate = 0
    for (let user = 0; user < users; user++) rate += plan.ratePerS(user)
    this.#queue = new Wheel(eventsPerSlice / (rate * (1 + layers)))
    for (let user = 0; user < users; user++) this.#arm(user, 0)
  }

  /** Events so far: a tick, or that a packet leaves a mix, and comes to the next. */
  get events(): number {
    return this.#events
  }

  /** Seconds since the start. */
  get time(): number {
    return this.#queue.time
  }

  /** Counts what is waited for: a tick of each user, and every packet in flight. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Packets in each mix, layer by layer. */
  get held(): readonly number[] {
    return [...this.#held]
  }

  /** Lays a label of its own on each of the packets that users send next; those of before are taken off. */
  follow(): void {
    this.#inside.fill(0)
    this.#bits.fill(0)
    this.#delivered.fill(0)
    this.#unlabelled = this.#plan.labels
  }

  /** Gives what an observer of all links is left with of each packet that is followed, bits, and how much left. */
  get followed(): readonly { readonly bits: number; readonly delivered: number }[] {
    return Array.from(this.#bits, (bits, k) => {
      const delivered = this.#delivered[k] as number
      return { bits: bits / delivered + Math.log2(delivered), delivered }
    })
  }

  /** Goes on for so many events. */
  run(events: number): void {
    const { users } = this.#plan
    for (let i = 0; i < events; i++) {
      const id = this.#queue.pop()
      if (id < users) this.#tick(id)
      else this.#leave(id - users)
    }
    this.#events += events
  }

  #tick(user: number): void {
    this.#arm(user, this.#queue.time)
    const share = this.#share
    share.fill(0)
    if (this.#unlabelled > 0) share[--this.#unlabelled] = 1
    this.#come(this.#slot(), 0)
  }

  #leave(packet: number): void {
    const { labels, layers, width } = this.#plan
    const mix = this.#mixOf[packet] as number
    const held = this.#held[mix] as number
    const share = this.#share
    for (let k = 0; k < labels; k++) {
      const at = mix * labels + k
      const inside = this.#inside[at] as number
      const part = inside / held
      share[k] = part
      this.#inside[at] = inside - part
    }
    this.#held[mix] = held - 1
    const layer = Math.floor(mix / width) + 1
    if (layer < layers) {
      this.#come(packet, layer)
      return
    }
    this.#mixOf[packet] = this.#free
    this.#free = packet
    for (let k = 0; k < labels; k++) {
      const part = share[k] as number
      if (part === 0) continue
      this.#bits[k] = (this.#bits[k] as number) + surprise(part)
      this.#delivered[k] = (this.#delivered[k] as number) + part
    }
  }

  /** Has a packet come to a mix of a layer, with what `#share` says of each label. */
  #come(packet: number, layer: number): void {
    const { labels, users, width, hopDelayS } = this.#plan
    const mix = layer * width + this.#dice.below(width)
    this.#mixOf[packet] = mix
    this.#held[mix] = (this.#held[mix] as number) + 1
    for (let k = 0; k < labels; k++) {
      const at = mix * labels + k
      this.#inside[at] = (this.#inside[at] as number) + (this.#share[k] as number)
    }
    this.#queue.push(this.#queue.time + this.#dice.exponential(hopDelayS), users + packet)
  }

  #arm(user: number, from: number): void {
    const tick = this.#ticks[user] as number
    this.#ticks[user] = tick + 1
    this.#queue.push(from - Math.log(1 - drawn(this.#seed, user, tick)) / this.#plan.ratePerS(user), user)
  }

  #slot(): number {
    if (this.#free >= 0) {
      const taken = this.#free
      this.#free = this.#mixOf[taken] as number
      return taken
    }
    if (this.#made === this.#mixOf.length) {
      const longer = new Int32Array(2 * this.#made)
      longer.set(this.#mixOf)
      this.#mixOf = longer
    }
    return this.#made++
  }
}

/** Draws a number in [0, 1) by a stream's name and the place in it: a stream needs no state but its place. */
function drawn(seed: number, stream: number, place: number): number {
  const high = mixed(mixed(seed ^ Math.imul(stream, 0x9e3779b1)) ^ Math.imul(place, 0x85ebca77))
  const low = mixed(high ^ 0x27d4eb2f)
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}
