// link/memory/memory.ts: what the in-memory link does beyond the contract (docs/spec/link.md 12).

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { frameCost, type Gossip, messageCost, Standing } from '../link/gossip.ts'
import type { Host, LinkError, Peer } from '../link/link.ts'
import type { MemoryNetwork, Sight } from '../link/memory/memory.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import type { VirtualClock } from '../world/clock.ts'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { MiB } from '../world/units.ts'

const test = suite('link in memory')
const cellBytes = 100
const options = { timeoutMs: 60_000, maxBytes: 1000 }

interface Town {
  clock: VirtualClock
  network: MemoryNetwork
  start(seed: number): Host
  got: Map<string, number>
}

function town(seed: number, loss = 0): Town {
  const clock = virtualClock(1_000_000)
  const network = memoryNetwork({ clock, random: seededRandom(seed), latencyMs: { min: 5, max: 50 }, loss })
  const got = new Map<string, number>()
  return {
    clock,
    network,
    got,
    start(hostSeed) {
      const host = network.host({
        seed: new Uint8Array(32).fill(hostSeed),
        cellBytes,
        role: 'node',
        admits: () => true,
      })
      const key = hex(host.id)
      host.onCells((_from, cells) => {
        got.set(key, (got.get(key) ?? 0) + cells.length)
      })
      host.serve('/test/echo/1', 100, async (_from, body) => body)
      return host
    },
  }
}

const peerOf = (host: Host): Peer => ({ id: host.id, addresses: host.addresses })
const cell = (): Uint8Array => new Uint8Array(cellBytes)

/** Writes down what an observer of all links sees of a small town that lives for a minute. */
async function story(seed: number): Promise<string> {
  const { clock, network, start } = town(seed)
  const hosts = [1, 2, 3, 4].map(start)
  const seen: string[] = []
  network.tap(({ time, from, to, bytes, what }) => {
    seen.push(`${time} ${hex(from).slice(0, 8)} ${hex(to).slice(0, 8)} ${bytes} ${what}`)
  })
  const dice = seededRandom(seed + 1)
  const live = (): void => {
    const [from, to, what] = dice(3) as unknown as [number, number, number]
    const [a, b] = [hosts[from % 4] as Host, hosts[to % 4] as Host]
    if (what < 100) a.request(peerOf(b), '/test/echo/1', dice(10), options).catch(() => {})
    else a.send(peerOf(b), cell())
    clock.after(20, live)
  }
  live()
  await clock.advance(20_000)
  network.kill((hosts[1] as Host).id)
  await clock.advance(5000)
  hosts[1] = start(2)
  network.partition([[(hosts[0] as Host).id, (hosts[1] as Host).id]])
  await clock.advance(10_000)
  network.heal()
  await clock.advance(20_000)
  return seen.join('\n')
}

test('one seed gives one trace, another seed another', async () => {
  const [first, again, other] = [await story(11), await story(11), await story(12)]
  assert.ok(first.split('\n').length > 1000)
  assert.is(first, again)
  assert.is.not(first, other)
})

test('a tap sees who sends how much to whom when, and not what passes inside a host', async () => {
  const { clock, network, start } = town(1)
  const [a, b] = [start(1), start(2)]
  const seen: Sight[] = []
  const end = network.tap(sight => seen.push(sight))
  a.send(peerOf(b), cell())
  a.send(peerOf(b), cell())
  a.send(peerOf(a), cell())
  await clock.advance(1000)
  const asked = [a, b].map(host => a.request(peerOf(host), '/test/echo/1', new Uint8Array(5), options))
  await clock.advance(1000)
  await Promise.all(asked)
  assert.equal(
    seen.map(({ from, to, bytes, what }) => [from, to, bytes, what]),
    [
      [a.id, b.id, 200, 'cells'],
      [a.id, b.id, 9, 'request'],
      [b.id, a.id, 9, 'answer'],
    ],
  )
  end()
  a.send(peerOf(b), cell())
  await clock.advance(1000)
  assert.is(seen.length, 3)
  assert.equal(network.stats, { cells: 3, lost: 0, requests: 1 })
})

