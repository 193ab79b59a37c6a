// A member's port on this machine: how it is, and requests of whoever has its token (docs/spec/crowds.md 6).

import type { Context, Hono } from 'hono'
import { Registry } from 'prom-client'
import { directoryMetrics } from '../../directory/metrics.ts'
import { base64, fromBase64 } from '../../encoding/base64.ts'
import { systemClock } from '../../world/clock.ts'
import type { Loopback } from '../../world/http.ts'
import type { LogLines } from '../../world/log-lines.ts'
import { byLabel, metricsOf } from '../../world/metrics.ts'
import { problem } from '../../world/problem.ts'
import { processMetrics } from '../../world/process-metrics.ts'
import { serveStatusPort } from '../../world/status-port.ts'
import { CrowdsError, type CrowdsErrorCode } from './error.ts'
import type { Asking, Member, MemberStatus } from './member.ts'

const longestSession = 64

const statusOfCode: Readonly<Record<CrowdsErrorCode, number>> = {
  BAD_MESSAGE: 400,
  BAD_OPTION: 400,
  TOO_LARGE: 413,
  NOT_READY: 503,
  FULL: 503,
  BROKEN: 502,
  UNKNOWN_DESTINATION: 404,
  DESTINATION_FAILED: 502,
}

/**
 * Serves a member's status and metrics, and takes requests.
 *
 * @param options.port 0 takes a free one
 * @param options.version of this software
 * @param options.lines the newest lines of its log: with them there is a page for its operator
 * @throws ListenError
 */
export function serveMember(
  member: Member,
  options: {
    port: number
    address?: string | undefined
    token: string
    version: string
    lines?: LogLines | undefined
  },
): Promise<Loopback> {
  const metrics = memberMetrics(() => member.status(), systemClock.now)
  processMetrics(metrics, options.version)
  return serveStatusPort({
    ...options,
    metrics,
    status: () => member.status(),
    ready: () => member.status().listed,
    routes: app => routes(app, member),
  })
}

function routes(app: Hono, member: Member): void {
  app.post('/leave', async context => context.json(Object.fromEntries(await member.leave())))
  app.post('/ask', async context => {
    const asking = await readAsking(context)
    if (asking instanceof Response) return asking
    try {
      return context.json({ body: base64(await member.ask(asking)) })
    } catch (error) {
      if (error instanceof CrowdsError) return problem(statusOfCode[error.code], error.code, error.message)
      throw error
    }
  })
}

/** Reads `{"destination", "body": BASE64, "session"?}`, or says what is wrong with it. */
async function readAsking({ req }: Context): Promise<Asking | Response> {
  const wrong = (why: string): Response => problem(400, 'BAD_OPTION', why)
  const given: unknown = await req.json().catch(() => undefined)
  if (typeof given !== 'object' || given === null) return wrong('the body is no JSON object')
  const { destination, body, session = '' } = given as Readonly<Record<string, unknown>>
  if (typeof destination !== 'string') return wrong('destination: want a text')
  if (typeof session !== 'string' || session.length > longestSession)
    return wrong(`session: want a text of at most ${longestSession} characters`)
  try {
    if (typeof body === 'string') return { destination, body: fromBase64(body), session }
  } catch {
    // Characters of another alphabet: said below
  }
  return wrong('body: want base64')
}

/** Numbers for Prometheus. @param now milliseconds since 1970-01-01 UTC */
export function memberMetrics(status: () => MemberStatus, now: () => number): Registry {
  const registry = new Registry()
  directoryMetrics(registry, status, now)
  const { counter, gauge, counts } = metricsOf(registry, status)
  gauge('chaffinch_crowd_members', 'Members of the crowd', s => s.members)
  gauge('chaffinch_crowd_paths', 'Paths that lead through this member', s => s.paths)
  counter('chaffinch_crowd_paths_refused_total', 'Paths without room', s => s.pathsRefused)
  counter('chaffinch_crowd_forwarded_total', 'Requests of others handed on', s => s.forwarded)
  counter('chaffinch_crowd_submitted_total', 'Requests of others carried out', s => s.submitted)
  counts('chaffinch_crowd_asked_total', 'Own requests, by what came of them', ['end'], s => byLabel(s.asked))
  return registry
}
