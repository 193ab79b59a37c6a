// The answering side of requests: one after another on each stream, every phase with a time, everything
// counted (docs/spec/link.md 4).

import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Ms } from '../../world/units.ts'
import { wait } from '../../world/wait.ts'
import { FrameReader } from '../frame.ts'
import type { LinkLimits } from '../limits.ts'
import type { RequestEnd, RequestHandler } from '../link.ts'
import { LinkError } from '../link.ts'
import type { Holder, Place, Shares } from '../shares.ts'
import { FrameSource, framed, type Source } from './frames.ts'
import { because, finish, writeAll } from './streams.ts'

export interface Answerer {
  readonly protocol: string
  readonly maxBytes: number
  readonly handler: RequestHandler
  readonly clock: Clock
  readonly limits: LinkLimits
  /** Requests under way, and the bytes of their bodies. */
  readonly requests: Shares
  readonly bytes: Shares
  /** Names who asks, from which network, and as what it is known now. */
  readonly holder: () => Holder
  readonly count: (end: RequestEnd) => void
}

type Phase = 'idle' | 'reading' | 'handling' | 'writing' | 'over'

/** Serves a stream that a peer has opened, until it or the peer ends it. */
export function answerRequests(answerer: Answerer, from: Uint8Array, stream: Stream): void {
  const exchange = new Exchange(answerer, stream)
  pipe(
    exchange.requests(),
    bodies => exchange.answers(bodies, body => answerer.handler(from, body)),
    framed,
    frames => exchange.write(frames),
  ).then(
    () => exchange.end(),
    // However it was broken off, that is counted, and the stream is gone
    () => exchange.over(),
  )
}

/** One request after another on one stream: each stage has its time, and whoever ends it ends them all. */
class Exchange {
  readonly #answerer: Answerer
  readonly #stream: Stream
  readonly #reader: FrameReader
  readonly #source: FrameSource
  /** Aborts when the stream is given up: no stage waits any more. */
  readonly #over = new AbortController()
  #at: Phase = 'idle'
  #timer: Timer | undefined
  /** Bytes of the request under way that are counted. */
  #places: Place[] = []
  /** The peer has ended its half: the answer under way is the last one. */
  #last = false

  constructor(answerer: Answerer, stream: Stream) {
    this.#answerer = answerer
    this.#stream = stream
    this.#reader = new FrameReader(`request ${answerer.protocol}`, answerer.maxBytes, length => {
      if (!this.#take(answerer.bytes, length)) throw new LinkError('REFUSED', 'too many bytes under way')
    })
    this.#source = new FrameSource(stream, {
      begins: () => this.#begin(),
      failed: error => this.over(endOf(error)),
    })
    stream.addEventListener('close', () => this.over())
    stream.addEventListener('end', () => {
      this.#last = true
      if (this.#source.within) this.over()
      else this.#source.end(new LinkError('UNREACHABLE', 'the peer has ended its half'))
    })
  }

  /** Gives the bodies of requests, until the peer has ended its half. */
  async *requests(): AsyncGenerator<Uint8Array> {
    while (!this.#last) {
      this.#enter('idle', this.#answerer.limits.serveIdleMs)
      const body = await this.#source.next(this.#reader).catch(error => {
        if (!this.#last) throw error
      })
      if (body === undefined) return
      yield body
    }
  }

  /** Gives an answer to each. */
  async *answers(
    bodies: Source<Uint8Array>,
    handler: (body: Uint8Array) => Promise<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    for await (const body of bodies) {
      this.#enter('handling', this.#answerer.limits.handleMs)
      for (const place of this.#places) place.whole(true)
      yield await this.#unlessOver('failed', () => handler(body))
    }
  }

  /** Writes each answer, and lets the request go. */
  async write(frames: Source<Uint8Array>): Promise<void> {
    for await (const frame of frames) {
      this.#enter('writing', this.#answerer.limits.writeMs)
      // whoever does not take its answer has its place no firmer than who does not end its request
      for (const place of this.#places) place.whole(false)
      await this.#unlessOver('broken', () => writeAll(this.#stream, frame))
      // It may have been given up since
      this.#over.signal.throwIfAborted()
      this.#leave()
      this.#answerer.count('answered')
    }
  }

  /** Ends the stream; `end` says why, when it was in the middle of a request. */
  over(end: RequestEnd = 'broken'): void {
    if (this.#at === 'over') return
    if (this.#at !== 'idle') {
      this.#leave()
      this.#answerer.count(end)
    }
    this.#at = 'over'
    this.#timer?.cancel()
    this.#over.abort()
    this.#source.end(new LinkError('UNREACHABLE', 'the stream has ended'))
    this.#stream.abort(because('no answer'))
  }

  /** Nothing more is asked, and everything was answered. */
  end(): void {
    if (this.#at === 'over') return
    this.#at = 'over'
    this.#timer?.cancel()
    finish(this.#stream, this.#answerer.clock, this.#answerer.limits.writeMs)
  }

  /** The first byte of a request has come. */
  #begin(): void {
    const { requests, limits, count } = this.#answerer
    if (this.#take(requests, 1)) {
      this.#enter('reading', limits.readMs)
    } else {
      count('busy')
      this.over()
    }
  }

  /** Whoever is too slow in the middle of a request is told apart from who has nothing to ask. */
  #enter(phase: Exclude<Phase, 'over'>, ms: Ms): void {
    this.#over.signal.throwIfAborted()
    this.#at = phase
    this.#timer?.cancel()
    this.#timer = this.#answerer.clock.after(ms, () => this.over('too-slow'))
  }

  #leave(): void {
    for (const place of this.#places.splice(0)) place.leave()
    this.#at = 'idle'
  }

  /** Takes a place for the request under way; the request ends when it has to give the place up. */
  #take(shares: Shares, amount: number): boolean {
    const place = shares.enter(this.#answerer.holder(), amount, () => this.over('busy'))
    if (place === undefined) return false
    this.#places.push(place)
    return true
  }

  /** Waits for a stage's work, which ends the exchange so when it fails, but no longer than the exchange. */
  #unlessOver<T>(failure: RequestEnd, work: () => Promise<T>): Promise<T> {
    return wait<T>({ signal: this.#over.signal }, ({ resolve, reject }) => {
      const fail = (error: unknown): void => {
        this.over(failure)
        reject(error)
      }
      try {
        work().then(resolve, fail)
      } catch (error) {
        fail(error)
      }
      return undefined
    })
  }
}

/** Says how a request ends whose bytes are refused. */
function endOf(error: unknown): RequestEnd {
  const code = error instanceof LinkError ? error.code : undefined
  if (code === 'TOO_LARGE') return 'too-large'
  return code === 'REFUSED' ? 'busy' : 'broken'
}
