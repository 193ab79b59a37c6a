// Asking the loopback ports of this machine's own processes, with the token that each keeps in a file.

import { readFileSync } from 'node:fs'
import { CommandError } from '../../encoding/command-line.ts'

export interface Endpoint {
  readonly port: number
  /** Read at each call: a process makes its token when it first starts. */
  readonly tokenFile: string
  /** What goes in front of each path; default: nothing. */
  readonly base?: string
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** An answer that says no. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'HttpRefusal'
    this.status = status
    this.code = code
  }
}

/**
 * One request, its JSON answer.
 *
 * @throws HttpRefusal when the answer is not 2xx
 * @throws CommandError FAILED when nothing answers there
 */
export async function askJson(endpoint: Endpoint, path: string, asked: Asked = {}): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${endpoint.port}${endpoint.base ?? ''}${path}`, {
    method: asked.method ?? 'GET',
    headers: {
      authorization: `Bearer ${tokenOf(endpoint)}`,
      ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    signal: AbortSignal.any([
      AbortSignal.timeout(asked.timeoutMs ?? 5000),
      ...(asked.signal ? [asked.signal] : []),
    ]),
  }).catch((error: Error) => {
    throw unreachable(endpoint, error)
  })
  return await answerOf(response)
}

/** What an answer says. @throws HttpRefusal when it is not 2xx */
export async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text()
  if (response.ok) return text === '' ? undefined : JSON.parse(text)
  throw refusal(response.status, text)
}

function tokenOf(endpoint: Endpoint): string {
  try {
    return readFileSync(endpoint.tokenFile, 'utf8').trim()
  } catch {
    throw new CommandError(
      'FAILED',
      `${endpoint.tokenFile}: no token there: the process has not been started yet`,
      'start it first, and use the same --config',
    )
  }
}

function unreachable({ port }: Endpoint, error: Error): CommandError {
  const why = error.name === 'TimeoutError' ? 'does not answer in time' : 'nothing answers'
  return new CommandError(
    'FAILED',
    `127.0.0.1:${port}: ${why}`,
    'is the process running, and is this its --config?',
  )
}

/** A problem document (RFC 9457), or whatever else it is. */
function refusal(status: number, text: string): HttpRefusal {
  try {
    const body = JSON.parse(text) as Record<string, unknown>
    return new HttpRefusal(status, String(body['code'] ?? status), String(body['detail'] ?? text))
  } catch {
    return new HttpRefusal(status, String(status), text.slice(0, 200) || `status ${status}`)
  }
}
