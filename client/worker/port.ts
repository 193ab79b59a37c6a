// The words that a page and a worker exchange (docs/spec/client-browser.md 18.3), and what both need of a port.

import type { Network } from '../../directory/documents/network.ts'
import type { Acknowledge } from '../contacts/choices.ts'
import type { ClientErrorCode } from '../error.ts'
import type { Unlock } from '../folder/vault.ts'
import type { CoverLevel } from '../outgoing/cover.ts'
import type { Handed } from './calls.ts'

/** One end of a channel: a MessagePort, or a worker of one page's own. */
export interface Port {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  /** MessagePorts alone. */
  start?(): void
  close?(): void
  /** Workers of one page alone. */
  terminate?(): void
}

/** Configures the client of a worker: what of ClientOptions can be copied. */
export interface WorkerClientOptions {
  readonly network: Network
  /** The name of its database. */
  readonly folder: string
  readonly unlock?: Unlock
  readonly gateways?: readonly Uint8Array[]
  readonly homes?: number
  readonly cover?: CoverLevel
  readonly acknowledge?: Acknowledge
  readonly patienceMs?: number
}

/** Lists what a page says. */
export type Asked =
  /** First: the worker opens its client, or says that it has. */
  | { readonly do: 'open'; readonly ref: number; readonly options: WorkerClientOptions }
  /** Waits until packets can leave. */
  | { readonly do: 'ready'; readonly ref: number }
  | { readonly do: 'call'; readonly ref: number; readonly name: string; readonly args: readonly unknown[] }
  /** Asks for what has happened; answered once there is something, with all of it. */
  | { readonly do: 'events'; readonly ref: number }
  /** The page ends. */
  | { readonly do: 'leave' }

/** Lists what a worker says. */
export type Answered =
  | { readonly ref: number; readonly result: unknown }
  | { readonly ref: number; readonly error: { readonly code: ClientErrorCode; readonly message: string } }

/** Something that happened in the client. */
export type PageEvent =
  | { readonly type: 'state' | 'progress'; readonly message: Handed }
  | { readonly type: 'message'; readonly app: string; readonly seq: number; readonly id: string }
  | { readonly type: 'ready'; readonly ready: boolean }
  /** More happened than was kept for this page: what it knows of messages is old. */
  | { readonly type: 'missed' }
