// Yamux by hand: streams over a session, without flow control of one's own, which an attacker needs not keep.

import { concat } from '../../encoding/bytes.ts'
import type { Session } from './session.ts'

const headerBytes = 12
const [dataType, windowType, pingType] = [0, 1, 2]
const [syn, ack, fin, rst] = [1, 2, 4, 8]
/** Bytes that a host may send on a stream until it is told more. */
const moreWindow = 4 * 1024 * 1024

/** Yamux: version (1) || type (1) || flags (2) || stream (4) || length (4), big-endian. */
function frame(type: number, flags: number, stream: number, length: number, body?: Uint8Array): Uint8Array {
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  view.setUint8(1, type)
  view.setUint16(2, flags)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  return body === undefined ? header : concat([header, body])
}

export class RawStream {
  readonly #session: Session
  readonly #number: number
  #isOver = false
  #settle: () => void = () => {}
  /** Settles when the host has ended its half or all of it. */
  readonly closed: Promise<void> = new Promise<void>(resolve => {
    this.#settle = resolve
  })
  #heard = 0
  #awaited: { bytes: number; resolve: () => void } | undefined

  constructor(session: Session, number: number) {
    this.#session = session
    this.#number = number
  }

  get isOver(): boolean {
    return this.#isOver
  }

  send(bytes: Uint8Array): void {
    if (!this.#isOver) this.#session.send(frame(dataType, 0, this.#number, bytes.length, bytes))
  }

  end(): void {
    if (!this.#isOver) this.#session.send(frame(windowType, fin, this.#number, 0))
  }

  reset(): void {
    if (!this.#isOver) this.#session.send(frame(windowType, rst, this.#number, 0))
    this.over()
  }

  /** Waits until the host has said so many bytes, or says no more. */
  said(bytes: number): Promise<void> {
    const enough = new Promise<void>(resolve => {
      this.#awaited = { bytes, resolve }
      this.hears(0)
    })
    return Promise.race([enough, this.closed])
  }

  hears(bytes: number): void {
    this.#heard += bytes
    if (this.#awaited !== undefined && this.#heard >= this.#awaited.bytes) this.#awaited.resolve()
  }

  /** The host has ended its half. */
  halfOver(): void {
    this.#settle()
  }

  over(): void {
    this.#isOver = true
    this.#settle()
  }
}

export class Streams {
  readonly #session: Session
  readonly #open = new Map<number, RawStream>()
  #onStream: (stream: RawStream) => void = () => {}
  #next: number
  /** The beginning of a frame that has not come whole. */
  #rest: Uint8Array = new Uint8Array(0)
  /** Bytes of the body under way that are still to come. */
  #body = 0

  constructor(session: Session) {
    this.#session = session
    this.#next = session.end === 'asks' ? 1 : 2
    void session.closed.then(() => {
      for (const stream of this.#open.values()) stream.over()
    })
  }

  /** @param onStream hears of each stream that the host opens, and has opened */
  start(onStream: (stream: RawStream) => void): void {
    this.#onStream = onStream
    this.#session.hear(bytes => this.#hear(bytes))
  }

  get isClosed(): boolean {
    return this.#session.isClosed
  }

  open(): RawStream {
    const number = this.#next
    this.#next += 2
    return this.#begin(number, syn)
  }

  #begin(number: number, flag: number): RawStream {
    const stream = new RawStream(this.#session, number)
    this.#open.set(number, stream)
    this.#session.send(frame(windowType, flag, number, moreWindow))
    return stream
  }

  #hear(bytes: Uint8Array): void {
    let left = this.#rest.length === 0 ? bytes : concat([this.#rest, bytes])
    for (;;) {
      const body = Math.min(this.#body, left.length)
      this.#body -= body
      left = left.subarray(body)
      if (this.#body > 0 || left.length < headerBytes) break
      this.#onHeader(new DataView(left.buffer, left.byteOffset, headerBytes))
      left = left.subarray(headerBytes)
    }
    this.#rest = left.slice()
  }

  #onHeader(header: DataView): void {
    const [type, flags] = [header.getUint8(1), header.getUint16(2)]
    const [number, length] = [header.getUint32(4), header.getUint32(8)]
    if (type === dataType) this.#body = length
    if (type === pingType && (flags & syn) !== 0) this.#session.send(frame(pingType, ack, 0, length))
    if (type > windowType) return
    if ((flags & syn) !== 0) this.#onStream(this.#begin(number, ack))
    const stream = this.#open.get(number)
    if (stream === undefined) return
    if (type === dataType) stream.hears(length)
    if ((flags & fin) !== 0) stream.halfOver()
    if ((flags & rst) !== 0) stream.over()
    if ((flags & (fin | rst)) !== 0) this.#open.delete(number)
  }
}
