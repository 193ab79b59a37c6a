// The table that nodes and authorities keep together (docs/spec/link.md 5): the same over libp2p and in memory.
// tier: slow

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createHost, listenOn } from '../link/libp2p/libp2p.ts'
import { defaultLimits } from '../link/limits.ts'
import type { Link, Peer } from '../link/link.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { systemClock, virtualClock } from '../world/clock.ts'
import { seededRandom, systemRandom } from '../world/random.ts'
import { startLoopback } from './loopback-host.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const peerOf = ({ id, addresses }: Link): Peer => ({ id, addresses })

/** A value is good when it begins with the last part of its key. */
function check(key: string, value: Uint8Array): void {
  const want = key.split('/').at(-1) as string
  if (!new TextDecoder().decode(value).startsWith(want)) throw new Error(`want ${want}`)
}

interface World {
  host(role: 'node' | 'client'): Promise<Link>
  during<T>(happening: Promise<T>): Promise<T>
}

function memory(): World {
  const clock = virtualClock(0)
  const links = memoryNetwork({ clock, random: seededRandom(1), latencyMs: { min: 1, max: 5 } })
  return {
    host: async role => links.host({ role, cellBytes: 100, admits: () => false }),
    async during(happening) {
      let over = false
      const end = (): void => {
        over = true
      }
      happening.then(end, end)
      while (!over) await clock.advance(10)
      return happening
    },
  }
}

const real: Link[] = []

async function start(role: 'node' | 'client'): Promise<Link> {
  const host = await startLoopback({
    cellBytes: 100,
    limits: { connectionsPerSecond: 1000 },
    admits: () => false,
    role,
  })
  real.push(host)
  return host
}

const worlds = {
  'in memory': memory,
  'over libp2p': (): World => ({ host: start, during: happening => happening }),
} as const

