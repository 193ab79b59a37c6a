// chaffinch/page: the client that all pages of an origin share, in a worker of theirs, as one of the pages has it
// (docs/spec/client-browser.md 18.3). The clocks of a worker keep their rate in tabs that are hidden or frozen.
//
//     import { connect } from 'chaffinch/page'
//     const client = await connect({ worker: new URL('worker.js', location.href), network, folder: 'me' })

import { wait } from '../../world/wait.ts'
import type { Contact, ContactSettings } from '../contacts/contacts.ts'
import { ClientError } from '../error.ts'
import type { KnownService } from '../incoming/announcing.ts'
import type { Received } from '../message.ts'
import type { CoverLevel } from '../outgoing/cover.ts'
import type { MessageState } from '../outgoing/queue-state.ts'
import type { ClientStatus } from '../status.ts'
import type { CallName, Calls, CopiedSendOptions, Handed, ListOptions } from './calls.ts'
import type { Answered, PageEvent, Port, WorkerClientOptions } from './port.ts'

export type { ClientErrorCode } from '../error.ts'
export type { CopiedSendOptions, Handed, ListOptions } from './calls.ts'
export type { PageEvent, Port, WorkerClientOptions } from './port.ts'
export { ClientError }

/** Configures the client, and says where its worker's script is. */
export interface PageOptions extends WorkerClientOptions {
  /** The script, of this page's origin, that calls `serveWorker`: an ES module. */
  readonly worker: URL | string
  readonly signal?: AbortSignal
}

/** A call, as a page makes it: without the client in front. */
type Arguments<Name extends CallName> =
  Parameters<Calls[Name]> extends [unknown, ...infer Rest] ? Rest : never
type Result<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>

/**
 * Connects this page with the client of its origin, which the first page opens, and waits until it can send.
 *
 * @throws ClientError what `openClient` throws; IN_USE where another worker of the origin has the folder open; ABORTED
 */
export async function connect({ worker, signal, ...options }: PageOptions): Promise<PageClient> {
  // Granted or not, the client runs
  await here.navigator?.storage?.persist?.().catch(() => false)
  const { port, failed } = startWorker(worker)
  const client = new PageClient(port)
  return await wait<PageClient>({ signal, aborted: calledOff }, ({ resolve, reject }) => {
    failed.catch(reject)
    client.begin(options).then(() => resolve(client), reject)
    return undefined
  }).catch((error: unknown) => {
    client.close()
    throw error
  })
}

function calledOff(): ClientError {
  return new ClientError('ABORTED', 'connect: called off by the caller')
}

/** The part of a page's global object that is used here; in Node there is none of it. */
interface Here {
  readonly navigator?: { readonly storage?: { persist?(): Promise<boolean> } }
  readonly SharedWorker?: new (url: URL | string, options: object) => Failing & { readonly port: Port }
  readonly Worker: new (url: URL | string, options: object) => Failing & Port
  addEventListener?(type: 'pagehide', listener: (event: { readonly persisted: boolean }) => void): void
}

interface Failing {
  addEventListener(type: 'error', listener: () => void): void
}

const here = globalThis as unknown as Here

/** Shared among all pages; where a browser has no such workers, this page's own. */
function startWorker(url: URL | string): { readonly port: Port; readonly failed: Promise<never> } {
  const options = { type: 'module', name: 'chaffinch' }
  const shared = here.SharedWorker && new here.SharedWorker(url, options)
  const worker = shared ?? new here.Worker(url, options)
  const failed = new Promise<never>((_, reject) => {
    const text = `worker: ${String(url)} does not run: look at the browser's console`
    worker.addEventListener('error', () => reject(new ClientError('NO_FOLDER', text)))
  })
  failed.catch(() => {})
  return { port: shared?.port ?? (worker as Port), failed }
}

/** A message or reply of ours, as a page holds it. */
export interface PageMessage extends Handed {
  /** Resolves when all of it has left once. @throws ClientError with the reason when it fails first, CLOSED, ABORTED */
  sent(signal?: AbortSignal): Promise<void>
  /** Resolves when the far gateway has all of it on disk. Throws like `sent`. */
  stored(signal?: AbortSignal): Promise<void>
  /** Resolves when the receiver's client has all of it, where it tells. Throws like `sent`. */
  received(signal?: AbortSignal): Promise<void>
  /** Resolves when the receiver's app has taken it, where it tells. Throws like `sent`. */
  read(signal?: AbortSignal): Promise<void>
}

