// link/libp2p/host.ts: what only real sockets show. Processes that are killed, ports in use, WebSocket, streams that
// must not pile up, traces that must not stay (docs/spec/link.md).
// tier: slow

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import net from 'node:net'
import { join } from 'node:path'
import { streamPair } from '@libp2p/utils'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { publicKeyOf } from '../link/identity.ts'
import { Connections } from '../link/libp2p/connections.ts'
import type { HostInit } from '../link/libp2p/host.ts'
import { createHost, listenOn } from '../link/libp2p/libp2p.ts'
import { writeAll } from '../link/libp2p/streams.ts'
import { connectionBounds, defaultLimits } from '../link/limits.ts'
import type { Host, Peer } from '../link/link.ts'
import { LinkError } from '../link/link.ts'
import { Shares } from '../link/shares.ts'
import { systemClock } from '../world/clock.ts'
import { startLoopback } from './loopback-host.ts'

const test = suite('libp2p host')
const cellBytes = 3369
const loopback = '/ip4/127.0.0.1/tcp/0'
const options = { timeoutMs: 3000, maxBytes: 100_000 }
const open: Host[] = []

async function start(init: Partial<HostInit> = {}): Promise<Host> {
  const host = await startLoopback({ cellBytes, ...init })
  open.push(host)
  return host
}

const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number)
const peerOf = (host: Host): Peer => ({ id: host.id, addresses: host.addresses })
const portOf = (address: string | undefined): number => Number(address?.split('/')[4])
const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function until(condition: () => boolean, limitMs = 8000): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < limitMs, `did not come about within ${limitMs} ms`)
    await wait(10)
  }
}

