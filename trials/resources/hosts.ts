// The bounds of a running host over real sockets, each filled by attackers from so many networks, who come by TCP and
// by WebSocket in turn.

import { hex } from '../../encoding/bytes.ts'
import { startHost } from '../../link/libp2p/host.ts'
import type { LinkLimits } from '../../link/limits.ts'
import type { Host } from '../../link/link.ts'
import type { Rank } from '../../link/shares.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { type Cast, cellBytes, Hold, settle } from './attackers.ts'

const echo = '/trial/echo/1'
const large = '/trial/large/1'
/** Places of each bound. */
const places = 64
const rounds = 1

interface HostRow {
  readonly name: string
  readonly limits?: Partial<LinkLimits>
  /** As what the host knows both sides. */
  readonly honest: Rank
  readonly attackers: Rank
  /** Takes so many places again, before each of the honest asks. */
  readonly take: (hold: Hold, count: number) => Promise<void>
}

const half = Uint8Array.of(0)
/** The length of a body that does not come. */
const announced = Uint8Array.of(0, 0, 4, 0)
const whole = Uint8Array.of(0, 0, 0, 1, 7)

export const hostRows: readonly HostRow[] = [
  {
    name: 'half requests, from strangers, against strangers',
    honest: 'stranger',
    attackers: 'stranger',
    take: (hold, count) => hold.streams(count, echo, half),
  },
  {
    name: 'half requests, from made-up clients, against nodes',
    honest: 'node',
    attackers: 'client',
    take: (hold, count) => hold.streams(count, echo, half),
  },
  {
    name: 'half requests, from strangers, against an authority',
    honest: 'authority',
    attackers: 'stranger',
    take: (hold, count) => hold.streams(count, echo, half),
  },
  {
    name: 'bytes of bodies that do not come',
    limits: {
      requestsTotal: 1000,
      requestsPerNetwork: 1000,
      requestsPerPeer: 1000,
      requestBytesTotal: places * 1024,
    },
    honest: 'stranger',
    attackers: 'stranger',
    take: (hold, count) => hold.streams(count, echo, announced),
  },
  {
    name: 'answers that are not taken',
    honest: 'stranger',
    attackers: 'stranger',
    take: (hold, count) => hold.streams(count, large, whole),
  },
  {
    name: 'idle connections, against strangers',
    limits: { connections: places },
    honest: 'stranger',
    attackers: 'stranger',
    take: (hold, count) => hold.connections(count),
  },
  {
    name: 'idle connections, against nodes that knock',
    limits: { connections: places },
    honest: 'node',
    attackers: 'client',
    take: (hold, count) => hold.connections(count),
  },
]

/** @returns the share of honest requests that were answered, each on a connection of its own */
export async function playHost(row: HostRow, cast: Cast, networks: number): Promise<number> {
  const host = await startTarget(row, cast)
  const holds = cast.attackers
    .slice(0, networks)
    .map((attacker, i) => new Hold(attacker, host.addresses[i % host.addresses.length] as string))
  const take = async (): Promise<void> => {
    await Promise.all(holds.map((hold, i) => row.take(hold, shareOf(i, networks))))
    await settle()
  }
  let answered = 0
  for (let round = 0; round < rounds; round++) {
    for (const asker of cast.honest) {
      await take()
      const to = { id: host.id, addresses: host.addresses }
      const options = { timeoutMs: 3000, maxBytes: 100, dialAnew: true }
      await asker.request(to, echo, Uint8Array.of(7), options).then(
        () => answered++,
        () => {},
      )
    }
  }
  for (const hold of holds) hold.end()
  await host.close()
  return answered / (rounds * cast.honest.length)
}

/** Attackers have a few more than all places together. */
function shareOf(i: number, networks: number): number {
  const all = places + 4
  return Math.ceil((all - i) / networks)
}

async function startTarget({ limits, honest, attackers }: HostRow, cast: Cast): Promise<Host> {
  const host = await startHost({
    clock: systemClock,
    log: silent,
    random: systemRandom,
    cellBytes,
    seed: undefined,
    listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
    admits: () => false,
    role: 'authority',
    countLoopback: true,
    limits: {
      // one host stands for all of a network
      ...{ requestsPerPeer: places, requestsPerNetwork: places, requestsTotal: places },
      ...{ connectionsPerPeer: 1000, handshakesPerNetwork: 1000, connectionsPerSecond: 1000 },
      ...limits,
    },
  })
  host.rankPeers(peer => (cast.honest.some(({ id }) => hex(id) === hex(peer)) ? honest : attackers))
  host.serve(echo, 2000, async (_from, body) => body)
  host.serve(large, 2000, async () => new Uint8Array(8 * 1024 * 1024))
  return host
}
