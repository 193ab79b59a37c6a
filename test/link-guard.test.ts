// link/libp2p/guard.ts: what libp2p would not survive does not reach it (docs/spec/link.md 8).
// tier: slow

import net from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { createLibp2p } from 'libp2p'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { guardedYamux, NegotiationReader, PieceReader, YamuxReader } from '../link/libp2p/guard.ts'
import type { Host } from '../link/link.ts'
import { LinkError } from '../link/link.ts'
import { virtualClock } from '../world/clock.ts'
import { startLoopback } from './loopback-host.ts'

// libp2p alone dials with the global one, which Node 20 lacks
Object.assign(globalThis, { WebSocket })

const readers = suite('guards')

/** Cuts bytes where the numbers say. */
function cut(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const cuts = [0, ...at.map(n => n % (whole.length + 1)).toSorted((a, b) => a - b), whole.length]
  return cuts.slice(1).map((end, n) => whole.subarray(cuts[n], end))
}

const cuts = fc.array(fc.nat(), { maxLength: 6 })

function named(...names: string[]): Uint8Array {
  return Uint8Array.from(
    names.flatMap(name => {
      const length = name.length + 1
      const varint = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
      return [...varint, ...Buffer.from(`${name}\n`, 'latin1')]
    }),
  )
}

readers('a negotiation is over with the name that is accepted, however it is cut', () => {
  const long = `/${'x'.repeat(500)}`
  const sent = named('/multistream/1.0.0', '/tls/1.0.0', long, 'ls', '/noise')
  fc.assert(
    fc.property(cuts, at => {
      const seen: string[] = []
      const reader = new NegotiationReader(name => seen.push(name) > 0 && name === '/noise')
      const chunks = cut(sent, at)
      for (const [n, chunk] of chunks.entries()) {
        reader.push(chunk)
        if (n < chunks.length - 1 && chunks[n + 1]?.length) assert.not(reader.over)
      }
      assert.ok(reader.over)
      assert.equal(seen, ['/multistream/1.0.0', '/tls/1.0.0', long, 'ls', '/noise'])
      // What follows is not looked at.
      reader.push(new Uint8Array(100).fill(255))
    }),
  )
})

readers('any bytes in a negotiation are taken or refused, and no length runs on', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), cuts, (bytes, at) => {
      const reader = new NegotiationReader(() => false)
      try {
        for (const chunk of cut(bytes, at)) reader.push(chunk)
      } catch (error) {
        assert.ok(error instanceof LinkError && error.code === 'BAD_FRAME')
      }
    }),
  )
  const refuses = (bytes: Uint8Array): void => {
    const reader = new NegotiationReader(() => false)
    assert.throws(
      () => reader.push(bytes),
      (error: LinkError) => error.code === 'BAD_FRAME',
    )
  }
  refuses(Uint8Array.of(0))
  refuses(Uint8Array.of(255, 255))
  refuses(Uint8Array.of(0x81, 0x08))
  refuses(named(...Array.from({ length: 17 }, () => '/x')))
})

function yamuxFrame(type: number, flags: number, length: number): number[] {
  return [
    0,
    type,
    0,
    flags,
    0,
    0,
    0,
    1,
    length >>> 24,
    (length >> 16) & 255,
    (length >> 8) & 255,
    length & 255,
  ]
}

readers('frames pass, however they are cut; data over the window does not', () => {
  const body = (length: number): number[] => Array.from({ length }, () => 255)
  const sent = Uint8Array.from([
    ...yamuxFrame(1, 1, 0),
    ...yamuxFrame(0, 0, 300),
    ...body(300),
    ...yamuxFrame(2, 1, 2 ** 31),
    ...yamuxFrame(0, 4, 0),
    ...yamuxFrame(1, 0, 2 ** 32 - 1),
    ...yamuxFrame(0, 0, 1000),
    ...body(1000),
  ])
  fc.assert(
    fc.property(cuts, at => {
      const reader = new YamuxReader(1000, virtualClock())
      for (const chunk of cut(sent, at)) reader.push(chunk)
      assert.throws(
        () => reader.push(Uint8Array.from(yamuxFrame(0, 0, 1001))),
        (error: LinkError) => error.code === 'TOO_LARGE',
      )
    }),
  )
})

