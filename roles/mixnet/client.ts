// chaffinch cascade client: a Messaging Client as a gateway on 127.0.0.1. A program hands in a message and reads how
// far it has come (docs/spec/cascade.md 15).

import { join } from 'node:path'
import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import { MessagingClient, type Plan, plannedPeers, remoteController, signerOf } from '../../cascade/index.ts'
import { fromBase64 } from '../../encoding/base64.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { wholeNumber } from '../../encoding/command-line.ts'
import { bytesPerPoint, coreGroup } from '../../shuffle/index.ts'
import { serveLoopback, tokenFrom } from '../../world/http.ts'
import { utf8Body } from '../../world/http-body.ts'
import { problem } from '../../world/problem.ts'
import { systemRandom } from '../../world/random.ts'
import { readKey, tellPort } from '../files/index.ts'
import { closing, openLog, runRole } from '../role.ts'
import { FileShelf, keyName, planName, readPlanFile } from './folder.ts'
import { again } from './loop.ts'

export interface ClientOptions {
  readonly plan?: string
  readonly port?: string
}

/** Messages that wait or are followed at a time. */
const messagesAtMost = 10_000

/** Runs until SIGTERM or Ctrl-C. @returns the exit code */
export async function runCascadeClient(folder: string, options: ClientOptions): Promise<number> {
  const log = openLog('cascade client', 'info')
  return await runRole(log, () =>
    closing(async later => {
      const plan = readPlanFile(options.plan ?? planName)
      const client = new MessagingClient({
        mixnet: plan.mixnet,
        signer: signerOf(readKey(join(folder, keyName))),
        controllerKey: fromHex(plan.controller_key),
        group: coreGroup(),
        random: systemRandom,
        shelf: new FileShelf(join(folder, 'shelf')),
        ...remoteController({ url: plan.url, fetch }),
      })
      const served = await serveLoopback({
        port: wholeNumber('port', options.port ?? '8590', 0, 65_535),
        token: await tokenFrom(join(folder, 'token')),
        routes: app => gatewayRoutes(app, client, plan),
      })
      later(() => served.close())
      later(tellPort(folder, served.port))
      later(again(() => client.tick()))
      log.info({ url: served.url, mixnet: plan.mixnet }, 'started')
      return { unready: () => (client.audit.isForked ? 'the Controller was found lying' : undefined) }
    }),
  )
}

const sendForm = v.strictObject({
  recipient: v.optional(v.string()),
  message: v.optional(v.string()),
  base64: v.optional(v.pipe(v.string(), v.base64())),
})

function gatewayRoutes(app: Hono, client: MessagingClient, plan: Plan): void {
  app.use(utf8Body)
  app.post('/send', async context => {
    const read = v.safeParse(sendForm, await context.req.json().catch(() => undefined))
    if (!read.success)
      return problem(400, 'BAD_REQUEST', 'want {"recipient", "message"} or {"recipient", "base64"}')
    const { recipient, message, base64 } = read.output
    if ((message === undefined) === (base64 === undefined))
      return problem(400, 'BAD_REQUEST', 'want either message or base64')
    const bytes = base64 === undefined ? new TextEncoder().encode(message) : fromBase64(base64)
    const most = bytesPerPoint * plan.width - 2
    if (bytes.length > most) return problem(413, 'TOO_LARGE', `message: want ${most} bytes at most`)
    const peers = plannedPeers(plan, client.audit.board)
    if (peers === undefined)
      return problem(503, 'NO_MIXNET', 'the mix-net has not been founded yet: try again later')
    const { entry } = peers
    if (recipient !== undefined && recipient !== entry && recipient !== plan.mixnet)
      return problem(404, 'UNKNOWN', `recipient: want ${plan.mixnet}, or the id of its first peer`)
    if (client.count >= messagesAtMost) return problem(429, 'FULL', `${messagesAtMost} messages are kept`)
    const id = client.send(entry, bytes)
    return context.json(stateOf(client, id), 202)
  })
  app.get('/messages', context =>
    context.json(Array.from({ length: client.count }, (_, id) => stateOf(client, id))),
  )
  app.get('/messages/:id', context => found(context, client))
}

function found(context: Context, client: MessagingClient): Response {
  const id = Number(context.req.param('id'))
  if (!Number.isSafeInteger(id) || id < 0 || id >= client.count)
    return problem(404, 'UNKNOWN', 'no message has this id')
  return context.json(stateOf(client, id))
}

function stateOf(client: MessagingClient, id: number): object {
  const { request, receipt } = client.receipt(id) ?? {}
  return { id, state: client.progress(id), ...(receipt === undefined ? {} : { request, receipt }) }
}
