// Parts of the HTTP API that live beside the client, with routes and events of their own, behind the same tokens
// (docs/spec/client-http.md 15; payments are one, docs/spec/payments-paymix.md 5.10).

import type { Hono } from 'hono'
import type { Asker, Env } from './access.ts'

/** An event as `/events` and `/socket` tell it. */
export interface ApiEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Handed to `serveClient`. Requests reach the routes once token, origin and rate were looked at. */
export interface ApiPart {
  /** `context.get('asker')` is who asks; what is described with hono-openapi stands in `/openapi.json`. */
  readonly routes: Hono<Env>
  /** Tells what the asker may know as it happens; returns how to stop. */
  readonly listen?: (asker: Asker, tell: (event: ApiEvent) => void) => () => void
}
