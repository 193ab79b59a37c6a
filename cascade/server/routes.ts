// The mix-net API over HTTP (docs/spec/cascade.md 13): what is public, and where requests are handed in. Every path
// stands below the mix-net's name.

import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import { describeRoute } from 'hono-openapi'
import { hex } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import { problem } from '../../world/problem.ts'
import { sleep, until } from '../../world/wait.ts'
import { lengthsBeside } from '../admission.ts'
import type { Controller, Reply } from '../controller.ts'
import { CascadeError, type CascadeErrorCode } from '../error.ts'
import { type Cycle, countOf, outRowBytesOf, type Peer, rowBytesOf, rowsBetween } from '../records.ts'
import { payloadBytesAtMost, type SignedRequest, wantRequest } from '../signed.ts'
import { type RouteName, says } from './describe.ts'
import { type MessageView, viewConsensus, viewCycle, viewNegotiation, viewPeer, viewPerson } from './views.ts'

/** Holds what the routes work with. */
export interface RoutesInit {
  readonly controller: Controller
  readonly clock: Clock
  /** Aborts when the server ends: event streams end with it. */
  readonly closing: AbortSignal
}

/** A request in JSON has its signature and escapes besides its payload. */
const requestBytesAtMost = 2 * payloadBytesAtMost
/** The field that carries a request whose blobs are the body, in base64url. */
export const requestField = 'cascade-request'
const pageAtMost = 1000
/** Bytes of rows that a page lists. */
const pageBytesAtMost = 4 * 1024 * 1024
/** Bytes of a stretch that is sent in one piece: who does not read makes a server hold two of them. */
const stretchAtMost = 1024 * 1024
const lookEveryMs = 500
const aliveEveryMs = 15_000
const tileHashes = 256

const statuses: Readonly<Record<CascadeErrorCode, 400 | 403 | 404 | 409 | 429>> = {
  BAD_REQUEST: 400,
  BAD_SIGNATURE: 403,
  FORBIDDEN: 403,
  UNKNOWN: 404,
  REPLAYED: 409,
  WRONG_STATE: 409,
  FULL: 429,
}

