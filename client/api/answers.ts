// The answers that the HTTP API gives (docs/spec/client-http.md 15), as schemas: the OpenAPI document is made from
// them, and `chaffinch/remote` checks by them what it is given and takes its types from them. What it says of the
// client itself: status.ts.

import * as v from 'valibot'
import type { MessageId, NodeId } from '../../encoding/ids.ts'
import type { LogLine } from '../../world/log-lines.ts'
import type { Epoch, Ms } from '../../world/units.ts'
import type { Bootstrap } from '../bootstrap.ts'
import { type Acknowledge, acknowledges } from '../contacts/choices.ts'
import type { Contact } from '../contacts/contacts.ts'
import type { KnownService } from '../incoming/announcing.ts'
import { type CoverLevel, coverLevels } from '../outgoing/cover.ts'
import type { MessageState } from '../outgoing/queue-state.ts'
import { named } from './named.ts'

const hexId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
const state = v.picklist(['queued', 'sent', 'stored', 'received', 'read', 'failed'])

/** A message or reply that the client has accepted. */
export interface Handed {
  readonly id: MessageId
  readonly state: MessageState
  /** The code of why it failed. */
  readonly reason?: string | undefined
}

/** The same with how many of its fragments have arrived. */
export interface Progress extends Handed {
  readonly fragments: number
  readonly arrived: number
}

/** Bytes as they stand in JSON: as base64 (RFC 4648 with padding), and as text where they are UTF-8. */
export interface ContentJson {
  readonly base64: string
  readonly text?: string | undefined
}

/** An entry of the bulletin. */
export interface EntryJson extends ContentJson {
  /** Lowercase hex, 64 digits. */
  readonly id: string
  readonly seq: number
  /** When this client got it, milliseconds since 1970-01-01 UTC. */
  readonly at: Ms
}

/** A message that has come. */
export interface MessageJson extends ContentJson {
  readonly id: MessageId
  readonly seq: number
  /** When it was whole, milliseconds since 1970-01-01 UTC. */
  readonly at: Ms
  readonly app: string
  readonly inReplyTo: MessageId | null
  /** The address of whoever wrote it, checked; null when it does not say. */
  readonly from: string | null
  /** The name of the contact who wrote it; null for a stranger, and for a reply. */
  readonly contact: string | null
  readonly canReply: boolean
}

/** A page of an inbox. */
export interface InboxPage {
  readonly messages: readonly MessageJson[]
  /** The cursor to hand in as `after` for the page behind this one. */
  readonly next: number
}

/** A page of a topic of the bulletin. */
export interface BulletinPage {
  readonly entries: readonly EntryJson[]
  /** The cursor to hand in as `after` for the page behind this one. */
  readonly next: number
}

/** A message of the client's own, as the queue lists it. */
export interface QueuedJson {
  readonly id: MessageId
  /** Larger for what was accepted later. */
  readonly seq: number
  /** The address that it goes to; null for a reply. */
  readonly to: string | null
  /** The name of the contact whose address that is; null for a stranger, and for a reply. */
  readonly contact: string | null
  /** The message that a reply answers; null for a message. */
  readonly inReplyTo: MessageId | null
  readonly app: string
  readonly kind: 'message' | 'reply'
  readonly state: MessageState
  /** The code of why it failed. */
  readonly reason: string | null
  readonly bytes: number
  readonly fragments: number
  /** Counts those that a gateway is known to hold. */
  readonly arrived: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly acceptedAt: Ms
  readonly deadline: Ms
}

/** A message that came, as the inbox lists it. */
export interface ListedJson {
  readonly id: MessageId
  readonly seq: number
  /** When it was whole, milliseconds since 1970-01-01 UTC. */
  readonly at: Ms
  readonly app: string
  readonly inReplyTo: MessageId | null
  readonly from: string | null
  readonly contact: string | null
  readonly canReply: boolean
  readonly bytes: number
  /** Says whether an app, or its owner, has taken it. */
  readonly read: boolean
}

/** A copy of what the client sent. */
export interface SentJson extends ContentJson {
  readonly id: MessageId
}

/** Reply blocks that somebody handed over as text. */
export interface SurbJson {
  /** Lowercase hex, 32 digits: what is sent with the blocks arrives as a reply to this. */
  readonly conversation: MessageId
  /** The epoch in which each of them works. */
  readonly epochs: readonly Epoch[]
}

/** An identity of the process. */
export interface IdentityJson {
  readonly name: string
  /** Empty until it has chosen a gateway. */
  readonly address: string
  readonly ready: boolean
}

/** Lists what can be changed while a client runs. */
export interface SettingsJson {
  readonly cover: CoverLevel
  /** Says whom it tells that it has all of a message. */
  readonly acknowledge: Acknowledge
}

