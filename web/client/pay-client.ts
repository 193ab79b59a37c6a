// The routes below /pay as the page asks them. They are the first identity's, whichever is looked at.

import { RemoteClient } from '../../client/remote/index.ts'
import { askFetch, tokenOfTab } from '../parts/session.ts'

interface PieceLine {
  readonly denomination: number
  readonly state: 'mixing' | 'mixed' | 'paying' | 'paid' | 'kept'
  readonly why: string
  readonly joins: readonly number[]
  readonly effectiveSet: number
}

interface PaymentLine {
  readonly payment: string
  readonly amount: number
  readonly memo: string
  readonly paid: number
  readonly why: string
  readonly receipt: string | null
}

interface RequestLine {
  readonly request: string
  readonly amount: number
  readonly memo: string
  readonly paid: number
}

/** Everything that is open, or over. */
export interface Account {
  readonly notes: readonly number[]
  readonly payments: readonly PaymentLine[]
  readonly pieces: readonly PieceLine[]
  readonly requests: readonly RequestLine[]
}

/** Says what a payment would cost, take and hide. */
export interface Quote {
  readonly quote: string
  readonly forecast: {
    readonly amount: number
    readonly pieces: readonly number[]
    readonly cost: number
    readonly joins: number
    readonly time: { readonly usualMs: number; readonly longMs: number }
    readonly effectiveSet: number
    readonly linkProbability: number
  }
}

const timeoutMs = 60_000
const main = new RemoteClient({ url: location.origin, token: tokenOfTab, fetch: askFetch })

async function post(path: string, body: unknown): Promise<unknown> {
  return await main.ask(path, { method: 'POST', body, timeoutMs })
}

export async function readAccount(which: 'status' | 'history'): Promise<Account> {
  return (await main.ask(`/pay/${which}`, { timeoutMs })) as Account
}

export async function askForMoney(amount: number, memo: string): Promise<string> {
  const { request } = (await post('/pay/request', { amount, memo })) as { readonly request: string }
  return request
}

/** Signs nothing: `pay` does that with the quote. */
export async function quoteFor(request: string): Promise<Quote> {
  return (await post('/pay/send', { request })) as Quote
}

export async function pay(quote: string): Promise<void> {
  await post(`/pay/quotes/${quote}`, {})
}
