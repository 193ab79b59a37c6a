// `/tls/ws`: a listener with an operator's certificate, dialled by this network's own client, and a certificate that is
// exchanged under open connections (docs/spec/link.md 2.2). The pairs in test/certificates are for tests alone.
// tier: slow

import { readFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Certificates } from '../link/certificates.ts'
import type { HostInit } from '../link/libp2p/host.ts'
import { type Host, LinkError } from '../link/link.ts'
import { startLoopback } from './loopback-host.ts'

const test = suite('secure WebSockets')
const pem = (name: string): string => readFileSync(join(import.meta.dirname, 'certificates', name), 'utf8')
const pair = (name: string): { chain: string; key: string } => ({
  chain: pem(`${name}.pem`),
  key: pem(`${name}.key`),
})
const trust = pem('root.pem')
const echo = '/test/echo/1'
const ends: (() => unknown)[] = []
const faults: unknown[] = []
process.on('unhandledRejection', fault => faults.push(fault))
process.on('uncaughtException', fault => faults.push(fault))
test.after.each(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  assert.equal(faults.splice(0), [])
})

async function start(init: Partial<HostInit>): Promise<Host> {
  const host = await startLoopback({ cellBytes: 100, ...init })
  host.serve(echo, 10, async (_from, body) => body)
  ends.push(() => host.close())
  return host
}

const gateway = (certificates: Certificates, over = '/tls/ws', more: Partial<HostInit> = {}): Promise<Host> =>
  start({ listen: [`/ip4/127.0.0.1/tcp/0${over}`], certificates, ...more })

async function ask(host: Host, address: string, trusted: string | undefined): Promise<string> {
  const client = await start({ role: 'client', listen: [], trust: trusted })
  return await again(client, host, address)
}

async function again(client: Host, host: Host, address: string): Promise<string> {
  const options = { timeoutMs: 5000, maxBytes: 10 }
  try {
    await client.request({ id: host.id, addresses: [address] }, echo, Uint8Array.of(7), options)
    return 'answered'
  } catch (error) {
    return (error as LinkError).code
  }
}

const portOf = (host: Host): number => Number(host.addresses[0]?.split('/')[4])

/** The name in the certificate that a new connection is shown. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', ca: trust }, () => {
      resolve(socket.getPeerCertificate().subject.CN as string)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('a client dials it by address and by name, as /tls/ws and as /wss, where it knows the root', async () => {
  for (const over of ['/tls/ws', '/wss']) {
    const host = await gateway(new Certificates(pair('one')), over)
    const [address = ''] = host.addresses
    assert.match(address, /\/tls\/ws$/)
    assert.is(await ask(host, address, trust), 'answered')
    assert.is(await ask(host, address.replace('/tls/ws', '/wss'), trust), 'answered')
    assert.is(await ask(host, address.replace('ip4/127.0.0.1', 'dns4/localhost'), trust), 'answered')
    assert.is(await ask(host, address, undefined), 'UNREACHABLE', 'control: a root that nobody has told')
  }
})

test('a certificate that is exchanged is shown from then on, and open connections stay', async () => {
  const certificates = new Certificates(pair('one'))
  const host = await gateway(certificates)
  const client = await start({ role: 'client', listen: [], trust })
  const [address = ''] = host.addresses
  assert.is(await again(client, host, address), 'answered')
  assert.is(await shown(portOf(host)), 'one.example')
  let gone = 0
  client.onGone(() => gone++)
  certificates.use(pair('two'))
  assert.is(await shown(portOf(host)), 'two.example')
  assert.is(await again(client, host, address), 'answered')
  assert.is(gone, 0)
  assert.is(await ask(host, address, trust), 'answered')
})

test('without a certificate it is said what is missing', async () => {
  try {
    await start({ listen: ['/ip4/127.0.0.1/tcp/0/tls/ws'] })
    assert.unreachable()
  } catch (error) {
    assert.ok(error instanceof LinkError)
    assert.is(error.message, 'cannot listen on /ip4/127.0.0.1/tcp/0/tls/ws: it wants a certificate')
  }
})

test('strangers at the port: silence, half a handshake, no TLS, garbage inside it; the honest come in', async () => {
  const limits = { handshakeMs: 600, pendingConnections: 16, connectionsPerSecond: 1000 }
  const host = await gateway(new Certificates(pair('one')), '/tls/ws', { limits })
  const port = portOf(host)
  const sockets: net.Socket[] = []
  const open = (says?: string | Buffer): void => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    socket.resume()
    if (says !== undefined) socket.write(says)
    sockets.push(socket)
    ends.push(() => socket.destroy())
  }
  for (let i = 0; i < 30; i++) open()
  open('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  open(Buffer.from('16030100c8010000c40303', 'hex'))
  open(Buffer.alloc(3000, 0x16))
  open(Buffer.alloc(3000, 0xff))
  for (const says of ['', 'G', 'garbage\r\n\r\n', '\0'.repeat(70_000)]) {
    const socket = tls.connect({ port, host: '127.0.0.1', ca: trust }, () => void socket.write(says))
    socket.on('error', () => {}).resume()
    sockets.push(socket)
    ends.push(() => socket.destroy())
  }
  const old = tls.connect({ port, host: '127.0.0.1', ca: trust, maxVersion: 'TLSv1.2' }).on('error', () => {})
  sockets.push(old.resume())
  assert.is(await ask(host, host.addresses[0] as string, trust), 'answered')
  for (let waited = 0; !sockets.every(socket => socket.destroyed || socket.readableEnded); waited += 20) {
    assert.ok(waited < 6000, 'they end')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
})

test.run()