export function mixnetRoutes(init: RoutesInit): Hono {
  const { controller } = init
  const { board } = controller
  const app = new Hono()
  /** Steps whose blobs are on their way. */
  const arriving = new Set<string>()
  const cycleAt = (context: Context): Cycle =>
    board.cycle(param(context, 'peer_id'), number(param(context, 'cycle_id'), 'cycle_id'))
  app.onError(refused)

  app.get('/peers', describeRoute(says.peers), context => {
    const all = [...[...board.persons.values()].map(viewPerson), ...[...board.peers.values()].map(viewPeer)]
    const { peer_type, name } = context.req.query()
    const wanted = all.filter(
      peer => (peer_type ?? peer.peer_type) === peer.peer_type && (name ?? peer.name) === peer.name,
    )
    return context.json(page(context, wanted))
  })
  app.get('/peers/:peer_id', describeRoute(says.peer), context => {
    const id = param(context, 'peer_id')
    const person = board.persons.get(id)
    return context.json(person === undefined ? viewPeer(board.peer(id)) : viewPerson(person))
  })
  app.get('/peers/:peer_id/cycles', describeRoute(says.cycles), context => {
    const peer = board.peer(param(context, 'peer_id'))
    const status = context.req.query('status')
    const all = board.cycles.get(peer.peer_id) ?? []
    return context.json(
      page(
        context,
        all.filter(cycle => (status ?? cycle.status) === cycle.status),
      ).map(viewCycle),
    )
  })
  app.get('/peers/:peer_id/cycles/:cycle_id', describeRoute(says.cycle), context =>
    context.json(viewCycle(cycleAt(context))),
  )
  for (const box of ['inbox', 'outbox'] as const) {
    app.get(`/peers/:peer_id/cycles/:cycle_id/${box}`, describeRoute(says[box]), async context =>
      context.json(await messagesOf(controller, cycleAt(context), box, pageOf(context))),
    )
    app.get(`/peers/:peer_id/cycles/:cycle_id/${box}.bin`, describeRoute(says.bulk), context => {
      const cycle = cycleAt(context)
      if (box === 'outbox') return bulk(context, controller, cycle.output_hash)
      const { messages: now, input_hash } = board.originOf(cycle)
      const messages = [...now]
      if (messages.length === 0) return bulk(context, controller, input_hash)
      const length = countOf(messages) * rowBytesOf(board.peer(cycle.peer_id))
      return inStretches(context, length, async (from, to) => rowsBetween(messages, from, to))
    })
  }
  app.get('/peers/:peer_id/cycles/:cycle_id/proof.bin', describeRoute(says.bulk), context =>
    bulk(context, controller, cycleAt(context).proof_hash),
  )
  app.get('/blobs/:hash', describeRoute(says.blob), context =>
    bulk(context, controller, param(context, 'hash')),
  )

  app.get('/negotiations/:id', describeRoute(says.negotiation), context => {
    const negotiation = board.negotiations.get(param(context, 'id'))
    if (negotiation === undefined) throw new CascadeError('UNKNOWN', 'negotiation: is not there')
    return context.json(viewNegotiation(negotiation))
  })
  app.get('/consensus/:id', describeRoute(says.consensus), context => {
    const id = param(context, 'id')
    const consensus = board.consensuses.get(id)
    if (consensus === undefined) throw new CascadeError('UNKNOWN', 'consensus: is not there')
    return context.json(viewConsensus(id, consensus))
  })

  app.get('/log/checkpoint', describeRoute(says.checkpoint), context => context.text(controller.checkpoint()))
  app.get('/log/entries', describeRoute(says.entries), async context =>
    context.json(await controller.log(number(context.req.query('from') ?? '0', 'from'))),
  )
  // c2sp.org/tlog-tiles: LEVEL/N, and LEVEL/N.p/WIDTH for one that is not full yet; N in groups of three digits
  app.get('/log/tile/:path{.+}', describeRoute(says.tile), context => tile(context, controller))
  app.get('/events', describeRoute(says.events), context => events(context, init))

  const taking = bodyLimit({
    maxSize: requestBytesAtMost,
    onError: () => problem(413, 'FULL', `the body is longer than ${requestBytesAtMost} bytes`),
  })
  const post = (path: string, about: RouteName, wants: (context: Context) => Wanted): void => {
    app.post(path, describeRoute(says[about]), taking, async context => {
      const request = wantRequest(await context.req.json().catch(() => undefined))
      fitting(request, wants(context))
      return answer(context, await controller.post(request))
    })
  }
  post('/peers', 'createPeer', () => ({ resource: 'peer', operation: 'create' }))
  post('/peers/:peer_id', 'bringSenders', context => ({
    resource: 'peer',
    operation: 'action',
    peer_id: param(context, 'peer_id'),
  }))
  post('/negotiations', 'createNegotiation', () => ({ resource: 'negotiation', operation: 'create' }))
  post('/negotiations/:id', 'contribute', context => ({
    resource: 'negotiation',
    operation: 'action',
    negotiation_id: param(context, 'id'),
  }))
  post('/peers/:peer_id/cycles', 'createCycle', context => ({
    resource: 'cycle',
    operation: 'create',
    peer_id: param(context, 'peer_id'),
  }))
  post('/peers/:peer_id/cycles/:cycle_id/inbox', 'createMessage', context => ({
    ...cycleIn(context),
    resource: 'message',
    operation: 'create',
  }))
  app.post('/peers/:peer_id/cycles/:cycle_id', describeRoute(says.act), async (context, next) => {
    const field = context.req.header(requestField)
    if (field === undefined) return next()
    const request = wantRequest(readField(field))
    fitting(request, { ...cycleIn(context), resource: 'cycle', operation: 'action' })
    // Said again: the answer is there, and nobody reads the body a second time
    if (board.repeated(request) !== undefined) return answer(context, await controller.post(request))
    const lengths = lengthsBeside(board, request)
    const total = lengths.reduce((sum, length) => sum + length, 0)
    if (total === 0 || Number(context.req.header('content-length')) !== total)
      throw new CascadeError(total === 0 ? 'FORBIDDEN' : 'BAD_REQUEST', `body: want ${total} bytes`)
    // One at a time of each step: whoever's turn it is fills a memory once
    const step = `${request.payload.signer} ${context.req.path}`
    if (arriving.has(step)) return problem(503, 'BUSY', 'the same is being handed in: try again later')
    arriving.add(step)
    try {
      const bytes = new Uint8Array(await context.req.arrayBuffer())
      let at = 0
      const blobs = lengths.map(length => {
        at += length
        return bytes.slice(at - length, at)
      })
      return answer(context, await controller.post(request, blobs))
    } finally {
      arriving.delete(step)
    }
  })
  post('/peers/:peer_id/cycles/:cycle_id', 'act', context => ({
    ...cycleIn(context),
    resource: 'cycle',
    operation: 'action',
  }))
  return app
}