async function listenError(init: Partial<HostInit>): Promise<string> {
  try {
    await start(init)
  } catch (error) {
    if (error instanceof LinkError && error.code === 'LISTEN') return error.message
    throw error
  }
  return 'no error'
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test.after.each(async () => {
  for (const host of open.splice(0)) await host.close()
})

test('an address that cannot be listened on is named, and the others are given back', async () => {
  const other = await start()
  const [used] = other.addresses as [string]
  const free = `/ip4/127.0.0.1/tcp/${portOf(used) > 40_000 ? portOf(used) - 7 : portOf(used) + 7}`
  assert.is(await listenError({ listen: [used] }), `cannot listen on ${used}: the port is in use`)
  assert.is(await listenError({ listen: [free, used] }), `cannot listen on ${used}: the port is in use`)
  assert.not(await isOpen(portOf(free)))
  assert.match(await listenError({ listen: ['127.0.0.1:80'] }), '127.0.0.1:80 is no multiaddr')
  assert.match(
    await listenError({ announce: ['/ip4/300.0.0.1/tcp/1'] }),
    '/ip4/300.0.0.1/tcp/1 is no multiaddr',
  )
  assert.match(
    await listenError({ listen: ['/ip4/192.0.2.1/tcp/1'] }),
    'cannot listen on /ip4/192.0.2.1/tcp/1: listen EADDRNOTAVAIL',
  )
  assert.match(
    await listenError({ listen: ['/ip4/127.0.0.1/udp/1'] }),
    'cannot listen on /ip4/127.0.0.1/udp/1: No transport',
  )
})

test('a host announces what it is told to, a client nothing', async () => {
  const announce = ['/dns4/mix.example/tcp/4001']
  assert.equal((await start({ announce })).addresses, announce)
  const client = await start({ role: 'client' })
  assert.equal(client.addresses, [])
  assert.is.not(hex(client.id), hex((await start({ role: 'client' })).id))
  assert.equal((await start({ seed: seedOf(4) })).id, publicKeyOf(seedOf(4)))
})

test('WebSocket carries the same', async () => {
  const gateway = await start({ listen: [`${loopback}/ws`] })
  assert.match(gateway.addresses[0] ?? '', /\/ws$/)
  const client = await start({ role: 'client' })
  let got = 0
  gateway.onCells((_from, cells) => {
    got += cells.length
  })
  gateway.serve('/test/page/1', 10, async () => new Uint8Array(60_000).fill(7))
  for (let n = 0; n < 300; n++) client.send(peerOf(gateway), new Uint8Array(cellBytes))
  const page = await client.request(peerOf(gateway), '/test/page/1', new Uint8Array(1), options)
  assert.equal(page, new Uint8Array(60_000).fill(7))
  await until(() => got === 300)
})

test('three thousand requests leave one stream behind, and that goes too', async () => {
  const limits = { askIdleMs: 300 }
  const [a, b] = [await start({ limits }), await start()]
  b.serve('/test/echo/1', 100, async (_from, body) => body)
  const body = new Uint8Array(50)
  for (let n = 0; n < 3000; n++) await a.request(peerOf(b), '/test/echo/1', body, options)
  for (const host of [a, b]) {
    const { connections, streams } = host.counters()
    assert.equal({ connections, streams }, { connections: 1, streams: 1 })
  }
  assert.is(b.counters().requests.answered, 3000)
  await until(() => a.counters().streams === 0 && b.counters().streams === 0)
})

test('a stream that was refused or called off is not kept', async () => {
  const [a, b] = [await start(), await start()]
  b.serve('/test/odd/1', 10, async (_from, body) => {
    if (body[0] === 1) throw new Error('no')
    return body[0] === 2 ? new Promise<never>(() => {}) : new Uint8Array(body[0] === 3 ? 500 : 5)
  })
  const ask = (byte: number): Promise<string> => {
    const timeoutMs = byte === 2 ? 60 : 5000
    return a.request(peerOf(b), '/test/odd/1', Uint8Array.of(byte), { timeoutMs, maxBytes: 100 }).then(
      () => 'answered',
      (error: LinkError) => error.code,
    )
  }
  for (let n = 0; n < 20; n++) {
    assert.is(await ask(1), 'REFUSED')
    assert.is(await ask(3), 'TOO_LARGE')
    if (n % 5 === 0) assert.is(await ask(2), 'TIMEOUT')
    assert.is(await ask(4), 'answered')
  }
  await until(() => a.counters().streams === 1 && b.counters().streams === 1)
  assert.is(b.counters().requests.broken, 4)
})

test('writing waits for room and leaves no listener', async () => {
  const [outbound, inbound] = await streamPair({ capacity: 1, delay: 1 })
  let got = 0
  inbound.addEventListener('message', ({ data }) => {
    got += data.byteLength
  })
  const before = outbound.listenerCount('drain') + outbound.listenerCount('close')
  await writeAll(outbound, new Uint8Array(1_000_000))
  assert.is(outbound.listenerCount('drain') + outbound.listenerCount('close'), before)
  await until(() => got === 1_000_000)
  outbound.abort(new Error('over'))
  try {
    await writeAll(outbound, new Uint8Array(10))
    assert.unreachable()
  } catch (error) {
    assert.is((error as LinkError).code, 'UNREACHABLE')
  }
})

/** A process that listens, takes cells and prints how many it has. */
const receiver = `
  import { systemClock } from ${JSON.stringify(new URL('../world/clock.ts', import.meta.url))}
  import { startHost } from ${JSON.stringify(new URL('../link/libp2p/host.ts', import.meta.url))}
  import { silent } from ${JSON.stringify(new URL('../world/log.ts', import.meta.url))}
  import { systemRandom } from ${JSON.stringify(new URL('../world/random.ts', import.meta.url))}
  const [listen, close] = process.argv.slice(1)
  const host = await startHost({
    seed: new Uint8Array(32).fill(77), listen: [listen], cellBytes: ${cellBytes}, clock: systemClock,
    log: silent, random: systemRandom, admits: () => true, role: 'node',
  })
  let got = 0
  host.onCells((from, cells) => {
    got += cells.length
    console.log('got ' + got)
    if (close === 'close') host.send({ id: from, addresses: [] }, new Uint8Array(${cellBytes}))
    if (close === 'close') host.flush(1000).then(() => host.close()).then(() => console.log('closed'))
  })
  console.log('listens ' + host.addresses[0])
`

interface Receiver {
  process: ChildProcess
  peer: Peer
  /** The last number it has printed. */
  got(): number
  /** Its exit code, once it has ended. */
  ended: Promise<number | null>
}

async function startReceiver(listen: string, close = ''): Promise<Receiver> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=chaffinch-source',
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      receiver,
      listen,
      close,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout?.on('data', chunk => {
    output += chunk
  })
  const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
  await until(() => output.includes('listens ') && output.includes('\n'), 20_000)
  const address = output.match(/listens (\S+)/)?.[1] ?? ''
  return {
    process: child,
    peer: { id: publicKeyOf(seedOf(77)), addresses: [address] },
    got: () => Number([...output.matchAll(/got (\d+)/g)].at(-1)?.[1] ?? 0),
    ended,
  }
}

