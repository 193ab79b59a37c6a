// Bytes both ways over a socket by hand, as they are or in frames of WebSocket: nothing here has a host's manners.

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { concat } from '../../encoding/bytes.ts'
import { webSocketFrame } from './broken.ts'
import type { Transport } from './plan.ts'

/** `asks` dialled and asks for the upgrade, `answers` was dialled. */
export type End = 'asks' | 'answers'

export class Pipe {
  readonly #socket: Socket
  readonly #framed: boolean
  readonly #end: End
  /** The beginning of a frame that has not come whole. */
  #rest: Uint8Array
  #onBytes: (bytes: Uint8Array) => void = () => {}
  /** Settles when the socket is closed, by whomever. */
  readonly closed: Promise<void>

  private constructor(socket: Socket, end: End, framed: boolean, first: Uint8Array) {
    this.#socket = socket
    this.#end = end
    this.#framed = framed
    this.#rest = first
    socket.setNoDelay(true)
    this.closed = new Promise(resolve => {
      if (socket.closed) resolve()
      else socket.once('close', () => resolve())
    })
  }

  /** Takes a socket as it is, whatever its transport. */
  static bare(socket: Socket, end: End): Pipe {
    socket.on('error', () => {})
    return new Pipe(socket, end, false, none)
  }

  /**
   * Passes an honest upgrade first where the transport has one.
   *
   * @throws Error when the other side does not take part in it
   */
  static async upgraded(socket: Socket, transport: Transport, end: End): Promise<Pipe> {
    socket.on('error', () => {})
    if (transport === 'tcp') return new Pipe(socket, end, false, none)
    return new Pipe(socket, end, true, await upgrade(socket, end))
  }

  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  /** Hears what comes, frames taken off, from now on; nothing is read before. */
  hear(onBytes: (bytes: Uint8Array) => void): void {
    this.#onBytes = onBytes
    if (this.#framed) this.#unframe(none)
    this.#socket.on('data', data => {
      if (this.#framed) this.#unframe(data)
      else this.#onBytes(data)
    })
    this.#socket.resume()
  }

  send(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(this.#framed ? frame(bytes, this.#end) : bytes)
  }

  /** Sends bytes that no transport has framed. */
  sendBare(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  /** Ends its half and waits for the other. */
  end(): void {
    this.#socket.end()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  hangUp(): void {
    this.#socket.destroy()
  }

  /** Bodies of whole frames of data; whatever else comes is passed over. */
  #unframe(data: Uint8Array): void {
    let left = this.#rest.length === 0 ? data : concat([this.#rest, data])
    for (let next = readFrame(left); next !== undefined; next = readFrame(left)) {
      left = left.subarray(next.end)
      if (next.isData) this.#onBytes(next.body)
    }
    this.#rest = left.slice()
  }
}

const none = new Uint8Array(0)

function readFrame(bytes: Uint8Array): { isData: boolean; body: Uint8Array; end: number } | undefined {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const maskAt = 2 + lengthBytes
  const from = maskAt + (second >= 0x80 ? 4 : 0)
  if (bytes.length < from) return undefined
  const length = lengthBytes === 0 ? short : lengthBytes === 2 ? view.getUint16(2) : view.getUint32(6)
  if (bytes.length < from + length) return undefined
  const body = bytes.slice(from, from + length)
  if (from > maskAt)
    body.forEach((byte, i) => {
      body[i] = byte ^ (bytes[maskAt + (i % 4)] as number)
    })
  return { isData: (first & 0x0f) <= 2, body, end: from + length }
}

function frame(bytes: Uint8Array, end: End): Uint8Array {
  if (end === 'asks') return webSocketFrame(() => new Uint8Array(4), 0x82, bytes, true)
  if (bytes.length < 126) return concat([Uint8Array.of(0x82, bytes.length), bytes])
  const head = new Uint8Array(10)
  head.set([0x82, 127])
  new DataView(head.buffer).setUint32(6, bytes.length)
  return concat([head, bytes])
}

/** @returns what came behind the upgrade in one read with it */
async function upgrade(socket: Socket, end: End): Promise<Uint8Array> {
  if (end === 'asks') {
    socket.write(
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    return (await head(socket)).rest
  }
  const { text, rest } = await head(socket)
  const key = /sec-websocket-key: (\S+)/i.exec(text)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  return rest
}

/** Reads a head of HTTP, which comes in one read on one machine. */
function head(socket: Socket): Promise<{ text: string; rest: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new Error('closed'))
    socket.once('close', closed)
    socket.once('data', data => {
      socket.pause()
      socket.off('close', closed)
      const end = data.indexOf('\r\n\r\n')
      const at = end < 0 ? data.length : end + 4
      resolve({ text: data.subarray(0, at).toString('latin1'), rest: Uint8Array.from(data.subarray(at)) })
    })
    socket.resume()
  })
}
