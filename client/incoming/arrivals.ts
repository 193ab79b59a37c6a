// What has come, and how it lies in the store: fragments, whole contents, messages for apps
// (docs/spec/client-store.md 10, 11).

import * as v from 'valibot'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { noApp } from '../app-name.ts'
import { type Operation, put, putRecord, sequence, time } from '../folder/schema.ts'
import type { Kind } from '../packets/fragments.ts'
import { Reader } from '../reader.ts'
import type { Claim } from './reassembly.ts'

/** A fragment on its way into the inbox. */
export interface Arriving {
  readonly kind: Kind
  /** 16 bytes */
  readonly id: Uint8Array
  readonly index: number
  readonly count: number
  readonly attempt: number
  readonly data: Uint8Array
  /** For what came over a reply block: the id of our message that it answers. */
  readonly conversation?: string
  /** And the delays drawn for that block, milliseconds. */
  readonly drawnMs?: number
}

/** A whole content, before anybody has read it. */
export interface Whole {
  readonly kind: Kind
  /** Lowercase hex of the message id. */
  readonly id: string
  readonly conversation: string | undefined
  readonly content: Uint8Array
  /** Fragments. */
  readonly count: number
  /** The fragment that completed it. */
  readonly last: { readonly index: number; readonly attempt: number }
}

/** A message for the app, as it is listed. */
export interface InboxEntry {
  readonly seq: number
  readonly id: string
  /** A message of ours that it answers; undefined for a message to our address. */
  readonly inReplyTo?: string | undefined
  /** Whose inbox it lies in. */
  readonly app: string
  readonly at: number
  readonly length: number
  readonly read: boolean
  readonly wantsRead: boolean
  /** The address of whoever wrote it, checked; undefined when it does not say. */
  readonly from?: string | undefined
  /** Reply blocks that it brought, usable or not; 0 when its sender wants no reply. */
  readonly blocks: number
}

/** Gives an app what a whole message means to it. */
export interface ForApp {
  readonly app: string
  readonly bytes: Uint8Array
  readonly wantsRead: boolean
  readonly from?: string | undefined
  readonly blocks: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number
  /** For a reply that a message carries: the id of our message that it answers, and its own; lowercase hex. */
  readonly answers?: { readonly conversation: string; readonly reply: string } | undefined
}

export const entrySchema: v.GenericSchema<unknown, Omit<InboxEntry, 'seq'>> = v.strictObject({
  id: v.string(),
  inReplyTo: v.optional(v.string()),
  app: v.optional(v.string(), noApp),
  at: time,
  length: time,
  read: v.boolean(),
  wantsRead: v.boolean(),
  from: v.optional(v.string()),
  blocks: time,
})

/** The length of what stands in front of a stored fragment: kind 1, count 2, conversation 16 (zeros for none). */
export const partHeadBytes = 19
const partKinds = ['message', 'blocks', 'receipt', 'reply', 'read', 'refill', 'received', 'moved'] as const
/** Every kind stands there: one that did not would be written as none, and the store not open again. */
const numbers: Readonly<Record<Kind, number>> = Object.fromEntries(
  partKinds.map((kind, number) => [kind, number]),
) as Record<(typeof partKinds)[number], number>
const noConversation = '0'.repeat(32)

export function claimOf(fragment: Arriving): Claim {
  const { kind, id, count, conversation } = fragment
  return { id: hex(id), origin: `${kind} ${conversation ?? ''}`, count }
}

export function writePart(id: string, fragment: Arriving): Operation {
  const { kind, index, count, conversation, data } = fragment
  const write = new FieldWriter(partHeadBytes + data.length)
  write
    .u8(numbers[kind])
    .u16(count)
    .put(fromHex(conversation ?? noConversation))
    .put(data)
  return put(partKey(id, index), write.bytes)
}

export function partKey(id: string, index: number): string {
  return `part/${id}/${index.toString().padStart(5, '0')}`
}

export function readPart(value: Uint8Array): {
  kind: Kind
  count: number
  conversation: string | undefined
  data: Uint8Array
} {
  const read = new Reader(value, 'store: fragment', 'STORE_DAMAGED')
  const kind = partKinds[read.u8('kind')]
  if (kind === undefined) throw read.fail('kind: unknown')
  const count = read.u16('count')
  const conversation = hex(read.take(16, 'conversation'))
  const data = read.take(read.left, 'data')
  return { kind, count, conversation: conversation === noConversation ? undefined : conversation, data }
}

export function writeEntry({ seq, ...record }: InboxEntry): Operation {
  return putRecord(`in/${sequence(seq)}`, record)
}
