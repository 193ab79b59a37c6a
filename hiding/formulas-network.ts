// Closed forms of a network: what many hops hide at most, how long they take, which paths are wholly corrupt.

import { choose, digamma, erlangQuantile, logFactorial } from './special.ts'

/**
 * Gives the differential entropy of the sum of `layers` exponential delays of this mean, in bits of seconds. A network
 * of uniform choice hides about as much, plus the binary logarithm of the packets a second
 * (docs/spec/simulator.md 4.3).
 */
export function delayBits(layers: number, hopDelayS: number): number {
  const nats = layers + logFactorial(layers - 1) + (1 - layers) * digamma(layers)
  return nats / Math.LN2 + Math.log2(hopDelayS)
}

export type Latency = readonly [mean: number, deviation: number, p50: number, p95: number, p99: number]

/** Gives the time through `hops` delays of this mean, seconds. */
export function latency(hops: number, hopDelayS: number): Latency {
  const at = (probability: number): number => erlangQuantile(hops, probability) * hopDelayS
  return [hops * hopDelayS, Math.sqrt(hops) * hopDelayS, at(0.5), at(0.95), at(0.99)]
}

/** Gives how long a message waits for a Poisson clock to send it (M/M/1), seconds, and how many ticks send one. */
export function sendBuffer(clockRate: number, messageRate: number): readonly [waitS: number, real: number] {
  return [1 / (clockRate - messageRate), messageRate / clockRate]
}

/** Gives the probability that all `hops` different mixes of a path are among the corrupt ones. */
export function allCorrupt(mixes: number, corrupt: number, hops: number): number {
  let probability = 1
  for (let i = 0; i < hops; i++) probability *= (corrupt - i) / (mixes - i)
  return Math.max(0, probability)
}

/** Gives the probability that one message of many takes a path that is wholly corrupt. */
export function everCorrupt(pathProbability: number, messages: number): number {
  return -Math.expm1(messages * Math.log1p(-pathProbability))
}

/** Gives the probability that every layer has a corrupt mix, when mixes are dealt to layers of one size by chance. */
export function someRouteCorrupt(mixes: number, layers: number, corrupt: number): number {
  const size = mixes / layers
  let none = 0
  for (let missed = 1; missed <= layers; missed++) {
    const sign = missed % 2 === 1 ? 1 : -1
    none += sign * choose(layers, missed) * (choose(mixes - missed * size, corrupt) / choose(mixes, corrupt))
  }
  return 1 - none
}

/** Gives the probability that some cascade is wholly corrupt, when the corrupt mixes are any. */
export function someCascadeCorrupt(mixes: number, length: number, corrupt: number): number {
  let some = 0
  for (let whole = 1; whole * length <= corrupt; whole++) {
    const sign = whole % 2 === 1 ? 1 : -1
    const ways = choose(mixes - whole * length, corrupt - whole * length) / choose(mixes, corrupt)
    some += sign * choose(mixes / length, whole) * ways
  }
  return some
}

/**
 * Gives the posterior of a message in a batch that a cascade mixes, when each of its mixes is hostile by itself.
 *
 * @returns the probability of its own place, and of each other one
 */
export function cascadeBatch(
  messages: number,
  mixes: number,
  hostile: number,
): readonly [own: number, other: number] {
  const open = hostile ** mixes
  const other = (1 - open) / messages
  return [open + other, other]
}
