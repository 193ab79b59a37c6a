// The guards between a peer's bytes and libp2p. libp2p 3 lets anybody who can connect stop or fill a host
// (docs/spec/link.md 8): it decodes the length of a protocol name byte by byte without a bound, collects a Yamux
// frame before it looks at its length, and answers any number of pings to a peer that does not read. The guards
// look at the bytes and pass them on unchanged.

import type { MessageStream, MultiaddrConnection, PeerId, SecuredConnection } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import type { Clock } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import type { Deed } from '../conduct.ts'
import { LinkError } from '../link.ts'
import { decodeWithoutErrors, type NoiseMaker, nativeNoise } from './noise.ts'
import { because, chunksOf, type Data } from './streams.ts'
import { joinWrites, updateWindowByHalves } from './writes.ts'

/** Bytes of a protocol name with its newline (libp2p's own limit), and names in one negotiation. */
const nameBytes = 1024
const mostNames = 16
const negotiation = '/multistream/1.0.0'

/** Follows one side of a multistream-select negotiation: (length as varint || name || newline), again and again. */
export class NegotiationReader {
  readonly #accepts: (name: string) => boolean
  #length = 0
  #shift = 0
  /** Bytes of the name, once its length is known. */
  #want: number | undefined
  #name = ''
  #names = 0
  /** A name has been accepted; what follows belongs to that protocol. */
  over = false

  constructor(accepts: (name: string) => boolean) {
    this.#accepts = accepts
  }

  /** @throws LinkError BAD_FRAME for a length of 0, over 1024 or over two bytes, and for the 17th name */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.over; at++) {
      const byte = chunk[at] as number
      if (this.#want === undefined) this.#onLength(byte)
      else this.#onName(byte, this.#want)
    }
  }

  #onLength(byte: number): void {
    this.#length |= (byte & 0x7f) << this.#shift
    this.#shift += 7
    if (byte >= 0x80 && this.#shift < 14) return
    if (byte >= 0x80 || this.#length === 0 || this.#length > nameBytes) {
      throw new LinkError('BAD_FRAME', `protocol name: want a length of 1 to ${nameBytes}`)
    }
    this.#want = this.#length
    this.#length = 0
    this.#shift = 0
  }

  #onName(byte: number, want: number): void {
    this.#name += String.fromCharCode(byte)
    if (this.#name.length < want) return
    if (++this.#names > mostNames) {
      throw new LinkError('BAD_FRAME', `protocol names: at most ${mostNames}`)
    }
    this.over = this.#accepts(this.#name.trimEnd())
    this.#name = ''
    this.#want = undefined
  }
}

/** Yamux: version (1) || type (1) || flags (2) || stream (4) || length (4), big-endian; only data has a body. */
const headerBytes = 12
const [dataType, pingType] = [0, 2]
const synFlag = 1

/** Counts of a peer begin anew after so long. */
const spanMs = 10_000
/** Answers to pings and new streams that a peer may ask for. */
const mostAsked = 1000
/** Each piece costs a turn, whatever is in it: one that brings less than a stream's opening does is small. */
const smallBytes = 64
const mostSmall = 10_000

/** Counts what a peer does, and refuses what is more than `most` in ten seconds. */
class Span {
  readonly #what: string
  readonly #most: number
  readonly #clock: Clock
  #start: Ms
  #count = 0

  constructor(what: string, most: number, clock: Clock) {
    this.#what = what
    this.#most = most
    this.#clock = clock
    this.#start = clock.elapsed()
  }

  /** @throws LinkError BAD_FRAME */
  count(): void {
    const now = this.#clock.elapsed()
    if (now - this.#start >= spanMs) {
      this.#start = now
      this.#count = 0
    }
    if (++this.#count <= this.#most) return
    throw new LinkError('BAD_FRAME', `${this.#what}: at most ${this.#most} in ${spanMs} ms`)
  }
}

/** Follows the pieces in which a peer's bytes come: frames of a WebSocket, reads of a socket, Noise messages. */
export class PieceReader {
  readonly #small: Span

