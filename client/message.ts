// What an app holds of a message: one that it sent, or one that came.

import { wait } from '../world/wait.ts'
import { advice } from './advice.ts'
import { checkSignal } from './checked-options.ts'
import { ClientError, type ClientErrorCode } from './error.ts'
import type { Outgoing } from './outgoing/outbox.ts'
import type { MessageState } from './outgoing/queue-state.ts'

/** A message or reply that was accepted. Its state moves forward only, and survives a restart. */
export interface Message {
  /** Lowercase hex, 32 digits. Only sender and receiver know it. */
  readonly id: string
  /** Whose message it is; empty for one that names no app. */
  readonly app: string
  readonly state: MessageState
  /** Why it failed. */
  readonly reason: ClientErrorCode | undefined
  /** Counts the fragments that it is cut into, and those that are known to have arrived. */
  readonly progress: { readonly fragments: number; readonly arrived: number }
  /**
   * Resolves when all of it has left once.
   *
   * @throws ClientError with the reason when it fails first, CLOSED when the client closes, ABORTED
   */
  sent(signal?: AbortSignal): Promise<void>
  /**
   * Resolves when the far gateway has all of it on disk; for a reply, when the asker's client has. Throws like
   * `sent`.
   */
  stored(signal?: AbortSignal): Promise<void>
  /**
   * Resolves when the receiver's client has all of it; only for a message that asked for it, and where the receiver
   * lets its client tell. Throws like `sent`.
   */
  received(signal?: AbortSignal): Promise<void>
  /** Resolves when the receiver's app has taken it, under the same conditions. Throws like `sent`. */
  read(signal?: AbortSignal): Promise<void>
  /** Calls it off: nothing of it is sent any more. What has left may still arrive. */
  cancel(): void
}

/** A message that came. */
export interface Received {
  /** Lowercase hex, 32 digits: to reply to, and to know it again. */
  readonly id: string
  /** Larger for what came later; a cursor for `inbox`. */
  readonly seq: number
  /** When it was whole, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  /** Whose it is; empty for a message that names no app. */
  readonly app: string
  readonly bytes: Uint8Array
  /** The bytes as UTF-8; what is none becomes U+FFFD. */
  readonly text: string
  /** The id of our message that it answers; undefined for a message to our address. */
  readonly inReplyTo: string | undefined
  /** The address of whoever wrote it, which this client has checked; undefined when it does not say. */
  readonly from: string | undefined
  /** The name of the contact who wrote it; undefined for a stranger, and for a reply. */
  readonly contact: string | undefined
  /** True when a reply to it could be handed in at the time when it was handed over. */
  readonly canReply: boolean
}

interface Waiter {
  readonly reached: (state: MessageState) => boolean
  readonly settle: (error?: ClientError) => void
}

type Until = 'sent' | 'stored' | 'received' | 'read'

/** The states at which waiting for one is over: a receiver that answers has also stored. */
const satisfies: Readonly<Record<Until, readonly MessageState[]>> = {
  sent: ['sent', 'stored', 'received', 'read'],
  stored: ['stored', 'received', 'read'],
  received: ['received', 'read'],
  read: ['read'],
}

/** Makes handles, and wakes those who wait for a state. */
export class Handles {
  readonly #find: (id: string) => Outgoing | undefined
  readonly #cancel: (id: string) => void
  readonly #left: (id: string) => number | undefined
  /** By message; none is kept for a message that nobody waits for. */
  readonly #waiters = new Map<string, Set<Waiter>>()

  /** @param left fragments of a message under way that have not arrived */
  constructor(
    find: (id: string) => Outgoing | undefined,
    cancel: (id: string) => void,
    left: (id: string) => number | undefined,
  ) {
    this.#find = find
    this.#cancel = cancel
    this.#left = left
  }

  handle(message: Outgoing): Message {
    const { id, app } = message
    const now = (): Outgoing => this.#find(id) ?? message
    const left = (): number | undefined => this.#left(id)
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
        return progressOf(now(), left())
      },
      sent: signal => this.#wait(now(), 'sent', signal),
      stored: signal => this.#wait(now(), 'stored', signal),
      received: signal => this.#wait(now(), 'received', signal),
      read: signal => this.#wait(now(), 'read', signal),
      cancel: () => this.#cancel(id),
    }
  }

  /** Counts the messages that somebody waits for. */
  get waitedFor(): number {
    return this.#waiters.size
  }

  /** A message has changed its state. */
  changed(message: Outgoing): void {
    for (const waiter of [...(this.#waiters.get(message.id) ?? [])]) {
      if (message.state === 'failed') waiter.settle(failure(message))
      else if (waiter.reached(message.state)) waiter.settle()
    }
  }

  /** Nobody will be told any more. */
  close(): void {
    for (const waiters of [...this.#waiters.values()]) {
      for (const waiter of [...waiters]) waiter.settle(new ClientError('CLOSED', 'client: closed'))
    }
  }

  #wait(message: Outgoing, until: Until, signal: AbortSignal | undefined): Promise<void> {
    checkSignal(`message.${until}`, signal)
    const { id, state } = message
    const reached = (at: MessageState): boolean => satisfies[until].includes(at)
    if (reached(state)) return Promise.resolve()
    if (state === 'failed') return Promise.reject(failure(message))
    return wait({ signal, aborted }, ({ resolve, reject }) => {
      const settle = (error?: ClientError): void => (error === undefined ? resolve() : reject(error))
      const waiter = { reached, settle }
      const waiters = this.#waiters.get(id) ?? new Set()
      this.#waiters.set(id, waiters.add(waiter))
      return () => {
        waiters.delete(waiter)
        if (waiters.size === 0) this.#waiters.delete(id)
      }
    })
  }
}

/**
 * Resolves when all of these have reached a state, or failed.
 *
 * @throws ClientError ABORTED with the signal, CLOSED
 */
export async function allReach(
  until: 'sent' | 'stored',
  messages: readonly Outgoing[],
  handles: Handles,
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = until === 'sent' ? ['queued'] : ['queued', 'sent']
  const left = messages.filter(({ state }) => waiting.includes(state))
  for (const outcome of await Promise.allSettled(left.map(one => handles.handle(one)[until](signal)))) {
    if (outcome.status === 'fulfilled') continue
    const { reason } = outcome as { reason: unknown }
    if (reason instanceof ClientError && (reason.code === 'CLOSED' || signal?.aborted === true)) throw reason
  }
}

/**
 * Counts fragments, and of these those that a gateway is known to hold.
 *
 * @param left those of a message under way that are not acknowledged; undefined once it is over
 */
export function progressOf(
  { count: fragments, state }: Outgoing,
  left: number | undefined,
): Message['progress'] {
  return { fragments, arrived: fragments - (left ?? (state === 'failed' ? fragments : 0)) }
}

function failure({ reason: code = 'EXPIRED', id }: Outgoing): ClientError {
  const { when, remedy } = advice[code]
  return new ClientError(code, `message ${id.slice(0, 8)}…: failed (${code}): ${when}; ${remedy}`)
}

function aborted(): ClientError {
  return new ClientError('ABORTED', 'called off by the caller')
}
