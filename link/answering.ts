// The answering side of requests: one after another on each stream, every phase with a time, everything
// counted (docs/link.md, Requests).

import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import type { Clock, Timer } from './clock.ts'
import { FrameReader, writeFrame } from './frame.ts'
import { hexOf } from './identity.ts'
import type { LinkLimits, Turnstile } from './limits.ts'
import type { RequestEnd, RequestHandler } from './link.ts'
import { LinkError } from './link.ts'
import { because, finish, writeAll } from './streams.ts'

export interface Answerer {
  readonly protocol: string
  readonly maxBytes: number
  readonly handler: RequestHandler
  readonly clock: Clock
  readonly limits: LinkLimits
  readonly turnstile: Turnstile
  readonly count: (end: RequestEnd) => void
}

type Phase = 'idle' | 'reading' | 'handling' | 'writing' | 'over'

/** Serves a stream that a peer has opened, until it or the peer ends it. */
export function answerRequests(answerer: Answerer, from: Uint8Array, stream: Stream): void {
  const { clock, limits, turnstile } = answerer
  const peer = hexOf(from)
  const reader = new FrameReader(`request ${answerer.protocol}`, answerer.maxBytes)
  let phase: Phase = 'idle'
  const is = (other: Phase): boolean => phase === other
  let timer: Timer | undefined
  /** The peer has ended its half: the answer under way is the last one. */
  let last = false

  const enter = (next: Phase, ms: number, onLate: () => void): void => {
    phase = next
    timer?.cancel()
    timer = clock.after(ms, onLate)
  }
  const idle = (): void => enter('idle', limits.serveIdleMs, () => over())

  /** Ends the stream; `end` says why, when it was in the middle of a request. */
  const over = (end?: RequestEnd): void => {
    if (is('over')) return
    if (!is('idle')) {
      turnstile.leave(peer)
      answerer.count(end ?? 'broken')
    }
    phase = 'over'
    timer?.cancel()
    stream.abort(because('no answer'))
  }

  const onMessage = ({ data }: StreamMessageEvent): void => {
    try {
      for (const chunk of data instanceof Uint8Array ? [data] : data) onChunk(chunk)
    } catch (error) {
      over(error instanceof LinkError && error.code === 'TOO_LARGE' ? 'too-large' : 'broken')
    }
  }

  const onChunk = (chunk: Uint8Array): void => {
    if (is('idle')) {
      if (turnstile.enter(peer)) {
        enter('reading', limits.readMs, () => over('too-slow'))
      } else {
        answerer.count('busy')
        over()
      }
    }
    if (is('reading')) {
      const body = reader.push(chunk)
      if (body !== undefined) void answer(body)
    } else {
      // Nobody sends ahead: what comes while an answer is due is not kept.
      over('broken')
    }
  }

  const answer = async (body: Uint8Array): Promise<void> => {
    enter('handling', limits.handleMs, () => over('too-slow'))
    let frame: Uint8Array
    try {
      frame = writeFrame(await answerer.handler(from, body))
    } catch {
      return over('failed')
    }
    if (!is('handling')) return
    enter('writing', limits.writeMs, () => over('too-slow'))
    try {
      await writeAll(stream, frame)
    } catch {
      return over('broken')
    }
    if (!is('writing')) return
    turnstile.leave(peer)
    answerer.count('answered')
    if (last) end()
    else idle()
  }

  const end = (): void => {
    phase = 'over'
    timer?.cancel()
    finish(stream, clock, limits.writeMs)
  }

  idle()
  stream.addEventListener('message', onMessage)
  stream.addEventListener('close', () => over())
  stream.addEventListener('end', () => {
    last = true
    if (is('idle')) end()
    else if (is('reading')) over()
  })
}