/** The network as the client sees it. */
export interface ConsensusJson {
  readonly network: string
  readonly epoch: Epoch
  /** Lowercase hex of the document's hash. */
  readonly hash: string
  readonly signers: readonly NodeId[]
  /** Milliseconds since 1970-01-01 UTC, as the two below. */
  readonly validAfter: Ms
  readonly freshUntil: Ms
  readonly validUntil: Ms
  readonly mixing: string
  readonly topology: string
  readonly parameters: Readonly<Record<string, number>>
  readonly nodes: readonly NodeJson[]
}

/** A node of the network, as the consensus has it. */
export interface NodeJson {
  readonly id: NodeId
  readonly role: 'mix' | 'gateway' | 'member'
  /** -1 for a gateway and a member of the crowd. */
  readonly layer: number
  readonly family: string
  readonly running: boolean
  readonly reliable: boolean
  /** The class of clients that a gateway says it can carry: 2^(class - 1) and more; 0 for unstated, and a mix. */
  readonly capacity: number
}

/** The path that one of the client's own fragments took. */
export interface PathJson {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: Ms
  readonly message: MessageId
  readonly fragment: number
  readonly attempt: number
  /** The first hop in front. */
  readonly hops: readonly NodeId[]
}

/** A message that has come, as the events tell it. */
export interface MessageTold {
  readonly id: MessageId
  readonly seq: number
  readonly app: string
  readonly inReplyTo: MessageId | null
}

const handedFields = { id: hexId, state, reason: v.optional(v.string()) }
const contentFields = { base64: v.string(), text: v.optional(v.string()) }

export const handed: v.GenericSchema<unknown, Handed> = named('Handed', v.object(handedFields))
export const handedProgress: v.GenericSchema<unknown, Progress> = named(
  'Progress',
  v.object({
    ...handedFields,
    fragments: v.number(),
    arrived: v.number(),
  }),
)
/** Says of a message that came what is said of it wherever it is listed. */
const messageFields = {
  id: hexId,
  seq: v.number(),
  at: v.number(),
  app: v.string(),
  inReplyTo: v.nullable(hexId),
  from: v.nullable(v.string()),
  contact: v.nullable(v.string()),
  canReply: v.boolean(),
}

