// What the page of `chaffinch net` is told of its network (docs/spec/pages.md 6). Plain values, so that the page and
// the program share this file and nothing else; times are milliseconds since 1970-01-01 UTC.

import type { Happened } from '../../simulator/processes/happened.ts'

export type { Happened, WordsOfHappened } from '../../simulator/processes/happened.ts'

export interface NetState {
  readonly now: number
  readonly startedAt: number
  /** undefined until the processes are planned. */
  readonly network: NetworkNow | undefined
  /** In the order in which they started. */
  readonly processes: readonly ProcessNow[]
  readonly claims: readonly ClaimNow[]
  /** Messages of the run and those that were sent by hand, the newest at the end. */
  readonly messages: readonly MessageNow[]
  readonly seen: SeenNow
  /** The latest events, newest at the end. */
  readonly events: readonly HappenedNow[]
}

/** Tells what happened, for words in the reader's language; and the program's own words for it. */
export interface HappenedNow {
  /** Milliseconds since the program started. */
  readonly at: number
  readonly words: string
  readonly what: Happened
}

export interface NetworkNow {
  readonly epoch: number
  readonly epochMs: number
  readonly epochLeftMs: number
  /** Ends of the authorities' phases, as fractions of the epoch. */
  readonly phases: Readonly<Record<string, number>>
  readonly signers: number
  readonly authorities: number
  readonly hash: string | undefined
  readonly counts: {
    readonly of: number
    readonly sent: number
    readonly read: number
    readonly replies: number
  }
  /** Medians of what was measured so far. */
  readonly latency: { readonly drawnMs: number; readonly totalMs: number } | undefined
}

export interface ProcessNow {
  readonly name: string
  readonly role: 'authority' | 'mix' | 'gateway' | 'member' | 'client'
  /** `stopped` by hand (SIGSTOP): it does nothing, and does not know it. */
  readonly state: 'up' | 'starting' | 'dead' | 'stopped'
  /** undefined for what is no mix that a document lists. */
  readonly layer: number | undefined
  /** The phase that an authority is in. */
  readonly phase: string | undefined
  /** Packets that a node holds now, has forwarded, forwards a second, and has dropped. */
  readonly held: number
  readonly forwarded: number
  readonly perSecond: number
  readonly dropped: number
  /** Messages that wait at a client. */
  readonly queued: number
}

export interface ClaimNow {
  readonly id: string
  /** `open`: it neither holds nor is broken yet. */
  readonly at: 'open' | 'holds' | 'broken'
  /** Holds what was measured, as JSON. */
  readonly value: string
}

export interface MessageNow {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly bytes: number
  /** Holds what was sent by hand; undefined for messages of the run. */
  readonly text: string | undefined
  readonly acceptedAt: number | undefined
  readonly state: 'waiting' | 'queued' | 'sent' | 'stored' | 'received' | 'read' | 'failed'
  /** When the other client handed it to its app; more than one is a duplicate. */
  readonly readAt: readonly number[]
  readonly replyReadAt: readonly number[]
}

/** Tells what somebody who sees every link has written down of the last minute. */
export interface SeenNow {
  /** When the first stretch begins. */
  readonly from: number
  readonly stretchMs: number
  /** Bytes in each stretch, for each way of each link. */
  readonly links: readonly { readonly link: string; readonly bytes: readonly number[] }[]
}

/** Names what can be done to a process. */
export type NetAct = 'kill' | 'stop' | 'resume' | 'start'
