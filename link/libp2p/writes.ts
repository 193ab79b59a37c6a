// Fewer and larger writes than libp2p makes by itself. What a peer sees stays Noise and Yamux: the same bytes in
// fewer segments, and window updates when they are worth one.

import type { MessageStream, MultiaddrConnection, Stream } from '@libp2p/interface'

interface Socket {
  cork(): void
  write(bytes: Uint8Array): boolean
  uncork(): void
}

/** libp2p's TCP connections, by what they write to. */
interface Writing extends MultiaddrConnection {
  readonly socket: Socket
  sendData(data: Iterable<Uint8Array> & { readonly byteLength: number }): Sent
}

interface Sent {
  readonly sentBytes: number
  readonly canSendMore: boolean
}

function writes(connection: MultiaddrConnection): connection is Writing {
  return 'socket' in connection && 'sendData' in connection
}

/** Up to here a message is copied into one piece: a list of pieces costs a socket more than the copy does. */
const copiedBytes = 16_384

/**
 * Lets a TCP connection write in one system call what it is given in one piece. A Noise message comes in four: length,
 * header, body, tag. libp2p writes each by itself, and stops before the tag when the body has filled the socket's
 * buffer: without Nagle's delay these are segments of their own.
 */
export function joinWrites(connection: MultiaddrConnection): void {
  if (!writes(connection)) return
  const { socket } = connection
  connection.sendData = data => {
    const sentBytes = data.byteLength
    if (sentBytes <= copiedBytes) return { sentBytes, canSendMore: socket.write(joined(data, sentBytes)) }
    let canSendMore = true
    socket.cork()
    for (const bytes of data) canSendMore = socket.write(bytes)
    socket.uncork()
    return { sentBytes, canSendMore }
  }
}

function joined(pieces: Iterable<Uint8Array>, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** libp2p's Yamux streams, by their windows: bytes that a peer may send, and how many of them are left. */
interface Windowed extends MessageStream {
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  readonly state: number
  sendWindowUpdate(): void
}

function isWindowed(stream: MessageStream): stream is Windowed {
  return 'recvWindow' in stream && 'recvWindowCapacity' in stream && 'sendWindowUpdate' in stream
}

/** StreamState of @libp2p/yamux in which an update carries no flag of the stream's opening. */
const established = 3

/**
 * Has a Yamux stream say that its window is open again only when half of it has been used. libp2p says so after each
 * message, and a sender that has run out of window then cuts its next message to the few bytes of that update: from
 * there on messages and updates stay small (RFC 813, "silly window syndrome"). What cannot be said aborts the stream.
 */
export function updateWindowByHalves(stream: Stream): void {
  if (!isWindowed(stream)) throw new Error('libp2p streams are not what they were')
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    const used = stream.recvWindow - stream.recvWindowCapacity
    if (stream.state === established && used * 2 < stream.recvWindow) return
    try {
      update()
    } catch (error) {
      // Yamux announces a stream in a microtask: where the connection is closing by then, nobody else could catch this
      stream.abort(error as Error)
    }
  }
}
