// What is known of the messages that are under way, what happens to them, and what follows: the state, events and
// actions of delivery.ts (docs/spec/client-delivery.md 5.2).

import type { Ms } from '../../world/units.ts'
import type { ClientErrorCode } from '../error.ts'

/**
 * Where a message is, forward only: on this client's disk; left once; on the far gateway's disk; on the disk of the
 * receiver's client; taken by the receiver's app; given up.
 */
export type MessageState = 'queued' | 'sent' | 'stored' | 'received' | 'read' | 'failed'

/**
 * Names who acknowledges: the far gateway, each fragment (`gateway`); the other side's client, by a receipt (`peer`);
 * nobody: it is over once it has left (`none`).
 */
export type Acknowledges = 'gateway' | 'peer' | 'none'

export const priorities = ['low', 'normal', 'high'] as const
/** Before or behind an app's other messages. */
export type Priority = (typeof priorities)[number]

export interface Accepted {
  /** Lowercase hex of the message id. */
  readonly id: string
  readonly count: number
  readonly by: Acknowledges
  /**
   * For what the client sends by itself (receipts, reply blocks): whose doing it is. It goes behind what people
   * wrote, and those whose doing it is take turns. Default: a person wrote it.
   */
  readonly dueTo?: string | undefined
  /** Milliseconds since 1970-01-01 UTC: a message that a person wrote has failed past it. Default: none. */
  readonly deadline?: Ms | undefined
  /** By elapsed time: what the client sends by itself is of no use past it. Default: none. */
  readonly giveUpAt?: Ms | undefined
  /** Whose it is: apps take turns, however much each has to send. Default: none's. */
  readonly app?: string | undefined
  /** Before or behind the app's other messages. Default normal. */
  readonly priority?: Priority | undefined
  /** Counts how often each fragment leaves without waiting for its acknowledgement; default once. */
  readonly copies?: number | undefined
  /** Where it stood when the client stopped. */
  readonly resume?: { readonly state: 'queued' | 'sent'; readonly acknowledged: Uint8Array }
}

export type Event =
  | ({ readonly type: 'accepted' } & Accepted)
  /** The wall clock shows `wall`: what is past its deadline fails. */
  | { readonly type: 'overdue'; readonly wall: Ms }
  /** The payload clock: something may leave now. */
  | { readonly type: 'tick' }
  /** A fragment has left; its acknowledgement is due `drawnMs` + `slackMs` from now, doubled with each attempt. */
  | {
      readonly type: 'departed'
      readonly id: string
      readonly index: number
      readonly attempt: number
      readonly drawnMs: number
      readonly slackMs: number
      /** Doubling ends here; default 5 minutes. */
      readonly mostSlackMs?: number
      /** Nothing more of the message leaves for so long; default none. */
      readonly pauseMs?: number
      /** The gateway that is to acknowledge it, lowercase hex; default: nobody who acknowledges other things too. */
      readonly far?: string
    }
  /**
   * Something has come back after a time in which nothing did: what waits for longer than `slackMs` leaves again after
   * that, and is doubled from there.
   */
  | { readonly type: 'revived'; readonly slackMs: number }
  /** Blocks have come for a reply because earlier ones are broken: it leaves again after `slackMs`. */
  | { readonly type: 'supplied'; readonly id: string; readonly slackMs: number }
  /** Something that left at `sentAt`, by elapsed time, has come back from a gateway: it is there. */
  | { readonly type: 'alive'; readonly far: string; readonly sentAt: Ms }
  /** A fragment that was to leave could not; the message waits until `retryAt`, by elapsed time. */
  | {
      readonly type: 'held'
      readonly id: string
      readonly index: number
      readonly attempt: number
      readonly retryAt: number
    }
  | { readonly type: 'acknowledged'; readonly id: string; readonly index: number }
  /** The other side's client tells which fragments it has. */
  | { readonly type: 'receipt'; readonly id: string; readonly have: Uint8Array }
  /** The other side's client has the message, or its app. */
  | { readonly type: 'received' | 'read'; readonly id: string }
  | { readonly type: 'failed'; readonly id: string; readonly reason: ClientErrorCode }
  /** It goes another way from now on, in so many fragments; what has left so far counts for nothing. */
  | { readonly type: 'rerouted'; readonly id: string; readonly by: Acknowledges; readonly count: number }

export type Action =
  | { readonly type: 'transmit'; readonly id: string; readonly index: number; readonly attempt: number }
  | {
      readonly type: 'state'
      readonly id: string
      readonly state: MessageState
      readonly reason?: ClientErrorCode
    }

/** A fragment that has been handed out and is not acknowledged. */
export interface Flight {
  /** Counts how often it has left; 0 when it never could. */
  readonly attempt: number
  /** When it is to leave again. */
  readonly due: number
  /** Attempts that say nothing, for nothing came back then. */
  readonly vain: number
  /** When it left, and when it is to leave again at the latest once something that left later has come back. */
  readonly sentAt?: Ms | undefined
  readonly soonest?: Ms | undefined
  readonly far?: string | undefined
}

export interface Job {
  readonly by: Acknowledges
  readonly dueTo: string | undefined
  readonly app: string
  /** The higher the sooner. */
  readonly rank: number
  readonly copies: number
  readonly deadline: Ms
  readonly giveUpAt: Ms
  readonly count: number
  readonly state: 'queued' | 'sent'
  readonly acknowledged: Uint8Array
  /** Fragments that are not acknowledged. */
  readonly left: number
  /** The first fragment that was never handed out. */
  readonly fresh: number
  readonly flights: ReadonlyMap<number, Flight>
  /** The earliest `due` of its flights. */
  readonly wake: number
  /** Nothing of it leaves before. */
  readonly notBefore: number
}

export interface Delivery {
  /** Unfinished messages; whose turn was longest ago stands first. */
  readonly jobs: ReadonlyMap<string, Job>
  /** Fragments in flight of all jobs. */
  readonly inFlight: number
  /** By app: its last turn, counted; the longest ago first. */
  readonly turns: ReadonlyMap<string, number>
  /** The same by whose doing it is, of what the client sends by itself. */
  readonly ownTurns: ReadonlyMap<string, number>
  /** Turns of what people wrote since the last of the client's own. */
  readonly sinceOwn: number
}

const ranks: Readonly<Record<MessageState, number>> = {
  queued: 0,
  sent: 1,
  stored: 2,
  received: 3,
  read: 4,
  failed: 5,
}

/** States move forward only; `failed` and `read` are final. */
export function mayFollow(from: MessageState, to: MessageState): boolean {
  if (to === 'failed') return from === 'queued' || from === 'sent'
  return from !== 'failed' && ranks[to] > ranks[from]
}

export const noDelivery: Delivery = {
  jobs: new Map(),
  inFlight: 0,
  turns: new Map(),
  ownTurns: new Map(),
  sinceOwn: 0,
}
