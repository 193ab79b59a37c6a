// The requests that the HTTP API takes (docs/spec/client-http.md 15), as schemas: requests are checked by them, the
// OpenAPI document is made from them, and they are the types of `chaffinch/remote`. Its answers: answers.ts,
// status.ts.

import * as v from 'valibot'
import { isAppName } from '../app-name.ts'
import { type Acknowledge, acknowledges, type Senders, senderChoices } from '../contacts/choices.ts'
import { type CoverLevel, coverLevels } from '../outgoing/cover.ts'
import { type Priority, priorities } from '../outgoing/queue-state.ts'
import { type Way, waySchema } from '../packets/pattern.ts'
import { named } from './named.ts'

export const mostMessages = 100
export const longestWaitMs = 30_000

/** Bytes as one of the two. */
export interface Content {
  readonly text?: string | undefined
  readonly base64?: string | undefined
}

export interface ReplyBody extends Content {
  readonly keep?: boolean | undefined
  readonly priority?: Priority | undefined
  readonly deadlineMs?: number | undefined
}

export interface SendBody extends ReplyBody {
  readonly to: string
  readonly replies?: boolean | number | undefined
  readonly receipt?: boolean | undefined
  readonly received?: boolean | undefined
  readonly from?: boolean | undefined
  readonly app?: string | undefined
  readonly way?: Way | undefined
}

export interface RequestBody extends Content {
  /** Without one the service is looked up by its name. */
  readonly to?: string | undefined
  readonly service: string
  readonly deadlineMs?: number | undefined
}

/** Part of a list without contents. */
export interface ListQuery {
  readonly after?: number | undefined
  readonly most?: number | undefined
}

export interface PageQuery {
  readonly after?: number | undefined
  /** Milliseconds. */
  readonly wait?: number | undefined
  /** Entries. */
  readonly most?: number | undefined
}

/** Bytes in a request come in one of these two ways. */
const content = {
  text: v.optional(v.string()),
  base64: v.optional(v.string()),
}
export const contentBody: v.GenericSchema<unknown, Content> = named('ContentBody', v.strictObject(content))

const app = v.pipe(
  v.string(),
  v.check(name => name === '' || isAppName(name), "want an app's name (docs/spec/client.md 4.1)"),
)
const deadlineMs = v.optional(v.pipe(v.number(), v.minValue(1)))
const priority = v.optional(v.picklist(priorities))

export const sendBody: v.GenericSchema<unknown, SendBody> = named(
  'SendBody',
  v.strictObject({
    to: v.string(),
    ...content,
    replies: v.optional(v.union([v.boolean(), v.pipe(v.number(), v.integer())])),
    receipt: v.optional(v.boolean()),
    received: v.optional(v.boolean()),
    from: v.optional(v.boolean()),
    keep: v.optional(v.boolean()),
    app: v.optional(app),
    priority,
    way: v.optional(waySchema),
    deadlineMs,
  }),
)
export const replyBody: v.GenericSchema<unknown, ReplyBody> = named(
  'ReplyBody',
  v.strictObject({
    ...content,
    keep: v.optional(v.boolean()),
    priority,
    deadlineMs,
  }),
)
export const requestBody: v.GenericSchema<unknown, RequestBody> = named(
  'RequestBody',
  v.strictObject({
    to: v.optional(v.string()),
    service: v.pipe(v.string(), v.maxLength(97)),
    ...content,
    deadlineMs,
  }),
)
export const settingsBody: v.GenericSchema<
  unknown,
  { readonly cover?: CoverLevel | undefined; readonly acknowledge?: Acknowledge | undefined }
> = named(
  'SettingsBody',
  v.strictObject({
    cover: v.optional(v.picklist(coverLevels)),
    acknowledge: v.optional(v.picklist(acknowledges)),
  }),
)

export interface ContactBody {
  /** Without one the contact must be there. */
  readonly address?: string | undefined
  readonly read?: boolean | undefined
  readonly received?: boolean | undefined
}

export const contactBody: v.GenericSchema<unknown, ContactBody> = named(
  'ContactBody',
  v.strictObject({
    address: v.optional(v.string()),
    read: v.optional(v.boolean()),
    received: v.optional(v.boolean()),
  }),
)

