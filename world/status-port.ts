// The port on which a role says how it is (docs/guide/running.md 4): /status for programs, /metrics for Prometheus,
// /healthz and /livez for whoever restarts it or sends it work.

import type { Hono } from 'hono'
import type { Registry } from 'prom-client'
import { systemClock } from './clock.ts'
import { isBearer, type Loopback, serveLoopback } from './http.ts'
import type { LogLines } from './log-lines.ts'
import { Pages } from './pages/pages.ts'
import { systemRandom } from './random.ts'
import { carried, ofProcess, resources } from './resources.ts'

/** Says what a role tells, and where. */
export interface StatusPortOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Default: 127.0.0.1. */
  readonly address?: string | undefined
  /** The token that `Authorization: Bearer` must carry for all but /healthz and /livez. */
  readonly token: string
  /** The version of this software. */
  readonly version: string
  readonly status: () => object
  readonly metrics: Registry
  /** The newest lines of its log. With them there is a page for its operator too (docs/spec/pages.md). */
  readonly lines?: LogLines | undefined
  /** Says whether the role does its work. */
  readonly ready: () => boolean
  /** Adds routes of the role's own. */
  readonly routes?: (app: Hono) => void
}

/** Serves a role's status, metrics and log, and the page that shows them. @throws ListenError */
export function serveStatusPort(options: StatusPortOptions): Promise<Loopback> {
  const { version, status, metrics, ready, lines, routes, ...served } = options
  const owner = (header: string | undefined): boolean => isBearer(header, options.token)
  const page = { page: 'role', owner, clock: systemClock, random: systemRandom } as const
  return serveLoopback({
    ...served,
    open: ['/healthz', '/livez'],
    pages: lines === undefined ? undefined : new Pages(page),
    routes: app => {
      app.get('/status', context =>
        context.json({
          ...status(),
          ...ofProcess(version),
          process: resources(),
          traffic: carried(),
        }),
      )
      app.get('/metrics', async context =>
        context.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }),
      )
      app.get('/log', context => {
        const after = Number(context.req.query('after') ?? -1)
        return context.json({ lines: lines?.after(after) ?? [] })
      })
      app.get('/healthz', context => (ready() ? context.text('ok\n', 200) : context.text('not ready\n', 503)))
      app.get('/livez', context => context.text('ok\n', 200))
      routes?.(app)
    },
  })
}
