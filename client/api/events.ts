// What happens in a client, told as it happens (docs/spec/client-http.md 15.3): server-sent events. The WebSocket
// with the same words: socket.ts.

import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { describeRoute } from 'hono-openapi'
import { consensusStatus } from '../../directory/documents/view.ts'
import { until, Waiting, within } from '../../world/wait.ts'
import { type Bootstrap, bootstrapOf } from '../bootstrap.ts'
import type { Asker, Env } from './access.ts'
import { Backlog } from './backlog.ts'
import { settingsOf } from './control.ts'
import { type RoutesInit, stateOf } from './messages.ts'
import { says } from './openapi.ts'
import type { ApiEvent } from './part.ts'

const lookEveryMs = 1000
/** Between two signs of life on a stream that is silent. */
const keepAliveMs = 15_000

export function eventRoutes(init: RoutesInit): Hono<Env> {
  const { clock, closing } = init
  const app = new Hono<Env>()
  app.get('/events', describeRoute(says.events), context =>
    streamSSE(context, async stream => {
      const queue: Told[] = []
      const backlog = new Backlog()
      const waiting = new Waiting()
      const ending = new AbortController()
      const stop = listen(init, context.get('asker'), ({ event, data }) => {
        const told = { event, data: JSON.stringify(data) }
        if (backlog.took(told.data)) {
          queue.push(told)
          return waiting.wake()
        }
        // It may hang in a write that never ends
        stop()
        queue.length = 0
        ending.abort()
        const { outgoing } = context.env as { outgoing?: { destroy(): void } }
        outgoing?.destroy()
      })
      stream.onAbort(() => ending.abort())
      try {
        await until([ending.signal, closing], async over => {
          while (!over.aborted) {
            const told = queue.shift()
            if (told !== undefined) {
              await stream.writeSSE(told)
              backlog.gave(told.data)
              continue
            }
            await within(clock, keepAliveMs, [over], either => waiting.next(either))
            if (!over.aborted && queue.length === 0) await stream.write(': still here\n\n')
          }
        })
      } finally {
        stop()
      }
    }),
  )
  return app
}

/** An event in the words of a stream. */
interface Told {
  readonly event: string
  readonly data: string
}

/** Tells what is the asker's: first where the client stands. Returns how to stop. */
export function listen(
  { client, clock, parts = [] }: RoutesInit,
  asker: Asker,
  tell: (told: ApiEvent) => void,
): () => void {
  const own = (app: string): boolean => asker === undefined || asker.app === app
  const last = new Map<string, string>()
  /** Tells what is so now, and again when it has changed. */
  const now = (event: string, data: ApiEvent['data']): void => {
    const text = JSON.stringify(data)
    if (last.get(event) === text) return
    last.set(event, text)
    tell({ event, data })
  }
  let stage: Bootstrap['tag'] | undefined
  let since = clock.elapsed()
  const look = (): void => {
    const { tag } = bootstrapOf(client.status(), 0)
    if (tag !== stage) since = clock.elapsed()
    stage = tag
    now('bootstrap', { ...bootstrapOf(client.status(), clock.elapsed() - since) })
    if (asker !== undefined) return
    const consensus = consensusStatus(client.consensus())
    if (consensus !== null) now('consensus', { ...consensus })
    now('settings', settingsOf(client))
  }
  let timer = clock.after(0, again)
  function again(): void {
    look()
    timer = clock.after(lookEveryMs, again)
  }
  const offs = [
    client.on('ready', look),
    client.on('state', message => {
      if (own(message.app)) tell({ event: 'state', data: stateOf(message) })
    }),
    client.on('progress', message => {
      if (own(message.app)) tell({ event: 'progress', data: { ...stateOf(message), ...message.progress } })
    }),
    client.on('message', ({ id, seq, app, inReplyTo }) => {
      if (own(app)) tell({ event: 'message', data: { id, seq, app, inReplyTo: inReplyTo ?? null } })
    }),
    ...parts.flatMap(({ listen }) => (listen === undefined ? [] : [listen(asker, tell)])),
  ]
  return () => {
    timer.cancel()
    for (const off of offs.splice(0)) off()
  }
}
