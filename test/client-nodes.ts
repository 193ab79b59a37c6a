// The nodes of client-network.ts, and what a test may choose of its network.

import type { Parameters } from '../directory/documents/view.ts'
import type { MailboxEntry } from '../link/protocol/mailbox.ts'
import type { Channels } from '../node/gateway/channels.ts'
import type { Entry } from '../node/gateway/entry.ts'

/** An entry as the tests look at it: its gateway knows its kind, its owner does not need to. */
export type FakeEntry = MailboxEntry & { readonly kind: 'forward' | 'reply' }

export interface FakeNode {
  readonly id: Uint8Array
  readonly name: string
  readonly role: 'mix' | 'gateway'
  readonly layer: number
  alive: boolean
  /** It opens no mailbox that no owner has opened here before. */
  full: boolean
  /** Mailboxes that an owner has opened here, lowercase hex of their keys. */
  readonly owned: Set<string>
  readonly tags: Set<string>
  readonly boxes: Map<string, FakeEntry[]>
  readonly nonces: Map<string, Uint8Array>
  readonly open: Map<string, string>
  /** Serves those who read elsewhere, and those who read here through another. */
  relaying: { readonly entry: Entry; readonly channels: Channels }
  nextCursor: number
}

export interface FakeNetworkOptions {
  readonly seed?: number
  readonly epochMs?: number
  /** Default: two. */
  readonly gateways?: number
  /** Percent of packets that vanish at each hop. */
  readonly lossPercent?: number
  readonly parameters?: Partial<Parameters>
}