for (const [where, world] of Object.entries(worlds)) {
  const test = suite(`table ${where}`)

  test.after(async () => {
    for (const host of real.splice(0)) await host.close()
  })

  test('a record that nobody puts again is forgotten with the eighth new set of peers', async () => {
    const { host, during } = world()
    const nodes = await Promise.all(Array.from({ length: 3 }, () => host('node')))
    const turn = (): void => {
      for (const node of nodes) node.dht.keep(nodes.map(peerOf), true)
    }
    for (const node of nodes) node.dht.accept('test', check)
    turn()
    const [writer, reader] = nodes as [Link, Link]
    const within = { timeoutMs: 5000 }
    await during(writer.dht.put('/test/old', utf8('old'), within))
    await during(writer.dht.provide(new Uint8Array(32), within))
    for (let i = 0; i < 7; i++) turn()
    await during(writer.dht.put('/test/new', utf8('new'), within))
    assert.equal(await during(reader.dht.get('/test/old', within)), utf8('old'))
    assert.is((await during(reader.dht.providers(new Uint8Array(32), within))).length, 1)
    turn()
    assert.is(await during(reader.dht.get('/test/old', within)), undefined)
    assert.is((await during(reader.dht.providers(new Uint8Array(32), within))).length, 0)
    assert.equal(await during(reader.dht.get('/test/new', within)), utf8('new'))
  })

  test('what one puts another finds, who knows a third only; a client too', async () => {
    const { host, during } = world()
    const nodes = await Promise.all(Array.from({ length: 6 }, () => host('node')))
    for (const node of nodes) {
      node.dht.accept('test', check)
      node.dht.keep(nodes.map(peerOf), true)
    }
    const [first, second] = nodes as [Link, Link]
    assert.ok((await during(first.dht.put('/test/a', utf8('a value'), { timeoutMs: 5000 }))) >= 4)
    assert.equal(await during((nodes[5] as Link).dht.get('/test/a', { timeoutMs: 5000 })), utf8('a value'))
    const client = await host('client')
    client.dht.accept('test', check)
    client.dht.keep([peerOf(second)], false)
    assert.equal(await during(client.dht.get('/test/a', { timeoutMs: 5000 })), utf8('a value'))
    assert.is(await during(client.dht.get('/test/b', { timeoutMs: 5000 })), undefined)
    const name = new Uint8Array(32).fill(7)
    await during(first.dht.provide(name, { timeoutMs: 5000 }))
    const providers = await during(client.dht.providers(name, { timeoutMs: 5000 }))
    assert.equal(
      providers.map(({ id, addresses }) => [[...id], addresses]),
      [[[...first.id], first.addresses]],
    )
  })

  test('what does not pass the check is neither put nor kept nor found', async () => {
    const { host, during } = world()
    const nodes = await Promise.all(Array.from({ length: 3 }, () => host('node')))
    // The first one takes everything, and says so to the others.
    for (const [i, node] of nodes.entries()) {
      node.dht.accept('test', i === 0 ? () => {} : check)
      node.dht.keep(nodes.map(peerOf), true)
    }
    const [bad, good, other] = nodes as [Link, Link, Link]
    assert.is(await during(good.dht.put('/test/a', utf8('b'), { timeoutMs: 5000 })), 0)
    assert.is(await during(bad.dht.put('/test/a', utf8('b'), { timeoutMs: 5000 })), 0)
    assert.is(await during(other.dht.get('/test/a', { timeoutMs: 5000 })), undefined)
    assert.is(await during(bad.dht.put('/other/a', utf8('a'), { timeoutMs: 5000 })), 0)
    assert.is(await during(bad.dht.put('/test/a', new Uint8Array(20_000), { timeoutMs: 5000 })), 0)
    assert.ok((await during(good.dht.put('/test/a', utf8('a value'), { timeoutMs: 5000 }))) >= 1)
    assert.equal(await during(other.dht.get('/test/a', { timeoutMs: 5000 })), utf8('a value'))
  })

  test('a stranger’s word about itself is not taken where everybody is known', async () => {
    const { host, during } = world()
    const nodes = await Promise.all(Array.from({ length: 3 }, () => host('node')))
    const stranger = await host('node')
    for (const node of [...nodes, stranger]) node.dht.accept('test', check)
    for (const node of nodes) node.dht.keep(nodes.map(peerOf), true)
    stranger.dht.keep(nodes.map(peerOf), true)
    const name = new Uint8Array(32).fill(8)
    await during(stranger.dht.provide(name, { timeoutMs: 5000 }))
    assert.equal(await during((nodes[0] as Link).dht.providers(name, { timeoutMs: 5000 })), [])
  })

  test('nobody there: nothing is found, and nothing is thrown', async () => {
    const { host, during } = world()
    const lone = await host('node')
    const client = await host('client')
    lone.dht.accept('test', check)
    client.dht.accept('test', check)
    client.dht.keep([{ id: lone.id, addresses: [] }], false)
    assert.is(await during(lone.dht.put('/test/a', utf8('a'), { timeoutMs: 1000 })), 0)
    assert.is(await during(client.dht.get('/test/a', { timeoutMs: 1000 })), undefined)
    assert.equal(await during(client.dht.providers(new Uint8Array(32), { timeoutMs: 1000 })), [])
    await client.close()
    assert.is(await during(client.dht.get('/test/a', { timeoutMs: 1000 })), undefined)
  })

  test.run()
}

const hostile = suite('table: hostile peers')

hostile.after(async () => {
  for (const host of real.splice(0)) await host.close()
})

hostile('public keys and oversized messages are refused, and the next request is served', async () => {
  const host = await start('node')
  host.dht.accept('test', check)
  host.dht.keep([], true)
  await new Promise(resolve => setTimeout(resolve, 300))
  const bad = await createHost({
    seed: systemRandom(32),
    listen: [],
    announce: [],
    localAddress: undefined,
    clock: systemClock,
    limits: defaultLimits,
    lets: () => true,
  })
  await listenOn(bad, [])
  const { multiaddr } = await import('@multiformats/multiaddr')
  const connection = await bad.dial(multiaddr(host.addresses[0] as string))
  for (const bytes of [
    new Uint8Array(70_000).fill(1),
    systemRandom(500),
    Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
  ]) {
    const stream = await connection.newStream('/chaffinch/kad/1.0.0')
    for (let at = 0; at < bytes.length; at += 30_000)
      if (stream.status === 'open') stream.send(bytes.subarray(at, at + 30_000))
    await stream.close().catch(() => {})
    for (let waited = 0; stream.status === 'open' && waited < 3000; waited += 10) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    assert.is.not(stream.status, 'open')
  }
  const other = await start('node')
  other.dht.accept('test', check)
  other.dht.keep([peerOf(host)], true)
  assert.is(await other.dht.put('/test/a', utf8('a'), { timeoutMs: 5000 }), 1)
  await bad.stop()
})

hostile.run()
