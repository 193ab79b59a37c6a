// Who wants to be told what happens in a client.

import type { Log } from '../world/log.ts'
import type { ClientEvents } from './options.ts'

export class Listeners {
  readonly #log: Log
  readonly #handlers: { readonly [name in keyof ClientEvents]: Set<ClientEvents[name]> } = {
    state: new Set(),
    progress: new Set(),
    message: new Set(),
    ready: new Set(),
  }

  constructor(log: Log) {
    this.#log = log
  }

  /** Calls `handler` from now on; returns how to stop. */
  on<Name extends keyof ClientEvents>(name: Name, handler: ClientEvents[Name]): () => void {
    const handlers: Set<ClientEvents[Name]> = this.#handlers[name]
    handlers.add(handler)
    return () => handlers.delete(handler)
  }

  /** An app's mistake in a handler is the app's: it is logged, and the others are told all the same. */
  tell<Name extends keyof ClientEvents>(name: Name, ...what: Parameters<ClientEvents[Name]>): void {
    const handlers = [...this.#handlers[name]] as ((...what: Parameters<ClientEvents[Name]>) => void)[]
    for (const handler of handlers) {
      try {
        handler(...what)
      } catch (error) {
        const reason = error instanceof Error ? error.name : 'unknown'
        this.#log.error({ event: name, reason }, 'handler threw')
      }
    }
  }
}
