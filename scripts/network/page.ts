// The page of `chaffinch net` (docs/spec/pages.md 6): the whole network as it is now, on a port of loopback behind a
// session, and what a person does with it by hand.

import { phaseEnds } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Run } from '../../simulator/processes/index.ts'
import { systemClock } from '../../world/clock.ts'
import { isBearer, serveLoopback } from '../../world/http.ts'
import { Pages } from '../../world/pages/pages.ts'
import { problem } from '../../world/problem.ts'
import { systemRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { ByHand } from './by-hand.ts'
import { settleSoFar } from './claims.ts'
import type {
  ClaimNow,
  HappenedNow,
  MessageNow,
  NetAct,
  NetState,
  NetworkNow,
  ProcessNow,
} from './page-state.ts'
import { Sights } from './sights.ts'
import type { TableState } from './table.ts'

/** A code works for a minute: an address that is shown is made anew before. */
const addressLivesMs = 40 * second
const mostShown = 60
const mostEvents = 200
const mostCount = 50
const acts: readonly NetAct[] = ['kill', 'stop', 'resume', 'start']

export interface NetPage {
  /** Takes what an observer sees. */
  readonly sights: Sights
  /** An address that opens the page, once: a new one where the last is used or old. */
  address(): string
  /** From now on there is something to show. @param look gives the table of now */
  show(run: Run, look: () => TableState, events: readonly HappenedNow[]): void
  close(): Promise<void>
}

/** Serves the page; until `show` is called it says that processes are started. @throws ListenError */
export async function serveNetPage(startedAt: number): Promise<NetPage> {
  const token = hex(systemRandom(32))
  const sights = new Sights()
  let shown: { run: Run; look: () => TableState; events: readonly HappenedNow[]; hand: ByHand } | undefined
  const owner = (field: string | undefined): boolean => isBearer(field, token)
  const pages = new Pages({ page: 'net', owner, clock: systemClock, random: systemRandom })
  const server = await serveLoopback({
    port: 0,
    token,
    pages,
    routes(app) {
      app.get('/net', context => {
        const of = context.req.query('of')
        const now = Date.now()
        const base = { now, startedAt, seen: sights.seen(now, of) }
        if (shown === undefined)
          return context.json({ ...base, processes: [], claims: [], messages: [], events: [] })
        const { run, look, events, hand } = shown
        const state: NetState = {
          ...base,
          ...networkOf(run, look(), hand),
          claims: claimsOf(run, look().claims !== undefined),
          messages: [...messagesOf(run), ...hand.messages].slice(-mostShown),
          events: events.slice(-mostEvents),
        }
        return context.json(state)
      })
      app.post('/net/messages', async context => {
        if (shown === undefined) return problem(503, 'NOT_READY', 'the processes are starting')
        const { from, to, text, count = 1 } = await context.req.json<Record<string, unknown>>()
        if (typeof from !== 'string' || typeof to !== 'string' || typeof text !== 'string' || text === '')
          return problem(400, 'BAD_BODY', 'want from, to and text')
        if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > mostCount)
          return problem(400, 'BAD_BODY', `count: want 1 to ${mostCount}`)
        try {
          await shown.hand.send(from, to, text, Number(count))
        } catch (error) {
          return problem(409, 'REFUSED', (error as Error).message)
        }
        return context.json({}, 201)
      })
      app.post('/net/processes/:name', async context => {
        if (shown === undefined) return problem(503, 'NOT_READY', 'the processes are starting')
        const { do: what } = await context.req.json<{ do?: unknown }>()
        const act = acts.find(one => one === what)
        if (act === undefined) return problem(400, 'BAD_BODY', `do: want one of ${acts.join(', ')}`)
        try {
          await shown.hand.act(context.req.param('name'), act)
        } catch (error) {
          return problem(404, 'NO_PROCESS', (error as Error).message)
        }
        return context.json({})
      })
    },
  })
  let last: { readonly url: string; readonly at: number } | undefined
  return {
    sights,
    address() {
      const now = Date.now()
      if (last === undefined || now - last.at > addressLivesMs) last = { url: server.pageUrl(), at: now }
      return last.url
    },
    show(run, look, events) {
      shown = { run, look, events, hand: new ByHand(run) }
    },
    close: () => server.close(),
  }
}

function networkOf(
  run: Run,
  table: TableState,
  hand: ByHand,
): { readonly network: NetworkNow; readonly processes: readonly ProcessNow[] } {
  const { epoch, epochMs, epochLeftMs, consensus, messages, latency } = table
  const { sent, read, replies, of } = messages
  return {
    network: {
      ...{ epoch, epochMs, epochLeftMs, latency },
      phases: phaseEnds,
      signers: consensus?.signers ?? 0,
      authorities: table.authorities.length,
      hash: consensus?.hash,
      counts: { of, sent, read, replies },
    },
    processes: run.plan.processes.map(({ name, role }) => {
      const node = table.nodes.find(row => row.name === name)
      const client = table.clients.find(row => row.name === name)
      const phase = table.authorities.find(row => row.name === name)?.state
      const isUp = phase !== 'dead' && phase !== 'starting'
      const state = node?.state ?? client?.state ?? (isUp ? 'up' : (phase as 'dead' | 'starting'))
      return {
        ...{ name, role },
        state: state !== 'dead' && hand.isStopped(name) ? 'stopped' : state,
        layer: node === undefined || node.layer < 0 ? undefined : node.layer,
        phase: isUp ? phase : undefined,
        held: node?.held ?? 0,
        forwarded: node?.forwarded ?? 0,
        perSecond: node?.rates.at(-1) ?? 0,
        dropped: Object.values(node?.dropped ?? {}).reduce((sum, n) => sum + n, 0),
        queued: client?.queued ?? 0,
      }
    }),
  }
}

function claimsOf({ record }: Run, isOver: boolean): ClaimNow[] {
  return settleSoFar(record, isOver).map(({ id, at, value }) => ({ id, at, value: JSON.stringify(value) }))
}

function messagesOf({ record }: Run): MessageNow[] {
  return record.messages.map(({ number, from, to, bytes, acceptedAt, stored, readAt, replyReadAt }) => ({
    ...{ id: `run-${number}`, from, to, bytes, text: undefined, acceptedAt, readAt, replyReadAt },
    state:
      acceptedAt === undefined
        ? 'waiting'
        : readAt.length > 0
          ? 'read'
          : stored
            ? 'stored'
            : ('sent' as const),
  }))
}