export const cleanBody: v.GenericSchema<unknown, { readonly olderThanMs: number }> = named(
  'CleanBody',
  v.strictObject({
    olderThanMs: v.pipe(v.number(), v.minValue(0)),
  }),
)
export const flushBody: v.GenericSchema<
  unknown,
  { readonly until?: 'sent' | 'stored' | undefined; readonly wait?: number | undefined }
> = named(
  'FlushBody',
  v.strictObject({
    until: v.optional(v.picklist(['sent', 'stored'])),
    wait: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(longestWaitMs))),
  }),
)
export const surbBody: v.GenericSchema<unknown, { readonly for: string; readonly count: number }> = named(
  'SurbBody',
  v.strictObject({
    for: v.string(),
    count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)),
  }),
)
export const useSurbBody: v.GenericSchema<unknown, Content & { readonly surb: string }> = named(
  'UseSurbBody',
  v.strictObject({
    surb: v.string(),
    ...content,
  }),
)

export const exportBody: v.GenericSchema<unknown, { readonly passphrase: string }> = named(
  'ExportBody',
  v.strictObject({ passphrase: v.string() }),
)
export const identityBody: v.GenericSchema<unknown, { readonly name: string }> = named(
  'IdentityBody',
  v.strictObject({
    name: v.string(),
  }),
)

const flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform(text => text === 'true'),
)
const count = v.pipe(v.string(), v.regex(/^-?\d{1,15}$/), v.transform(Number))
export const sendQuery: v.GenericSchema<unknown, Omit<SendBody, keyof Content | 'way'>> = v.strictObject({
  to: v.string(),
  replies: v.optional(v.union([flag, count])),
  receipt: v.optional(flag),
  received: v.optional(flag),
  from: v.optional(flag),
  keep: v.optional(flag),
  app: v.optional(app),
  priority,
  deadlineMs: v.optional(v.pipe(count, v.minValue(1))),
})
export const replyQuery: v.GenericSchema<unknown, Omit<ReplyBody, keyof Content>> = v.strictObject({
  keep: v.optional(flag),
  priority,
  deadlineMs: v.optional(v.pipe(count, v.minValue(1))),
})
const page = {
  after: v.optional(v.pipe(count, v.minValue(-1))),
  wait: v.optional(v.pipe(count, v.minValue(0), v.maxValue(longestWaitMs))),
  most: v.optional(v.pipe(count, v.minValue(1), v.maxValue(mostMessages))),
}
export const pageQuery: v.GenericSchema<unknown, PageQuery> = v.strictObject(page)
export interface InboxQuery extends PageQuery {
  readonly app?: string | undefined
  /** Default `everyone`. */
  readonly senders?: Senders | undefined
  readonly ids?: readonly string[] | undefined
}

/** Ids with commas between them, so that a page asks for what it shows and no more. */
const ids = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}(,[0-9a-f]{32}){0,99}$/, 'want 1 to 100 ids with commas between them'),
  v.transform(text => text.split(',')),
)

export const inboxQuery: v.GenericSchema<unknown, InboxQuery> = v.strictObject({
  ...page,
  app: v.optional(app),
  senders: v.optional(v.picklist(senderChoices)),
  ids: v.optional(ids),
})
export const sentQuery: v.GenericSchema<unknown, { readonly ids: readonly string[] }> = v.strictObject({
  ids,
})
export const logQuery: v.GenericSchema<unknown, Pick<ListQuery, 'after'>> = v.strictObject({
  after: v.optional(v.pipe(count, v.minValue(-1))),
})
const mostListed = 10_000
const list = {
  after: v.optional(v.pipe(count, v.minValue(-1))),
  most: v.optional(v.pipe(count, v.minValue(1), v.maxValue(mostListed))),
}
export const queueQuery: v.GenericSchema<unknown, ListQuery & { readonly all?: boolean | undefined }> =
  v.strictObject({ ...list, all: v.optional(flag) })
export const inboxListQuery: v.GenericSchema<unknown, ListQuery & { readonly app?: string | undefined }> =
  v.strictObject({ ...list, app: v.optional(v.string()) })
/** For the OpenAPI document: the names in each query. */
export const queryNames = {
  send: ['to', 'replies', 'receipt', 'received', 'from', 'keep', 'app', 'priority', 'deadlineMs'],
  reply: ['keep', 'priority', 'deadlineMs'],
  page: ['after', 'wait', 'most'],
  inbox: ['after', 'wait', 'most', 'app', 'senders', 'ids'],
  queue: ['all', 'after', 'most'],
  inboxList: ['app', 'after', 'most'],
} as const