test('a neighbour that is killed and started again loses nothing that was queued meanwhile', async () => {
  const a = await start()
  const first = await startReceiver(loopback)
  const send = (cells: number): void => {
    for (let n = 0; n < cells; n++) a.send(first.peer, new Uint8Array(cellBytes))
  }
  send(100)
  await until(() => first.got() === 100)
  let goneAfter = Number.POSITIVE_INFINITY
  const killed = performance.now()
  a.onGone(() => {
    goneAfter = performance.now() - killed
  })
  first.process.kill('SIGKILL')
  await until(() => goneAfter < Number.POSITIVE_INFINITY)
  // The reset of its sockets tells at once.
  assert.ok(goneAfter < 3000, `noticed after ${goneAfter} ms`)
  send(100)
  await first.ended
  const again = await startReceiver(first.peer.addresses[0] as string)
  send(100)
  await until(() => again.got() === 200)
  const [to] = a.neighbours()
  assert.equal(to?.dropped, { 'queue-full': 0, 'too-old': 0, closed: 0 })
  again.process.kill('SIGKILL')
  await again.ended
})

test('after close the process ends by itself and its port is free', async () => {
  const a = await start()
  let got = 0
  a.onCells((_from, cells) => {
    got += cells.length
  })
  const other = await startReceiver(loopback, 'close')
  a.send(other.peer, new Uint8Array(cellBytes))
  const closing = performance.now()
  assert.is(await other.ended, 0)
  assert.ok(performance.now() - closing < 4000)
  // What it had flushed before it closed has come.
  assert.is(got, 1)
  assert.not(await isOpen(portOf(other.peer.addresses[0])))
})

