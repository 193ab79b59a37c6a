// One request to a daemon of this machine, and its answer: the answer is checked by the schema that the daemon
// describes it with, and a refusal (RFC 9457) becomes an error.

import * as v from 'valibot'
import { systemClock } from '../../world/clock.ts'
import { second } from '../../world/units.ts'
import { within } from '../../world/wait.ts'
import { problem } from '../api/answers.ts'
import { RemoteError } from './error.ts'

/** Where a daemon answers, and as whom to ask it. */
export interface RemoteOptions {
  /** Where it answers, such as `http://127.0.0.1:8790`. */
  readonly url: string
  /**
   * The text of its token file; a function is called for every request, since a daemon makes its token at its first
   * start.
   */
  readonly token: string | (() => string)
  /** The name of one of its identities; default: the first. */
  readonly as?: string | undefined
  /** Takes the place of the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Response | Promise<Response>
}

/** Bounds the wait for one answer, and says what ends it. */
export interface AskOptions {
  /** Milliseconds until it is given up. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A request that has no method of its own. */
export interface Asked extends AskOptions {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
}

/** The same with the schema that its answer is checked by. */
export interface AskedFor<T> extends Asked {
  /** Checks the answer. */
  readonly answer: v.GenericSchema<unknown, T>
}

const usualTimeoutMs = 5 * second

/**
 * Asks once.
 *
 * @throws RemoteError when the answer is not 2xx, is not as described, or does not come
 */
export async function ask(
  options: RemoteOptions,
  path: string,
  asked: Asked & { readonly answer?: v.GenericSchema },
): Promise<unknown> {
  const { method = 'GET', answer, timeoutMs = usualTimeoutMs, signal } = asked
  const token = typeof options.token === 'string' ? options.token : options.token()
  try {
    return await within(systemClock, timeoutMs, signal === undefined ? [] : [signal], async either => {
      const response = await send(options, path, { method, token, body: asked.body, signal: either })
      const text = await response.text()
      if (!response.ok) throw refusal(response, text)
      return read(response, text, answer, `${method} ${path}`)
    })
  } catch (error) {
    if (error instanceof RemoteError) throw error
    throw noAnswer(hostOf(options), error, signal)
  }
}

export interface Sent {
  readonly method: string
  readonly token: string
  readonly body?: unknown
  readonly signal: AbortSignal
}

export async function send(
  { url, as, fetch: ask = fetch }: RemoteOptions,
  path: string,
  { method, token, body, signal }: Sent,
): Promise<Response> {
  const base = as === undefined ? url : `${url}/as/${encodeURIComponent(as)}`
  const authorization = `Bearer ${token}`
  const headers =
    body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  return await ask(`${base}${path}`, { method, headers, signal, ...sent })
}

/** Reads what an answer of 2xx says. */
function read(
  { status }: Response,
  text: string,
  answer: v.GenericSchema | undefined,
  asked: string,
): unknown {
  const said = parsed(text)
  if (answer === undefined) return said
  const found = v.safeParse(answer, said)
  if (found.success) return found.output
  const [issue] = found.issues
  const where = v.getDotPath(issue) ?? 'it'
  throw new RemoteError(
    'BAD_ANSWER',
    status,
    `${asked}: the answer is not as described: ${where}: ${issue.message}`,
  )
}

/** A problem document, or whatever else it is. */
export function refusal(response: Response, text: string): RemoteError {
  const { status, headers } = response
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) ? seconds * second : undefined
  const said = v.safeParse(problem, parsed(text))
  if (said.success) return new RemoteError(said.output.code, status, said.output.detail, { retryAfterMs })
  const why = text === '' ? '' : `: ${text.slice(0, 200)}`
  return new RemoteError(String(status), status, `answered with status ${status}${why}`, {
    retryAfterMs,
  })
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function hostOf({ url }: RemoteOptions): string {
  return url.replace(/^\w+:\/\//, '')
}

/** @param signal the caller's, which may be why there is none */
export function noAnswer(host: string, cause: unknown, signal: AbortSignal | undefined): RemoteError {
  if (signal?.aborted === true)
    return new RemoteError('ABORTED', undefined, `${host}: called off by the caller`, { cause })
  const isLate = cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError')
  return isLate
    ? new RemoteError('TIMEOUT', undefined, `${host}: does not answer in time`, { cause })
    : new RemoteError('UNREACHABLE', undefined, `${host}: nothing answers`, { cause })
}
