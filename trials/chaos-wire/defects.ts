// Planted defects of `npm run chaos -- wire`: what stands between a peer's bytes and the process, taken away.

import { WebSocket } from 'ws'
import { FrameReader } from '../../link/frame.ts'
import { NegotiationReader } from '../../link/libp2p/guard.ts'

/** Each is called in the process under attack, before its hosts start. */
export const defects: Readonly<Record<string, () => void>> = {
  /** Errors of a WebSocket have no listener. */
  'socket-errors-unheard': () => {
    const { on } = WebSocket.prototype
    WebSocket.prototype.on = function (this: WebSocket, event: string, ...rest: [never]) {
      return event === 'error' ? this : (on.call(this, event as never, ...rest) as WebSocket)
    } as typeof on
    WebSocket.prototype.addListener = WebSocket.prototype.on
  },

  /** Protocol names reach libp2p whatever their length says. */
  'names-unwatched': () => {
    NegotiationReader.prototype.push = function (this: NegotiationReader) {
      this.over = true
    }
  },

  /** The reader of requests throws what is no error of the link, in a turn of its own. */
  'reader-throws-late': () => {
    const { push } = FrameReader.prototype
    FrameReader.prototype.push = function (this: FrameReader, chunk) {
      if ((chunk[0] ?? 0) >= 0x80) queueMicrotask(() => Promise.reject(new Error('planted')))
      return push.call(this, chunk)
    }
  },

  /** A WebSocket that is called off stays open. */
  'sockets-kept': () => {
    WebSocket.prototype.terminate = () => {}
  },

  /** Every request leaves something behind. */
  'memory-kept': () => {
    const kept: Uint8Array[] = []
    const { push } = FrameReader.prototype
    FrameReader.prototype.push = function (this: FrameReader, chunk) {
      kept.push(chunk.slice(), new Uint8Array(100_000))
      return push.call(this, chunk)
    }
  },

  /** Each stream of a peer keeps a listener on the process. */
  'listener-kept': () => {
    const { push } = FrameReader.prototype
    FrameReader.prototype.push = function (this: FrameReader, chunk) {
      process.setMaxListeners(0)
      process.on('warning', () => {})
      return push.call(this, chunk)
    }
  },
}