test('a client between two connections keeps its process alive until it closes', async () => {
  const script = `
    import { startHost } from './link/libp2p/host.ts'
    import { systemClock } from './world/clock.ts'
    import { silent } from './world/log.ts'
    import { systemRandom } from './world/random.ts'
    const host = await startHost({
      seed: undefined, listen: [], cellBytes: 100, clock: systemClock, log: silent, random: systemRandom,
      admits: () => false, role: 'client',
    })
    process.once('SIGTERM', () => void host.close())
    console.log('open')
  `
  const child = spawn(
    process.execPath,
    ['--conditions=chaffinch-source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: join(import.meta.dirname, '..'), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise(resolve => child.stdout.once('data', resolve))
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.is(child.exitCode, null)
  child.kill('SIGTERM')
  assert.is(await new Promise(resolve => child.once('exit', resolve)), 0)
})

test('nothing is kept of a peer: no address, no protocol, not its name', async () => {
  const lets = (): boolean => true
  const init = { announce: [], localAddress: undefined, clock: systemClock, limits: defaultLimits, lets }
  const gateway = await createHost({ ...init, seed: seedOf(1), listen: [loopback] })
  const gone: Uint8Array[] = []
  const places = {
    shares: new Shares(connectionBounds(defaultLimits)),
    rankOf: () => 'stranger' as const,
    networkOf: () => undefined,
  }
  const connections = new Connections(
    { host: gateway, clock: systemClock, limits: defaultLimits, isOut: () => false, places },
    id => gone.push(id),
  )
  await gateway.handle('/test/1', () => {})
  await listenOn(gateway, [loopback])
  const client = await createHost({ ...init, seed: seedOf(2), listen: [] })
  await listenOn(client, [])
  const connection = await client.dial(gateway.getMultiaddrs())
  await connection.newStream('/test/1')
  await until(() => connections.count === 1)
  for (const host of [gateway, client]) {
    assert.equal(await host.peerStore.all(), [])
  }
  await client.stop()
  await until(() => gone.length === 1)
  assert.is(connections.count, 0)
  assert.equal(gateway.getConnections(), [])
  assert.equal(await gateway.peerStore.all(), [])
  connections.close('')
  await gateway.stop()
})

interface Relay {
  port: number
  freeze(): void
  /** Bytes that have passed, in both directions. */
  passed(): number
  close(): void
}

/** A relay that can freeze the connections it has: no byte passes and nobody is told. */
async function freezer(port: number): Promise<Relay> {
  const sockets: net.Socket[] = []
  let passed = 0
  const server = net.createServer(from => {
    const to = net.connect(port, '127.0.0.1')
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('data', bytes => {
        passed += bytes.length
        other.write(bytes)
      })
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      sockets.push(one)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    freeze: () => {
      for (const socket of sockets.splice(0)) socket.pause()
    },
    passed: () => passed,
    close: () => server.close(),
  }
}

test('a connection that went dead without a word is replaced', async () => {
  const limits = { deadMs: 1000, alivePeriodMs: 100, dialMs: 700 }
  const [a, b] = [await start({ limits }), await start({ limits })]
  b.serve('/test/echo/1', 10, async (_from, body) => body)
  const relay = await freezer(portOf(b.addresses[0]))
  const through = { id: b.id, addresses: [`/ip4/127.0.0.1/tcp/${relay.port}`] }
  const ask = (): Promise<string> =>
    a.request(through, '/test/echo/1', new Uint8Array(1), { ...options, timeoutMs: 800 }).then(
      () => 'answered',
      (error: LinkError) => error.code,
    )
  assert.is(await ask(), 'answered')
  relay.freeze()
  assert.is(await ask(), 'TIMEOUT')
  assert.is(await ask(), 'answered')

  const send = (): boolean => a.send(through, new Uint8Array(cellBytes))
  send()
  await until(() => b.counters().cellsReceived === 1)
  await wait(1500)
  assert.is(a.neighbours()[0]?.state, 'open')
  relay.freeze()
  send()
  // That one is lost with the connection, which is found dead for want of a sign of life.
  await until(() => a.neighbours()[0]?.state === 'waiting' || a.neighbours()[0]?.state === 'dialling')
  send()
  await until(() => b.counters().cellsReceived === 2)
  relay.close()
})

test('on the wire: a write of cells is 30 bytes more, an exchange 68', async () => {
  const [a, b] = [await start(), await start({ limits: { alivePeriodMs: 300 } })]
  b.serve('/test/echo/1', 100, async (_from, body) => body)
  const relay = await freezer(portOf(b.addresses[0]))
  const through = { id: b.id, addresses: [`/ip4/127.0.0.1/tcp/${relay.port}`] }
  const ask = (bytes: number): Promise<unknown> =>
    a.request(through, '/test/echo/1', new Uint8Array(bytes), options)
  const send = async (cells: number): Promise<void> => {
    const before = b.counters().cellsReceived
    for (let n = 0; n < cells; n++) a.send(through, new Uint8Array(cellBytes))
    await until(() => b.counters().cellsReceived === before + cells)
  }
  await ask(1)
  await send(1)
  await wait(500)
  let before = relay.passed()
  const added = async (): Promise<number> => {
    await wait(20)
    const bytes = relay.passed() - before
    before = relay.passed()
    return bytes
  }
  await ask(50)
  assert.is(await added(), 2 * (50 + 34))
  await send(1)
  assert.is(await added(), cellBytes + 30)
  await send(19)
  assert.is(await added(), 19 * cellBytes + 30)
  await wait(400)
  assert.is(await added(), 31)
  // half of a window of 256 KiB
  await send(20)
  assert.is(await added(), 20 * cellBytes + 2 * 30 + 30)
  relay.close()
})

test('hosts on one machine can be told apart by their source address', async () => {
  let from = ''
  const server = net.createServer(socket => {
    from = socket.remoteAddress ?? ''
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const a = await start({ localAddress: '127.0.0.23' })
  a.send({ id: publicKeyOf(seedOf(9)), addresses: [`/ip4/127.0.0.1/tcp/${port}`] }, new Uint8Array(cellBytes))
  await until(() => from !== '')
  assert.is(from, '127.0.0.23')
  server.close()
})

test('at the limit of connections a stranger goes for whoever comes, and a node goes for nobody', async () => {
  const gateway = await start({ limits: { connections: 2 } })
  const nodes: Host[] = []
  gateway.rankPeers(peer => (nodes.some(({ id }) => hex(id) === hex(peer)) ? 'node' : 'stranger'))
  gateway.serve('/test/echo/1', 10, async (_from, body) => body)
  const ask = async (host: Host): Promise<string> =>
    host.request(peerOf(gateway), '/test/echo/1', new Uint8Array(1), { ...options, timeoutMs: 4000 }).then(
      () => 'answered',
      (error: LinkError) => error.code,
    )
  for (let n = 0; n < 3; n++) assert.is(await ask(await start({ role: 'client' })), 'answered')
  assert.is(gateway.counters().connections, 2)
  for (let n = 0; n < 2; n++) {
    nodes.push(await start())
    assert.is(await ask(nodes[n] as Host), 'answered')
  }
  assert.is(await ask(await start({ role: 'client' })), 'UNREACHABLE')
  for (const node of nodes) assert.is(await ask(node), 'answered')
})

test('a connection that nobody uses is hung up', async () => {
  const limits = { connectionIdleMs: 200, askIdleMs: 50 }
  const [a, b] = [await start({ limits }), await start({ limits })]
  b.serve('/test/echo/1', 10, async (_from, body) => body)
  await a.request(peerOf(b), '/test/echo/1', new Uint8Array(1), options)
  a.send(peerOf(b), new Uint8Array(cellBytes))
  await until(() => b.counters().cellsReceived === 1)
  await wait(500)
  assert.is(a.counters().connections, 1)
  a.keepNeighbours([])
  await until(() => a.counters().connections === 0 && b.counters().connections === 0)
})

test.run()
