// What somebody on the links sees of a network of rounds (docs/spec/client-clocks.md 8.4): in which rounds a packet
// left each client. It cannot read anything; a packet is as many bytes as no request of a round together.

import type { Ms } from '../../world/units.ts'
import type { Sighting } from './observer.ts'
import type { RoundsRecord } from './record.ts'

/** Holds what the observer knows of the network besides. */
export interface RoundsWatched {
  readonly roundMs: Ms
  /** Bytes of a packet. */
  readonly packetBytes: number
  readonly clients: readonly string[]
  /** Names of those to whom clients send packets. */
  readonly gateways: readonly string[]
  readonly genesis: number
  readonly epochMs: Ms
  /** When the observer looked last, milliseconds since 1970-01-01 UTC. */
  readonly until: number
}

/** Counts the packets of each client, round by round. */
export function countRounds(sightings: readonly Sighting[], watched: RoundsWatched): RoundsRecord {
  const { roundMs, packetBytes, genesis, epochMs, until } = watched
  const roundOf = (at: number): number => Math.floor(at / roundMs)
  const bytes = new Map(watched.clients.map(name => [name, new Map<number, number>()]))
  const gateways = new Set(watched.gateways)
  for (const { at, from, to, bytes: length } of sightings) {
    const own = gateways.has(to) ? bytes.get(from) : undefined
    own?.set(roundOf(at), (own.get(roundOf(at)) ?? 0) + length)
  }
  const last = roundOf(until) - 1
  const missed: string[] = []
  const doubled: string[] = []
  const firsts = [...bytes].map(([name, own]) => {
    const packets = (round: number): number => Math.floor((own.get(round) ?? 0) / packetBytes)
    const first = Math.min(...[...own.keys()].filter(round => packets(round) > 0))
    for (let round = first; round <= last; round++) {
      if (packets(round) === 0) missed.push(`${name} ${round - first}`)
      if (packets(round) > 1) doubled.push(`${name} ${round - first}`)
    }
    return first
  })
  // In whose middle an epoch has begun, and before whose middle none had a round earlier
  const epochAt = (round: number): number => Math.floor(((round + 1 / 2) * roundMs - genesis) / epochMs)
  const latest = Math.max(...firsts)
  return {
    roundMs,
    rounds: Number.isFinite(latest) ? Math.max(0, last - latest + 1) : 0,
    clients: firsts.filter(Number.isFinite).length,
    withAnEpoch: firsts.filter(first => Number.isFinite(first) && epochAt(first) > epochAt(first - 1)).length,
    missed,
    doubled,
  }
}
