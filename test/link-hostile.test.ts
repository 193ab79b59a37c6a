// What a peer may send to a link's host: garbage at every layer, silence, half of something, too much, and no
// reading, over TCP and over WebSocket. Whatever it is, the process lives, the honest are served and nothing piles up
// (docs/spec/link.md 6).
// tier: slow

import net from 'node:net'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { LinkLimits } from '../link/limits.ts'
import type { Host, Peer, RequestEnd } from '../link/link.ts'
import { LinkError } from '../link/link.ts'
import { systemRandom } from '../world/random.ts'
import { startLoopback } from './loopback-host.ts'
import { rawHost } from './raw-host.ts'

const test = suite('hostile peers')
const cellBytes = 1000
const cells = '/chaffinch/cell/1'
const echo = '/test/echo/1'
const options = { timeoutMs: 3000, maxBytes: 100_000 }
/** The address on which hosts of this test listen. */
let loopback = ''
const ends: (() => Promise<void>)[] = []
const faults: unknown[] = []
process.on('unhandledRejection', fault => faults.push(fault))
process.on('uncaughtException', fault => faults.push(fault))

async function start(limits: Partial<LinkLimits> = {}): Promise<Host> {
  const host = await startLoopback({
    cellBytes,
    listen: [loopback],
    limits: { connectionsPerSecond: 1000, ...limits },
  })
  host.serve(echo, 1000, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

/** libp2p without our manners. */
async function attacker(listen: readonly string[] = []): Promise<Libp2p> {
  const host = await rawHost(listen)
  ends.push(async () => host.stop())
  return host
}

const peerOf = (host: Host): Peer => ({ id: host.id, addresses: host.addresses })
const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function until(condition: () => boolean, limitMs = 5000): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < limitMs, `did not come about within ${limitMs} ms`)
    await wait(10)
  }
}

async function connect(from: Libp2p, to: Host): Promise<Connection> {
  const known = from.getConnections().find(({ status }) => status === 'open')
  return known ?? (await from.dial(multiaddr(to.addresses[0] as string)))
}

function isOver(stream: Stream): boolean {
  return stream.status !== 'open'
}

/** The honest are served, by cells and by requests. */
async function serves(host: Host): Promise<void> {
  const honest = await start()
  const before = host.counters().cellsReceived
  honest.send(peerOf(host), new Uint8Array(cellBytes))
  const answer = await honest.request(peerOf(host), echo, Uint8Array.of(1, 2), options)
  assert.equal(answer, Uint8Array.of(1, 2))
  await until(() => host.counters().cellsReceived > before)
  await honest.close()
}

const prefix = (length: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, length)
  return bytes
}

/** A test over each transport. */
function over(name: string, run: () => Promise<void>): void {
  for (const transport of ['', '/ws'])
    test(`${name}, over ${transport || '/tcp'}`, async () => {
      loopback = `/ip4/127.0.0.1/tcp/0${transport}`
      await run()
    })
}

test.after.each(async () => {
  for (const end of ends.splice(0)) await end()
  assert.equal(faults.splice(0), [])
})

over('garbage and half handshakes', async () => {
  const host = await start({ handshakeMs: 1000 })
  const port = Number(host.addresses[0]?.split('/')[4])
  const sockets = [
    systemRandom(1),
    systemRandom(5000),
    new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
    new TextEncoder().encode('\x13/multistream/1.0.0\n'),
    new TextEncoder().encode('\x13/multistream/1.0.0\n\x07/noise\n'),
    new TextEncoder().encode('\x13/multistream/1.0.0\n\x07/noise\n\xff\xff'),
    new Uint8Array(100_000).fill(255),
  ].map(bytes => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.resume()
    socket.write(bytes)
    return socket
  })
  await serves(host)
  await until(() => sockets.every(socket => socket.destroyed || socket.readableEnded))
  assert.is(host.counters().connections <= 1, true)
})