export const received: v.GenericSchema<unknown, MessageJson> = named(
  'Message',
  v.object({
    ...messageFields,
    ...contentFields,
  }),
)
export const inboxPage: v.GenericSchema<unknown, InboxPage> = named(
  'InboxPage',
  v.object({
    messages: v.array(received),
    next: v.number(),
  }),
)
export const queue: v.GenericSchema<unknown, { readonly messages: readonly QueuedJson[] }> = named(
  'Queue',
  v.object({
    messages: v.array(
      named(
        'QueuedMessage',
        v.object({
          id: hexId,
          seq: v.number(),
          to: v.nullable(v.string()),
          contact: v.nullable(v.string()),
          inReplyTo: v.nullable(hexId),
          app: v.string(),
          kind: v.picklist(['message', 'reply']),
          state,
          reason: v.nullable(v.string()),
          bytes: v.number(),
          fragments: v.number(),
          arrived: v.number(),
          acceptedAt: v.number(),
          deadline: v.number(),
        }),
      ),
    ),
  }),
)
export const inboxList: v.GenericSchema<unknown, { readonly messages: readonly ListedJson[] }> = named(
  'InboxList',
  v.object({
    messages: v.array(
      named(
        'ListedMessage',
        v.object({
          ...messageFields,
          bytes: v.number(),
          read: v.boolean(),
        }),
      ),
    ),
  }),
)
export const sent: v.GenericSchema<unknown, { readonly messages: readonly SentJson[] }> = named(
  'Sent',
  v.object({ messages: v.array(named('SentMessage', v.object({ id: hexId, ...contentFields }))) }),
)
export const log: v.GenericSchema<unknown, { readonly lines: readonly LogLine[] }> = named(
  'Log',
  v.object({
    lines: v.array(
      named(
        'LogLine',
        v.object({
          seq: v.number(),
          at: v.number(),
          level: v.picklist(['info', 'warn', 'error']),
          message: v.string(),
          fields: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
        }),
      ),
    ),
  }),
)
export const exported: v.GenericSchema<unknown, { readonly file: string }> = named(
  'Exported',
  v.object({ file: v.string() }),
)
export const cleaned: v.GenericSchema<unknown, { readonly sent: number; readonly received: number }> = named(
  'Cleaned',
  v.object({ sent: v.number(), received: v.number() }),
)
export const flushed: v.GenericSchema<unknown, { readonly left: number }> = named(
  'Flushed',
  v.object({ left: v.number() }),
)
export const surb: v.GenericSchema<unknown, { readonly surb: string }> = named(
  'Surb',
  v.object({ surb: v.string() }),
)
export const surbSummary: v.GenericSchema<unknown, SurbJson> = named(
  'SurbSummary',
  v.object({
    conversation: hexId,
    epochs: v.array(v.number()),
  }),
)
export const answer: v.GenericSchema<unknown, ContentJson> = named('Content', v.object(contentFields))
export const bulletinPage: v.GenericSchema<unknown, BulletinPage> = named(
  'BulletinPage',
  v.object({
    entries: v.array(
      named('Entry', v.object({ id: v.string(), seq: v.number(), at: v.number(), ...contentFields })),
    ),
    next: v.number(),
  }),
)
export const published: v.GenericSchema<unknown, { readonly id: string }> = named(
  'Published',
  v.object({ id: v.string() }),
)
export const settings: v.GenericSchema<unknown, SettingsJson> = named(
  'Settings',
  v.object({ cover: v.picklist(coverLevels), acknowledge: v.picklist(acknowledges) }),
)
export const contact: v.GenericSchema<unknown, Contact> = named(
  'Contact',
  v.object({ name: v.string(), address: v.string(), read: v.boolean(), received: v.boolean() }),
)
export const contacts: v.GenericSchema<unknown, { readonly contacts: readonly Contact[] }> = named(
  'Contacts',
  v.object({ contacts: v.array(contact) }),
)
export const removedContact: v.GenericSchema<unknown, { readonly name: string }> = named(
  'RemovedContact',
  v.object({ name: v.string() }),
)
export const safetyWords: v.GenericSchema<unknown, { readonly words: readonly string[] }> = named(
  'SafetyWords',
  v.object({ words: v.array(v.string()) }),
)
export const identity: v.GenericSchema<unknown, IdentityJson> = named(
  'Identity',
  v.object({
    name: v.string(),
    address: v.string(),
    ready: v.boolean(),
  }),
)
export const identities: v.GenericSchema<unknown, { readonly identities: readonly IdentityJson[] }> = named(
  'Identities',
  v.object({ identities: v.array(identity) }),
)
export const removedIdentity: v.GenericSchema<unknown, { readonly name: string }> = named(
  'RemovedIdentity',
  v.object({
    name: v.string(),
  }),
)
export const services: v.GenericSchema<unknown, { readonly services: readonly KnownService[] }> = named(
  'Services',
  v.object({
    services: v.array(
      named('Service', v.object({ name: v.string(), gateway: v.string(), address: v.string() })),
    ),
  }),
)
export const consensusSummary: v.GenericSchema<unknown, ConsensusJson> = named(
  'Network',
  v.object({
    network: v.string(),
    epoch: v.number(),
    hash: v.string(),
    signers: v.array(v.string()),
    validAfter: v.number(),
    freshUntil: v.number(),
    validUntil: v.number(),
    mixing: v.string(),
    topology: v.string(),
    parameters: v.record(v.string(), v.number()),
    nodes: v.array(
      named(
        'Node',
        v.object({
          id: v.string(),
          role: v.picklist(['mix', 'gateway', 'member']),
          layer: v.number(),
          family: v.string(),
          running: v.boolean(),
          reliable: v.boolean(),
          capacity: v.number(),
        }),
      ),
    ),
  }),
)
export const paths: v.GenericSchema<unknown, { readonly paths: readonly PathJson[] }> = named(
  'Paths',
  v.object({
    paths: v.array(
      named(
        'Path',
        v.object({
          at: v.number(),
          message: hexId,
          fragment: v.number(),
          attempt: v.number(),
          hops: v.array(v.string()),
        }),
      ),
    ),
  }),
)
/** Tells how far the client is: see bootstrap.ts. */
export const bootstrap: v.GenericSchema<unknown, Bootstrap> = named(
  'Bootstrap',
  v.object({
    progress: v.number(),
    tag: v.picklist(['consensus', 'gateway', 'ready']),
    summary: v.string(),
    warning: v.nullable(v.string()),
    recommendation: v.nullable(v.string()),
  }),
)
export const messageEvent: v.GenericSchema<unknown, MessageTold> = named(
  'MessageEvent',
  v.object({
    id: hexId,
    seq: v.number(),
    app: v.string(),
    inReplyTo: v.nullable(hexId),
  }),
)

/** Describes the document by which the API says no (RFC 9457). */
export const problem: v.GenericSchema<
  unknown,
  { readonly title: string; readonly status: number; readonly code: string; readonly detail: string }
> = named(
  'Problem',
  v.object({ title: v.string(), status: v.number(), code: v.string(), detail: v.string() }),
)
