// docs/threats.md 3.34: strangers take the places of a host, so that nobody else is served, over each transport. Each
// with its control, in which nobody gives way.
// tier: slow

import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostInit } from '../link/libp2p/host.ts'
import { createHost, listenOn } from '../link/libp2p/libp2p.ts'
import { defaultLimits } from '../link/limits.ts'
import type { Host } from '../link/link.ts'
import { Shares } from '../link/shares.ts'
import { systemClock } from '../world/clock.ts'
import { systemRandom } from '../world/random.ts'
import { startLoopback } from './loopback-host.ts'

const echo = '/test/echo/1'
const test = suite('shares of a host')
const ends: (() => Promise<void> | void)[] = []
const { victimFor } = Shares.prototype
test.after.each(async () => {
  Shares.prototype.victimFor = victimFor
  for (const end of ends.splice(0).reverse()) await end()
})

const transports = ['tcp', 'ws'] as const
type Transport = (typeof transports)[number]
const listen = { tcp: ['/ip4/127.0.0.1/tcp/0'], ws: ['/ip4/127.0.0.1/tcp/0/ws'] } as const

async function start(init: Partial<HostInit>): Promise<Host> {
  const host = await startLoopback({ cellBytes: 100, countLoopback: true, ...init })
  ends.push(() => host.close())
  return host
}

async function stranger(localAddress: string): Promise<Libp2p> {
  const init = { listen: [], announce: [], clock: systemClock, limits: defaultLimits, lets: () => true }
  const host = await createHost({ ...init, seed: systemRandom(32), localAddress })
  await listenOn(host, [])
  ends.push(() => host.stop())
  return host
}

/** From each of so many networks one stranger, with so many requests of which a byte has come. */
async function halfRequests(host: Host, networks: number, each: number): Promise<void> {
  for (let n = 0; n < networks; n++) {
    const connection = await (await stranger(`127.9.${n}.1`)).dial(multiaddr(host.addresses[0] as string))
    for (let i = 0; i < each; i++) (await connection.newStream(echo)).send(Uint8Array.of(0))
  }
  await new Promise(resolve => setTimeout(resolve, 50))
}

const asks = async (from: Host, to: Host): Promise<boolean> => {
  const options = { timeoutMs: 4000, maxBytes: 100 }
  const answer = from.request({ id: to.id, addresses: to.addresses }, echo, Uint8Array.of(7), options)
  return answer.then(
    () => true,
    () => false,
  )
}

const limits = { requestsPerPeer: 4, requestsPerNetwork: 16, requestsTotal: 16 }

async function crowdedByHalfRequests(transport: Transport): Promise<boolean[]> {
  const host = await start({ role: 'authority', limits, listen: listen[transport] })
  host.serve(echo, 1000, async (_from, body) => body)
  await halfRequests(host, 4, 4)
  const other = await start({ role: 'authority', localAddress: '127.201.1.1' })
  return [await asks(other, host), await asks(other, host)]
}

async function knocksAtTheLimit(transport: Transport, known: boolean): Promise<boolean> {
  const host = await start({ limits: { connections: 4 }, listen: listen[transport] })
  host.serve(echo, 1000, async (_from, body) => body)
  const other = await start({ localAddress: '127.9.0.9' })
  if (known) host.rankPeers(peer => (Buffer.compare(peer, other.id) === 0 ? 'node' : 'stranger'))
  const streams: Stream[] = []
  for (let n = 0; n < 4; n++) {
    const connection = await (await stranger(`127.9.${n}.1`)).dial(multiaddr(host.addresses[0] as string))
    streams.push(await connection.newStream(echo))
  }
  for (let tries = 0; host.counters().connections < 4 && tries < 100; tries++)
    await new Promise(resolve => setTimeout(resolve, 10))
  const answered = await asks(other, host)
  assert.is(host.counters().connections, 4)
  return answered
}

for (const transport of transports) {
  const over = (name: string): string => `${name}, over ${transport}`

  test(over('half requests from four networks take no place that somebody else needs'), async () => {
    assert.equal(await crowdedByHalfRequests(transport), [true, true])
  })

  test(over('control: where nobody gives way they keep out everybody'), async () => {
    Shares.prototype.victimFor = () => undefined
    assert.equal(await crowdedByHalfRequests(transport), [false, false])
  })

  test(over('a node that knocks at the limit of connections is let in, and a stranger goes'), async () => {
    assert.ok(await knocksAtTheLimit(transport, true))
  })

  test(over('control: where nobody gives way a node is turned away'), async () => {
    Shares.prototype.victimFor = () => undefined
    assert.not(await knocksAtTheLimit(transport, true))
  })

  test(over('a stranger comes in at the limit, too: it was of no fuller network'), async () => {
    assert.ok(await knocksAtTheLimit(transport, false))
  })
}

test.run()
