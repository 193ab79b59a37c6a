// Describes what the payment routes of the HTTP API take and give (docs/spec/payments-paymix.md 5.10), as schemas:
// requests are checked by them, and the OpenAPI document is made from them.

import * as v from 'valibot'
import { named } from '../../client/api/index.ts'

/** Says when and what for, of a payment to oneself or a request. */
interface Terms {
  readonly memo?: string | undefined
  readonly deadlineMs?: number | undefined
}

/** Says what a forecast is reckoned with. */
interface Meant {
  readonly peers?: number | undefined
  readonly colluding?: number | undefined
}

/** Says what its owner wants of its joins. */
interface Wants {
  readonly least?: number | undefined
  readonly target?: number | undefined
}

const whole = (least: number, most: number): v.GenericSchema<unknown, number> =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most))
const amount = whole(1, Number.MAX_SAFE_INTEGER)
const terms = {
  memo: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** From now on, milliseconds: what is not mixed by then is not paid. */
  deadlineMs: v.optional(whole(1, 366 * 24 * 3_600_000)),
}
const meant = {
  /** Peers that are expected at a meeting. */
  peers: v.optional(whole(3, 64)),
  /** So many of them tell each other everything. */
  colluding: v.optional(whole(0, 63)),
}
const wants = {
  /** Notes of each join: neither joined nor paid with fewer. */
  least: v.optional(whole(3, 64)),
  /** Each piece is joined again, until its effective set is as large or the deadline has passed. */
  target: v.optional(whole(2, 1_000_000)),
}
const base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,8192}$/, 'want base64url'))

export const requestBody: v.GenericSchema<unknown, Terms & { readonly amount: number }> = named(
  'PayRequestBody',
  v.strictObject({
    amount,
    ...terms,
  }),
)
export const finishBody: v.GenericSchema<unknown, Pick<Terms, 'deadlineMs'>> = named(
  'PayFinish',
  v.strictObject({ deadlineMs: terms.deadlineMs }),
)
export const sendBody: v.GenericSchema<unknown, Meant & Wants & { readonly request: string }> = named(
  'PaySendBody',
  v.strictObject({
    request: base64url,
    ...meant,
    ...wants,
  }),
)
export const mixBody: v.GenericSchema<unknown, Terms & Meant & Wants & { readonly amount: number }> = named(
  'PayMixBody',
  v.strictObject({
    amount,
    ...terms,
    ...meant,
    ...wants,
  }),
)

const time = v.pipe(v.string(), v.description('ISO 8601, UTC'))
const name = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{16}$/),
  v.description("the first 16 hex digits of the request's hash"),
)

export const address: v.GenericSchema = named(
  'PayAddress',
  v.object({ address: v.string(), key: v.string() }),
)
export const request: v.GenericSchema = named(
  'PayRequest',
  v.object({
    request: v.string(),
    amount: v.number(),
    memo: v.string(),
    deadline: time,
  }),
)
export const quote: v.GenericSchema = named(
  'PayQuote',
  v.object({
    quote: v.string(),
    until: time,
    shows: v.optional(
      v.object({
        exchanges: v.pipe(v.number(), v.description('transactions before anything is mixed')),
        origins: v.pipe(v.number(), v.description('so many origins are shown to be of one owner')),
      }),
    ),
    forecast: v.object({
      amount: v.number(),
      pieces: v.array(v.number()),
      cost: v.number(),
      joins: v.pipe(v.number(), v.description('joins that each piece goes through at least')),
      time: v.object({ usualMs: v.number(), longMs: v.number() }),
      effectiveSet: v.number(),
      entropyBits: v.number(),
      linkProbability: v.number(),
      colluding: v.array(
        v.object({
          colluding: v.number(),
          effectiveSet: v.number(),
          entropyBits: v.number(),
          linkProbability: v.number(),
        }),
      ),
    }),
  }),
)
export const signed: v.GenericSchema = named('PaySigned', v.object({ payment: name }))

const receipt = v.nullable(v.string())
export const piece: v.GenericSchema = named(
  'PayPiece',
  v.object({
    payment: name,
    denomination: v.number(),
    state: v.picklist(['mixing', 'mixed', 'paying', 'paid', 'kept']),
    why: v.string(),
    notBefore: v.nullable(time),
    deadline: time,
    joins: v.pipe(v.array(v.number()), v.description('notes in each join that it went through')),
    effectiveSet: v.pipe(v.number(), v.description('among how many it hides, as the log shows it')),
  }),
)
export const payment: v.GenericSchema = named(
  'Payment',
  v.object({
    payment: name,
    amount: v.number(),
    memo: v.string(),
    deadline: time,
    least: v.optional(v.number()),
    target: v.optional(v.number()),
    paid: v.number(),
    isPaid: v.boolean(),
    why: v.string(),
    receipt,
  }),
)
const requested = named(
  'PayRequested',
  v.object({
    request: name,
    amount: v.number(),
    memo: v.string(),
    deadline: time,
    paid: v.number(),
    isPaid: v.boolean(),
    receipt,
  }),
)
export const payments: v.GenericSchema = named(
  'Payments',
  v.object({ payments: v.array(payment), pieces: v.array(piece) }),
)
export const account: v.GenericSchema = named(
  'PayAccount',
  v.object({
    notes: v.array(v.number()),
    payments: v.array(payment),
    pieces: v.array(piece),
    requests: v.array(requested),
  }),
)
