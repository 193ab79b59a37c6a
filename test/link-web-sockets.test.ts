// link/libp2p/web-sockets.ts and the door: what a stranger sends to a `/ws` listener, or to a host that dials one,
// costs that socket and nothing else (docs/spec/link.md 2, docs/spec/link.md 8).
// tier: slow

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import net from 'node:net'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { uriOf } from '../encoding/multiaddr.ts'
import { Door } from '../link/libp2p/door.ts'
import type { LinkLimits } from '../link/limits.ts'
import { type Host, LinkError } from '../link/link.ts'
import { startLoopback } from './loopback-host.ts'
import { rawHost } from './raw-host.ts'

const root = join(import.meta.dirname, '..')
const cellBytes = 100
const echo = '/test/echo/1'
const request =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

const faults: unknown[] = []
process.on('unhandledRejection', fault => faults.push(fault))
process.on('uncaughtException', fault => faults.push(fault))
const ends: (() => unknown)[] = []

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function start(limits: Partial<LinkLimits> = {}, countLoopback = false): Promise<Host> {
  const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
  const host = await startLoopback({
    cellBytes,
    listen,
    countLoopback,
    limits: { connectionsPerSecond: 1000, ...limits },
  })
  host.serve(echo, 1000, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

const addressOf = (host: Host, transport: 'tcp' | 'ws'): string =>
  host.addresses.find(address => address.endsWith('/ws') === (transport === 'ws')) as string
const portOf = (address: string): number => Number(address.split('/')[4])

/** Somebody from an address of its own is answered over both transports. */
async function serves(host: Host, localAddress: string): Promise<void> {
  for (const transport of ['tcp', 'ws'] as const) {
    const honest = await startLoopback({ cellBytes, listen: [], role: 'client', localAddress })
    const to = { id: host.id, addresses: [addressOf(host, transport)] }
    assert.equal(
      await honest.request(to, echo, Uint8Array.of(7), { timeoutMs: 5000, maxBytes: 10 }),
      Uint8Array.of(7),
    )
    await honest.close()
  }
}

function socketTo(port: number, localAddress = '127.0.0.1'): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => {})
  socket.resume()
  ends.push(() => void socket.destroy())
  return socket
}

const isOver = (socket: net.Socket): boolean => socket.destroyed || socket.readableEnded

async function until(condition: () => boolean, limitMs = 6000): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < limitMs, `did not come about within ${limitMs} ms`)
    await pause(10)
  }
}

/** first byte || length || mask of zeros || body */
function frame(first: number, body: Uint8Array, { masked = true, told = body.length } = {}): Buffer {
  const mask = masked ? 0x80 : 0
  const long = Buffer.alloc(10)
  long.set([first, mask | 127])
  long.writeBigUInt64BE(BigInt(told), 2)
  const head = told < 126 ? Buffer.from([first, mask | told]) : long
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), body])
}

const abc = Buffer.from('abc')
const many = (count: number, one: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => one))
const broken: Readonly<Record<string, Buffer>> = {
  'reserved bits': frame(0xf2, abc),
  unmasked: frame(0x82, abc, { masked: false }),
  'an opcode that is none': frame(0x8b, abc),
  'a length of 2^40': frame(0x82, abc, { told: 2 ** 40 }),
  'a length beyond what is taken': frame(0x82, abc, { told: 300_000 }),
  'text that is not UTF-8': frame(0x81, Buffer.from([0xff, 0xff])),
  'a close code that is none': frame(0x88, Buffer.from([3, 0xe7])),
  'a close of one byte': frame(0x88, Buffer.from([3])),
  'a ping too long': frame(0x89, Buffer.alloc(200)),
  'pings without end': many(5000, frame(0x89, Buffer.alloc(100))),
  'a continuation of nothing': frame(0x80, abc),
  'fragments without end': Buffer.concat([frame(0x02, abc), many(20_000, frame(0x00, Buffer.from('a')))]),
  'frames of nothing': many(20_000, frame(0x02, Buffer.alloc(0))),
  noise: Buffer.alloc(3000, 0xa5),
}

const test = suite('WebSockets')

test.after.each(async () => {
  for (const end of ends.splice(0)) await end()
  assert.equal(faults.splice(0), [])
})

test('whatever is sent after the upgrade ends that socket and nothing else', async () => {
  const host = await start({ handshakeMs: 1500 })
  const port = portOf(addressOf(host, 'ws'))
  const sockets = await Promise.all(
    Object.values(broken).map(async bytes => {
      const socket = socketTo(port)
      socket.write(request)
      await new Promise(resolve => socket.once('data', resolve))
      socket.write(bytes)
      return socket
    }),
  )
  await serves(host, '127.0.0.1')
  await until(() => sockets.every(isOver))
  await until(() => host.counters().connections === 0)
})

