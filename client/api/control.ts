// Status, consensus, paths and settings over HTTP: enough to write a controller (docs/spec/client-http.md 15.4). The
// owner's, not the apps'.

import { Hono } from 'hono'
import type { JSONValue } from 'hono/utils/types'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import { parameterNames } from '../../directory/documents/parameters.ts'
import type { View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { problem } from '../../world/problem.ts'
import { carried, ofProcess, resources } from '../../world/resources.ts'
import { version } from '../../world/version.ts'
import { within } from '../../world/wait.ts'
import type { Client } from '../client.ts'
import type { Acknowledge } from '../contacts/choices.ts'
import { ClientError } from '../error.ts'
import type { CoverLevel } from '../outgoing/cover.ts'
import type { Env } from './access.ts'
import type { SentJson } from './answers.ts'
import { bytesOf, contentOf, type RoutesInit, readJson } from './messages.ts'
import { says } from './openapi.ts'
import * as form from './schemas.ts'

const mostPaths = 1000

export function controlRoutes({ client, clock, closing, anonymity }: RoutesInit): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/status', describeRoute(says.status), context =>
    context.json({
      ...client.status(),
      ...ofProcess(version()),
      process: resources(),
      traffic: carried(),
      anonymity: anonymity?.() ?? null,
    }),
  )
  for (const path of [
    '/consensus',
    '/paths',
    '/settings',
    '/ledger',
    '/queue',
    '/inbox',
    '/sent',
    '/flush',
    '/surbs',
    '/surbs/use',
  ])
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
  app.get('/services', describeRoute(says.services), context => context.json({ services: client.services() }))
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
  app.get('/queue', describeRoute(says.queue), context => {
    const { all = false, ...span } = v.parse(form.queueQuery, context.req.query())
    return context.json({ messages: client.chores.queue(all, span) })
  })
  app.get('/inbox', describeRoute(says.inboxList), context => {
    const { app: of, ...span } = v.parse(form.inboxListQuery, context.req.query())
    return context.json({ messages: client.chores.inbox(of, span) })
  })
  app.get('/sent', describeRoute(says.sent), async context => {
    const { ids } = v.parse(form.sentQuery, context.req.query())
    const messages: SentJson[] = []
    for (const id of ids) {
      const bytes = await client.chores.sent(id)
      if (bytes !== undefined) messages.push({ id, ...bytesOf(bytes) })
    }
    return context.json({ messages })
  })
  app.delete('/queue', describeRoute(says.clean), async context => {
    const { olderThanMs } = v.parse(form.cleanBody, await readJson(context))
    return context.json(await client.chores.clean(olderThanMs))
  })
  app.post('/flush', describeRoute(says.flush), async context => {
    const { until = 'stored', wait = form.longestWaitMs } = v.parse(form.flushBody, await readJson(context))
    const either = [closing, context.req.raw.signal]
    const left = await within(clock, wait, either, signal => client.flush(until, signal)).then(
      () => 0,
      () => client.chores.queue().filter(({ state }) => until === 'stored' || state === 'queued').length,
    )
    return context.json({ left })
  })
  app.post('/surbs', describeRoute(says.makeSurb), async context => {
    const { for: user, count } = v.parse(form.surbBody, await readJson(context))
    return context.json({ surb: await client.chores.makeSurbs(user, count) }, 201)
  })
  app.get('/surbs', describeRoute(says.inspectSurb), context =>
    context.json(client.chores.inspectSurbs(context.req.query('surb') ?? '')),
  )
  app.post('/surbs/use', describeRoute(says.useSurb), async context => {
    const { surb, text, base64 } = v.parse(form.useSurbBody, await readJson(context))
    const id = await client.chores.useSurbs(surb, contentOf(text, base64), '')
    return context.json({ id, state: 'queued' }, 202)
  })
  app.get('/settings', describeRoute(says.readSettings), context => context.json(settingsOf(client)))
  app.put('/settings', describeRoute(says.changeSettings), async context => {
    const { cover, acknowledge } = v.parse(form.settingsBody, await readJson(context))
    if (cover !== undefined) client.setCover(cover)
    if (acknowledge !== undefined) client.setAcknowledge(acknowledge)
    return context.json(settingsOf(client))
  })
  return app
}

export function settingsOf({ cover, acknowledge }: Client): { cover: CoverLevel; acknowledge: Acknowledge } {
  return { cover, acknowledge }
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
    nodes: [...view.nodes.values()].map(({ id, role, layer, family, running, reliable, capacity = 0 }) => ({
      id: hex(id),
      role,
      layer,
      family,
      running,
      reliable,
      capacity,
    })),
  }
}