type Wanted = Readonly<Record<string, string | number>>

function cycleIn(context: Context): Wanted {
  const cycle_id = number(param(context, 'cycle_id'), 'cycle_id')
  return { peer_id: param(context, 'peer_id'), cycle_id }
}

/** Demands that what is signed is about what the path names. */
function fitting({ payload }: SignedRequest, wanted: Wanted): void {
  for (const [name, value] of Object.entries(wanted))
    if (payload[name] !== value) throw new CascadeError('BAD_REQUEST', `${name}: is not what the path says`)
}

function readField(field: string): unknown {
  try {
    return JSON.parse(Buffer.from(field, 'base64url').toString())
  } catch {
    return undefined
  }
}

function answer(context: Context, reply: Reply): Response {
  if (reply.is === 'refused')
    return refused(new CascadeError(reply.code, reply.why.slice(reply.code.length + 1)))
  return context.json({ id: reply.id, receipt: { ...reply.receipt, path: [...reply.receipt.path] } }, 201)
}

function refused(error: unknown): Response {
  if (error instanceof CascadeError) return problem(statuses[error.code], error.code, error.detail)
  return problem(500, 'INTERNAL', 'the request could not be carried out')
}

function param(context: Context, name: string): string {
  return context.req.param(name) ?? ''
}

function number(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CascadeError('BAD_REQUEST', `${name}: want a whole number`)
  return Number(text)
}

interface Page {
  readonly from: number
  readonly limit: number
}

/** `from` counts from 0, `limit` is 1,000 at most. */
function pageOf(context: Context): Page {
  const { from = '0', limit = String(pageAtMost) } = context.req.query()
  return { from: number(from, 'from'), limit: Math.min(pageAtMost, number(limit, 'limit')) }
}

function page<T>(context: Context, all: readonly T[]): readonly T[] {
  const { from, limit } = pageOf(context)
  return all.slice(from, from + limit)
}

/** Lists rows as messages: what came in from senders, or what a peer gave out, which has no sender but the peer. */
async function messagesOf(
  controller: Controller,
  cycle: Cycle,
  box: 'inbox' | 'outbox',
  { from, limit: wanted }: Page,
): Promise<readonly MessageView[]> {
  const peer = controller.board.peer(cycle.peer_id)
  const size = box === 'inbox' ? rowBytesOf(peer) : outRowBytesOf(peer)
  const limit = Math.min(wanted, Math.max(1, Math.floor(pageBytesAtMost / size)))
  const about = { box: box === 'inbox' ? (0 as const) : (1 as const), cycle_id: cycle.id }
  if (box === 'inbox' && cycle.messages.length > 0)
    return cycle.messages
      .slice(from, from + limit)
      .map(({ id, sender, row }) => ({ ...about, id, sender, recipient: peer.peer_id, data: hex(row) }))
  const [first, last] = [from * size, (from + limit) * size]
  const origin = controller.board.originOf(cycle)
  const rows =
    box === 'inbox' && origin.messages.length > 0
      ? rowsBetween(origin.messages, first, last)
      : await controller.stretch(box === 'inbox' ? origin.input_hash : cycle.output_hash, first, last)
  const [sender, recipient] =
    box === 'inbox' ? [cycle.from?.peer_id ?? '', peer.peer_id] : [peer.peer_id, peer.next]
  return Array.from({ length: Math.max(0, Math.floor((rows?.length ?? 0) / size)) }, (_, i) => {
    const row = (rows as Uint8Array).subarray(size * i, size * (i + 1))
    return { ...about, id: from + i + 1, sender, ...addressed(peer, box, recipient, row) }
  })
}