over('a hundred silent sockets do not keep the honest out', async () => {
  const host = await start({ handshakeMs: 1200 })
  const port = Number(host.addresses[0]?.split('/')[4])
  const sockets = Array.from({ length: 100 }, () => {
    const socket = net.connect(port, '127.0.0.1').resume()
    return socket.on('error', () => {})
  })
  await wait(100)
  await serves(host)
  assert.not(sockets.some(socket => socket.destroyed || socket.readableEnded))
  await until(() => sockets.every(socket => socket.destroyed || socket.readableEnded))
})

over('garbage below the streams', async () => {
  const host = await start()
  const bad = await attacker()
  for (let n = 0; n < 30; n++) {
    const connection = await connect(bad, host)
    const { muxer } = connection as unknown as { muxer: { maConn: { send(bytes: Uint8Array): void } } }
    // Yamux frames with a sound version, random elsewhere; and plain noise.
    const bytes = systemRandom(12 + n * 50)
    if (n % 2 === 0) bytes.set([0, n % 5, 0, n % 16, 0, 0, 0, n % 7], 0)
    if (n % 4 === 0) bytes.set([0xff, 0xff, 0xff, 0xff], 8)
    muxer.maConn.send(bytes)
    await wait(1)
    connection.abort(new Error('over'))
  }
  await serves(host)
  await until(() => host.counters().connections === 0)
})

over('any bytes on a stream of cells or of requests', async () => {
  const host = await start({ readMs: 100 })
  const bad = await attacker()
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(cells, echo), chunks, async (protocol, sent) => {
      const connection = await connect(bad, host)
      const stream = await connection.newStream(protocol)
      try {
        for (const chunk of sent) stream.send(chunk)
        await stream.close()
      } catch {
        // The host has ended it before.
      }
      await until(() => isOver(stream))
    }),
    { numRuns: 40 },
  )
  await serves(host)
  await until(() => host.counters().streams === 0)
})

over('half a cell: at the end of a stream, or and then silence', async () => {
  const host = await start({ readMs: 150 })
  const connection = await connect(await attacker(), host)
  const ending = await connection.newStream(cells)
  ending.send(new Uint8Array(cellBytes * 2 + 1))
  await ending.close()
  await until(() => host.counters().remainders === 1 && isOver(ending))
  assert.is(host.counters().cellsReceived, 2)
  const silent = await connection.newStream(cells)
  silent.send(new Uint8Array(cellBytes - 1))
  await until(() => isOver(silent))
  assert.is(host.counters().remainders, 2)
})

over('a length of 2^31 and a request that is never ended', async () => {
  const host = await start({ readMs: 150 })
  const connection = await connect(await attacker(), host)
  const ends: Partial<Record<RequestEnd, number>> = {}
  const send = async (bytes: Uint8Array, end: RequestEnd): Promise<void> => {
    const stream = await connection.newStream(echo)
    stream.send(bytes)
    await until(() => isOver(stream))
    ends[end] = (ends[end] ?? 0) + 1
    assert.is(host.counters().requests[end], ends[end])
  }
  const before = process.memoryUsage().arrayBuffers
  for (const length of [2 ** 31, 2 ** 32 - 1, 1001]) await send(prefix(length), 'too-large')
  assert.ok(process.memoryUsage().arrayBuffers - before < 5_000_000)
  await send(prefix(10).subarray(0, 3), 'too-slow')
  await send(Uint8Array.of(...prefix(10), 1, 2, 3), 'too-slow')
  await send(Uint8Array.of(...prefix(1), 1, 2), 'broken')
  await serves(host)
})

