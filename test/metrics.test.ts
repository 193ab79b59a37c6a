// docs/guide/running/metrics.md names what each role serves; the bytes and refusals among it are those of its hosts;
// and what a client serves says nothing of its person (docs/threats.md 3.41).
// tier: slow

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Registry } from 'prom-client'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientMetrics } from '../client/api/metrics.ts'
import type { CoverLevel } from '../client/outgoing/cover.ts'
import { startHost } from '../link/libp2p/host.ts'
import { memoryNetwork } from '../link/memory/memory.ts'
import { ranks, Shares } from '../link/shares.ts'
import { refusalReasons, sharedThings } from '../link/traffic.ts'
import { nodeMetrics } from '../node/metrics.ts'
import { authorityMetrics } from '../roles/authority-metrics.ts'
import { ledgerMetrics } from '../roles/ledger-status.ts'
import { memberMetrics } from '../services/crowds/index.ts'
import { systemClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { byLabel, metricsOf } from '../world/metrics.ts'
import { processMetrics } from '../world/process-metrics.ts'
import { seededRandom, systemRandom } from '../world/random.ts'
import { carried, countHost } from '../world/resources.ts'
import { second } from '../world/units.ts'
import { FakeNetwork } from './client-network.ts'

const page = readFileSync(join(import.meta.dirname, '../docs/guide/running/metrics.md'), 'utf8')

/** Names are known without a status; nobody reads a value here. */
const never = (): never => {
  throw new Error('no status')
}

function served(): Map<string, Registry> {
  const [node, member, ledger, client] = [
    nodeMetrics(never, () => 0),
    memberMetrics(never, () => 0),
    ledgerMetrics(never),
    clientMetrics(never, () => 0),
  ]
  for (const registry of [node, member, ledger, client]) processMetrics(registry, '0')
  const authority = authorityMetrics(never, () => 0)
  return new Map(Object.entries({ 'mix, gateway': node, member, authority, ledger, client }))
}

/** Names what prom-client keeps of a metric beside what its type says. */
interface Described {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

function rowsOf(registries: ReadonlyMap<string, Registry>): string[] {
  const rows = new Map<string, { roles: string[]; metric: Described; kind: string }>()
  for (const [role, registry] of registries) {
    for (const metric of registry.getMetricsAsArray() as unknown as Described[]) {
      const row = rows.get(metric.name) ?? { roles: [], metric, kind: metric.constructor.name.toLowerCase() }
      row.roles.push(role)
      rows.set(metric.name, row)
    }
  }
  return [...rows.values()]
    .filter(({ metric }) => metric.name.startsWith('chaffinch_'))
    .map(({ roles, metric: { name, help, labelNames }, kind }) => {
      const by = roles.length === registries.size ? 'all' : roles.join(', ')
      return `| \`${name}\` | ${kind} | ${labelNames.join(', ')} | ${by} | ${help} |`
    })
}

test('the page has a row for each metric, with its kind, labels, roles and meaning, and no other', () => {
  const registries = served()
  const written = page.split('\n').filter(line => line.startsWith('| `chaffinch_'))
  assert.equal(written.toSorted(), rowsOf(registries).toSorted())
  // The control: one metric more is found
  metricsOf(registries.get('ledger') as Registry, never).gauge('chaffinch_more', 'More', never)
  assert.is(rowsOf(registries).length, written.length + 1)
})

test('what the page says of the process is served, and the labels of refusals are explained', () => {
  const names = [...served().values()].map(registry =>
    registry.getMetricsAsArray().map(({ name }) => name as string),
  )
  const written = [...page.matchAll(/`((?:process|nodejs)_\w+)`/g)].map(match => match[1] as string)
  const elsewhere = process.platform === 'linux' ? [] : ['process_open_fds', 'process_max_fds']
  assert.ok(written.length >= 7)
  for (const name of written.filter(each => !elsewhere.includes(each)))
    assert.ok(
      names.every(of => of.includes(name)),
      name,
    )
  for (const share of sharedThings) assert.ok(page.includes(`| share | \`${share}\` |`), share)
  for (const rank of ranks) assert.ok(page.includes(`| rank | \`${rank}\` |`), rank)
  for (const reason of refusalReasons) assert.ok(page.includes(`| reason | \`${reason}\` |`), reason)
})

test('a status is read once for all numbers of one scrape', async () => {
  const registry = nodeMetrics(never, () => 0)
  registry.clear()
  let reads = 0
  const { counter, gauge, counts } = metricsOf(registry, () => ++reads)
  counter('a_total', 'a', status => status)
  gauge('b', 'b', status => status)
  counts('c_total', 'c', ['why'], status => byLabel({ x: status }))
  assert.match(await registry.metrics(), /\na_total 1\n[\s\S]*\nb 1\n[\s\S]*\nc_total\{why="x"\} 1\n/)
  assert.match(await registry.metrics(), /\na_total 2\n[\s\S]*\nb 2\n[\s\S]*\nc_total\{why="x"\} 2\n/)
})

test('hosts in memory and over TCP count the bytes of each other alike', async () => {
  const clock = virtualClock(0)
  const network = memoryNetwork({ clock, random: seededRandom(1) })
  const init = { cellBytes: 100, admits: () => true, role: 'node' } as const
  const [a, b] = [network.host(init), network.host(init)]
  b.serve('/x', 1000, async () => new Uint8Array(500))
  const asked = a.request(b, '/x', new Uint8Array(300), { timeoutMs: 1000, maxBytes: 1000 })
  await clock.advance(100)
  assert.is((await asked).length, 500)
  assert.is(a.counters().bytesOut, 304)
  assert.is(a.counters().bytesIn, 504)
  assert.equal([b.counters().bytesIn, b.counters().bytesOut], [a.counters().bytesOut, a.counters().bytesIn])

  const real = { ...init, seed: undefined, clock: systemClock, log: silent, random: systemRandom }
  const hosts = await Promise.all([0, 1].map(() => startHost({ ...real, listen: ['/ip4/127.0.0.1/tcp/0'] })))
  const [c, d] = hosts as [(typeof hosts)[0], (typeof hosts)[0]]
  try {
    const before = carried()
    d.serve('/x', 200_000, async () => new Uint8Array(100_000))
    await c.request(d, '/x', new Uint8Array(50_000), { timeoutMs: 20_000, maxBytes: 200_000 })
    const { bytesIn, bytesOut } = c.counters()
    // Noise, Yamux and the negotiation take little beside the bodies
    assert.ok(bytesOut >= 50_000 && bytesOut < 55_000, `${bytesOut} bytes out`)
    assert.ok(bytesIn >= 100_000 && bytesIn < 105_000, `${bytesIn} bytes in`)
    assert.ok(carried().bytesIn - before.bytesIn >= 150_000, 'the process counts both')
  } finally {
    const { bytesIn } = carried()
    await Promise.all(hosts.map(host => host.close()))
    assert.ok(carried().bytesIn >= bytesIn, 'what a host counted stays when it has gone')
  }
})

test('who is turned away is counted by why', () => {
  const shares = new Shares({ perPeer: 2, perNetwork: 3, total: 4 })
  for (const peer of ['a', 'a', 'a']) shares.enter({ peer, network: 'x' })
  assert.equal(shares.refused, { peer: 1, network: 0, all: 0, gave_way: 0 })
  for (const peer of ['b', 'c']) shares.enter({ peer, network: 'x' })
  assert.equal(shares.refused, { peer: 1, network: 1, all: 0, gave_way: 0 })
  for (const peer of ['d', 'e']) shares.enter({ peer, network: peer })
  assert.equal(shares.refused, { peer: 1, network: 1, all: 1, gave_way: 0 })
  assert.equal(shares.crowded, { stranger: 3, client: 0, node: 0, authority: 0 })
  const gone = countHost(() => ({ ...nothing, refusals: { streams: { all: 2 } } }))
  assert.is(carried().refusals['streams']?.['all'], 2)
  gone()
  gone()
  assert.is(carried().refusals['streams']?.['all'], 2)
})

const nothing = { listeners: 0, pendingDials: 0, bytesIn: 0, bytesOut: 0, crowded: {} }

/** All that a client tells Prometheus of itself, each second of a span in which it writes, or does not. */
async function told(cover: CoverLevel, writes: boolean): Promise<string[]> {
  const net = new FakeNetwork({ seed: 4 })
  const [{ client: alice }, { client: bob }] = [
    await net.client('alice', { cover }),
    await net.client('bob', { cover: 'default' }),
  ]
  const metrics = clientMetrics(() => alice.status(), net.clock.now)
  await net.clock.advance(5 * second)
  const scrapes: string[] = []
  for (let i = 0; i < 12; i++) {
    if (writes && i % 6 === 0) {
      await alice.send(bob.address, 'x'.repeat(3000), { replies: true, receipt: true })
      await bob.send(alice.address, 'y'.repeat(2000))
    }
    await net.clock.advance(second)
    scrapes.push(await metrics.metrics())
  }
  const { messages } = alice.status()
  assert.is(messages.received > 0, writes)
  await Promise.all([alice.close(), bob.close()])
  return scrapes
}

test('what a client tells Prometheus is the same whether its person writes or not', async () => {
  assert.equal(await told('default', true), await told('default', false))
})

test('control: without cover the packets that leave tell it, as they tell who watches the link', async () => {
  assert.not.equal(await told('off', true), await told('off', false))
})

test.run()
