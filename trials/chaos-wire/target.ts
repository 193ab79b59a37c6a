// The hosts under attack, in a process of their own that nothing but the attack may end: an authority, three mixes, a
// gateway and a client as they run everywhere, over TCP and WebSocket. Asked over the channel to its parent.

import { setTimeout as pause } from 'node:timers/promises'
import { authorityEntry } from '../../directory/authority/keys.ts'
import type { Network } from '../../directory/documents/network.ts'
import type { LinkLimits } from '../../link/limits.ts'
import type { Host } from '../../link/link.ts'
import { LinkError } from '../../link/link.ts'
import { AuthorityRole, ClientRole, NodeRole } from '../../simulator/local-roles.ts'
import { Tracer } from '../../simulator/local-trace.ts'
import { tcpWorld, type World } from '../../simulator/local-world.ts'
import { epochFor } from '../../simulator/processes/machine.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { resources } from '../../world/resources.ts'
import { minute, second } from '../../world/units.ts'
import { defects } from './defects.ts'
import { paced, setPace } from './pace.ts'
import type { WireRole } from './plan.ts'

/** Questions of the parent; each with a number that stands in the answer. */
export type Question =
  | { readonly n: number; readonly ask: 'start' }
  | { readonly n: number; readonly ask: 'look' }
  | {
      readonly n: number
      readonly ask: 'dial'
      readonly as: WireRole
      readonly to: string
      readonly id: Uint8Array
      readonly protocol: string
    }

/** Where the hosts are found: by role, the multiaddrs of TCP and of WebSocket. */
export type Places = Readonly<
  Record<Exclude<WireRole, 'client'>, { readonly id: Uint8Array; readonly addresses: readonly string[] }>
>

/** Counts what must not grow. */
export interface Held {
  readonly heapKiB: number
  readonly handles: number
  readonly listeners: number
  readonly connections: number
  readonly streams: number
  /** CPU time of the longest turn of the event loop since the last look, milliseconds. */
  readonly longestTurnMs: number
}

export type Answer =
  | { readonly n: number; readonly told: 'started'; readonly places: Places }
  /** Not the answer yet: what is awaited. */
  | { readonly n: number; readonly told: 'waiting'; readonly awaited: string }
  | { readonly n: number; readonly told: 'looked'; readonly held: Held }
  /** `code` of the LinkError, `answered`, or what else was thrown, which is a fault. */
  | { readonly n: number; readonly told: 'dialled'; readonly outcome: string }

const [slow, plant] = process.argv.slice(2) as [string, string?]
setPace(Number(slow))

/** Short times, so that silence costs little, and room for many who come from one machine. */
const limits: Partial<LinkLimits> = {
  connectionsPerSecond: 100_000,
  pendingConnections: 512,
  dialMs: paced(600),
  handshakeMs: paced(500),
  readMs: paced(400),
  writeMs: paced(400),
  handleMs: paced(2 * second),
  serveIdleMs: paced(2 * second),
  askIdleMs: paced(second),
  connectionIdleMs: paced(3 * second),
  conduct: {
    mostOwed: 8192,
    forgivenPerSecond: 2500,
    streamCost: 16,
    frameCost: 1024,
    firstOutMs: 200,
    longestOutMs: 400,
    rememberedMs: second,
  },
}

