// Every bound of a client, with its reason (docs/spec/client-store.md 11.4). A test hands in smaller ones.

import { hour, minute } from '../world/units.ts'
import type { BoardLimits } from './bulletin/store.ts'
import type { InboxLimits } from './incoming/inbox.ts'
import type { OutboxLimits } from './outgoing/outbox.ts'
import type { OwnBlocksLimits } from './outgoing/own-blocks.ts'
import type { TheirBlocksLimits } from './outgoing/their-blocks.ts'

const mebibyte = 1024 * 1024

/**
 * Bounds of what a client keeps and waits for (docs/spec/client-store.md 11). What they cost the sender or the
 * receiver stands with each.
 */
export interface ClientLimits {
  readonly outbox: OutboxLimits
  readonly inbox: InboxLimits
  readonly own: OwnBlocksLimits
  readonly theirs: TheirBlocksLimits
  readonly board: BoardLimits
  /** Entries of the ledger. */
  readonly ledger: number
  /** Bounds how long a message is tried without a deadline of its own, milliseconds. */
  readonly lifetimeMs: number
  /** Each receiving key is for so long, milliseconds (docs/spec/client-contacts.md 17.4). */
  readonly periodMs: number
  /** Mean time after which a contact is told that a message was read, milliseconds. */
  readonly tellReadMs: number
}

/** The longest reply: as many reply blocks must come for it, 64 at a time. */
export const maxReplyBytes: number = mebibyte

/**
 * Reply blocks of a message that asks for replies, in few fragments: four for now, of which a dead mix and a gateway
 * that is away leave one, and two for each of the next epochs.
 */
export const usualReplyBlocks = 8
/** Reply blocks of a message that asks only to be told when it is read: one for each of these epochs. */
export const readBlocks = 3

/** The limits of a client that is given none. */
export const defaultLimits: ClientLimits = {
  // Contents wait in memory: a fragment must be at hand at the tick of a clock.
  outbox: { messages: 1000, bytes: 64 * mebibyte, finished: 10_000, copies: 128 * mebibyte },
  inbox: {
    // Room for a few of the largest messages at once, and for two weeks in a mailbox; twice, for replies have their own
    partial: { messages: 4096, bytes: 64 * mebibyte, ageMs: 14 * 24 * hour },
    seen: 65_536,
    messages: 10_000,
    bytes: 512 * mebibyte,
  },
  // The longest reply, with as many blocks again for what is lost
  own: { perMessage: 2048, secrets: 65_536 },
  theirs: { perMessage: 256, messages: 4096 },
  board: { bytes: 8 * mebibyte, ids: 32_768 },
  ledger: 20_000,
  lifetimeMs: 24 * hour,
  periodMs: 7 * 24 * hour,
  tellReadMs: 10 * minute,
}