test('a host that is killed loses its queue; the others learn of it and find it when it is back', async () => {
  const { clock, network, start, got } = town(1)
  const [a, b] = [start(1), start(2)]
  const gone: string[] = []
  a.onGone(id => gone.push(hex(id)))
  a.send(peerOf(b), cell())
  await clock.advance(1000)
  network.kill(b.id)
  await clock.advance(60)
  assert.equal(gone, [hex(b.id)])
  assert.not(b.send(peerOf(a), cell()))
  a.send(peerOf(b), cell())
  await clock.advance(20_000)
  const again = start(2)
  assert.equal(again.id, b.id)
  await clock.advance(6000)
  assert.is(got.get(hex(b.id)), 2)
  assert.throws(
    () => start(2),
    (error: LinkError) => error.code === 'LISTEN',
  )
})

test('a partition cuts connections and dials until it heals', async () => {
  const { clock, network, start, got } = town(1)
  const [a, b, c] = [start(1), start(2), start(3)]
  const tell = async (from: Host, to: Host): Promise<boolean> => {
    const before = got.get(hex(to.id)) ?? 0
    from.send(peerOf(to), cell())
    await clock.advance(1000)
    return got.get(hex(to.id)) === before + 1
  }
  assert.ok(await tell(a, b))
  assert.ok(await tell(a, c))
  network.partition([[a.id, b.id]])
  await clock.advance(100)
  assert.ok(await tell(a, b))
  assert.not(await tell(a, c))
  const asked = a.request(peerOf(c), '/test/echo/1', new Uint8Array(1), options).then(
    () => 'answered',
    (error: LinkError) => error.code,
  )
  await clock.advance(6000)
  assert.is(await asked, 'UNREACHABLE')
  network.heal()
  await clock.advance(11_000)
  assert.is(got.get(hex(c.id)), 2)
})

test('cells are lost at the rate that was asked for', async () => {
  const { clock, network, start, got } = town(3, 0.1)
  const [a, b] = [start(1), start(2)]
  for (let n = 0; n < 4000; n++) a.send(peerOf(b), cell())
  await clock.advance(1000)
  const { cells, lost } = network.stats
  assert.is(cells, 4000)
  assert.is(got.get(hex(b.id)), 4000 - lost)
  assert.ok(lost > 300 && lost < 500, `${lost} lost`)
})

test('many cells are cheap', async () => {
  const { clock, start, got } = town(4)
  const hosts = [1, 2, 3, 4, 5].map(start)
  const before = process.cpuUsage()
  const cells = 100_000
  for (let n = 0; n < cells; n++) {
    const [a, b] = [hosts[n % 5] as Host, hosts[(n * 3 + 1) % 5] as Host]
    clock.after(1000 + n / 100, () => {
      a.send(peerOf(b), cell())
    })
  }
  await clock.advance(60_000)
  const { user, system } = process.cpuUsage(before)
  assert.is(
    [...got.values()].reduce((sum, n) => sum + n, 0),
    cells,
  )
  assert.ok(user + system < 10_000_000, `${(user + system) / 1000} ms`)
})

/** @returns how often somebody was expelled, and how many of so many messages of 30,000 bytes were judged */
async function gossiped(messages: number): Promise<readonly [number, number]> {
  const { clock, start } = town(5)
  const [loud, quiet] = [start(1), start(2)]
  let judged = 0
  const hosts = [loud, quiet]
  const [from, at] = hosts.map(host =>
    host.gossip({
      peers: () => hosts.filter(other => other !== host),
      admits: () => true,
      judge: () => {
        judged++
        return 'ignore'
      },
    }),
  ) as [Gossip, Gossip]
  for (const gossip of [from, at]) gossip.follow(['topic'])
  await clock.advance(5000)
  for (let n = 0; n < messages; n++) {
    const message = new Uint8Array(30_000)
    new DataView(message.buffer).setUint32(0, n)
    from.publish('topic', message)
  }
  await clock.advance(5000)
  return [at.counters.expelled, judged]
}

test('who gossips more than its budget is expelled, as over sockets', async () => {
  assert.equal(await gossiped(200), [0, 200])
  const [expelled, judged] = await gossiped(400)
  assert.is(expelled, 1)
  assert.is(judged, Math.floor((8 * MiB) / (30_000 + frameCost + messageCost)))
})

test('control: without the budget all of it is judged', async () => {
  const { spend } = Standing.prototype
  Standing.prototype.spend = () => true
  try {
    assert.equal(await gossiped(400), [0, 400])
  } finally {
    Standing.prototype.spend = spend
  }
})

test.run()
