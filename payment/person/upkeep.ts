// Looks after what waits for others: orders that have not begun, payments without a receipt, requests that are not
// paid. docs/spec/payments-paymix.md 5.9.

import { hex } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { exponential, type Random } from '../../world/random.ts'
import { Timers } from '../../world/timers.ts'
import { turns } from '../../world/turns.ts'
import { hour, type Ms, minute } from '../../world/units.ts'
import { codeOf } from '../error.ts'
import { isOver, type PaymentLine, requestLine } from './account.ts'
import { type Agreements, paymentOf } from './agreements.ts'
import type { News } from './news.ts'
import type { Order, Orders } from './orders.ts'
import type { Payment } from './pieces.ts'
import type { receiptsIn } from './receipts.ts'
import { readRequest, type SignedRequest } from './request.ts'
import type { Wallet } from './wallet.ts'

export interface UpkeepInit {
  readonly clock: Clock
  readonly log: Log
  readonly epochMs: Ms
  /** Mean time between two notes that are broken for the stock; 0: none is. */
  readonly stockMs: Ms
  readonly random: Random
  readonly orders: Orders
  readonly agreements: Agreements
  readonly receipts: ReturnType<typeof receiptsIn>
  readonly wallet: Wallet
  readonly news: News
  readonly kept: () => Promise<readonly Payment[]>
  /** Says how a payment stands. */
  readonly line: (order: Order, payment?: Payment) => Promise<PaymentLine>
  /** Asks the receiver for its receipt; null when it gives none (yet). */
  readonly askReceipt: (request: SignedRequest) => Promise<Uint8Array | null>
}

/** Between two rounds of upkeep, milliseconds. */
const mostBetweenMs = minute
/** After its deadline a request is looked after for so long, milliseconds: the payer may have been slow. */
const afterwardsMs = 24 * hour

export class Upkeep {
  readonly #init: UpkeepInit
  readonly #timers: Timers
  readonly #inTurn = turns()
  /** When the receiver was asked for a receipt last, by the request's hash in hex; elapsed milliseconds. */
  readonly #asked = new Map<string, Ms>()
  readonly #asking = new Set<Promise<void>>()
  #next: Timer | undefined

  constructor(init: UpkeepInit) {
    this.#init = init
    this.#timers = new Timers(init.clock)
    if (init.stockMs > 0) this.#restock()
  }

  /** At times that follow from nothing that is paid. */
  #restock(): void {
    const { random, stockMs, wallet, kept } = this.#init
    this.#timers.after(exponential(random, stockMs), () => {
      this.#inTurn(async () => await wallet.restock(await kept()))
        .catch(error => this.#warn(error))
        .finally(() => this.#restock())
    })
  }

  /** Looks after everything at once, and from then on again and again. */
  now(): void {
    this.#after(0)
  }

  /** Ends it, and waits for what is under way. */
  async close(): Promise<void> {
    this.#timers.close()
    await this.#inTurn(async () => {})
    await Promise.all(this.#asking)
  }

  get #betweenMs(): Ms {
    return Math.min(mostBetweenMs, this.#init.epochMs)
  }

  #after(ms: Ms): void {
    this.#next?.cancel()
    this.#next = this.#timers.after(ms, () => {
      this.#inTurn(() => this.#lookAfterAll())
        .catch(error => this.#warn(error))
        .finally(() => this.#after(this.#betweenMs))
    })
  }

  /** Each by itself: one that fails keeps no other one back. */
  async #lookAfterAll(): Promise<void> {
    const { orders, kept } = this.#init
    const begun = await kept()
    for (const order of await orders.all()) {
      if (this.#timers.isClosed) return
      const payment = paymentOf(order, begun)
      if (payment === undefined && order.why === '') await this.#beginAgain(order)
      if (payment !== undefined && isOver(payment)) await this.#finish(order, payment)
    }
    await this.#lookAtRequests()
  }

  async #beginAgain(order: Order): Promise<void> {
    const { agreements, line, news } = this.#init
    const failed = await agreements.beginAgain(order)
    if (failed === undefined) return
    this.#warn(failed.error)
    if (failed.ended !== undefined) news.tell({ type: 'payment', data: await line(failed.ended) })
  }

  /** Asks the receiver for its receipt, once all is paid. */
  async #finish(order: Order, payment: Payment): Promise<void> {
    const { receipts, line, news } = this.#init
    const request = readRequest(order.request)
    const isPaid = payment.pieces.every(({ state }) => state.at === 'paid')
    const isWanted = isPaid && request.receipts !== '' && this.#isRecent(request.deadline)
    if (isWanted && (await receipts.find(request.hash)) === null) this.#ask(order, payment, request)
    news.tell({ type: 'payment', data: await line(order, payment) })
  }

  /** A question that is lost on its way keeps the next one back no longer than the time between two. */
  #ask(order: Order, payment: Payment, request: SignedRequest): void {
    const [key, now] = [hex(request.hash), this.#init.clock.elapsed()]
    const before = this.#asked.get(key)
    if (before !== undefined && now - before < this.#betweenMs) return
    this.#asked.set(key, now)
    const asking = this.#fetchReceipt(order, payment, request)
      .catch(error => this.#warn(error))
      .finally(() => this.#asking.delete(asking))
    this.#asking.add(asking)
  }

  async #fetchReceipt(order: Order, payment: Payment, request: SignedRequest): Promise<void> {
    const { askReceipt, receipts, line, news } = this.#init
    const receipt = await askReceipt(request)
    if (receipt === null || this.#timers.isClosed) return
    if ((await receipts.find(request.hash)) === null) await receipts.save(request.hash, receipt)
    this.#asked.delete(hex(request.hash))
    news.tell({ type: 'payment', data: await line(order, payment) })
  }

  async #lookAtRequests(): Promise<void> {
    const { wallet, news } = this.#init
    for (const { hash, deadline } of await wallet.unpaid()) {
      if (this.#timers.isClosed) return
      if (!this.#isRecent(deadline)) continue
      const own = await wallet.ownRequest(hash).catch(error => void this.#warn(error))
      if (own?.paid.isPaid === true) news.tell({ type: 'request', data: requestLine(own) })
    }
  }

  /** @param deadline milliseconds since 1970-01-01 UTC */
  #isRecent(deadline: Ms): boolean {
    return this.#init.clock.now() < deadline + afterwardsMs
  }

  #warn(error: unknown): void {
    if (this.#timers.isClosed) return
    const message = 'payment: something that waits for others has to be tried again'
    this.#init.log.warn({ code: codeOf(error) }, message)
  }
}
