// The stages of which exchanges of requests and answers are put together (docs/spec/link.md 4): a source that reads
// frames off a stream, an encoder, a sink. They are pulled: nothing is read of a peer that nobody waits for.

import type { Stream } from '@libp2p/interface'
import { type Settle, wait } from '../../world/wait.ts'
import { type FrameReader, writeFrame } from '../frame.ts'
import { LinkError } from '../link.ts'
import { chunksOf } from './streams.ts'

/** Somebody waits for a frame; its first byte has come or not. */
interface Waiting {
  readonly reader: FrameReader
  readonly settle: Settle<Uint8Array>
  begun: boolean
}

/** Hears what comes on a stream. */
export interface FrameSourceEvents {
  /** The first byte of a frame has come. */
  begins?(): void
  /** Bytes have come that are no frame that was waited for: the stream is of no more use. */
  failed(error: LinkError): void
}

/** Frames as they come on a stream, each only when it is waited for: nobody sends ahead. */
export class FrameSource {
  readonly #events: FrameSourceEvents
  #waiting: Waiting | undefined
  #ended: LinkError | undefined

  constructor(stream: Stream, events: FrameSourceEvents) {
    this.#events = events
    stream.addEventListener('message', ({ data }) => {
      for (const chunk of chunksOf(data)) this.#onChunk(chunk)
    })
  }

  /** Says whether a frame has begun and not ended. */
  get within(): boolean {
    return this.#waiting?.begun === true
  }

  /**
   * Waits for the next frame, and gives its body.
   *
   * @throws LinkError what the reader says of it, and what `end` was told
   */
  next(reader: FrameReader): Promise<Uint8Array> {
    return wait<Uint8Array>({}, settle => {
      if (this.#ended === undefined) this.#waiting = { reader, settle, begun: false }
      else settle.reject(this.#ended)
      return () => {
        this.#waiting = undefined
      }
    })
  }

  /** Nothing more comes: who waits for a frame, now or later, gets this error. */
  end(error: LinkError): void {
    this.#ended ??= error
    this.#waiting?.settle.reject(this.#ended)
  }

  #onChunk(chunk: Uint8Array): void {
    if (this.#waiting?.begun === false) {
      this.#waiting.begun = true
      this.#events.begins?.()
    }
    const waiting = this.#waiting
    if (waiting === undefined) {
      if (this.#ended === undefined)
        this.#events.failed(new LinkError('BAD_FRAME', 'nobody has asked for this'))
      return
    }
    try {
      const body = waiting.reader.push(chunk)
      if (body !== undefined) waiting.settle.resolve(body)
    } catch (error) {
      waiting.settle.reject(error)
      this.#events.failed(error as LinkError)
    }
  }
}

/** A source of a pipeline: what came before it, at hand or still to come. */
export type Source<T> = Iterable<T> | AsyncIterable<T>

/** Writes a length in front of each body. */
export async function* framed(bodies: Source<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const body of bodies) yield writeFrame(body)
}

/** Ends a pipeline of which one thing is wanted: gives it, and wants no more. */
export async function first<T>(source: Source<T>): Promise<T> {
  for await (const one of source) return one
  throw new LinkError('UNREACHABLE', 'the stream has ended')
}
