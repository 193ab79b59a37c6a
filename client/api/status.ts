// The answers of the HTTP API about the client itself (docs/spec/client-http.md 15.4), as schemas: see answers.ts.

import * as v from 'valibot'
import type { ConsensusStatus } from '../../directory/documents/view.ts'
import type { Carried, Resources } from '../../world/resources.ts'
import type { LedgerEntry } from '../diary.ts'
import { coverLevels } from '../outgoing/cover.ts'
import type { ClientStatus } from '../status.ts'
import { type AnonymityStatus, anonymity } from './anonymity.ts'
import * as gives from './answers.ts'
import { named } from './named.ts'

const count = v.number()
const states = {
  queued: count,
  sent: count,
  stored: count,
  acknowledged: count,
  read: count,
  failed: count,
  received: count,
}
export const consensus: v.GenericSchema<unknown, ConsensusStatus> = named(
  'ConsensusStatus',
  v.object({
    epoch: v.number(),
    hash: v.string(),
    signers: v.array(v.string()),
    validUntil: v.number(),
  }),
)

export const status: v.GenericSchema<unknown, ClientStatus> = named(
  'ClientStatus',
  v.object({
    role: v.literal('client'),
    ready: v.boolean(),
    address: v.string(),
    epoch: v.number(),
    clockErrorMs: v.number(),
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
    entry: v.object({
      id: v.nullable(v.string()),
      separation: v.picklist(['apart', 'related', 'none']),
      spoilt: count,
      unanswered: count,
      left: count,
    }),
    gateways: v.array(v.object({ id: v.string(), state: v.string(), pages: count })),
    messages: v.object(states),
    replies: v.object(states),
    queue: count,
    inFlight: count,
    packets: v.object({ payload: count, loop: count, drop: count, faults: count, refused: count }),
    loops: v.object({ sent: count, returned: count }),
    entries: v.record(v.string(), count),
    full: v.array(v.string()),
    announcement: v.nullable(v.picklist(['waiting', 'standing', 'refused'])),
    bulletin: v.object({
      published: count,
      unpublished: count,
      gateways: v.array(v.object({ id: v.string(), shown: count, missing: count, forged: count })),
    }),
    slackMs: v.number(),
  }),
)

/** Tells of the process that a client lives in: world/resources.ts. */
export interface ProcessStatus {
  readonly version: string
  readonly upSeconds: number
  readonly process: Resources
  readonly traffic: Carried
  /** Tells how well a message sent now is hidden; null while that is not computed. */
  readonly anonymity: AnonymityStatus | null
}

export const processStatus: v.GenericSchema<unknown, ClientStatus & ProcessStatus> = named(
  'Status',
  v.intersect([
    status,
    v.object({
      version: v.string(),
      upSeconds: count,
      anonymity: v.nullable(anonymity),
      traffic: v.object({
        bytesIn: count,
        bytesOut: count,
        refusals: v.record(v.string(), v.record(v.string(), count)),
        crowded: v.record(v.string(), v.record(v.string(), count)),
      }),
      process: v.object({
        rssBytes: count,
        heapBytes: count,
        handles: count,
        listeners: count,
        pendingDials: count,
      }),
    }),
  ]),
)

const of = { at: v.number(), id: v.string() }
const part = { ...of, fragment: v.number(), attempt: v.number() }
const drawnMs = v.optional(v.number())
const entry: v.GenericSchema<unknown, LedgerEntry> = named(
  'LedgerEntry',
  v.variant('event', [
    v.object({ ...of, event: v.literal('accepted'), count }),
    v.object({ ...part, event: v.literal('sent'), path: v.array(v.string()), drawnMs }),
    v.object({ ...part, event: v.literal('acknowledged') }),
    v.object({ ...of, event: v.literal('state'), state: v.string(), reason: v.optional(v.string()) }),
    v.object({ ...part, event: v.literal('received'), inReplyTo: v.optional(v.string()), drawnMs }),
    v.object({ ...of, event: v.literal('delivered') }),
  ]),
)
export const ledger: v.GenericSchema<unknown, { readonly entries: readonly LedgerEntry[] }> = named(
  'Ledger',
  v.object({
    entries: v.array(entry),
  }),
)

/** The data of an event; parts beside the client tell their own too. */
export const event: v.GenericSchema = named(
  'Event',
  v.union([
    gives.bootstrap,
    gives.handedProgress,
    gives.handed,
    gives.messageEvent,
    gives.settings,
    consensus,
  ]),
)
