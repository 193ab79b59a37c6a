// chaffinch cascade client: a Messaging Client as a gateway on 127.0.0.1. A program hands in a message and reads how
// far it has come (docs/spec/cascade.md 15).

import { join } from 'node:path'
import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import {
  CascadeError,
  MessagingClient,
  type Plan,
  plannedPeers,
  remoteController,
  signerOf,
} from '../../cascade/index.ts'
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
import { type PacketClient, type PacketClientOptions, packetClient } from './packet-client.ts'

export interface ClientOptions extends PacketClientOptions {
  readonly plan?: string
  readonly port?: string
}

/** Messages that wait or are followed at a time. */
const messagesAtMost = 10_000
/** Bytes of a request: a message of 16 MiB in base64. */
const bodyBytesAtMost = 24 * 1024 * 1024

/** Holds what a gateway has: rows for trustees to open, packets for recipients, or both. */
interface Gateway {
  readonly plan: Plan
  readonly rows: MessagingClient | undefined
  readonly packets: PacketClient | undefined
}

/** Runs until SIGTERM or Ctrl-C. @returns the exit code */
export async function runCascadeClient(folder: string, options: ClientOptions): Promise<number> {
  const log = openLog('cascade client', 'info')
  return await runRole(log, () =>
    closing(async later => {
      const plan = readPlanFile(options.plan ?? planName)
      const seed = readKey(join(folder, keyName))
      const rows =
        plan.trustees.length === 0
          ? undefined
          : new MessagingClient({
              mixnet: plan.mixnet,
              signer: signerOf(seed),
              controllerKey: fromHex(plan.controller_key),
              group: coreGroup(),
              random: systemRandom,
              shelf: new FileShelf(join(folder, 'shelf')),
              ...remoteController({ url: plan.url, fetch }),
            })
      const packets = plan.packets && packetClient(folder, plan, seed, options)
      const served = await serveLoopback({
        port: wholeNumber('port', options.port ?? '8590', 0, 65_535),
        token: await tokenFrom(join(folder, 'token')),
        maxBodyBytes: bodyBytesAtMost,
        routes: app => gatewayRoutes(app, { plan, rows, packets }),
      })
      later(() => served.close())
      later(tellPort(folder, served.port))
      const steps = [rows && again(() => rows.tick(), log)]
      if (packets !== undefined) steps.push(again(() => packets.tick(Date.now()), log))
      for (const step of steps) if (step !== undefined) later(() => step.end())
      log.info({ url: served.url, mixnet: plan.mixnet }, 'started')
      const isForked = (): boolean =>
        rows?.audit.isForked === true || packets?.recipient.audit.isForked === true
      const fault = (): string | undefined => steps.find(step => step?.fault !== undefined)?.fault
      return { unready: () => (isForked() ? 'the Controller was found lying' : fault()) }
    }),
  )
}

const sendForm = v.strictObject({
  recipient: v.optional(v.string()),
  message: v.optional(v.string()),
  base64: v.optional(v.pipe(v.string(), v.base64())),
  id: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:-]{1,200}$/))),
})

function gatewayRoutes(app: Hono, gateway: Gateway): void {
  app.use(utf8Body)
  gateway.packets?.routes(app)
  app.post('/send', async context => {
    const read = v.safeParse(sendForm, await context.req.json().catch(() => undefined))
    if (!read.success)
      return problem(
        400,
        'BAD_REQUEST',
        'want {"recipient", "message"} or {"recipient", "base64"}, and an "id" or none',
      )
    const { recipient, message, base64, id } = read.output
    if ((message === undefined) === (base64 === undefined))
      return problem(400, 'BAD_REQUEST', 'want either message or base64')
    const bytes = base64 === undefined ? new TextEncoder().encode(message) : fromBase64(base64)
    const { rows, packets, plan } = gateway
    const isForAll = recipient === undefined || recipient === plan.mixnet || isEntry(gateway, recipient)
    if (rows !== undefined && (isForAll || packets === undefined)) {
      if (id !== undefined) return problem(400, 'BAD_REQUEST', 'id: only messages to a recipient have one')
      return sendRow(context, rows, plan, recipient, bytes)
    }
    return packets === undefined || recipient === undefined
      ? problem(400, 'BAD_REQUEST', 'recipient: want the id of who is written to')
      : sendPackets(context, packets, recipient, bytes, id)
  })
  app.get('/messages', context => context.json(allStates(gateway)))
  app.get('/messages/:id', context => found(context, gateway))
}