test('whatever is sent instead of the upgrade, and hanging up in the middle of one, too', async () => {
  const host = await start({ handshakeMs: 800 })
  const port = portOf(addressOf(host, 'ws'))
  const says = [
    '',
    'G',
    request.slice(0, 60),
    request.replace('Version: 13', 'Version: 99'),
    request.replace(/Key: .*/, 'Key: x'),
    request.replace('GET', 'POST'),
    request.replace('\r\n\r\n', `\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`),
    request.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: ;;;,,"\r\n\r\n'),
    `${request}\xff\xff\xff\xff\xff`,
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\nHost: x\r\nUpgrade: foo\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ]
  const sockets = says.map(text => {
    const socket = socketTo(port)
    socket.write(text, 'latin1')
    return socket
  })
  for (const how of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const socket = socketTo(port)
    socket.write(request)
    socket.once('connect', () => void socket[how]())
  }
  await serves(host, '127.0.0.1')
  await until(() => sockets.every(isOver))
})

/** Gives what a process prints that listens, or dials, with libp2p's transport as it comes, until it is over. */
function bare(program: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
  })
  let said = ''
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString()
    const port = /port (\d+)/.exec(said)?.[1]
    if (port !== undefined && said.endsWith('\n')) {
      const socket = socketTo(Number(port))
      socket.write(request)
      socket.once('data', () => void socket.write(broken['reserved bits'] as Buffer))
    }
  })
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString()
  })
  ends.push(() => void child.kill('SIGKILL'))
  return new Promise(resolve => child.on('exit', code => resolve({ code, said })))
}

const withResolvers = `import './link/libp2p/node20.ts'
  import { createLibp2p } from 'libp2p'
  import { noise } from '@chainsafe/libp2p-noise'
  import { yamux } from '@libp2p/yamux'
  import { webSockets } from '@libp2p/websockets'
  import { multiaddr } from '@multiformats/multiaddr'
  import { WebSocket } from 'ws'
  globalThis.WebSocket = WebSocket
  const host = await createLibp2p({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, transports: [webSockets()],
    connectionEncrypters: [noise()], streamMuxers: [yamux()], connectionGater: { denyDialMultiaddr: () => false } })
  setTimeout(() => process.exit(0), 4000)`

test('control: libp2p alone is ended by a frame of seven bytes', async () => {
  const { code, said } = await bare(
    `${withResolvers}\nconsole.log('port ' + host.getMultiaddrs()[0].toString().split('/')[4])`,
  )
  assert.is(code, 1)
  assert.match(said, 'Invalid WebSocket frame')
})

/** A server that takes sockets, says this when it has heard something, and hangs up after so long. */
async function decoy(
  says: (heard: string) => string | Buffer,
  hangUpMs: number,
): Promise<{ port: number; sockets: net.Socket[] }> {
  const sockets: net.Socket[] = []
  const server = net.createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', data => void socket.write(says(data.toString('latin1'))))
    setTimeout(() => socket.end(), hangUpMs).unref()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as net.AddressInfo).port, sockets }
}

function accepted(heard: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(heard)?.[1]
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}

test('a host that dials outlives silence, broken answers and late hang-ups, and keeps no socket of them', async () => {
  const answers: readonly (readonly [says: (heard: string) => string | Buffer, hangUpMs: number])[] = [
    [() => '', 60_000],
    [() => '', 700],
    [() => '', 5],
    [() => 'HTTP/1.1 200 OK\r\n\r\n', 60_000],
    [() => 'HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n', 60_000],
    [() => 'garbage\r\n\r\n', 60_000],
    ...Object.values(broken).map(
      bytes => [(heard: string) => Buffer.concat([Buffer.from(accepted(heard)), bytes]), 60_000] as const,
    ),
  ]
  for (const role of ['node', 'authority', 'client'] as const) {
    const host = await startLoopback({ cellBytes, listen: [], role, limits: { dialMs: 600 } })
    ends.push(() => host.close())
    await Promise.all(
      answers.map(async ([says, hangUpMs], i) => {
        const { port, sockets } = await decoy(says, hangUpMs)
        const to = { id: new Uint8Array(32).fill(i + 1), addresses: [`/ip4/127.0.0.1/tcp/${port}/ws`] }
        try {
          await host.request(to, echo, new Uint8Array(1), { timeoutMs: 900, maxBytes: 10 })
          assert.unreachable()
        } catch (error) {
          assert.ok(error instanceof LinkError, String(error))
        }
        await until(() => sockets.every(socket => socket.destroyed || socket.readableEnded))
      }),
    )
  }
})

test('control: libp2p alone is ended by a dial that was called off, once the other side hangs up', async () => {
  const { port } = await decoy(() => '', 1500)
  const { code, said } = await bare(
    `${withResolvers}\nawait host.dial(multiaddr('/ip4/127.0.0.1/tcp/${port}/ws'), { signal: AbortSignal.timeout(300) }).catch(() => {})`,
  )
  assert.is(code, 1)
  assert.match(said, 'ECONNRESET')
})

