// Conversations that are broken before a handshake is over, on sockets and by hand.

import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { below, seededRandom } from '../../world/random.ts'
import { paced } from './pace.ts'
import { type Conversation, type Transport, webSocketFrame } from './plan.ts'

type Bare = Extract<Conversation, { kind: 'bare' }>

/** Longer than the host under attack waits for anything, milliseconds. */
const patienceMs = (): number => paced(1200)

/** Dials a port of the host under attack and says it all. Never rejects; resolves when the socket is closed. */
export async function talkTo(port: number, conversation: Bare): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.on('data', () => {})
  await say(socket, conversation, 'asks')
}

/** Sockets that wait for the host under attack to dial them. */
export class Decoys {
  readonly #servers: readonly Server[]
  readonly #waiting = new Map<Server, Bare[]>()

  private constructor(servers: readonly Server[]) {
    this.#servers = servers
  }

  /** One of each transport, on ports of their own. */
  static async open(): Promise<Decoys> {
    const listen = (): Promise<Server> =>
      new Promise(resolve => {
        const server = createServer()
        server.listen(0, '127.0.0.1', () => resolve(server))
      })
    const decoys = new Decoys([await listen(), await listen()])
    for (const server of decoys.#servers) {
      decoys.#waiting.set(server, [])
      server.on('connection', socket => {
        socket.on('error', () => {})
        socket.on('data', () => {})
        const next = decoys.#waiting.get(server)?.shift()
        if (next === undefined) socket.destroy()
        else void say(socket, next, 'answers')
      })
    }
    return decoys
  }

  /** The multiaddr to be dialled for this conversation, which the next socket there gets. */
  expect(conversation: Bare): string {
    const server = this.#servers[conversation.transport === 'tcp' ? 0 : 1] as Server
    this.#waiting.get(server)?.push(conversation)
    const { port } = server.address() as AddressInfo
    return `/ip4/127.0.0.1/tcp/${port}${conversation.transport === 'ws' ? '/ws' : ''}`
  }

  close(): void {
    for (const server of this.#servers) server.close()
  }
}

const multistream = new TextEncoder().encode('\x13/multistream/1.0.0\n')
const noise = new TextEncoder().encode('\x07/noise\n')

async function say(socket: Socket, conversation: Bare, side: 'asks' | 'answers'): Promise<void> {
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const { stage, transport, chunks, gapMs, ending } = conversation
  const dice = seededRandom(conversation.seed + 1)
  try {
    if (transport === 'ws' && stage !== 'socket' && stage !== 'upgrade') await upgrade(socket, side)
    const framed = transport === 'ws' && (stage === 'negotiation' || stage === 'handshake')
    const write = (bytes: Uint8Array): void => {
      if (!socket.destroyed) socket.write(framed ? frame(bytes, side) : bytes)
    }
    if (stage === 'handshake') {
      write(multistream)
      write(noise)
    }
    const last = ending === 'hang-up' ? below(dice, chunks.length + 1) : chunks.length
    for (const chunk of chunks.slice(0, last)) {
      write(chunk)
      if (gapMs > 0) await pause(gapMs)
    }
    if (ending === 'end') socket.end()
    else if (ending === 'reset') socket.resetAndDestroy()
    else if (ending === 'hang-up') socket.destroy()
  } catch {
    // The host has ended it before
  }
  const late = setTimeout(() => socket.destroy(), patienceMs())
  await closed
  clearTimeout(late)
}

function frame(bytes: Uint8Array, side: 'asks' | 'answers'): Uint8Array {
  if (side === 'asks') return webSocketFrame(() => new Uint8Array(4), 0x82, bytes, true)
  const head = bytes.length < 126 ? [0x82, bytes.length] : [0x82, 126, bytes.length >> 8, bytes.length & 255]
  return new Uint8Array(Buffer.concat([Uint8Array.from(head), bytes]))
}

/** An honest upgrade. Rejects when the other side does not take part in it. */
async function upgrade(socket: Socket, side: 'asks' | 'answers'): Promise<void> {
  if (side === 'asks') {
    socket.write(
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await heard(socket)
    return
  }
  const key = /sec-websocket-key: (\S+)/i.exec(await heard(socket))?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
}

function heard(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', data => resolve(data.toString('latin1')))
    socket.once('close', () => reject(new Error('closed')))
  })
}

/** The port of a multiaddr of TCP, with or without `/ws`. */
export function portOf(addresses: readonly string[], transport: Transport): number {
  const found = addresses.find(address => address.endsWith('/ws') === (transport === 'ws'))
  return Number(found?.split('/')[4])
}