over('a request while the last one is not answered, and a stream that says nothing', async () => {
  const host = await start({ serveIdleMs: 200 })
  host.serve('/test/slow/1', 10, () => wait(100).then(() => new Uint8Array(1)))
  const connection = await connect(await attacker(), host)
  const hasty = await connection.newStream('/test/slow/1')
  hasty.send(Uint8Array.of(...prefix(1), 1))
  await wait(30)
  hasty.send(Uint8Array.of(...prefix(1), 1))
  await until(() => isOver(hasty))
  assert.is(host.counters().requests.broken, 1)
  const silent = await connection.newStream('/test/slow/1')
  await until(() => isOver(silent))
  await until(() => host.counters().streams === 0)
})

over('a peer that ends its half gets the answer it has asked for', async () => {
  const host = await start()
  host.serve('/test/slow/1', 10, () => wait(50).then(() => Uint8Array.of(5)))
  const connection = await connect(await attacker(), host)
  const stream = await connection.newStream('/test/slow/1')
  const got: number[] = []
  stream.addEventListener('message', ({ data }) => got.push(...data.subarray()))
  stream.send(Uint8Array.of(...prefix(1), 1))
  await stream.close()
  await until(() => isOver(stream))
  assert.equal(got, [0, 0, 0, 1, 5])
  await until(() => host.counters().streams === 0)
})

over('a peer that asks for much and reads nothing', async () => {
  const host = await start({ writeMs: 1000, requestsPerPeer: 4 })
  // More than a window: the rest waits on the host's side.
  host.serve('/test/page/1', 10, async () => new Uint8Array(1_500_000))
  const connection = await connect(await attacker(), host)
  const streams: Stream[] = []
  for (let n = 0; n < 8; n++) {
    const stream = await connection.newStream('/test/page/1')
    stream.pause()
    streams.push(stream)
  }
  for (const stream of streams) stream.send(Uint8Array.of(...prefix(1), 1))
  await until(() => host.counters().requests['too-slow'] + host.counters().requests.busy === 8)
  assert.is(host.counters().requests.busy, 4)
  await until(() => host.counters().streams === 0)
  await serves(host)
})

over('two hundred streams at once', async () => {
  const host = await start()
  const bad = await attacker()
  const connection = await connect(bad, host)
  const opened = await Promise.allSettled(
    Array.from({ length: 200 }, (_, n) =>
      connection.newStream(n % 2 === 0 ? cells : echo, { maxOutboundStreams: 1000 }),
    ),
  )
  await wait(200)
  assert.ok(host.counters().streams <= 64)
  assert.ok(opened.some(({ status }) => status === 'rejected'))
  connection.abort(new Error('over'))
  await serves(host)
})

over('a receiver of cells that admits and then reads nothing', async () => {
  const bad = await attacker([loopback])
  let streams = 0
  await bad.handle(cells, stream => {
    streams++
    stream.send(Uint8Array.of(1))
    stream.pause()
  })
  const host = await start({
    deadMs: 500,
    queueCells: 500,
    backOff: { firstMs: 100, longestMs: 100, lastingMs: 5000 },
  })
  const [address] = bad.getMultiaddrs().map(found => found.toString().split('/p2p/')[0] as string)
  const id = bad.peerId.type === 'Ed25519' ? bad.peerId.publicKey.raw : new Uint8Array(0)
  const to = { id, addresses: [address as string] }
  const before = process.memoryUsage().arrayBuffers
  for (let n = 0; n < 100; n++) {
    for (let cell = 0; cell < 100; cell++) host.send(to, new Uint8Array(cellBytes))
    await wait(2)
  }
  const [neighbour] = host.neighbours()
  assert.ok((neighbour?.dropped['queue-full'] ?? 0) > 5000)
  assert.ok((neighbour?.queued ?? 0) <= 500)
  assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000)
  await serves(host)
  // Nothing says that it lives: the connection is given up and tried anew.
  await until(() => streams >= 2)
})