/** Messages of ours whose state is followed. */
const mostKnown = 10_000
const order: readonly MessageState[] = ['queued', 'sent', 'stored', 'received', 'read']

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: ClientError) => void
}

/** The client of this page's origin. Made by `connect`. */
export class PageClient {
  readonly #port: Port
  readonly #pending = new Map<number, Pending>()
  /** Holds how the newest messages are that somebody here may look at, by id. */
  readonly #known = new Map<string, Handed>()
  readonly #listeners = new Set<(event: PageEvent) => void>()
  #next = 0
  #address = ''
  #closed = false

  constructor(port: Port) {
    this.#port = port
    port.addEventListener('message', ({ data }) => this.#answered(data as Answered))
    port.start?.()
  }

  /** Has the worker open its client, and waits until that can send. */
  async begin(options: WorkerClientOptions): Promise<void> {
    await this.#ask({ do: 'open', options })
    void this.#follow()
    await this.#ask({ do: 'ready' })
    this.#address = await this.#call('address')
    here.addEventListener?.('pagehide', ({ persisted }) => {
      if (!persisted) this.close()
    })
  }

  /** The address that others write to. */
  get address(): string {
    return this.#address
  }

  /** Hands a message over: it is on the disk when this resolves. Throws what a client's `send` throws. */
  async send(
    to: string,
    content: Uint8Array | string,
    options: CopiedSendOptions = {},
  ): Promise<PageMessage> {
    return this.#handle(await this.#call('send', to, content, options))
  }

  /** Answers a message that brought reply blocks. Throws what a client's `reply` throws. */
  async reply(
    received: Pick<Received, 'id'> | string,
    content: Uint8Array | string,
    options: Pick<CopiedSendOptions, 'deadlineMs' | 'priority'> = {},
  ): Promise<PageMessage> {
    const id = typeof received === 'string' ? received : received.id
    return this.#handle(await this.#call('reply', id, content, options))
  }

  /** Asks a service and waits for its answer. Throws what a client's `request` throws. */
  request(
    to: string,
    name: string,
    content: Uint8Array | string,
    options: Pick<CopiedSendOptions, 'deadlineMs'> = {},
  ): Promise<Uint8Array> {
    return this.#call('request', to, name, content, options)
  }

  /**
   * Gives every message that is kept for an app (default: those that name none), oldest first, and then each that
   * comes; each once. A page that begins again has all of them again: what is kept is the worker's. Ends when the
   * signal aborts or the page closes.
   */
  async *messages({
    signal,
    after = -1,
    ...of
  }: ListOptions & { readonly signal?: AbortSignal } = {}): AsyncGenerator<Received, void, undefined> {
    let last = after
    while (!this.#closed && !isAborted(signal)) {
      const came = this.#until(event => event.type === 'message' || event.type === 'missed', signal)
      try {
        for (let some = await this.#call('list', { ...of, after: last }); some.length > 0; ) {
          for (const message of some) {
            if (isAborted(signal)) return
            last = message.seq
            yield message
          }
          some = await this.#call('list', { ...of, after: last })
        }
        await came.happened
      } catch (error) {
        if (this.#closed || isAborted(signal)) return
        throw error
      } finally {
        came.stop()
      }
    }
  }

  /** A message or reply of ours by its id. @throws ClientError UNKNOWN_MESSAGE */
  async message(id: string): Promise<PageMessage> {
    return this.#handle(await this.#call('message', id))
  }

  /** Calls a message off: nothing of it is sent any more. */
  async cancel(id: string): Promise<PageMessage> {
    return this.#handle(await this.#call('cancel', id))
  }

  /** Tells how the client is. */
  status(): Promise<ClientStatus> {
    return this.#call('status')
  }

  /** Lists the services that gateways announce. */
  services(): Promise<KnownService[]> {
    return this.#call('services')
  }

  /** Lists the people whom the client's owner knows. */
  contacts(): Promise<readonly Contact[]> {
    return this.#call('contacts')
  }

  /** Takes a name for an address. Throws what a client's `contacts.add` throws. */
  addContact(name: string, address: string, settings?: ContactSettings): Promise<Contact> {
    return this.#call('addContact', name, address, settings)
  }

  /** Forgets a contact. */
  removeContact(name: string): Promise<void> {
    return this.#call('removeContact', name)
  }

  /** Gives the words that both ends see alike when nobody stands between them. @param who a name or an address */
  safetyWords(who: string): Promise<string[]> {
    return this.#call('safetyWords', who)
  }

  /** Changes the level of cover traffic; whoever watches the link sees the change. */
  setCover(level: CoverLevel): Promise<void> {
    return this.#call('setCover', level)
  }

  /** Resolves when all that was accepted has left once, or is stored or failed. */
  flush(until: 'sent' | 'stored' = 'stored'): Promise<void> {
    return this.#call('flush', until)
  }

  /** Calls `handler` with what happens from now on; returns how to stop. */
  on(handler: (event: PageEvent) => void): () => void {
    this.#listeners.add(handler)
    return () => this.#listeners.delete(handler)
  }

  /** Lets go of the client: it runs on while a page of the origin is open, one of this page's own ends. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#port.postMessage({ do: 'leave' })
    this.#port.close?.()
    this.#port.terminate?.()
    const error = new ClientError('CLOSED', 'page: closed')
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  #handle(handed: Handed): PageMessage {
    const { id, app } = handed
    this.#known.set(id, handed)
    const [oldest] = this.#known.keys()
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest)
    let last = handed
    const now = (): Handed => {
      last = this.#known.get(id) ?? last
      return last
    }
    const until = (state: MessageState) => (signal?: AbortSignal) => this.#reaches(id, now, state, signal)
    return {
      id,
      app,
      get state() {
        return now().state
      },
      get reason() {
        return now().reason
      },
      get progress() {
        return now().progress
      },
      sent: until('sent'),
      stored: until('stored'),
      received: until('received'),
      read: until('read'),
    }
  }

  async #reaches(
    id: string,
    now: () => Handed,
    state: MessageState,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (;;) {
      const { happened, stop } = this.#until(
        event => event.type === 'missed' || ('message' in event && event.message.id === id),
        signal,
      )
      try {
        const { state: at, reason } = now()
        if (at === 'failed') throw new ClientError(reason ?? 'EXPIRED', `message: failed (${reason})`)
        if (order.indexOf(at) >= order.indexOf(state)) return
        await happened
      } finally {
        stop()
      }
    }
  }

  /** @throws ClientError ABORTED, CLOSED */
  #until(
    fits: (event: PageEvent) => boolean,
    signal: AbortSignal | undefined,
  ): { readonly happened: Promise<void>; readonly stop: () => void } {
    const over = new AbortController()
    let off = (): void => {}
    const happened = wait<void>({ signal, aborted: calledOff }, ({ resolve, reject }) => {
      off = this.on(event => {
        if (fits(event)) resolve()
      })
      over.signal.addEventListener('abort', () => resolve(), { once: true })
      if (this.#closed) reject(new ClientError('CLOSED', 'page: closed'))
      return off
    })
    happened.catch(() => {})
    return { happened, stop: () => over.abort() }
  }

  /** Asks for events, one answer after the other, until it is closed. */
  async #follow(): Promise<void> {
    while (!this.#closed) {
      const events = (await this.#ask({ do: 'events' }).catch(() => [])) as readonly PageEvent[]
      for (const event of events) {
        if (event.type === 'missed') await this.#lookAgain()
        this.#tell(event)
      }
    }
  }

  #tell(event: PageEvent): void {
    if ('message' in event && this.#known.has(event.message.id))
      this.#known.set(event.message.id, event.message)
    for (const listener of [...this.#listeners]) listener(event)
  }

  /** Asks anew how all messages are that somebody here holds. */
  async #lookAgain(): Promise<void> {
    for (const [id, { state }] of [...this.#known]) {
      if (state === 'read' || state === 'failed') continue
      const message = await this.#call('message', id).catch(() => undefined)
      if (message !== undefined) this.#tell({ type: 'state', message })
    }
  }

  #call<Name extends CallName>(name: Name, ...args: Arguments<Name>): Promise<Result<Name>> {
    return this.#ask({ do: 'call', name, args }) as Promise<Result<Name>>
  }

  #ask(asked: object): Promise<unknown> {
    if (this.#closed) return Promise.reject(new ClientError('CLOSED', 'page: closed'))
    const ref = this.#next++
    return new Promise((resolve, reject) => {
      this.#pending.set(ref, { resolve, reject })
      this.#port.postMessage({ ...asked, ref })
    })
  }

  #answered(answer: Answered): void {
    const pending = this.#pending.get(answer.ref)
    if (pending === undefined) return
    this.#pending.delete(answer.ref)
    if ('error' in answer) pending.reject(new ClientError(answer.error.code, answer.error.message))
    else pending.resolve(answer.result)
  }
}

/** Asked anew each time: it changes while something else is waited for. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