readers('so many pings and streams in ten seconds', async () => {
  const clock = virtualClock()
  const reader = new YamuxReader(1000, clock)
  for (let n = 0; n < 1000; n++) reader.push(Uint8Array.from(yamuxFrame(n % 2 === 0 ? 2 : 1, 1, 0)))
  const one = Uint8Array.from(yamuxFrame(2, 1, 0))
  assert.throws(
    () => reader.push(one),
    (error: LinkError) => error.code === 'BAD_FRAME',
  )
  await clock.advance(10_000)
  reader.push(one)
  for (let n = 0; n < 2000; n++) reader.push(Uint8Array.from(yamuxFrame(1, 0, 100)))
})

readers('so many small pieces in ten seconds, and any number of others', async () => {
  const clock = virtualClock()
  const reader = new PieceReader(clock)
  for (let n = 0; n < 10_000; n++) reader.push(n % 64)
  assert.throws(
    () => reader.push(0),
    (error: LinkError) => error.code === 'BAD_FRAME',
  )
  for (let n = 0; n < 20_000; n++) reader.push(64)
  await clock.advance(10_000)
  reader.push(0)
})

readers.run()

const hosts = suite('guarded host')
const echo = '/test/echo/1'
const ends: (() => Promise<void>)[] = []

async function start(listen = '/ip4/127.0.0.1/tcp/0'): Promise<Host> {
  const host = await startLoopback({ cellBytes: 1000, listen: [listen], limits: { handshakeMs: 1500 } })
  host.serve(echo, 1000, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

/** A libp2p of somebody else's, with its own settings; `early`: the handshake chooses the muxer. */
async function stranger(early: boolean, muxer = yamux()): Promise<Libp2p> {
  const late: ReturnType<typeof noise> = components => {
    const encrypter = noise()(components)
    const secure = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureOutbound = (connection, options) =>
      secure(connection, { ...options, skipStreamMuxerNegotiation: true })
    return encrypter
  }
  const host = await createLibp2p({
    transports: [tcp(), webSockets()],
    connectionEncrypters: [early ? noise() : late],
    streamMuxers: [muxer],
  })
  ends.push(async () => host.stop())
  return host
}

const portOf = (host: Host): number => Number(host.addresses[0]?.split('/')[4])
const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function until(condition: () => boolean, limitMs = 6000): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < limitMs, `did not come about within ${limitMs} ms`)
    await wait(10)
  }
}