  constructor(clock: Clock) {
    this.#small = new Span(`pieces of less than ${smallBytes} bytes`, mostSmall, clock)
  }

  /** @param bytes of a piece @throws LinkError BAD_FRAME when too many are small */
  push(bytes: number): void {
    if (bytes < smallBytes) this.#small.count()
  }
}

/** Follows the frames of a Yamux connection. */
export class YamuxReader {
  readonly #maxBytes: number
  readonly #asked: Span
  /** Bytes of a header that have come; of its first four, and of those of its length. */
  #have = 0
  #kind = 0
  #length = 0
  /** Bytes of the body that are still to come. */
  #body = 0

  constructor(maxBytes: number, clock: Clock) {
    this.#maxBytes = maxBytes
    this.#asked = new Span('yamux pings and streams', mostAsked, clock)
  }

  /** @throws LinkError TOO_LARGE for data that no window allows, BAD_FRAME when too much is asked */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#body > 0) {
        const part = Math.min(this.#body, chunk.length - at)
        this.#body -= part
        at += part
      } else {
        this.#push(chunk[at++] as number)
      }
    }
  }

  #push(byte: number): void {
    if (this.#have < 4) this.#kind = (this.#kind << 8) | byte
    else if (this.#have >= 8) this.#length = (this.#length << 8) | byte
    if (++this.#have === headerBytes) this.#onHeader()
  }

  #onHeader(): void {
    const type = (this.#kind >>> 16) & 0xff
    const syn = (this.#kind & synFlag) !== 0
    const length = this.#length >>> 0
    this.#have = 0
    if (type === pingType || syn) this.#asked.count()
    if (type !== dataType) return
    this.#body = length
    if (this.#body > this.#maxBytes) {
      throw new LinkError('TOO_LARGE', `yamux data: at most ${this.#maxBytes} bytes, have ${this.#body}`)
    }
  }
}

/** libp2p's streams, by the method that feeds them what has been received. */
interface Fed extends MessageStream {
  onData(data: Data): void
}

function isFed(stream: MessageStream): stream is Fed {
  return 'onData' in stream && typeof stream.onData === 'function'
}

function asFed(stream: MessageStream): Fed {
  if (isFed(stream)) return stream
  throw new Error('libp2p streams are not what they were')
}

/** Watches what a stream receives until a protocol is agreed on. */
function guardNegotiation(
  unguarded: MessageStream,
  accepts: (name: string) => boolean,
  broken: () => void = () => {},
): Fed {
  const stream = asFed(unguarded)
  const reader = new NegotiationReader(accepts)
  const pass = stream.onData.bind(stream)
  stream.onData = data => {
    try {
      for (const chunk of chunksOf(data)) reader.push(chunk)
    } catch (error) {
      stream.abort(error as Error)
      broken()
      return
    }
    if (reader.over) stream.onData = pass
    pass(data)
  }
  return stream
}

/** Watches the pieces in which what a stream receives comes, for as long as it is open. */
function guardPieces(stream: MessageStream, clock: Clock, broken: () => void = () => {}): void {
  const fed = asFed(stream)
  const pieces = new PieceReader(clock)
  const pass = fed.onData.bind(fed)
  fed.onData = data => {
    try {
      pieces.push(data.byteLength)
    } catch (error) {
      fed.abort(error as Error)
      broken()
      return
    }
    pass(data)
  }
}

/** Bytes that a connection holds for a peer that does not read. */
const unreadBytes = 8 * 1024 * 1024

/** A new transport connection, before its first byte. */
export function guardConnection(connection: MultiaddrConnection, clock: Clock): void {
  guardPieces(connection, clock)
  guardNegotiation(connection, name => name === '/noise')
  connection.maxWriteBufferLength = unreadBytes
  joinWrites(connection)
  // The WebSocket transport aborts with a close code that sockets refuse, and so leaves them open.
  const { websocket } = connection as { websocket?: { close(): void; terminate?(): void } }
  connection.addEventListener('close', () => {
    if (websocket?.terminate !== undefined) websocket.terminate()
    else websocket?.close()
  })
}

type NoiseFactory = ReturnType<NoiseMaker>

/** Names the peer at the other end of each connection that has proved who it is. */
export type Proven = WeakMap<MessageStream, PeerId>

/** Noise, and a watch over the choice of a muxer when the handshake has not made it. */
export function guardedNoise(proven: Proven, noise: NoiseMaker = nativeNoise): NoiseFactory {
  return components => {
    const encrypter = noise()(components)
    const { secureInbound, secureOutbound } = encrypter
    const guarded =
      (secure: typeof secureInbound): typeof secureInbound =>
      async (connection, options) => {
        const secured = await secure.call(encrypter, connection, options)
        proven.set(secured.connection, secured.remotePeer)
        decodeWithoutErrors(secured.connection)
        return await guardMuxerChoice(secured)
      }
    encrypter.secureInbound = guarded(secureInbound)
    encrypter.secureOutbound = guarded(secureOutbound)
    return encrypter
  }
}

async function guardMuxerChoice<T>(secured: SecuredConnection<T>): Promise<SecuredConnection<T>> {
  const { connection, streamMuxer } = secured
  if (streamMuxer !== undefined) return secured
  // What came in one read with the handshake is there already; it goes through the guard like the rest.
  const early =
    connection.readBufferLength > 0
      ? await new Promise<Data>(resolve =>
          connection.addEventListener('message', ({ data }) => resolve(data), { once: true }),
        )
      : undefined
  const stream = guardNegotiation(connection, name => name === '/yamux/1.0.0')
  if (early !== undefined) stream.onData(early)
  if (stream.status !== 'open') throw because('no choice of a muxer')
  return secured
}

type YamuxFactory = ReturnType<typeof yamux>

export interface MuxerGuard {
  /** Says whether a protocol is served here. */
  readonly speaks: (name: string) => boolean
  /** Hears what is held against the peer at the other end of a connection. */
  readonly did: (connection: MessageStream, deed: Deed) => void
}

/** Yamux, whose frames and whose streams' negotiations are watched. */
export function guardedYamux(
  init: Parameters<typeof yamux>[0] & { readonly maxFrameBytes: number; readonly clock: Clock },
  { speaks, did }: MuxerGuard,
): YamuxFactory {
  return () => {
    const factory = yamux(init)()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = connection => {
      connection.maxWriteBufferLength = unreadBytes
      const muxer = create(connection)
      const frames = new YamuxReader(init.maxFrameBytes, init.clock)
      const onData = muxer.onData.bind(muxer)
      const broken = (): void => did(connection, { type: 'frame' })
      guardPieces(connection, init.clock, broken)
      // The muxer ends the connection when this throws, as it does for frames of its own dislike.
      muxer.onData = data => {
        try {
          for (const chunk of chunksOf(data)) frames.push(chunk)
          onData(data)
        } catch (error) {
          broken()
          throw error
        }
      }
      const serves = (name: string): boolean => {
        if (speaks(name)) return true
        if (name !== negotiation) did(connection, { type: 'stream' })
        return false
      }
      const onRemoteStream = muxer.onRemoteStream.bind(muxer)
      muxer.onRemoteStream = stream => {
        guardNegotiation(stream, serves, broken)
        updateWindowByHalves(stream)
        onRemoteStream(stream)
      }
      const onCreateStream = muxer.onCreateStream.bind(muxer)
      muxer.onCreateStream = () => {
        const stream = onCreateStream()
        guardNegotiation(stream, name => name !== negotiation && name !== 'na', broken)
        updateWindowByHalves(stream)
        return stream
      }
      return muxer
    }
    return factory
  }
}
