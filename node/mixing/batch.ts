// Mixing in batches: packets wait until a rule lets some of them go, which leave in random order. One mechanism for
// every rule, as A. Serjantov, R. Dingledine, P. Syverson, "From a Trickle to a Flood" (IH 2002) sort them, and
// C. Diaz, A. Serjantov, "Generalising Mixes" (PET 2003) put them: a mix is how many of the packets that it holds
// leave when it fires. Bounds and anonymity: docs/spec/mixing.md.

import { below, type Random } from '../../world/random.ts'
import type { Asked, Strategy } from './strategy.ts'

export interface BatchRule {
  /** As soon as so many packets are held, all leave; infinite: however many there are. */
  readonly full: number
  /** Milliseconds from one tick to the next, infinite for none. Ticks are its multiples since 1970-01-01 UTC. */
  readonly everyMs: number
  /** How many leave at a tick, of so many held; once it is not 0, more held never make it 0 again. */
  leaving(held: number): number
}

const never = Number.POSITIVE_INFINITY
const all = (held: number): number => held
const none = (): number => 0

/** When `packets` are held, all leave (Chaum 1981; "threshold mix"). */
export function threshold(packets: number): BatchRule {
  return { full: packets, everyMs: never, leaving: none }
}

/** At every tick all leave ("timed mix"). */
export function timed(everyMs: number): BatchRule {
  return { full: never, everyMs, leaving: all }
}

/** Whichever comes first ("threshold-or-timed mix"). */
export function thresholdOrTimed(packets: number, everyMs: number): BatchRule {
  return { full: packets, everyMs, leaving: all }
}

/**
 * At every tick what is more than `least`, but no more than `percent` of all (Cottrell 1995, Mixmaster; "timed
 * dynamic-pool mix").
 */
export function pool(least: number, percent: number, everyMs: number): BatchRule {
  return {
    full: never,
    everyMs,
    // at least one: a percentage that comes to nothing would hold the last few for ever
    leaving: held =>
      held > least ? Math.max(1, Math.min(held - least, Math.floor((held * percent) / 100))) : 0,
  }
}

/** At every tick exactly `packets`, or none while fewer are held: rounds of one size, the same at every node. */
export function round(packets: number, everyMs: number): BatchRule {
  return { full: never, everyMs, leaving: held => (held >= packets ? packets : 0) }
}

/** @param options.limit packets held at most, 1 or more */
export function batches<T extends Asked>(options: {
  random: Random
  limit: number
  rule: BatchRule
}): Strategy<T> {
  const { random, limit, rule } = options
  const held: T[] = []
  /** When the mix fires next, if it has something to send. */
  let firesAt = never

  const sending = (): number => (held.length >= rule.full ? held.length : rule.leaving(held.length))
  const tickAfter = (now: number): number => (Math.floor(now / rule.everyMs) + 1) * rule.everyMs

  /** Takes out one of all. Drawn one after the other, packets are a random choice in a random order. */
  const draw = (): T => {
    const place = below(random, held.length)
    const drawn = held[place] as T
    const last = held.pop() as T
    if (place < held.length) held[place] = last
    return drawn
  }
  const drawn = (count: number): T[] => Array.from({ length: count }, draw)

  return {
    get size() {
      return held.length
    },
    put(packet, now) {
      const idle = sending() === 0
      held.push(packet)
      const pushedOut = held.length > limit ? draw() : undefined
      if (held.length >= rule.full) firesAt = now
      // ticks at which nothing could leave went by unseen
      else if (idle) firesAt = tickAfter(now)
      return pushedOut
    },
    take(now) {
      if (now < firesAt) return []
      firesAt = tickAfter(now)
      return drawn(sending())
    },
    wakeAt: () => (sending() > 0 ? firesAt : undefined),
    release: () => drawn(held.length),
  }
}
