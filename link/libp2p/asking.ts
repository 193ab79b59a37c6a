// The asking side of requests. A stream that has brought an answer is kept for the next request to the same
// peer and protocol: opening one costs several times what a request on an open one does.

import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { hex } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import { onAbort, within } from '../../world/wait.ts'
import { FrameReader, writeFrame } from '../frame.ts'
import type { LinkLimits } from '../limits.ts'
import type { Peer, RequestOptions } from '../link.ts'
import { LinkError } from '../link.ts'
import { UnderWay } from '../under-way.ts'
import type { Connections } from './connections.ts'
import { FrameSource, first, type Source } from './frames.ts'
import { because, finish, writeAll } from './streams.ts'

/** Streams that are kept for one peer and protocol while nobody asks. */
const keptStreams = 2

/** Peers of which it is remembered that they do not answer; of one more the first is forgotten. */
const mostSilent = 1024

/** One stream, one request at a time. */
class AskStream {
  readonly stream: Stream
  idle: Timer | undefined
  readonly #source: FrameSource
  #ended = false

  /** @param onEnd hears when no further request can be made on it */
  constructor(stream: Stream, onEnd: (ask: AskStream) => void) {
    this.stream = stream
    // Nobody answers what was not asked.
    this.#source = new FrameSource(stream, { failed: () => this.abort() })
    const end = (refused: boolean): void => {
      this.#ended = true
      this.#source.end(
        refused
          ? new LinkError('REFUSED', 'closed without an answer')
          : new LinkError('UNREACHABLE', 'the connection broke'),
      )
      onEnd(this)
    }
    stream.addEventListener('remoteCloseWrite', () => end(true))
    stream.addEventListener('close', () => end(stream.status === 'reset'))
  }

  get usable(): boolean {
    return !this.#ended && this.stream.status === 'open'
  }

  /** @throws LinkError REFUSED, UNREACHABLE, TOO_LARGE, BAD_FRAME */
  async ask(what: string, frame: Uint8Array, maxBytes: number): Promise<Uint8Array> {
    const reader = new FrameReader(what, maxBytes)
    return await pipe(
      [frame],
      frames => this.#answers(frames, reader),
      answers => first(answers),
    )
  }

  abort(): void {
    this.stream.abort(because('called off'))
  }

  /** Writes each request, and gives what comes back. */
  async *#answers(frames: Source<Uint8Array>, reader: FrameReader): AsyncGenerator<Uint8Array> {
    for await (const frame of frames) {
      if (!this.usable) throw new LinkError('UNREACHABLE', 'the stream has ended')
      const answer = this.#source.next(reader)
      // A stream that ends while the request is written has an answer or an end that says more.
      const written = writeAll(this.stream, frame).catch(() => {})
      const body = await answer
      await written
      yield body
    }
  }
}

export class Asking {
  readonly #connections: Connections
  readonly #clock: Clock
  readonly #limits: LinkLimits
  readonly #kept = new Map<string, AskStream[]>()
  readonly #underWay: UnderWay
  /** Since when a peer that was asked has answered nothing, by the hex of its id. */
  readonly #silent = new Map<string, Ms>()
  #closed = false

  constructor(connections: Connections, clock: Clock, limits: LinkLimits) {
    this.#connections = connections
    this.#clock = clock
    this.#limits = limits
    this.#underWay = new UnderWay(clock)
  }

  /** Link.request. */
  request(to: Peer, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const frame = writeFrame(body)
    const asked = this.within(options, signal =>
      options.dialAnew === true
        ? this.#askOnce(to, protocol, frame, options, signal)
        : this.#ask(to, protocol, frame, options.maxBytes, signal),
    )
    const since = this.#clock.elapsed()
    return asked.then(
      answer => {
        this.#silent.delete(hex(to.id))
        return answer
      },
      (error: unknown) => {
        if (error instanceof LinkError && error.code === 'TIMEOUT') this.#unanswered(to.id, since)
        throw error
      },
    )
  }

