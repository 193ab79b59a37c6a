// Lengths that a peer writes before what it means to send, in each of the forms that a host reads: 0, 2^31, 2^53, more
// bytes than a number has, and none of the rest; and peers that write, or read, a byte at a time. Nothing is set aside
// for what has not come, and the honest are served, over TCP and over WebSocket (docs/spec/link.md 4, 5, 11, 8).
// tier: slow

import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits, type LinkLimits } from '../link/limits.ts'
import type { Host } from '../link/link.ts'
import { MiB } from '../world/units.ts'
import { startLoopback } from './loopback-host.ts'
import { rawHost } from './raw-host.ts'

const echo = '/test/echo/1'
const cells = '/chaffinch/cell/1'
const table = '/chaffinch/kad/1.0.0'
const gossip = '/meshsub/1.2.0'
const cellBytes = 1000
/** The address on which hosts of this test listen. */
let loopback = ''
const ends: (() => Promise<void>)[] = []
const faults: unknown[] = []
process.on('unhandledRejection', fault => faults.push(fault))
process.on('uncaughtException', fault => faults.push(fault))
test.after.each(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  assert.equal(faults.splice(0), [])
})

async function start(limits: Partial<LinkLimits> = {}, countLoopback = false): Promise<Host> {
  const host = await startLoopback({
    cellBytes,
    listen: [loopback],
    // the peers here do on purpose what they would be shut out for
    limits: { ...limits, conduct: { ...defaultLimits.conduct, mostOwed: 10 ** 9 } },
    countLoopback,
  })
  host.serve(echo, 1000, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

/** A test over each transport. */
function over(name: string, run: () => Promise<void>): void {
  for (const transport of ['', '/ws'])
    test(`${name}, over ${transport || '/tcp'}`, async () => {
      loopback = `/ip4/127.0.0.1/tcp/0${transport}`
      await run()
    })
}

async function attack(host: Host): Promise<Connection> {
  const bad = await rawHost()
  ends.push(async () => bad.stop())
  return await bad.dial(multiaddr(host.addresses[0] as string))
}

async function until(what: string, condition: () => boolean, limitMs = 8000): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < limitMs, what)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function serves(host: Host): Promise<void> {
  const honest = await start()
  const options = { timeoutMs: 5000, maxBytes: 10 }
  const to = { id: host.id, addresses: host.addresses }
  assert.equal(await honest.request(to, echo, Uint8Array.of(7), options), Uint8Array.of(7))
}

/** The table and gossip begin a moment after their host. */
async function served(connection: Connection, protocol: string): Promise<Stream> {
  for (let tries = 0; tries < 100; tries++) {
    const stream = await connection.newStream(protocol).catch(() => undefined)
    if (stream !== undefined) return stream
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`${protocol} is not served`)
}

/** A number as a varint (unsigned LEB128). */
function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}

const prefixes: Readonly<Record<string, readonly number[]>> = {
  zero: varint(0),
  '2^31': varint(2 ** 31),
  '2^53': varint(2 ** 53),
  'too long': new Array<number>(60).fill(0xff),
  truncated: [0x80],
}

for (const [what, bytes] of Object.entries(prefixes)) {
  over(`${what}, as a varint: for the table, for gossip, for a protocol's name`, async () => {
    const host = await start({ readMs: 200 })
    host.gossip({ peers: () => [], admits: () => true, judge: () => 'ignore' })
    host.dht.accept('test', () => {})
    const connection = await attack(host)
    const before = process.memoryUsage().arrayBuffers
    for (const protocol of [table, gossip]) {
      const stream = await served(connection, protocol)
      stream.send(Uint8Array.from(bytes))
      stream.send(new Uint8Array(1000))
    }
    const raw = await connection.newStream([]).catch(() => undefined)
    raw?.send(Uint8Array.from(bytes))
    await new Promise(resolve => setTimeout(resolve, 100))
    assert.ok(process.memoryUsage().arrayBuffers - before < 5 * MiB)
    await serves(host)
  })
}

over('0, 2^31 and 2^32 - 1 in front of a request, and four bytes that never end', async () => {
  const host = await start({ readMs: 200 })
  const connection = await attack(host)
  const before = process.memoryUsage().arrayBuffers
  const send = async (...bytes: number[]): Promise<Stream> => {
    const stream = await connection.newStream(echo)
    stream.send(Uint8Array.from(bytes))
    return stream
  }
  // an empty request is one: it has its answer
  const empty = await send(0, 0, 0, 0)
  await until('an answer', () => host.counters().requests.answered === 1)
  for (const bytes of [
    [0x80, 0, 0, 0],
    [0xff, 0xff, 0xff, 0xff],
    [0, 0, 3],
  ]) {
    const stream = await send(...bytes)
    await until(`${bytes}`, () => stream.status !== 'open')
  }
  assert.is(host.counters().requests['too-large'], 2)
  assert.is(host.counters().requests['too-slow'], 1)
  assert.ok(process.memoryUsage().arrayBuffers - before < 5 * MiB)
  empty.abort(new Error('over'))
  await serves(host)
})