/** Made with the roles' own names, so that each question finds its host. */
function watchedWorld(hosts: Map<string, Host>): World {
  const world = tcpWorld({ listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'], limits })
  return {
    ...world,
    async host(wish) {
      const host = await world.host(wish)
      hosts.set(wish.role === 'node' ? `node ${hosts.size}` : wish.role, host)
      return host
    },
  }
}

/** On a machine that is busy with other things a network takes minutes to begin; where nothing is wrong, 25 s. */
const mostStartMs = 8 * minute
const tellEveryMs = 10 * second

/** @param tell is told from time to time what is awaited */
async function start(hosts: Map<string, Host>, tell: (awaited: string) => void): Promise<void> {
  const world = watchedWorld(hosts)
  const seed = systemRandom(32)
  const network: Network = {
    name: 'wire',
    genesis: world.now(),
    epochMs: epochFor(20 * second, Number(slow)),
    authorities: [await authorityEntry(seed, await world.addressesFor(seed))],
    threshold: 1,
    suite: 'x25519',
    hops: 5,
    userBytes: 2000,
    topology: 'cascade',
    layers: 3,
    minimum: { mixes: 3, gateways: 1 },
  }
  const given = { network, world, tracer: new Tracer(world.now), log: silent }
  const quiet = {
    payloadPerMinute: 30,
    loopPerMinute: 10,
    dropPerMinute: 10,
    readPerMinute: 20,
    waitingEpochs: 0,
  }
  const authority = new AuthorityRole({ ...given, name: 'authority', seed, wanted: quiet })
  await authority.start()
  for (const role of ['gateway', 'mix', 'mix', 'mix'] as const)
    await new NodeRole({ ...given, name: role, seed: systemRandom(32), role }).start()
  const client = new ClientRole({ ...given, name: 'client', seed: systemRandom(32) })
  await client.start()
  const telling = setInterval(() => {
    const [made, heard] = [authority, client].map(role => role.status()?.consensus?.epoch ?? 'none')
    tell(`a client that can send; authority's document: ${made}, client's: ${heard}`)
  }, tellEveryMs)
  try {
    await client.ready(mostStartMs)
  } finally {
    clearInterval(telling)
  }
}

const hosts = new Map<string, Host>()
const hostOf = (role: WireRole): Host => hosts.get(role === 'gateway' ? 'node 1' : role) as Host

async function answer(question: Question): Promise<Answer> {
  const { n } = question
  switch (question.ask) {
    case 'start': {
      await start(hosts, awaited => void process.send?.({ n, told: 'waiting', awaited } satisfies Answer))
      const placeOf = ({ id, addresses }: Host): Places['authority'] => ({ id, addresses })
      return {
        n,
        told: 'started',
        places: { authority: placeOf(hostOf('authority')), gateway: placeOf(hostOf('gateway')) },
      }
    }
    case 'look':
      return { n, told: 'looked', held: await look() }
    case 'dial':
      return { n, told: 'dialled', outcome: await dial(question) }
  }
}

async function look(): Promise<Held> {
  // what is called off ends in turns of its own
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await pause(50)
  }
  const { handles, listeners } = resources()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const counts = [...hosts.values()].map(host => host.counters())
  const sum = (of: 'connections' | 'streams'): number => counts.reduce((total, count) => total + count[of], 0)
  return {
    heapKiB: Math.round((heapUsed + arrayBuffers) / 1024),
    handles,
    listeners,
    connections: sum('connections'),
    streams: sum('streams'),
    longestTurnMs: longestTurn.take(),
  }
}

async function dial({ as, to, id, protocol }: Extract<Question, { ask: 'dial' }>): Promise<string> {
  const peer = { id: Uint8Array.from(id), addresses: [to] }
  try {
    await hostOf(as).request(peer, protocol, systemRandom(40), { timeoutMs: paced(900), maxBytes: 100_000 })
    return 'answered'
  } catch (error) {
    return error instanceof LinkError ? error.code : `thrown: ${String(error)}`
  }
}

/** CPU time, since on a busy machine a turn may take long and do little. */
const longestTurn = (() => {
  let longest = 0
  let last = process.cpuUsage()
  setInterval(() => {
    const now = process.cpuUsage()
    longest = Math.max(longest, (now.user - last.user + now.system - last.system) / 1000)
    last = now
  }, 20)
  return {
    take: (): number => {
      const taken = Math.round(longest)
      longest = 0
      return taken
    },
  }
})()

if (plant !== undefined) (defects[plant] as () => void)()
process.on('disconnect', () => process.exit(0))
process.on(
  'message',
  (question: Question) => void answer(question).then(answered => process.send?.(answered)),
)