/** CPU milliseconds of this process while `run` runs. */
async function cpuMs(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

interface Muxer {
  createStream(): Promise<{ send(bytes: Uint8Array): boolean; readonly status: string }>
  readonly maConn: { send(bytes: Uint8Array): boolean }
}

function muxerOf(connection: Connection): Muxer {
  return (connection as unknown as { muxer: Muxer }).muxer
}

interface Transport {
  close(): Promise<void>
  send(bytes: Uint8Array): boolean
}

/** The transport below a connection's encryption. */
function transportOf(connection: Connection): Transport {
  return (connection as unknown as { maConn: Transport }).maConn
}

/** A connection's encryption. */
interface Sealing {
  readonly handshake: { encrypt(bytes: Uint8Array): { subarray(): Uint8Array } }
}

/** The bytes below a connection's streams. */
function below(connection: Connection): Muxer['maConn'] {
  return muxerOf(connection).maConn
}

hosts.after.each(async () => {
  for (const end of ends.splice(0)) await end()
})

hosts('a length without end costs nothing, from anybody', async () => {
  const host = await start()
  const cost = await cpuMs(async () => {
    for (let n = 0; n < 5; n++) {
      const socket = net.connect(portOf(host), '127.0.0.1').resume()
      socket.on('error', () => {})
      socket.write(new Uint8Array(500_000).fill(255))
      await until(() => socket.destroyed || socket.readableEnded)
    }
  })
  // 2.5 MB of it; without the guard 20 microseconds each.
  assert.ok(cost < 2000, `${cost} ms`)
})

hosts('a length without end costs nothing, from a peer on a stream', async () => {
  const host = await start()
  const bad = await stranger(true)
  const connection = await bad.dial(multiaddr(host.addresses[0] as string))
  const muxer = muxerOf(connection)
  const cost = await cpuMs(async () => {
    for (let n = 0; n < 5; n++) {
      const stream = await muxer.createStream()
      stream.send(new Uint8Array(200_000).fill(255))
      await until(() => stream.status !== 'open')
    }
  })
  assert.ok(cost < 1500, `${cost} ms`)
})

hosts('a frame of 4 GB ends the connection before it is collected', async () => {
  const host = await start()
  const bad = await stranger(true)
  const connection = await bad.dial(multiaddr(host.addresses[0] as string))
  await until(() => host.counters().connections === 1)
  below(connection).send(Uint8Array.from(yamuxFrame(0, 0, 2 ** 32 - 1)))
  await until(() => host.counters().connections === 0)
})

hosts('a flood of pings ends the connection', async () => {
  const host = await start()
  const bad = await stranger(true)
  const connection = await bad.dial(multiaddr(host.addresses[0] as string))
  await until(() => host.counters().connections === 1)
  below(connection).send(Uint8Array.from(Array.from({ length: 2000 }, () => yamuxFrame(2, 1, 7)).flat()))
  await until(() => host.counters().connections === 0)
})

for (const transport of ['', '/ws']) {
  hosts(`a flood of empty Noise messages ends the connection${transport}`, async () => {
    const host = await start(`/ip4/127.0.0.1/tcp/0${transport}`)
    const bad = await stranger(true)
    const connection = await bad.dial(multiaddr(host.addresses[0] as string))
    await until(() => host.counters().connections === 1)
    const { handshake } = below(connection) as unknown as Sealing
    const send = (count: number): void => {
      for (let n = 0; n < count; n++) {
        const sealed = handshake.encrypt(new Uint8Array(0)).subarray()
        transportOf(connection).send(Uint8Array.of(0, sealed.length, ...sealed))
      }
    }
    send(100)
    await wait(300)
    assert.is(host.counters().connections, 1, 'a hundred are nothing')
    send(10_000)
    await until(() => host.counters().connections === 0)
  })
}

hosts('a connection that closes while a stream is opened on it ends no process', async () => {
  const host = await start()
  const uncaught: unknown[] = []
  const note = (error: unknown): unknown => uncaught.push(error)
  process.on('uncaughtException', note)
  const open = async (muxer: ReturnType<typeof yamux>): Promise<{ readonly status: string }> => {
    const other = await stranger(true, muxer)
    const connection = await other.dial(multiaddr(host.addresses[0] as string))
    const stream = muxerOf(connection).createStream()
    void transportOf(connection).close()
    await wait(20)
    return stream
  }
  try {
    const watched = { maxFrameBytes: 100_000, clock: virtualClock() }
    const { status } = await open(guardedYamux(watched, { speaks: () => true, did: () => {} }))
    assert.is.not(status, 'open')
    assert.equal(uncaught, [])
    await open(yamux())
    assert.is(uncaught.length, 1, 'control: libp2p alone throws where nobody can catch it')
  } finally {
    process.off('uncaughtException', note)
  }
})

hosts('a libp2p that chooses its muxer after the handshake is served', async () => {
  const host = await start()
  for (const early of [true, false]) {
    const other = await stranger(early)
    const connection = await other.dial(multiaddr(host.addresses[0] as string))
    const stream = await connection.newStream(echo)
    const got: number[] = []
    stream.addEventListener('message', ({ data }) => got.push(...data.subarray()))
    stream.send(Uint8Array.of(0, 0, 0, 2, 8, 9))
    await until(() => got.length === 6)
    assert.equal(got, [0, 0, 0, 2, 8, 9])
  }
})

hosts('a WebSocket that is given up is closed', async () => {
  const host = await start('/ip4/127.0.0.1/tcp/0/ws')
  const silentSocket = new WebSocket(`ws://127.0.0.1:${portOf(host)}`)
  let closed = false
  silentSocket.addEventListener('close', () => {
    closed = true
  })
  const bad = await stranger(true)
  const connection = await bad.dial(multiaddr(host.addresses[0] as string))
  await until(() => host.counters().connections === 1)
  below(connection).send(Uint8Array.from(yamuxFrame(0, 0, 2 ** 32 - 1)))
  await until(() => host.counters().connections === 0)
  await until(() => connection.status !== 'open')
  await until(() => closed)
})

hosts.run()