over('a receiver of cells that chatters, resets, or never admits', async () => {
  const bad = await attacker([loopback])
  let answer: (stream: Stream) => void = stream => stream.send(new Uint8Array(100))
  let streams = 0
  await bad.handle(cells, stream => {
    streams++
    answer(stream)
  })
  const host = await start({ dialMs: 200, backOff: { firstMs: 10, longestMs: 10, lastingMs: 5000 } })
  const [address] = bad.getMultiaddrs().map(found => found.toString().split('/p2p/')[0] as string)
  const id = bad.peerId.type === 'Ed25519' ? bad.peerId.publicKey.raw : new Uint8Array(0)
  host.send({ id, addresses: [address as string] }, new Uint8Array(cellBytes))
  const tries = async (how: (stream: Stream) => void): Promise<void> => {
    answer = how
    const before = streams
    await until(() => streams >= before + 2)
    assert.is(host.neighbours()[0]?.queued, 1)
  }
  await tries(stream => stream.send(new Uint8Array(100)))
  await tries(stream => stream.abort(new Error('no')))
  await tries(stream => stream.close().catch(() => {}))
  await tries(() => {})
  answer = stream => stream.send(Uint8Array.of(1))
  await until(() => host.neighbours()[0]?.queued === 0)
})

over('an answering peer that lies about the length, says too much, or nothing', async () => {
  const bad = await attacker([loopback])
  let answer: (stream: Stream) => void = () => {}
  await bad.handle(echo, stream => {
    stream.addEventListener('message', () => answer(stream))
  })
  const host = await start()
  const [address] = bad.getMultiaddrs().map(found => found.toString().split('/p2p/')[0] as string)
  const id = bad.peerId.type === 'Ed25519' ? bad.peerId.publicKey.raw : new Uint8Array(0)
  const ask = (how: (stream: Stream) => void): Promise<string> => {
    answer = how
    return host
      .request({ id, addresses: [address as string] }, echo, new Uint8Array(1), {
        timeoutMs: 300,
        maxBytes: 100,
      })
      .then(
        body => `answer of ${body.length}`,
        (error: LinkError) => error.code,
      )
  }
  assert.is(await ask(stream => stream.send(prefix(2 ** 31))), 'TOO_LARGE')
  assert.is(await ask(stream => stream.send(prefix(101))), 'TOO_LARGE')
  assert.is(await ask(stream => stream.send(Uint8Array.of(...prefix(1), 1, 2))), 'BAD_FRAME')
  assert.is(await ask(stream => stream.send(prefix(3).subarray(0, 2))), 'TIMEOUT')
  assert.is(await ask(() => {}), 'TIMEOUT')
  assert.is(await ask(stream => stream.abort(new Error('no'))), 'REFUSED')
  assert.is(await ask(stream => stream.close().catch(() => {})), 'REFUSED')
  // Good, and then something that nobody asked for.
  const late = (stream: Stream): void => {
    stream.send(Uint8Array.of(...prefix(1), 9))
    setTimeout(() => {
      if (stream.status === 'open') stream.send(Uint8Array.of(...prefix(1), 9))
    }, 20)
  }
  assert.is(await ask(late), 'answer of 1')
  await wait(80)
  assert.is(await ask(stream => stream.send(Uint8Array.of(...prefix(2), 1, 2))), 'answer of 2')
  await until(() => host.counters().streams === 1)
})

over('directory entries that are no peers', async () => {
  const host = await start()
  for (const id of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(32).fill(255), systemRandom(33)]) {
    const to = {
      id,
      addresses: ['', '/', 'x', '/ip4/1.2.3', '/dns4//tcp/1', '/unix/x', ...(host.addresses ?? [])],
    }
    host.send(to, new Uint8Array(cellBytes))
    try {
      await host.request(to, echo, new Uint8Array(1), { timeoutMs: 1000, maxBytes: 10 })
      assert.unreachable()
    } catch (error) {
      assert.instance(error, LinkError)
      assert.is((error as LinkError).code, 'UNREACHABLE')
    }
  }
  await serves(host)
})

test.run()
