// Services: anybody's program that answers requests over the mixnet without learning who asks
// (docs/spec/client-sdk.md 14).

import { FieldWriter } from '../encoding/writer.ts'
import type { Clock } from '../world/clock.ts'
import type { Log } from '../world/log.ts'
import { fullBucket, takeTokens } from '../world/rates.ts'
import { until } from '../world/wait.ts'
import { ClientError } from './error.ts'
import type { Message, Received } from './message.ts'
import { utf8Of } from './packets/utf8.ts'
import { Reader } from './reader.ts'

/** The first byte of an answer. */
export const answerStatus = { fine: 0, busy: 1, refused: 2, failed: 3 } as const
type Status = keyof typeof answerStatus

/** A request as a handler gets it. Who asks is not known to anybody here. */
export interface ServiceRequest {
  readonly bytes: Uint8Array
  /** The bytes as UTF-8. */
  readonly text: string
  /** Aborts when the service ends. */
  readonly signal: AbortSignal
}

/** Gives the answer, at most 1 MiB less a byte. What it throws is told to the asker as `failed`, and nothing more. */
export type ServiceHandler = (request: ServiceRequest) => Uint8Array | string | Promise<Uint8Array | string>

/** Says how a service answers; everything has a default. */
export interface ServiceOptions {
  /** Handlers that work at the same time; a request beyond is answered `busy`. Default 16. */
  readonly atOnce?: number
  /** Requests a minute; one beyond is answered `busy`. Default 600. */
  readonly perMinute?: number
  /** Bytes of a request; a longer one is answered `refused`. Default 1 MiB. */
  readonly longest?: number
  /**
   * Have the gateway announce it, so that others find it by its name (docs/spec/client-sdk.md 14.1). Default false.
   */
  readonly announce?: boolean
  /** Ends the service. */
  readonly signal?: AbortSignal
}

/** A service that this client offers. Made by `Client.serve`. */
export interface Service {
  /** Counts what became of the requests. `mute` brought no reply blocks and was dropped. */
  readonly counts: Readonly<Record<Status | 'mute', number>>
  /** Resolves when the service has ended and no handler works any more. */
  readonly ended: Promise<void>
  end(): void
}

/** Gives a service what it needs of its client. */
export interface ServiceInit {
  readonly clock: Clock
  readonly log: Log
  readonly messages: (signal: AbortSignal) => AsyncIterable<Received>
  readonly reply: (to: Received, answer: Uint8Array) => Promise<Message>
}

const usual = { atOnce: 16, perMinute: 600, longest: 1024 * 1024 } as const

/** Answers requests until it is ended. Requests that came while no service ran are answered first. */
export function serveRequests(
  { clock, log, messages, reply }: ServiceInit,
  handler: ServiceHandler,
  options: ServiceOptions,
): Service {
  const { atOnce, perMinute, longest } = { ...usual, ...options }
  const counts: Record<Status | 'mute', number> = { fine: 0, busy: 0, refused: 0, failed: 0, mute: 0 }
  const ending = new AbortController()
  const signals = options.signal === undefined ? [ending.signal] : [ending.signal, options.signal]
  const working = new Set<Promise<void>>()
  const rate = { perMinute, burst: perMinute }
  const quota = fullBucket(rate, clock.elapsed())
  const mayWork = (): boolean => working.size < atOnce && takeTokens(quota, rate, 1, clock.elapsed()) === 1
  const answer = async (request: Received, signal: AbortSignal): Promise<void> => {
    const [status, bytes] = await handle(request, signal)
    counts[status]++
    try {
      await reply(request, writeAnswer(status, bytes))
    } catch (error) {
      // Its reply blocks are over, or the queue is full: nobody can be told
      log.warn({ reason: error instanceof ClientError ? error.code : 'FAULT' }, 'an answer could not be sent')
    }
  }
  const handle = async (
    { bytes, text }: Received,
    signal: AbortSignal,
  ): Promise<readonly [Status, Uint8Array]> => {
    if (bytes.length > longest) return ['refused', none]
    if (!mayWork()) return ['busy', none]
    try {
      const given = await handler({ bytes, text, signal })
      return ['fine', typeof given === 'string' ? utf8Of(given, 'answer') : given]
    } catch (error) {
      log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'a handler failed')
      return ['failed', none]
    }
  }
  const run = async (signal: AbortSignal): Promise<void> => {
    for await (const request of messages(signal)) {
      // Our own requests' answers lie elsewhere; a reply to a plain message of this app is none of ours
      if (request.inReplyTo !== undefined) continue
      if (!request.canReply) {
        counts.mute++
        continue
      }
      const work = answer(request, signal).finally(() => working.delete(work))
      working.add(work)
    }
    await Promise.all(working)
  }
  return { counts, ended: until(signals, run), end: () => ending.abort() }
}

const none = new Uint8Array(0)

/** status 1, the answer's bytes */
export function writeAnswer(status: Status, bytes: Uint8Array): Uint8Array {
  return new FieldWriter(1 + bytes.length).u8(answerStatus[status]).put(bytes).bytes
}

/** @throws ClientError BAD_CONTENT; SERVICE_BUSY, SERVICE_REFUSED, SERVICE_FAILED as the service says */
export function readAnswer(answer: Uint8Array): Uint8Array {
  const read = new Reader(answer, 'answer', 'BAD_CONTENT')
  const status = read.u8('status')
  switch (status) {
    case answerStatus.fine:
      return read.take(read.left, 'bytes')
    case answerStatus.busy:
      throw new ClientError('SERVICE_BUSY', 'service: too many requests at the moment: try again later')
    case answerStatus.refused:
      throw new ClientError('SERVICE_REFUSED', 'service: the request is longer than it takes')
    case answerStatus.failed:
      throw new ClientError('SERVICE_FAILED', 'service: it failed over this request')
    default:
      throw read.fail(`status: ${status}`)
  }
}
