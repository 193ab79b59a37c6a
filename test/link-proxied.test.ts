// The PROXY protocol (docs/spec/link.md 2.1): who is behind a proxy is counted by its own address; nobody but a
// declared proxy says whose a connection is.
// tier: slow

import { readFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readIp, writeIp } from '../encoding/ip.ts'
import { Certificates } from '../link/certificates.ts'
import type { LinkLimits } from '../link/limits.ts'
import type { Host, LinkError } from '../link/link.ts'
import { readProxyHeader } from '../link/proxy-header.ts'
import { startLoopback } from './loopback-host.ts'

const headers = suite('PROXY headers')
const text = (says: string): Uint8Array => new TextEncoder().encode(says)
const signature = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

function line(ip: string, port = 40_000): Uint8Array {
  const kind = ip.includes(':') ? 'TCP6' : 'TCP4'
  return text(`PROXY ${kind} ${ip} ${kind === 'TCP4' ? '192.0.2.1' : '2001:db8::1'} ${port} 443\r\n`)
}

function binary(ip: string, { port = 40_000, command = 0x21, extra = 0 } = {}): Uint8Array {
  const from = readIp(ip) as Uint8Array
  const rest = 2 * from.length + 4 + extra
  const head = [...signature, command, from.length === 4 ? 0x11 : 0x21, rest >> 8, rest & 255]
  const ports = [port >> 8, port & 255, 1, 0xbb]
  return Uint8Array.from([...head, ...from, ...from, ...ports, ...new Array<number>(extra).fill(9)])
}

const ip = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
)

headers(
  'both versions say address and port; every shorter piece says that more comes; what follows is left',
  () => {
    fc.assert(
      fc.property(
        ip,
        fc.nat(65_535),
        fc.nat(200),
        fc.uint8Array({ maxLength: 40 }),
        (from, port, extra, after) => {
          for (const header of [line(writeIp(from), port), binary(writeIp(from), { port, extra })]) {
            const read = readProxyHeader(Uint8Array.from([...header, ...after]))
            assert.equal(read, { at: 'read', length: header.length, source: { ip: from, port } })
            for (let cut = 0; cut < header.length; cut++)
              assert.is(readProxyHeader(header.subarray(0, cut)).at, 'more', `${cut} of ${header.length}`)
          }
        },
      ),
      { numRuns: 60 },
    )
  },
)

headers('a proxy’s own connection has no source', () => {
  for (const own of [
    text('PROXY UNKNOWN\r\n'),
    text('PROXY UNKNOWN a b\r\n'),
    binary('192.0.2.1', { command: 0x20 }),
  ])
    assert.equal(readProxyHeader(own), { at: 'read', length: own.length, source: undefined })
})

