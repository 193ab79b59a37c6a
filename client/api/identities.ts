// Several identities behind one interface (docs/spec/client-http.md 15.5): `/as/NAME` in front of a path is that
// identity's, and the owner makes and removes them.

import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import { problem } from '../../world/problem.ts'
import type { Client } from '../client.ts'
import { mainIdentity } from '../folder/identity-list.ts'
import type { Identities } from '../identities.ts'
import type { Access, Env } from './access.ts'
import { readJson } from './messages.ts'
import { says } from './openapi.ts'
import { problemOf } from './problem.ts'
import * as form from './schemas.ts'

export function identityRoutes(identities: Identities): Hono<Env> {
  const app = new Hono<Env>()
  app.use('/identities/*', async (context, next) => {
    if (context.get('asker') !== undefined)
      return problem(403, 'OWNER_ONLY', "this is the owner's: use the token of the client itself")
    return next()
  })
  app.get('/identities', describeRoute(says.identities), context =>
    context.json({ identities: identities.names.map(name => identityOf(name, identities.client(name))) }),
  )
  app.post('/identities', describeRoute(says.createIdentity), async context => {
    const { name } = v.parse(form.identityBody, await readJson(context))
    return context.json(identityOf(name, await identities.create(name)), 201)
  })
  app.post('/identities/:name/export', describeRoute(says.exportIdentity), async context => {
    const { passphrase } = v.parse(form.exportBody, await readJson(context))
    return context.json({ file: await identities.export(context.req.param('name'), { passphrase }) })
  })
  app.delete('/identities/:name', describeRoute(says.removeIdentity), async context => {
    const name = context.req.param('name')
    await identities.remove(name)
    return context.json({ name })
  })
  return app
}

export interface ByIdentity {
  readonly identities: Identities
  /** By app: the identity that it is for; others are for the first. */
  readonly appIdentities: ReadonlyMap<string, string>
  readonly access: Access
  readonly routesOf: (client: Client) => Hono<Env>
}

/** Hands each request to the routes of the identity that it names, or that its app is for. */
export function byIdentity({ identities, appIdentities, access, routesOf }: ByIdentity): Hono<Env> {
  const made = new WeakMap<Client, Hono<Env>>()
  const app = new Hono<Env>()
  app.onError(problemOf)
  app.all('*', context => {
    const asker = access.asker(context.req.header('authorization'))
    const own = asker === false || asker === undefined ? undefined : identityOfApp(appIdentities, asker.app)
    const [, named, path] = /^\/as\/([^/]+)(\/.*)$/.exec(context.req.path) ?? []
    const wanted = named ?? own ?? mainIdentity
    if (own !== undefined && wanted !== own)
      return problem(403, 'OWNER_ONLY', `this token is an app's of another identity: leave out /as/${wanted}`)
    const client = identities.client(wanted)
    const routes = made.get(client) ?? routesOf(client)
    made.set(client, routes)
    if (path === undefined) return routes.fetch(context.req.raw, context.env)
    const url = new URL(context.req.url)
    url.pathname = path
    return routes.fetch(new Request(url, context.req.raw), context.env)
  })
  return app
}

function identityOfApp(appIdentities: ReadonlyMap<string, string>, app: string): string {
  return appIdentities.get(app) ?? mainIdentity
}

function identityOf(name: string, client: Client): { name: string; address: string; ready: boolean } {
  const { address, ready } = client.status()
  return { name, address, ready }
}
