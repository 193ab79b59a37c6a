// A client's daemon with a page of which much is asked: a real one behind it, of a network in memory, and in front of
// that as many messages and nodes as wanted. Messages go on coming while somebody looks.

import { serveClient } from '../../client/api/index.ts'
import { type ListedJson, type QueuedJson, RemoteClient } from '../../client/remote/index.ts'
import { hex } from '../../encoding/bytes.ts'
import type { MessageId } from '../../encoding/ids.ts'
import { localNetwork } from '../../simulator/local.ts'
import { systemClock } from '../../world/clock.ts'
import { isBearer, serveLoopback } from '../../world/http.ts'
import { Pages } from '../../world/pages/pages.ts'
import { seededRandom, systemRandom } from '../../world/random.ts'
import { day } from '../../world/units.ts'

export interface CrowdedDaemon extends AsyncDisposable {
  /** Opens the page, once. */
  pageUrl(): string
}

const token = 'the token of a measurement, long enough'
/** Time between two messages that come. */
const comesEveryMs = 250
const contact = 'bob'

/** @param messages half of them sent, half of them received, all in the conversation with the contact `bob` */
export async function crowdedDaemon(wish: {
  readonly messages: number
  readonly nodes: number
}): Promise<CrowdedDaemon> {
  const local = await localNetwork({ link: 'memory', clients: 2 })
  const [client, other] = local.clients
  if (client === undefined || other === undefined) throw new Error('a client is missing')
  await client.contacts.add(contact, other.address)
  const api = await serveClient({ client, port: 0, token })
  const behind = new RemoteClient({ url: api.url, token })
  const random = seededRandom(7)
  const id = (): string => hex(random(16))
  const begun = Date.now() - day
  const sent = Array.from({ length: wish.messages / 2 }, (_, i) => sentOne(i, id(), other.address, begun))
  const came = Array.from({ length: wish.messages / 2 }, (_, i) => cameOne(i, id(), other.address, begun))
  const consensus = await manyNodes(behind, wish.nodes, () => hex(random(32)))
  const text = (id: string): object => ({ id, base64: btoa(`message ${id}`), text: `message ${id}` })
  const front = await serveLoopback({
    port: 0,
    token,
    pages: new Pages({
      page: 'client',
      owner: field => isBearer(field, token),
      clock: systemClock,
      random: systemRandom,
    }),
    routes(app) {
      const page = <T extends { readonly seq: number }>(
        list: readonly T[],
        query: Record<string, string>,
      ): T[] => {
        const from = list.findIndex(({ seq }) => seq > Number(query['after'] ?? -1))
        return from < 0 ? [] : list.slice(from, from + Number(query['most'] ?? 10_000))
      }
      app.get('/queue', context => context.json({ messages: page(sent, context.req.query()) }))
      app.get('/inbox', context => context.json({ messages: page(came, context.req.query()) }))
      app.get('/sent', context => context.json({ messages: idsOf(context.req.query('ids')).map(text) }))
      app.get('/messages', context => {
        const wanted = idsOf(context.req.query('ids'))
        const messages = came.filter(one => wanted.includes(one.id)).map(one => ({ ...one, ...text(one.id) }))
        return context.json({ messages, next: messages.at(-1)?.seq ?? -1 })
      })
      app.get('/identities', context => context.json({ identities: [] }))
      app.get('/consensus', context => context.json(consensus))
      app.get('/events', () => {
        let timer: NodeJS.Timeout | undefined
        const say = (event: string, data: unknown): Uint8Array =>
          new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
        const body = new ReadableStream<Uint8Array>({
          start(stream) {
            const { hash, epoch, validUntil, signers } = consensus
            stream.enqueue(say('consensus', { hash, epoch, validUntil, signers }))
            timer = setInterval(() => {
              const message = cameOne(came.length, id(), other.address, begun)
              came.push(message)
              stream.enqueue(say('message', { id: message.id, seq: message.seq, app: '', inReplyTo: null }))
            }, comesEveryMs)
          },
          cancel: () => clearInterval(timer),
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      })
      app.all('*', async context => {
        const { pathname, search } = new URL(context.req.url)
        return context.json((await behind.ask(`${pathname}${search}`)) as object)
      })
    },
  })
  return {
    pageUrl: () => front.pageUrl(),
    async [Symbol.asyncDispose]() {
      await front.close()
      await api.close()
      await local.stop()
    },
  }
}

function idsOf(list: string | undefined): string[] {
  return (list ?? '').split(',').filter(id => id !== '')
}

function sentOne(seq: number, id: string, to: string, begun: number): QueuedJson {
  const at = begun + 8000 * seq
  return {
    ...{ id: id as MessageId, seq, to, contact, inReplyTo: null, app: '', kind: 'message', state: 'read' },
    ...{ reason: null, bytes: 40, fragments: 1, arrived: 1, acceptedAt: at, deadline: at + day },
  }
}

function cameOne(seq: number, id: string, from: string, begun: number): ListedJson {
  const at = begun + 8000 * seq + 4000
  const of = { inReplyTo: null, from, contact, canReply: true, bytes: 40, read: true }
  return { ...of, id: id as MessageId, seq, at, app: '' }
}

/** The network's document as if it had so many nodes: a tenth of them gateways, the others in the layers. */
async function manyNodes(
  behind: RemoteClient,
  count: number,
  id: () => string,
): Promise<Awaited<ReturnType<RemoteClient['consensus']>>> {
  const consensus = await behind.consensus()
  const [mix, gateway] = ['mix', 'gateway'].map(role => consensus.nodes.find(node => node.role === role))
  if (mix === undefined || gateway === undefined) throw new Error('the network has no such node')
  const nodes = Array.from({ length: count }, (_, i) =>
    i % 10 === 0 ? { ...gateway, id: id() } : { ...mix, id: id(), layer: i % 3, running: i % 7 !== 0 },
  )
  return { ...consensus, nodes }
}