headers('anything else is none', () => {
  const bad = [
    text('GET / HTTP/1.1\r\n'),
    text('proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n'),
    text('PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n'),
    text('PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n'),
    text('PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n'),
    text('PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n'),
    text('PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n'),
    text('PROXY TCP4 192.0.2.07 192.0.2.1 1 2\r\n'),
    text('PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n'),
    text('PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n'),
    text('PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n'),
    text('PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n'),
    text('PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n'),
    text(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`),
    text('PROXY '.padEnd(107, 'x')),
    Uint8Array.from([...signature, 0x11, 0x11, 0, 12, ...new Array<number>(12).fill(1)]),
    Uint8Array.from([...signature, 0x22, 0x11, 0, 12, ...new Array<number>(12).fill(1)]),
    Uint8Array.from([...signature, 0x21, 0x12, 0, 12, ...new Array<number>(12).fill(1)]),
    Uint8Array.from([...signature, 0x21, 0x31, 0, 216, ...new Array<number>(216).fill(1)]),
    Uint8Array.from([...signature, 0x21, 0x11, 0, 11, ...new Array<number>(11).fill(1)]),
    Uint8Array.from([...signature, 0x21, 0x21, 0, 35, ...new Array<number>(35).fill(1)]),
    Uint8Array.from([...signature, 0x21, 0x11, 0xff, 0xff]),
  ]
  for (const bytes of bad) assert.equal(readProxyHeader(bytes), { at: 'bad' }, String.fromCharCode(...bytes))
})

headers('any bytes are read without an error, and no more than the longest header is waited for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      for (const start of [[], text('PROXY '), signature]) {
        const all = Uint8Array.from([...start, ...bytes])
        const { at } = readProxyHeader(all)
        if (at === 'more') assert.ok(all.length < 16 + 1024)
      }
    }),
  )
  assert.is(readProxyHeader(new Uint8Array(0)).at, 'more')
})

headers.run()

const test = suite('behind a proxy')
const echo = '/test/echo/1'
const ends: (() => unknown)[] = []
const faults: unknown[] = []
process.on('unhandledRejection', fault => faults.push(fault))
process.on('uncaughtException', fault => faults.push(fault))
test.after.each(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  assert.equal(faults.splice(0), [])
})

const pem = (name: string): string => readFileSync(join(import.meta.dirname, 'certificates', name), 'utf8')
const certificates = new Certificates({ chain: pem('one.pem'), key: pem('one.key') })
const overs = ['', '/ws', '/tls/ws'] as const
type Over = (typeof overs)[number]

async function start(from: readonly string[] | undefined, limits: Partial<LinkLimits> = {}): Promise<Host> {
  const listen = overs.map(over => `/ip4/127.0.0.1/tcp/0${over}`)
  const host = await startLoopback({
    cellBytes: 100,
    listen,
    certificates,
    limits: { connectionsPerSecond: 1000, handshakesPerNetwork: 100, ...limits },
    ...(from === undefined ? {} : { proxies: { from, at: listen } }),
  })
  host.serve(echo, 10, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

function portOf(host: Host, over: Over): number {
  const found = host.addresses.find(address => address.replace(/^\/ip4\/127.0.0.1\/tcp\/\d+/, '') === over)
  return Number(found?.split('/')[4])
}

/** A proxy that says `header` of each connection and passes on the rest; it connects from `localAddress`. */
async function proxy(port: number, header: () => Uint8Array, localAddress = '127.0.0.1'): Promise<number> {
  const server = net.createServer(from => {
    const to = net.connect({ port, host: '127.0.0.1', localAddress })
    // in two pieces, as a network may have it
    const says = header()
    to.setNoDelay().write(says.subarray(0, 9))
    setTimeout(() => {
      to.write(says.subarray(9))
      from.pipe(to).pipe(from)
    }, 20)
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    ends.push(() => from.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close())
  return (server.address() as net.AddressInfo).port
}

async function ask(host: Host, port: number, over: Over): Promise<string> {
  const client = await startLoopback({ cellBytes: 100, listen: [], role: 'client', trust: pem('root.pem') })
  ends.push(() => client.close())
  const to = { id: host.id, addresses: [`/ip4/127.0.0.1/tcp/${port}${over}`] }
  return await client.request(to, echo, Uint8Array.of(7), { timeoutMs: 3000, maxBytes: 10 }).then(
    () => 'answered',
    (error: LinkError) => error.code,
  )
}

for (const over of overs) {
  test(`${over || '/tcp'}: bounds hold for the address that the header names, not for the proxy's`, async () => {
    const host = await start(['127.0.0.1'], { connectionsPerAddress: 2, connectionsPerNetwork: 100 })
    const port = portOf(host, over)
    const one = await proxy(port, () => line('198.51.100.7'))
    assert.is(await ask(host, one, over), 'answered')
    assert.is(await ask(host, one, over), 'answered')
    assert.not.equal(await ask(host, one, over), 'answered', 'the third of one address')
    const another = await proxy(port, () => binary('198.51.100.8'))
    assert.is(await ask(host, another, over), 'answered', 'another address has places of its own')
    const six = await proxy(port, () => binary('2001:db8::7', { extra: 30 }))
    assert.is(await ask(host, six, over), 'answered')
  })

  test(`${over || '/tcp'}: only a declared proxy is believed, and nothing comes in beside it`, async () => {
    const host = await start(['127.0.0.2'])
    const port = portOf(host, over)
    assert.not.equal(await ask(host, port, over), 'answered', 'no header, no proxy')
    const spoofing = await proxy(port, () => line('198.51.100.7'), '127.0.0.3')
    assert.not.equal(await ask(host, spoofing, over), 'answered', 'a header from somebody else')
    const declared = await proxy(port, () => line('198.51.100.7'), '127.0.0.2')
    assert.is(await ask(host, declared, over), 'answered')
    const silent = await proxy(port, () => new Uint8Array(0), '127.0.0.2')
    assert.not.equal(await ask(host, silent, over), 'answered', 'a proxy that says nothing')
    const twice = await proxy(
      port,
      () => Uint8Array.from([...line('198.51.100.7'), ...line('192.0.2.9')]),
      '127.0.0.2',
    )
    assert.not.equal(await ask(host, twice, over), 'answered', 'a header behind the header is no header')
  })

  test(`${over || '/tcp'}: control: where no proxy is declared a header is not read, and bounds are the proxy's`, async () => {
    const host = await start(undefined)
    assert.is(await ask(host, portOf(host, over), over), 'answered')
    const lying = await proxy(portOf(host, over), () => line('198.51.100.7'))
    assert.not.equal(await ask(host, lying, over), 'answered')
  })
}

test('who sends a header in pieces, part of one, or too long a one keeps nobody out, and no socket', async () => {
  const host = await start(['127.0.0.1'], { handshakeMs: 500 })
  for (const over of overs) {
    const port = portOf(host, over)
    const says = [
      text(''),
      text('P'),
      text('PROXY TCP4 198.51.100.7'),
      Uint8Array.from(signature),
      binary('198.51.100.7').subarray(0, 20),
      text('PROXY '.padEnd(3000, 'x')),
      Uint8Array.from([...signature, 0x21, 0x11, 0xff, 0xff, ...new Array<number>(3000).fill(1)]),
      text('\x16\x03\x01 hello'),
    ]
    const sockets = says.map(bytes => {
      const socket = net.connect(port, '127.0.0.1').on('error', () => {})
      socket.resume().write(bytes)
      ends.push(() => socket.destroy())
      return socket
    })
    const honest = await proxy(port, () => line('198.51.100.9'))
    assert.is(await ask(host, honest, over), 'answered')
    for (let waited = 0; !sockets.every(socket => socket.destroyed || socket.readableEnded); waited += 20) {
      assert.ok(waited < 4000, 'they end')
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
})

test.run()
