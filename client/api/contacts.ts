// The people whom a client's owner knows, over HTTP (docs/spec/client-http.md 15.6). The owner's, not the apps'.

import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import { problem } from '../../world/problem.ts'
import type { Client } from '../client.ts'
import type { Env } from './access.ts'
import { readJson } from './messages.ts'
import { says } from './openapi.ts'
import * as form from './schemas.ts'

export function contactRoutes({ client }: { readonly client: Client }): Hono<Env> {
  const app = new Hono<Env>()
  app.use('/contacts/*', async (context, next) => {
    if (context.get('asker') !== undefined)
      return problem(403, 'OWNER_ONLY', "this is the owner's: use the token of the client itself")
    return next()
  })
  app.get('/contacts', describeRoute(says.contacts), context =>
    context.json({ contacts: client.contacts.list() }),
  )
  app.put('/contacts/:name', describeRoute(says.keepContact), async context => {
    const { address, read, received } = v.parse(form.contactBody, await readJson(context))
    const settings = {
      ...(read === undefined ? {} : { read }),
      ...(received === undefined ? {} : { received }),
    }
    const name = context.req.param('name')
    const kept =
      address === undefined
        ? await client.contacts.change(name, settings)
        : await client.contacts.add(name, address, settings)
    return context.json(kept)
  })
  app.delete('/contacts/:name', describeRoute(says.removeContact), async context => {
    const name = context.req.param('name')
    await client.contacts.remove(name)
    return context.json({ name })
  })
  app.get('/contacts/:name/words', describeRoute(says.safetyWords), context =>
    context.json({ words: client.safetyWords(context.req.param('name')) }),
  )
  return app
}
