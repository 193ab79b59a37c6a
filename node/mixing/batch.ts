// Mixing in batches: packets wait until a rule lets some of them go, which leave in random order. One mechanism for
// every rule, as A. Serjantov, R. Dingledine, P. Syverson, "From a Trickle to a Flood" (IH 2002) sort them, and
// C. Diaz, A. Serjantov, "Generalising Mixes" (PET 2003) put them: a mix is how many of the packets that it holds
// leave when it fires. Bounds and anonymity: docs/spec/mixing.md.

import { below, type Random } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'
import type { Asked, Strategy } from './strategy.ts'

export interface BatchRule {
  /** As soon as so many packets are held, all leave; infinite: however many there are. */
  readonly full: number
  /** From one tick to the next, infinite for none. Ticks are its multiples since 1970-01-01 UTC. */
  readonly everyMs: Ms
  /** Says how many leave at a tick, of so many held; once it is not 0, more held never make it 0 again. */
  leaving(held: number): number
}

const never = Number.POSITIVE_INFINITY
const all = (held: number): number => held
const none = (): number => 0

/** Lets all leave once `packets` are held (Chaum 1981; "threshold mix"). */
export function threshold(packets: number): BatchRule {
  return { full: packets, everyMs: never, leaving: none }
}

/** Lets all leave at every tick ("timed mix"). */
export function timed(everyMs: Ms): BatchRule {
  return { full: never, everyMs, leaving: all }
}

/** Lets all leave at a tick or once `packets` are held, whichever comes first ("threshold-or-timed mix"). */
export function thresholdOrTimed(packets: number, everyMs: Ms): BatchRule {
  return { full: packets, everyMs, leaving: all }
}

/**
 * Lets leave at every tick what is more than `least`, but no more than `percent` of all (Cottrell 1995, Mixmaster;
 * "timed dynamic-pool mix").
 */
export function pool(least: number, percent: number, everyMs: Ms): BatchRule {
  return {
    full: never,
    everyMs,
    // at least one: a percentage that comes to nothing would hold the last few for ever
    leaving: held =>
      held > least ? Math.max(1, Math.min(held - least, Math.floor((held * percent) / 100))) : 0,
  }
}

/**
 * Lets all leave at a tick at which `packets` are held, and none while there are fewer ("threshold and timed mix"):
 * what came in one round leaves in one, with as many others as make a crowd.
 */
export function round(packets: number, everyMs: Ms): BatchRule {
  return { full: never, everyMs, leaving: held => (held >= packets ? held : 0) }
}

/**
 * Holds packets until the rule lets some of them go (docs/spec/mixing.md 3). A tick is waited for as time goes by,
 * however the wall clock is set meanwhile; the one after it is looked up anew.
 *
 * @param options.limit packets held at most, 1 or more
 * @param options.wall the wall time, which all nodes have in common, so that they tick together
 */
export function batches<T extends Asked>(options: {
  random: Random
  limit: number
  rule: BatchRule
  wall: () => Ms
}): Strategy<T> {
  const { random, limit, rule, wall } = options
  const held: T[] = []
  /** The time when the mix fires next, if it has something to send, and the tick that this is; none when it is full. */
  let next: { at: Ms; tick: number | undefined } = { at: never, tick: undefined }
  let firedFor: number | undefined

  const sending = (): number => (held.length >= rule.full ? held.length : rule.leaving(held.length))
  const tickAfter = (now: Ms): typeof next => {
    const shown = wall()
    const after = Math.floor(shown / rule.everyMs) + 1
    // the two times differ by parts of a millisecond: a tick that fired a little early must not fire again
    const tick = after === firedFor ? after + 1 : after
    // Whoever asks counts in whole milliseconds: a tick between two of them would be asked for without end
    return { at: Math.ceil(now + tick * rule.everyMs - shown), tick }
  }

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
      if (held.length >= rule.full) next = { at: now, tick: undefined }
      // ticks at which nothing could leave went by unseen
      else if (idle) next = tickAfter(now)
      return pushedOut
    },
    take(now) {
      if (now < next.at) return []
      firedFor = next.tick
      next = tickAfter(now)
      return drawn(sending())
    },
    wakeAt: () => (sending() > 0 ? next.at : undefined),
    release: () => drawn(held.length),
  }
}
