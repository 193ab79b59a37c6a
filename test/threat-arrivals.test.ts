// docs/threats.md 3.18: whoever has one network opens so many connections that nobody else comes in.
// tier: slow

import net from 'node:net'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Arrivals, originOf } from '../link/libp2p/arrivals.ts'
import { startHost } from '../link/libp2p/host.ts'
import { defaultLimits } from '../link/limits.ts'
import type { Host } from '../link/link.ts'
import { systemClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom } from '../world/random.ts'

const test = suite('arrivals')

test('an address is read with its network, in all its forms', () => {
  const networks: Record<string, string | undefined> = {
    '/ip4/192.0.2.7/tcp/4001': '192.0.2',
    '/ip6/2001:db8:1:2::7/tcp/4001': '2001:db8:1',
    '/ip6/2001:0db8:0001::/tcp/4001/ws': '2001:db8:1',
    '/ip6/2003::7/tcp/1': '2003:0:0',
    '/ip6/::1/tcp/1': '0:0:0',
    '/ip6/::ffff:192.0.2.9/tcp/1': '192.0.2',
    '/ip6zone/eth0/ip6/fe80::1/tcp/1': 'fe80:0:0',
    '/dns4/mix.example/tcp/1': undefined,
    '': undefined,
    '/ip4': undefined,
  }
  for (const [address, network] of Object.entries(networks)) assert.is(originOf(address)?.network, network)
  fc.assert(fc.property(fc.string(), text => originOf(text) !== null && originOf(`/ip6/${text}`) !== null))
})

/** Handshakes that one /24 and an honest host elsewhere got through in a minute of trying. */
function flood(limits: typeof defaultLimits): { flood: number; honest: number; tried: number } {
  let now = 0
  const arrivals = new Arrivals(limits, { ...virtualClock(0), elapsed: () => now })
  const pending: { until: number; leave: () => void }[] = []
  const result = { flood: 0, honest: 0, tried: 0 }
  /** A host has room for so many handshakes at once; silent ones last as long as they may. */
  const arrive = (address: string, lasts: number): boolean => {
    for (const old of pending.filter(({ until }) => until <= now)) {
      old.leave()
      pending.splice(pending.indexOf(old), 1)
    }
    if (pending.length >= limits.pendingConnections) return false
    const leave = arrivals.enter(address)
    if (leave === undefined) return false
    pending.push({ until: now + lasts, leave })
    return true
  }
  for (; now < 60_000; now += 10) {
    for (let i = 0; i < 5; i++) {
      if (arrive(`/ip4/198.51.100.${(now / 10 + i) % 256}/tcp/1`, limits.handshakeMs)) result.flood++
    }
    if (now % 1000 !== 500) continue
    result.tried++
    if (arrive(`/ip4/192.0.2.${(now / 1000) | 0}/tcp/1`, 50)) result.honest++
  }
  return result
}

test('five hundred silent handshakes a second from one network: everybody else comes in', () => {
  const { flood: through, honest, tried } = flood(defaultLimits)
  assert.is(honest, tried)
  assert.ok(through <= defaultLimits.handshakesPerNetwork * 62, `${through}`)
})

test('control: without limits of a network they take all the places there are', () => {
  const { honest, tried } = flood({ ...defaultLimits, handshakesPerNetwork: 1e6, connectionsPerNetwork: 1e6 })
  assert.ok(honest < tried / 2, `${honest} of ${tried} came in`)
})

test('what has gone makes room, and is counted once', () => {
  const clock = virtualClock(0)
  const arrivals = new Arrivals(
    { ...defaultLimits, connectionsPerAddress: 2, connectionsPerNetwork: 3 },
    clock,
  )
  const from = (last: number): (() => void) | undefined => arrivals.enter(`/ip4/192.0.2.${last}/tcp/1`)
  const leaves = [from(1), from(1), from(1), from(2), from(3)]
  assert.equal(
    leaves.map(leave => leave !== undefined),
    [true, true, false, true, false],
  )
  leaves[0]?.()
  leaves[0]?.()
  assert.ok(from(4))
  assert.is(from(5), undefined)
  assert.equal(arrivals.refused, { address: 1, network: 2, rate: 0 })
})

const hosts: Host[] = []
const sockets: net.Socket[] = []
test.after(async () => {
  for (const socket of sockets) socket.destroy()
  for (const host of hosts) await host.close()
})

test('over TCP: a network at its limit is turned away before the handshake, another is served', async () => {
  const common = {
    clock: systemClock,
    log: silent,
    random: systemRandom,
    cellBytes: 100,
    admits: () => false,
  }
  const host = await startHost({
    ...common,
    seed: undefined,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    role: 'node',
    limits: { connectionsPerNetwork: 4, handshakesPerNetwork: 100 },
    countLoopback: true,
  })
  hosts.push(host)
  host.serve('/test/echo/1', 100, async (_from, body) => body)
  const port = Number(host.addresses[0]?.split('/')[4])
  const ended = Array.from({ length: 8 }, (_, i) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: `127.9.9.${i + 1}` })
    sockets.push(socket)
    const over = new Promise<boolean>(resolve => {
      socket.on('close', () => resolve(true))
      setTimeout(() => resolve(false), 1200)
    })
    socket.on('error', () => {}).resume()
    return over
  })
  const client = await startHost({
    ...common,
    seed: undefined,
    listen: [],
    role: 'client',
    localAddress: '127.8.8.8',
  })
  hosts.push(client)
  const options = { timeoutMs: 5000, maxBytes: 100 }
  const to = { id: host.id, addresses: host.addresses }
  assert.equal(await client.request(to, '/test/echo/1', Uint8Array.of(7), options), Uint8Array.of(7))
  assert.is((await Promise.all(ended)).filter(over => over).length, 4)
})

test.run()