/** Passes bytes on to a port, and keeps its own sides open whatever the others do. */
async function wire(to: number): Promise<{ port: number; behind: net.Socket[] }> {
  const behind: net.Socket[] = []
  const server = net.createServer({ allowHalfOpen: true }, front => {
    const back = net.connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    behind.push(back)
    for (const socket of [front, back]) socket.on('error', () => {})
    front.on('data', data => void (back.writable && back.write(data)))
    back.on('data', data => void front.write(data))
    ends.push(() => [front, back].map(socket => socket.destroy()))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  ends.push(() => server.close())
  return { port: (server.address() as net.AddressInfo).port, behind }
}

/** Has a host end the first of five connections of one peer. @returns how many of their sockets it has ended */
async function cutOff(transport: 'tcp' | 'ws'): Promise<number> {
  const host = await start({ connectionsPerPeer: 3 })
  const { port, behind } = await wire(portOf(addressOf(host, transport)))
  const bad = await rawHost()
  ends.push(() => bad.stop())
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${port}${transport === 'ws' ? '/ws' : ''}`)
  for (let i = 0; i < 5; i++) {
    await bad.dial(address, { force: true })
    await until(() => host.counters().connections === Math.min(i + 1, 3))
  }
  await pause(300)
  return behind.filter(isOver).length
}

test('who is cut off loses its socket too, over either transport', async () => {
  assert.is(await cutOff('tcp'), 2)
  assert.is(await cutOff('ws'), 2)
})

test('control: where the socket of a WebSocket is not ended by itself, it stays', async () => {
  const { terminate } = WebSocket.prototype
  WebSocket.prototype.terminate = () => {}
  try {
    assert.is(await cutOff('ws'), 0)
  } finally {
    WebSocket.prototype.terminate = terminate
  }
})

test('silent sockets of one address and of four networks keep nobody out, over either transport', async () => {
  const host = await start(
    { pendingConnections: 32, connectionsPerAddress: 1000, handshakesPerNetwork: 1000, handshakeMs: 3000 },
    true,
  )
  for (const transport of ['tcp', 'ws'] as const) {
    const port = portOf(addressOf(host, transport))
    for (const networks of [1, 4]) {
      const sockets: net.Socket[] = []
      for (let i = 0; i < 120; i++) {
        const socket = socketTo(port, `127.${9 + (i % networks)}.9.9`)
        if (i % 2 === 0) socket.write('G')
        sockets.push(socket)
        // no faster than the system hands them over: it keeps some to itself otherwise
        if (i % 20 === 19) await pause(40)
      }
      await serves(host, '127.77.7.7')
      await until(() => sockets.filter(socket => !isOver(socket)).length <= 32)
      for (const socket of sockets) socket.destroy()
    }
  }
})

test('a `/ws` socket that asks for nothing ends when a handshake should be over', async () => {
  const host = await start({ handshakeMs: 400 })
  const sockets = ['', 'G', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'].map(text => {
    const socket = socketTo(portOf(addressOf(host, 'ws')))
    socket.write(text)
    return socket
  })
  const began = performance.now()
  await until(() => sockets.every(isOver))
  assert.ok(performance.now() - began < 3000)
})

test.run()

const doors = suite('the door')

doors(
  'who waits longest, of the network that waits with most, goes; one network never empties another',
  () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (from, places) => {
          const door = new Door(places)
          const inside: number[] = []
          const turned: number[] = []
          for (const network of from) {
            inside.push(network)
            door.enter(String(network), () => {
              const sizeOf = (other: number): number => inside.filter(n => n === other).length
              assert.is(sizeOf(network), Math.max(...inside.map(sizeOf)), 'of the fullest')
              inside.splice(inside.indexOf(network), 1)
              turned.push(network)
            })
            assert.is(door.waiting, inside.length)
            assert.ok(door.waiting <= places)
          }
          assert.is(door.evicted, turned.length)
        },
      ),
    )
  },
)

doors('of a network whoever has waited longest goes, so that who is quick gets in', () => {
  const door = new Door(3)
  const turned: number[] = []
  for (let n = 0; n < 6; n++) door.enter('crowd', () => turned.push(n))
  assert.equal(turned, [0, 1, 2])
  let isHonestTurned = false
  const leave = door.enter('honest', () => {
    isHonestTurned = true
  })
  for (let n = 6; n < 20; n++) door.enter('crowd', () => turned.push(n))
  assert.equal([isHonestTurned, door.waiting], [false, 3])
  leave()
  assert.is(door.waiting, 2)
})

doors('a place that was left is free, and leaving twice frees one', () => {
  const door = new Door(1)
  let turned = 0
  const leave = door.enter('a', () => turned++)
  leave()
  leave()
  door.enter('b', () => turned++)
  assert.equal([door.waiting, turned], [1, 0])
  door.enter('c', () => turned++)
  assert.equal([door.waiting, turned], [1, 1])
})

doors('an address is dialled by its own scheme, host and port', () => {
  const of: Readonly<Record<string, string>> = {
    '/ip4/192.0.2.7/tcp/4101/ws': 'ws://192.0.2.7:4101',
    '/ip6/2001:db8::1/tcp/4101/ws/p2p/x': 'ws://[2001:db8::1]:4101',
    '/dns4/gateway.example/tcp/443/tls/ws': 'wss://gateway.example:443',
    '/dns/gateway.example/tcp/443/wss/p2p/x': 'wss://gateway.example:443',
  }
  for (const [address, uri] of Object.entries(of)) assert.is(uriOf(address), uri)
})

doors.run()
