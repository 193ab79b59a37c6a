// The answering side of requests: one after another on each stream, every phase with a time, everything
// counted (docs/spec/link.md 4).

import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import type { Clock, Timer } from '../../world/clock.ts'
import { FrameReader, writeFrame } from '../frame.ts'
import type { LinkLimits } from '../limits.ts'
import type { RequestEnd, RequestHandler } from '../link.ts'
import { LinkError } from '../link.ts'
import type { Guest, Turnstile } from '../turnstile.ts'
import { because, finish, writeAll } from './streams.ts'

export interface Answerer {
  readonly protocol: string
  readonly maxBytes: number
  readonly handler: RequestHandler
  readonly clock: Clock
  readonly limits: LinkLimits
  /** Requests under way, and the bytes of their bodies. */
  readonly requests: Turnstile
  readonly bytes: Turnstile
  /** Who asks. */
  readonly guest: Guest
  readonly count: (end: RequestEnd) => void
}

type Phase = 'idle' | 'reading' | 'handling' | 'writing' | 'over'

/** Serves a stream that a peer has opened, until it or the peer ends it. */
export function answerRequests(answerer: Answerer, from: Uint8Array, stream: Stream): void {
  const { clock, limits, requests, bytes, guest } = answerer
  /** Bytes of the request under way that are counted. */
  let held = 0
  const reader = new FrameReader(`request ${answerer.protocol}`, answerer.maxBytes, length => {
    if (!bytes.enter(guest, length)) throw new LinkError('REFUSED', 'too many bytes under way')
    held = length
  })
  const leave = (): void => {
    requests.leave(guest)
    bytes.leave(guest, held)
    held = 0
  }
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
      leave()
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
      over(endOf(error))
    }
  }

  const onChunk = (chunk: Uint8Array): void => {
    if (is('idle')) {
      if (requests.enter(guest)) {
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
    leave()
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

/** How a request ends whose bytes are refused. */
function endOf(error: unknown): RequestEnd {
  const code = error instanceof LinkError ? error.code : undefined
  if (code === 'TOO_LARGE') return 'too-large'
  return code === 'REFUSED' ? 'busy' : 'broken'
}
