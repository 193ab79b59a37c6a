// chaffinch/worker: a worker that holds the client of all pages of an origin (docs/spec/client-browser.md 18.3).
//
//     import { serveWorker } from 'chaffinch/worker'
//     serveWorker()
//
// Nothing here waits before it hears of its first page: the client itself, which compiles wasm, is loaded by need.

import type { Client } from '../client.ts'
import { ClientError } from '../error.ts'
import { calls, handedOf, isCall } from './calls.ts'
import type { Answered, Asked, PageEvent, Port, WorkerClientOptions } from './port.ts'

/** Events that are kept for a page which does not ask for them, as one that is frozen does not. */
const mostEvents = 1000
/** Calls of one page that are worked on at a time. */
const mostCalls = 64

/** Opens a client; Node's tests hand in one of their own. */
export type OpenClient = (options: WorkerClientOptions) => Promise<Client>

/** The client of a worker, and for whom it was opened. */
interface Opened {
  readonly folder: string
  readonly client: Promise<Client>
}

/** Holds one client, and hands each page that comes its own way to it. */
export class WorkerClient {
  readonly #open: OpenClient
  #opened: Opened | undefined

  constructor(open: OpenClient) {
    this.#open = open
  }

  /** Serves a page until it leaves. */
  serve(port: Port): void {
    const page = new Page(port, options => this.#clientOf(options))
    port.addEventListener('message', ({ data }) => page.asked(data as Asked))
    port.start?.()
  }

  /** The first page opens it; who comes later has the same one. @throws ClientError BAD_OPTION for another folder */
  async #clientOf(options: WorkerClientOptions): Promise<Client> {
    const { folder } = options
    if (this.#opened !== undefined && this.#opened.folder !== folder)
      throw new ClientError('BAD_OPTION', `folder: this worker has '${this.#opened.folder}' open`)
    this.#opened ??= { folder, client: this.#open(options) }
    const opened = this.#opened
    try {
      return await opened.client
    } catch (error) {
      // The next page tries again
      if (this.#opened === opened) this.#opened = undefined
      throw error
    }
  }
}

/** One page: what it asked for, and what it has not been told yet. */
class Page {
  readonly #port: Port
  readonly #clientOf: (options: WorkerClientOptions) => Promise<Client>
  #client: Client | undefined
  #events: PageEvent[] = []
  #asksEvents: number | undefined
  #running = 0
  #stops: (() => void)[] = []

  constructor(port: Port, clientOf: (options: WorkerClientOptions) => Promise<Client>) {
    this.#port = port
    this.#clientOf = clientOf
  }

  asked(asked: Asked): void {
    if (asked.do === 'leave') this.#leave()
    else if (asked.do === 'events') {
      this.#asksEvents = asked.ref
      this.#tellEvents()
    } else if (this.#running >= mostCalls)
      this.#fail(asked.ref, new ClientError('QUEUE_FULL', `page: ${mostCalls} calls are under way`))
    else this.#carryOut(asked)
  }

  #carryOut(asked: Exclude<Asked, { do: 'leave' | 'events' }>): void {
    this.#running++
    this.#run(asked)
      .then(
        result => this.#say({ ref: asked.ref, result }),
        (error: unknown) => this.#fail(asked.ref, error),
      )
      .finally(() => this.#running--)
  }

  async #run(asked: Exclude<Asked, { do: 'leave' | 'events' }>): Promise<unknown> {
    if (asked.do === 'open') {
      const client = await this.#clientOf(asked.options)
      if (this.#client === undefined) this.#follow(client)
      return undefined
    }
    if (this.#client === undefined) throw new ClientError('CLOSED', 'page: no client is open')
    if (asked.do === 'ready') return await this.#client.ready()
    const { name, args } = asked
    if (!isCall(name)) throw new ClientError('BAD_OPTION', `page: no call '${name}'`)
    const call = calls[name] as (client: Client, ...args: readonly unknown[]) => unknown
    return await call(this.#client, ...args)
  }

  #follow(client: Client): void {
    this.#client = client
    this.#stops = [
      client.on('state', message => this.#happened({ type: 'state', message: handedOf(message) })),
      client.on('progress', message => this.#happened({ type: 'progress', message: handedOf(message) })),
      client.on('message', ({ id, seq, app }) => this.#happened({ type: 'message', id, seq, app })),
      client.on('ready', ready => this.#happened({ type: 'ready', ready })),
    ]
  }

  #happened(event: PageEvent): void {
    if (this.#events.length >= mostEvents) this.#events = [{ type: 'missed' }]
    this.#events.push(event)
    this.#tellEvents()
  }

  /** One answer at a time: a page that does not run has no more than that waiting for it. */
  #tellEvents(): void {
    const ref = this.#asksEvents
    if (ref === undefined || this.#events.length === 0) return
    this.#asksEvents = undefined
    this.#say({ ref, result: this.#events.splice(0) })
  }

  #fail(ref: number, error: unknown): void {
    const { code, message } =
      error instanceof ClientError ? error : { code: 'CLOSED' as const, message: String(error) }
    this.#say({ ref, error: { code, message } })
  }

  #say(answer: Answered): void {
    this.#port.postMessage(answer)
  }

  #leave(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.#events = []
    this.#port.close?.()
  }
}

/** The global object of a worker: a shared one is told of each page, one of a page's own is the port itself. */
interface Scope {
  onconnect?: ((event: { readonly ports: readonly Port[] }) => void) | null
}

/** Has this worker serve a client to its pages. To be called before anything is waited for. */
export function serveWorker(): void {
  const worker = new WorkerClient(async options => {
    const { openClient } = await import('../connect.ts')
    return await openClient(options)
  })
  const scope = globalThis as Scope
  if ('onconnect' in scope) scope.onconnect = ({ ports }) => worker.serve(ports[0] as Port)
  else worker.serve(globalThis as unknown as Port)
}
