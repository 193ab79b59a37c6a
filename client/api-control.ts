// Status, consensus, paths and settings over HTTP: enough to write a controller (docs/client.md 15.4). The owner's, not the apps'.

import { Hono } from 'hono'
import type { JSONValue } from 'hono/utils/types'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import { parameterNames } from '../directory/parameters.ts'
import type { View } from '../directory/view.ts'
import { resources } from '../link/resources.ts'
import type { Env } from './api-messages.ts'
import { says } from './api-openapi.ts'
import { problem } from './api-problem.ts'
import * as form from './api-schemas.ts'
import { hex } from './bytes.ts'
import type { Client } from './client.ts'
import type { CoverLevel } from './cover.ts'
import { ClientError } from './error.ts'

const mostPaths = 1000

export function controlRoutes(client: Client): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/status', describeRoute(says.status), context =>
    context.json({ ...client.status(), process: resources() }),
  )
  for (const path of ['/consensus', '/paths', '/settings', '/ledger'])
    app.use(path, async (context, next) => {
      if (context.get('asker') !== undefined)
        return problem(403, 'OWNER_ONLY', "this is the owner's: use the token of the client itself")
      return next()
    })
  app.get('/consensus', describeRoute(says.consensus), context => {
    const view = client.consensus()
    if (view === undefined) throw new ClientError('NO_CONSENSUS', 'consensus: none yet')
    return context.json(summary(view))
  })
  app.get('/paths', describeRoute(says.paths), context => {
    const sent = client.ledger().flatMap(entry => (entry.event === 'sent' ? [entry] : []))
    const paths = sent.filter(({ path }) => path.length > 0).slice(-mostPaths)
    return context.json({
      paths: paths.map(({ at, id, fragment, attempt, path }) => ({
        at,
        message: id,
        fragment,
        attempt,
        hops: path,
      })),
    })
  })
  app.get('/ledger', describeRoute(says.ledger), context => context.json({ entries: client.ledger() }))
  app.get('/settings', describeRoute(says.readSettings), context => context.json(settingsOf(client)))
  app.put('/settings', describeRoute(says.changeSettings), async context => {
    const { cover } = v.parse(form.settingsBody, await context.req.json().catch(() => undefined))
    if (cover !== undefined) client.setCover(cover)
    return context.json(settingsOf(client))
  })
  return app
}

function settingsOf({ cover }: Client): { cover: CoverLevel } {
  return { cover }
}

function summary(view: View): Record<string, JSONValue> {
  const { network, epoch, validAfter, freshUntil, validUntil, mixing, topology, parameters } = view
  return {
    network,
    epoch,
    hash: hex(view.hash),
    signers: view.signers.map(hex),
    validAfter,
    freshUntil,
    validUntil,
    mixing,
    topology,
    parameters: Object.fromEntries(parameterNames.map(name => [name, parameters[name]])),
    nodes: [...view.nodes.values()].map(({ id, role, layer, family, running, reliable }) => ({
      id: hex(id),
      role,
      layer,
      family,
      running,
      reliable,
    })),
  }
}