/** Writes a byte every 20 ms until the stream is over. */
async function trickle(stream: Stream, bytes: Uint8Array): Promise<number> {
  let sent = 0
  for (; sent < bytes.length && stream.status === 'open'; sent++) {
    stream.send(bytes.subarray(sent, sent + 1))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return sent
}

over('who writes a byte at a time has as long as everybody, for a request and for a cell', async () => {
  const host = await start({ readMs: 300 })
  const connection = await attack(host)
  const request = new Uint8Array(504)
  request[2] = 1
  request[3] = 0xf4
  const [asked, celled] = await Promise.all([
    trickle(await connection.newStream(echo), request),
    trickle(await connection.newStream(cells), new Uint8Array(500)),
  ])
  assert.ok(asked < 100, `${asked} bytes of a request`)
  assert.ok(celled < 100, `${celled} bytes of a cell`)
  assert.is(host.counters().requests['too-slow'], 1)
  await until('no stream is left', () => host.counters().streams === 0)
  await serves(host)
})

over(
  'who reads a byte at a time gets no more than its time, and holds no more than its answers',
  async () => {
    const host = await start({ writeMs: 500, requestsPerPeer: 4 })
    const answer = new Uint8Array(2 * MiB)
    host.serve('/test/page/1', 10, async () => answer)
    const connection = await attack(host)
    const before = process.memoryUsage().arrayBuffers
    const streams = await Promise.all(Array.from({ length: 4 }, () => connection.newStream('/test/page/1')))
    for (const stream of streams) {
      stream.send(Uint8Array.of(0, 0, 0, 1, 1))
      stream.pause()
    }
    // now and then a little
    const reading = setInterval(() => {
      for (const stream of streams) {
        stream.resume()
        queueMicrotask(() => stream.pause())
      }
    }, 400)
    await until('all are ended', () => host.counters().requests['too-slow'] === 4)
    clearInterval(reading)
    assert.ok(process.memoryUsage().arrayBuffers - before < 32 * MiB)
    await until('no stream is left', () => host.counters().streams === 0)
    await serves(host)
  },
)

/** Counts those that are let in of 20 requests of 1,000 bytes that are begun at once, and never ended. */
async function begun(limits: Partial<LinkLimits>, peers: number): Promise<number> {
  const host = await start({ readMs: 5000, ...limits }, true)
  const streams: Stream[] = []
  for (let peer = 0; peer < peers; peer++) {
    const connection = await attack(host)
    for (let i = 0; i < 20 / peers; i++) {
      const stream = await connection.newStream(echo).catch(() => undefined)
      if (stream?.status !== 'open') continue
      stream.send(Uint8Array.of(0, 0, 3, 0xe8, 1))
      streams.push(stream)
    }
  }
  await new Promise(resolve => setTimeout(resolve, 300))
  return streams.filter(({ status }) => status === 'open').length
}

over(
  'requests and their bytes are bounded by peer, by network and in all; so are streams by network',
  async () => {
    assert.is(await begun({ requestsPerPeer: 20 }, 2), 20)
    assert.is(await begun({ requestsPerPeer: 3 }, 2), 6)
    assert.is(await begun({ requestsPerNetwork: 7 }, 2), 7)
    assert.is(await begun({ requestBytesPerPeer: 4500 }, 2), 8)
    assert.is(await begun({ requestBytesPerNetwork: 5500 }, 2), 5)
    assert.is(await begun({ requestBytesTotal: 6500 }, 2), 6)
    assert.is(await begun({ streamsPerNetwork: 9 }, 2), 9)
  },
)

over('a peer’s ninth connection ends its first', async () => {
  const host = await start({ connectionsPerPeer: 3 })
  const bad = await rawHost()
  ends.push(async () => bad.stop())
  const all: Connection[] = []
  for (let i = 0; i < 5; i++) {
    all.push(await bad.dial(multiaddr(host.addresses[0] as string), { force: true }))
    await until('it is in', () => host.counters().connections === Math.min(i + 1, 3))
  }
  await until('the first have ended', () => all.slice(0, 2).every(({ status }) => status !== 'open'))
  assert.ok(all.slice(2).every(({ status }) => status === 'open'))
})

test.run()