function isEntry({ rows, plan }: Gateway, recipient: string): boolean {
  return rows !== undefined && plannedPeers(plan, rows.audit.board)?.entry === recipient
}

function sendRow(
  context: Context,
  client: MessagingClient,
  plan: Plan,
  recipient: string | undefined,
  bytes: Uint8Array,
): Response {
  const most = bytesPerPoint * plan.width - 2
  if (bytes.length > most) return problem(413, 'TOO_LARGE', `message: want ${most} bytes at most`)
  const peers = plannedPeers(plan, client.audit.board)
  if (peers === undefined)
    return problem(503, 'NO_MIXNET', 'the mix-net has not been founded yet: try again later')
  const { entry } = peers
  if (recipient !== undefined && recipient !== entry && recipient !== plan.mixnet)
    return problem(404, 'UNKNOWN', `recipient: want ${plan.mixnet}, or the id of its first peer`)
  if (client.kept >= messagesAtMost && !client.makeRoom())
    return problem(
      429,
      'FULL',
      `${messagesAtMost} messages are kept, and none was delivered to your knowledge`,
    )
  const id = client.send(entry, bytes)
  return context.json(stateOf(client, id), 202)
}

function sendPackets(
  context: Context,
  packets: PacketClient,
  recipient: string,
  bytes: Uint8Array,
  id: string | undefined,
): Response {
  const whom = packets.find(recipient)
  if (whom === undefined)
    return problem(404, 'UNKNOWN', 'recipient: nobody who takes messages has this id, or not yet')
  try {
    return context.json(packets.stateOf(packets.sender.send(whom, bytes, id)), 202)
  } catch (error) {
    if (!(error instanceof CascadeError)) throw error
    const why = error.detail
    return error.code === 'FULL' ? problem(429, 'FULL', why) : problem(409, 'CONFLICT', why)
  }
}

function allStates({ rows, packets }: Gateway): object[] {
  const kept = Array.from({ length: rows?.count ?? 0 }, (_, id) => id).filter(
    id => rows?.isGone(id) === false,
  )
  const ofRows = rows === undefined ? [] : statesOf(rows, kept)
  const ofPackets = Array.from({ length: packets?.sender.count ?? 0 }, (_, i) => i)
    .filter(i => packets?.sender.isGone(i) === false)
    .map(i => (packets as PacketClient).stateOf(i))
  return [...ofRows, ...ofPackets]
}

function found(context: Context, { rows, packets }: Gateway): Response {
  const name = context.req.param('id') ?? ''
  const id = Number(name)
  if (rows !== undefined && Number.isSafeInteger(id) && id >= 0 && id < rows.count)
    return context.json(statesOf(rows, [id])[0] ?? {})
  const number = packets?.sender.numberOf(name)
  if (packets === undefined || number === undefined) return problem(404, 'UNKNOWN', 'no message has this id')
  return context.json(packets.stateOf(number))
}

/** Gives how far messages are, and writes down that their user was told. */
function statesOf(client: MessagingClient, ids: readonly number[]): object[] {
  const states = ids.map(id => stateOf(client, id))
  client.told(ids)
  return states
}

function stateOf(client: MessagingClient, id: number): object {
  const { request, receipt } = client.receipt(id) ?? {}
  return { id, state: client.progress(id), ...(receipt === undefined ? {} : { request, receipt }) }
}
