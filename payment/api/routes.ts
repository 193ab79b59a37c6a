// A person's payments over the HTTP API of a running client: the same as `chaffinch pay`.
// docs/spec/payments-paymix.md 5.10.

import { type Context, Hono } from 'hono'
import { type DescribeRouteOptions, describeRoute } from 'hono-openapi'
import * as v from 'valibot'
import {
  type ApiPart,
  type Asker,
  answers,
  body,
  type Env,
  path,
  problem,
  problemOf,
} from '../../client/api/index.ts'
import type { Names } from '../../encoding/unknown-option.ts'
import { checkNames } from '../checked-names.ts'
import { PaymentError, type PaymentErrorCode } from '../error.ts'
import { isoOf } from '../person/account.ts'
import type { Wants } from '../person/hiding.ts'
import type { PaymentsEvent } from '../person/news.ts'
import type { Payments } from '../person/payments.ts'
import type { Expected, Quote } from '../person/quotes.ts'
import * as form from './schemas.ts'

/** Holds all that the payment routes work with. */
export interface PaymentApiInit {
  /** The person's payments; rejects with NO_LEDGER while there is no ledger to pay with. */
  readonly payments: () => Promise<Payments>
  /** Tells what happens to them, also when they are opened only later; returns how to stop. */
  readonly on: (tell: (event: PaymentsEvent) => void) => () => void
  /** Apps that may pay and be paid, out of the one wallet that there is. The owner always may. */
  readonly apps: ReadonlySet<string>
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
}

const initNames: Names<PaymentApiInit> = { payments: true, on: true, apps: true, now: true }

const statuses: Partial<Record<PaymentErrorCode, number>> = {
  BAD_AMOUNT: 400,
  BAD_DOCUMENT: 400,
  BAD_OPTION: 400,
  BAD_SIGNATURE: 400,
  TOO_LARGE: 400,
  WRONG_LEDGER: 400,
  NO_QUOTE: 404,
  NO_LEDGER: 404,
  NO_NOTE: 409,
  WRONG_STATE: 409,
  DOUBLE_SPEND: 409,
  FORKED: 409,
  BUSY: 503,
}
const usualDeadlineMs = 24 * 3_600_000
/** For one that is joined again and again. */
const remixDeadlineMs = 30 * usualDeadlineMs
const usual: Expected = { peers: 8, colluding: 2 }

const means = {
  400: 'the request is not as described, or no request of this ledger: `detail` says where',
  403: 'the token is of an app that may not pay, or the request comes from a web page',
  404: 'there is no such quote (any more), or no ledger was named',
  409: 'the wallet has too little, it is being paid already, its deadline has passed, or the ledger has shown two histories',
  503: 'too many payments are on their way: try again later',
  504: 'the ledger did not answer in time',
}
const always = [401, 403, 404, 429] as const

const says = {
  address: {
    operationId: 'payAddress',
    summary: 'The address of this client, and a fresh key to be paid to',
    responses: answers(201, 'the key is on disk', form.address, always, means),
  },
  request: {
    operationId: 'payRequest',
    summary: 'A request to be paid, with a fresh key for every piece',
    requestBody: body(form.requestBody, false),
    responses: answers(201, 'hand `request` to the payer', form.request, [400, ...always], means),
  },
  send: {
    operationId: 'paySend',
    summary:
      'What it would cost, take and hide to pay a request. Nothing is signed: POST /pay/quotes/{quote} does that',
    requestBody: body(form.sendBody, false),
    responses: answers(201, 'a quote, good for ten minutes', form.quote, [400, 409, ...always], means),
  },
  mix: {
    operationId: 'payMix',
    summary: 'The same for an amount to oneself, whose notes come back mixed',
    requestBody: body(form.mixBody, false),
    responses: answers(201, 'a quote, good for ten minutes', form.quote, [400, 409, ...always], means),
  },
  sign: {
    operationId: 'paySign',
    summary: 'Pay what was quoted',
    parameters: path('quote'),
    responses: answers(
      202,
      'it is on disk, and goes on by itself',
      form.signed,
      [409, 503, 504, ...always],
      means,
    ),
  },
  finish: {
    operationId: 'payFinish',
    summary: 'Pay the pieces of a payment that were kept after all',
    parameters: path('payment'),
    requestBody: body(form.finishBody, false),
    responses: answers(
      202,
      'it is on disk, and goes on by itself',
      form.signed,
      [400, 409, 503, 504, ...always],
      means,
    ),
  },
  payments: {
    operationId: 'payments',
    summary: 'All payments and their pieces, as they lie on this disk',
    responses: answers(200, 'oldest first', form.payments, always, means),
  },
  status: {
    operationId: 'payStatus',
    summary: 'What can be spent, and the payments and requests that are open, with what each waits for',
    responses: answers(200, 'asks the ledger', form.account, [503, 504, ...always], means),
  },
  history: {
    operationId: 'payHistory',
    summary: 'Payments and requests that are over, with receipts, and why what was not paid was not',
    responses: answers(200, 'asks the ledger', form.account, [503, 504, ...always], means),
  },
} satisfies Record<string, DescribeRouteOptions>

