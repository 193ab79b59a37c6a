// What the HTTP API says of the client itself (docs/spec/client-http.md 15.4), as schemas for the OpenAPI document.

import * as v from 'valibot'
import type { LedgerEntry } from '../diary.ts'
import { coverLevels } from '../outgoing/cover.ts'
import type { ClientStatus } from '../status.ts'
import * as form from './schemas.ts'

const count = v.number()
const states = { queued: count, sent: count, stored: count, read: count, failed: count, received: count }
const consensus = v.object({
  epoch: v.number(),
  hash: v.string(),
  signers: v.array(v.string()),
  validUntil: v.number(),
})

export const status: v.GenericSchema<unknown, ClientStatus> = v.object({
  role: v.literal('client'),
  ready: v.boolean(),
  address: v.string(),
  epoch: v.number(),
  consensus: v.nullable(consensus),
  directory: v.object({
    late: v.nullable(v.object({ since: v.number(), worksUntil: v.number() })),
    splits: v.array(
      v.object({ epoch: v.number(), documents: v.array(v.string()), signers: v.array(v.string()) }),
    ),
    troubles: v.array(v.object({ id: v.string(), code: v.string(), why: v.string() })),
  }),
  cover: v.object({
    level: v.picklist(coverLevels),
    costs: v.array(
      v.object({
        level: v.picklist(coverLevels),
        packetsPerDay: count,
        pagesPerDay: count,
        upBytesPerDay: count,
        downBytesPerDay: count,
      }),
    ),
  }),
  gateway: v.nullable(v.string()),
  gateways: v.array(v.object({ id: v.string(), state: v.string(), pages: count })),
  messages: v.object(states),
  replies: v.object(states),
  queue: count,
  inFlight: count,
  packets: v.object({ payload: count, loop: count, drop: count, faults: count }),
  loops: v.object({ sent: count, returned: count }),
  entries: v.record(v.string(), count),
  announcement: v.nullable(v.picklist(['waiting', 'standing', 'refused'])),
  bulletin: v.object({
    published: count,
    unpublished: count,
    gateways: v.array(v.object({ id: v.string(), shown: count, missing: count, forged: count })),
  }),
  slackMs: v.number(),
})

/** What the status adds of the process: world/resources.ts. */
export const processStatus: v.GenericSchema = v.intersect([
  status,
  v.object({
    process: v.object({
      rssBytes: count,
      heapBytes: count,
      handles: count,
      listeners: count,
      pendingDials: count,
    }),
  }),
])

const of = { at: v.number(), id: v.string() }
const part = { ...of, fragment: v.number(), attempt: v.number() }
const drawnMs = v.optional(v.number())
const entry: v.GenericSchema<unknown, Omit<LedgerEntry, 'drawnMs'>> = v.variant('event', [
  v.object({ ...of, event: v.literal('accepted'), count }),
  v.object({ ...part, event: v.literal('sent'), path: v.array(v.string()), drawnMs }),
  v.object({ ...part, event: v.literal('acknowledged') }),
  v.object({ ...of, event: v.literal('state'), state: v.string(), reason: v.optional(v.string()) }),
  v.object({ ...part, event: v.literal('received'), inReplyTo: v.optional(v.string()), drawnMs }),
  v.object({ ...of, event: v.literal('delivered') }),
])
export const ledger: v.GenericSchema = v.object({ entries: v.array(entry) })

/** The data of an event; parts beside the client tell their own too. */
export const event: v.GenericSchema = v.union([
  form.bootstrap,
  form.stateEvent,
  form.messageEvent,
  form.settings,
  consensus,
])
