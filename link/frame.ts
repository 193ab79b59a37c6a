// The things that travel on a stream: cells of one size without a frame around them, and requests and answers behind a
// 4-byte length (docs/spec/link.md 3 and 4). Pure; both readers take chunks as the transport cuts them.

import { LinkError } from './link.ts'

/** Bytes of the length in front of a request or an answer. */
export const prefixBytes = 4

/** Bytes set aside for a frame before any of it has come; after that a buffer at most doubles. */
const firstBytes = 64 * 1024

/** length (4 bytes, big-endian) || body */
export function writeFrame(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(prefixBytes + body.length)
  new DataView(frame.buffer).setUint32(0, body.length)
  frame.set(body, prefixBytes)
  return frame
}

/** Reads one frame after another, each of which has to end where a chunk ends: nobody sends ahead. */
export class FrameReader {
  readonly #what: string
  readonly #maxBytes: number
  readonly #begins: (bytes: number) => void
  readonly #prefix = new Uint8Array(prefixBytes)
  #have = 0
  #length = 0
  #body: Uint8Array = new Uint8Array(0)

  /**
   * @param what names the frame in errors
   * @param begins hears the length of a frame before anything is set aside for it; what it throws comes out of `push`
   */
  constructor(what: string, maxBytes: number, begins: (bytes: number) => void = () => {}) {
    this.#what = what
    this.#maxBytes = maxBytes
    this.#begins = begins
  }

  /** True between a frame's first byte and its last. */
  get within(): boolean {
    return this.#have > 0
  }

  /**
   * @returns the body, when this chunk ends it
   * @throws LinkError TOO_LARGE as soon as the length is known, BAD_FRAME when bytes follow the body
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    let at = 0
    while (this.#have < prefixBytes && at < chunk.length) {
      this.#prefix[this.#have++] = chunk[at++] as number
      if (this.#have === prefixBytes) this.#start()
    }
    if (this.#have < prefixBytes) return undefined
    const rest = chunk.subarray(at)
    const filled = this.#have - prefixBytes
    if (filled + rest.length > this.#length) {
      throw new LinkError('BAD_FRAME', `${this.#what}: bytes after its end`)
    }
    this.#grow(filled + rest.length)
    this.#body.set(rest, filled)
    this.#have += rest.length
    if (this.#have < prefixBytes + this.#length) return undefined
    const body = this.#body.subarray(0, this.#length)
    this.#have = 0
    this.#body = new Uint8Array(0)
    return body
  }

  #start(): void {
    this.#length = new DataView(this.#prefix.buffer).getUint32(0)
    if (this.#length > this.#maxBytes) {
      throw new LinkError('TOO_LARGE', `${this.#what}: at most ${this.#maxBytes} bytes, have ${this.#length}`)
    }
    this.#begins(this.#length)
    this.#body = new Uint8Array(Math.min(this.#length, firstBytes))
  }

  #grow(needed: number): void {
    if (needed <= this.#body.length) return
    const larger = new Uint8Array(Math.min(this.#length, Math.max(needed, this.#body.length * 2)))
    larger.set(this.#body)
    this.#body = larger
  }
}

/** Cuts a stream into cells. Each is a copy: a chunk is a view of a large buffer that a held cell would pin. */
export class CellReader {
  readonly #cellBytes: number
  #cell: Uint8Array | undefined
  #filled = 0

  constructor(cellBytes: number) {
    this.#cellBytes = cellBytes
  }

  /** Bytes of a cell that is not complete. */
  get remainder(): number {
    return this.#filled
  }

  push(chunk: Uint8Array): Uint8Array[] {
    const cells: Uint8Array[] = []
    let at = 0
    while (at < chunk.length) {
      this.#cell ??= new Uint8Array(this.#cellBytes)
      const part = chunk.subarray(at, at + this.#cellBytes - this.#filled)
      this.#cell.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled < this.#cellBytes) break
      cells.push(this.#cell)
      this.#cell = undefined
      this.#filled = 0
    }
    return cells
  }
}