/** Behind the last mixer of packets each row says whom it is for. */
function addressed(
  { peer_type, next }: Peer,
  box: 'inbox' | 'outbox',
  otherwise: string,
  row: Uint8Array,
): { readonly recipient: string; readonly data: string } {
  if (peer_type !== 'SPHINX' || next !== '' || box === 'inbox')
    return { recipient: otherwise, data: hex(row) }
  return { recipient: hex(row.subarray(0, 32)), data: hex(row.subarray(32)) }
}

async function bulk(context: Context, controller: Controller, hash: string): Promise<Response> {
  const length = controller.lengthOf(hash)
  if (length === undefined) throw new CascadeError('UNKNOWN', 'it is not there')
  return inStretches(context, length, async (from, to) => await controller.stretch(hash, from, to))
}

/** Sends bytes as they are read, and no more of them than are. */
function inStretches(
  context: Context,
  length: number,
  read: (from: number, to: number) => Promise<Uint8Array | undefined>,
): Response {
  const { from, to, isPart } = rangeOf(context, length)
  let sent = from
  const pull = async (stream: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const at = sent
    sent = Math.min(to, at + stretchAtMost)
    const bytes = at === to ? undefined : await read(at, sent)
    if (bytes === undefined) stream.close()
    else stream.enqueue(bytes)
  }
  const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
  return new Response(body, bytesInit(from, to, length, isPart))
}

function sendBytes(context: Context, bytes: Uint8Array): Response {
  const { from, to, isPart } = rangeOf(context, bytes.length)
  return new Response(bytes.slice(from, to), bytesInit(from, to, bytes.length, isPart))
}

function bytesInit(from: number, to: number, length: number, isPart: boolean): ResponseInit {
  return {
    status: isPart ? 206 : 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(to - from),
      'accept-ranges': 'bytes',
      ...(isPart ? { 'content-range': `bytes ${from}-${to - 1}/${length}` } : {}),
    },
  }
}

/** Reads one range (RFC 9110, 14.1.2); what is not one is the whole. */
function rangeOf(
  context: Context,
  length: number,
): { readonly from: number; readonly to: number; readonly isPart: boolean } {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(context.req.header('range') ?? '') ?? []
  const from = Number(first)
  const to = last === undefined || last === '' ? length : Math.min(length, Number(last) + 1)
  return first === undefined || from >= to
    ? { from: 0, to: length, isPart: false }
    : { from, to, isPart: true }
}

function tile(context: Context, controller: Controller): Response {
  const [, level = '', groups = '', width] =
    /^(\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(param(context, 'path')) ?? []
  const hashes = width === undefined ? tileHashes : Number(width)
  const first = Number(groups.replaceAll(/[x/]/g, '')) * tileHashes
  const all = groups === '' ? [] : controller.subtrees(8 * Number(level), first, hashes)
  if (all.length !== hashes || hashes === 0 || hashes > tileHashes)
    throw new CascadeError('UNKNOWN', 'tile: is not there')
  return sendBytes(context, new Uint8Array(all.flatMap(hash => [...hash])))
}

/** Tells each new head of the log: whoever follows it asks then. */
function events(context: Context, { controller, clock, closing }: RoutesInit): Response {
  return streamSSE(context, async stream => {
    const ending = new AbortController()
    stream.onAbort(() => ending.abort())
    await until([ending.signal, closing], async over => {
      let [told, silentSince] = [-1, clock.elapsed()]
      while (!over.aborted) {
        if (controller.size !== told) {
          told = controller.size
          silentSince = clock.elapsed()
          await stream.writeSSE({ event: 'head', data: JSON.stringify({ size: told }) })
        } else if (clock.elapsed() - silentSince > aliveEveryMs) {
          silentSince = clock.elapsed()
          await stream.write(': still here\n\n')
        }
        await sleep(clock, lookEveryMs, over).catch(() => {})
      }
    })
  })
}