/**
 * Makes the routes below /pay, and the events `piece`, `payment`, `request` and `ledger`.
 *
 * @throws PaymentError BAD_OPTION
 */
export function paymentApi(init: PaymentApiInit): ApiPart {
  checkNames('paymentApi', init, initNames)
  return { routes: paymentRoutes(init), listen: (asker, tell) => listen(init, asker, tell) }
}

function paymentRoutes({ payments, apps, now }: PaymentApiInit): Hono<Env> {
  const app = new Hono<Env>()
  app.onError(error => paymentProblem(error) ?? problemOf(error))
  app.use('/pay/*', async (context, next) => {
    if (!mayPay(apps, context.get('asker')))
      return problem(
        403,
        'MAY_NOT_PAY',
        'this app may not pay: its owner names those that may in client.toml',
      )
    return next()
  })
  app.post('/pay/address', describeRoute(says.address), async context =>
    context.json(await (await payments()).address(), 201),
  )
  app.post('/pay/request', describeRoute(says.request), async context => {
    const {
      amount,
      memo = '',
      deadlineMs = usualDeadlineMs,
    } = v.parse(form.requestBody, await readJson(context))
    const deadline = Math.floor(now() + deadlineMs)
    const request = await (await payments()).request(amount, deadline, memo)
    return context.json({ request, amount, memo, deadline: isoOf(deadline) }, 201)
  })
  app.post('/pay/send', describeRoute(says.send), async context => {
    const { request, least, target, ...expected } = v.parse(form.sendBody, await readJson(context))
    const bytes = new Uint8Array(Buffer.from(request, 'base64url'))
    const wanted = { what: 'send', request: bytes, ...wantsOf({ least, target }) } as const
    return context.json(
      quoteOf(await (await payments()).quote(wanted, expectedOf(expected), askerOf(context))),
      201,
    )
  })
  app.post('/pay/mix', describeRoute(says.mix), async context => {
    const fields = v.parse(form.mixBody, await readJson(context))
    const { amount, memo = '', least, target, ...expected } = fields
    const { deadlineMs = target === undefined ? usualDeadlineMs : remixDeadlineMs } = fields
    const deadline = Math.floor(now() + deadlineMs)
    const wanted = { what: 'mix', amount, memo, deadline, ...wantsOf({ least, target }) } as const
    return context.json(
      quoteOf(await (await payments()).quote(wanted, expectedOf(expected), askerOf(context))),
      201,
    )
  })
  app.post('/pay/quotes/:quote', describeRoute(says.sign), async context => {
    const payment = await (await payments()).sign(context.req.param('quote'), askerOf(context))
    return context.json({ payment }, 202)
  })
  app.post('/pay/payments/:payment/finish', describeRoute(says.finish), async context => {
    const { deadlineMs = usualDeadlineMs } = v.parse(form.finishBody, await readJson(context))
    const payment = context.req.param('payment')
    await (await payments()).finish(payment, Math.floor(now() + deadlineMs))
    return context.json({ payment }, 202)
  })
  app.get('/pay/payments', describeRoute(says.payments), async context =>
    context.json(await (await payments()).payments()),
  )
  app.get('/pay/status', describeRoute(says.status), async context =>
    context.json(await (await payments()).account('open')),
  )
  app.get('/pay/history', describeRoute(says.history), async context =>
    context.json(await (await payments()).account('over')),
  )
  return app
}

function mayPay(apps: ReadonlySet<string>, asker: Asker): boolean {
  return asker === undefined || apps.has(asker.app)
}

function listen(
  { on, apps }: PaymentApiInit,
  asker: Asker,
  tell: Parameters<NonNullable<ApiPart['listen']>>[1],
): () => void {
  return mayPay(apps, asker) ? on(({ type, data }) => tell({ event: type, data: { ...data } })) : () => {}
}

function paymentProblem(error: unknown): Response | null {
  return error instanceof PaymentError
    ? problem(statuses[error.code] ?? 502, error.code, error.message)
    : null
}

/** @throws PaymentError BAD_DOCUMENT */
async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json()
  } catch (cause) {
    throw new PaymentError('BAD_DOCUMENT', 'the body is no JSON', { cause })
  }
}

function askerOf(context: Context<Env>): string {
  return context.get('asker')?.app ?? ''
}

/** More peers than there are cannot collude. */
function expectedOf({
  peers = usual.peers,
  colluding = usual.colluding,
}: { readonly [name in keyof Expected]?: number | undefined }): Expected {
  return { peers, colluding: Math.min(colluding, peers - 1) }
}

function wantsOf({ least, target }: { least?: number | undefined; target?: number | undefined }): Wants {
  return { ...(least === undefined ? {} : { least }), ...(target === undefined ? {} : { target }) }
}

function quoteOf({ until, ...quote }: Quote): Omit<Quote, 'until'> & { until: string } {
  return { ...quote, until: isoOf(until) }
}
