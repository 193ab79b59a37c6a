// The newest lines of the daemon's log over HTTP (docs/spec/client-http.md 15.4). The owner's, not the apps'.

import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import type { LogLines } from '../../world/log-lines.ts'
import { problem } from '../../world/problem.ts'
import type { Env } from './access.ts'
import { says } from './openapi.ts'
import type { ApiPart } from './part.ts'
import * as form from './schemas.ts'

/** Serves `/log` beside a client. */
export function logPart(lines: LogLines): ApiPart {
  const routes = new Hono<Env>()
  routes.get('/log', describeRoute(says.log), context => {
    if (context.get('asker') !== undefined)
      return problem(403, 'OWNER_ONLY', "this is the owner's: use the token of the client itself")
    const { after = -1 } = v.parse(form.logQuery, context.req.query())
    return context.json({ lines: lines.after(after) })
  })
  return { routes }
}