  /**
   * A connection is given up after a dial's time without an answer: who is asked for a second only, as in a round of
   * short epochs, and is late with many answers, would otherwise be dialled anew for each, and be later still.
   */
  #unanswered(id: Uint8Array, since: Ms): void {
    const name = hex(id)
    const silentSince = this.#silent.get(name) ?? since
    this.#silent.delete(name)
    if (this.#clock.elapsed() - silentSince >= this.#limits.dialMs) {
      this.#connections.suspect(id)
      return
    }
    this.#silent.set(name, silentSince)
    const [oldest] = this.#silent.keys()
    if (this.#silent.size > mostSilent) this.#silent.delete(oldest as string)
  }

  /**
   * Does something within a request's time, until it is called off or the link closes; its signal tells it so.
   *
   * @throws LinkError TIMEOUT, ABORTED, CLOSED, and what `run` throws
   */
  within<T>(options: RequestOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#underWay.within(options, ({ resolve, reject }) => {
      const over = new AbortController()
      run(over.signal).then(resolve, reject)
      return () => over.abort()
    })
  }

  /** Requests under way fail with CLOSED. */
  close(): void {
    this.#closed = true
    this.#underWay.close()
    for (const ask of [...this.#kept.values()].flat()) {
      ask.idle?.cancel()
      ask.abort()
    }
    this.#kept.clear()
  }

  async #ask(
    to: Peer,
    protocol: string,
    frame: Uint8Array,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const key = `${hex(to.id)} ${protocol}`
    const ask = this.#take(key) ?? (await this.#open(key, to, protocol, signal))
    const heedNoMore = onAbort(signal, () => ask.abort())
    try {
      const answer = await ask.ask(`answer ${protocol}`, frame, maxBytes)
      this.#keep(key, ask)
      return answer
    } catch (error) {
      ask.abort()
      throw error
    } finally {
      heedNoMore()
    }
  }

  /** On a connection of its own, which ends when it is idle: the other side may be using it too. */
  async #askOnce(
    to: Peer,
    protocol: string,
    frame: Uint8Array,
    { maxBytes, reached }: RequestOptions,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { stream, at } = await this.#dial(to, protocol, signal, true)
    const heedNoMore = onAbort(signal, () => stream.abort(because('called off')))
    try {
      const answer = await new AskStream(stream, () => {}).ask(`answer ${protocol}`, frame, maxBytes)
      if (at !== undefined) reached?.(at)
      return answer
    } finally {
      heedNoMore()
      finish(stream, this.#clock, this.#limits.writeMs)
    }
  }

  async #open(key: string, to: Peer, protocol: string, signal: AbortSignal): Promise<AskStream> {
    const { stream } = await this.#dial(to, protocol, signal)
    return new AskStream(stream, ask => this.#forget(key, ask))
  }

  #dial(to: Peer, protocol: string, signal: AbortSignal, anew = false): ReturnType<Connections['stream']> {
    return within(this.#clock, this.#limits.dialMs, [signal], dialling =>
      this.#connections.stream(to, protocol, dialling, anew),
    )
  }

  #take(key: string): AskStream | undefined {
    const ask = this.#kept.get(key)?.at(-1)
    if (ask !== undefined) this.#forget(key, ask)
    return ask
  }

  #keep(key: string, ask: AskStream): void {
    const kept = this.#kept.get(key) ?? []
    if (this.#closed || kept.length >= keptStreams || !ask.usable) {
      finish(ask.stream, this.#clock, this.#limits.writeMs)
      return
    }
    this.#kept.set(key, [...kept, ask])
    ask.idle = this.#clock.after(this.#limits.askIdleMs, () => {
      this.#forget(key, ask)
      finish(ask.stream, this.#clock, this.#limits.writeMs)
    })
  }

  #forget(key: string, ask: AskStream): void {
    const kept = this.#kept.get(key)
    if (kept === undefined || !kept.includes(ask)) return
    ask.idle?.cancel()
    if (kept.length === 1) this.#kept.delete(key)
    else
      this.#kept.set(
        key,
        kept.filter(other => other !== ask),
      )
    // The other side may have ended its half only.
    if (!ask.usable) finish(ask.stream, this.#clock, this.#limits.writeMs)
  }
}
