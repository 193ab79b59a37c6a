// A person's payments beside a running client: the wallet, the ledger it is pinned to, rounds and receipts. Nothing is signed
// but by a quote that its owner has seen. docs/spec/payments-paymix.md 5.9.

import type { Client } from '../../client/index.ts'
import { hex, same } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { Timers } from '../../world/timers.ts'
import { turns } from '../../world/turns.ts'
import { hour, minute } from '../../world/units.ts'
import { codeOf, PaymentError, type PaymentErrorCode } from '../error.ts'
import { HeadWatch } from '../ledger/heads.ts'
import type { Genesis, Ledger } from '../ledger/ledger.ts'
import { ledgerService, RemoteLedger } from '../ledger/remote.ts'
import { embeddedJoins } from '../rounds/join.ts'
import { RoundTransport } from '../rounds/transport.ts'
import type { PaymentTimes } from '../times.ts'
import {
  type Account,
  base64url,
  isOver,
  nameOf,
  type PaymentLine,
  type PieceLine,
  paymentLine,
  pieceLines,
  type RequestLine,
  requestLine,
} from './account.ts'
import { type Order, type Orders, ordersIn } from './orders.ts'
import { Payer } from './payer.ts'
import type { Payment } from './pieces.ts'
import { type Expected, type Quote, Quotes, type Wanted } from './quotes.ts'
import { answerReceipt, readReceiptAnswer, receiptQuestion, receiptService, receiptsIn } from './receipts.ts'
import { readRequest, type SignedRequest } from './request.ts'
import { paymentsIn } from './temporal-ledger.ts'
import { Wallet } from './wallet.ts'

/** Which ledger a wallet is of. Whoever controls these two controls what its owner believes of the ledger. */
export interface PinnedLedger {
  readonly genesis: Genesis
  /** Where it answers: an address of the mixnet. */
  readonly address: string
}

/** What a person's payments work with. */
export interface PaymentsInit {
  readonly client: Pick<Client, 'address' | 'bulletin' | 'request' | 'serve'>
  readonly ledger: PinnedLedger
  /** Seals its values: keys lie in it. */
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly times: PaymentTimes
}

/** What the owner of payments may want to know at once. */
export type PaymentsEvent =
  /** A piece of a payment has moved. */
  | { readonly type: 'piece'; readonly data: PieceLine }
  /** A payment is paid, has its receipt, or could not begin. */
  | { readonly type: 'payment'; readonly data: PaymentLine }
  /** A request of one's own is paid. */
  | { readonly type: 'request'; readonly data: RequestLine }
  /** The ledger was caught (docs/spec/payments-ledger.md 3.6): it is paid with no more. */
  | { readonly type: 'ledger'; readonly data: { readonly isProven: boolean } }

/** How long the ledger, or whoever gives a receipt, has to answer, milliseconds. */
const patienceMs = 2 * minute
/** How often it is looked after requests that wait to be paid, payments without a receipt, and orders that have not begun. */
const mostBetweenChoresMs = minute
/** After its deadline a request is looked after for so long: the payer may have been slow. */
const afterwardsMs = 24 * hour
/** Events that are known again, so that none is told twice. */
const mostTold = 10_000
/** Why an order may still begin later. */
const passing: ReadonlySet<PaymentErrorCode> = new Set(['BUSY', 'DAMAGED', 'BAD_DOCUMENT'])

/**
 * A person's payments beside a running client: wallet, quotes, requests made and paid, receipts
 * (docs/spec/payments-paymix.md 5.9). Made by `Payments.open`; takes part in rounds from `carry` on.
 */
export class Payments {
  readonly #init: PaymentsInit
  readonly #watch: HeadWatch
  readonly #ledger: Ledger
  readonly #wallet: Wallet
  readonly #quotes: Quotes
  readonly #orders: Orders
  readonly #receipts: ReturnType<typeof receiptsIn>
  readonly #listeners = new Set<(event: PaymentsEvent) => void>()
  readonly #ending = new AbortController()
  /** Lines that were told. */
  readonly #told = new Set<string>()
  #transports: readonly RoundTransport[] = []
  #carrying: Promise<Payer> | null = null
  #payer: Payer | null = null
  /** One thing after the other: two payments must not be prepared with the same notes. */
  readonly #inTurn = turns()
  readonly #atChores = turns()
  readonly #timers: Timers
  #nextChores: Timer | null = null

  private constructor(init: PaymentsInit) {
    const { ledger: pinned, store, clock, random } = init
    const now = (): number => Math.floor(clock.now())
    this.#init = init
    this.#timers = new Timers(clock)
    this.#watch = new HeadWatch({
      genesis: pinned.genesis,
      ask: question => this.#ask(question),
      tell: head => this.#transports[1]?.publish(head),
      clock,
      onAlarm: ({ isProven }) => this.#tell({ type: 'ledger', data: { isProven } }),
    })
    const remote = new RemoteLedger({
      genesis: pinned.genesis,
      ask: question => this.#ask(question),
      onHead: head => this.#watch.seen(head),
    })
    this.#ledger = this.#watch.guard(remote)
    this.#wallet = new Wallet({ store, ledger: this.#ledger, random, now })
    this.#quotes = new Quotes({ ledger: remote.id, random, clock, times: init.times })
    this.#orders = ordersIn(store)
    this.#receipts = receiptsIn(store)
  }

  /** Hears rounds and heads from now on; takes part in rounds from `carry` on. */
  static async open(init: PaymentsInit): Promise<Payments> {
    const { client, store, clock, log, times } = init
    const payments = new Payments(init)
    const each = { store, clock, log }
    const rounds = await RoundTransport.open({
      ...each,
      topic: client.bulletin('payments'),
      receive: message => payments.#payer?.receive(message),
      giveUpMs: times.phaseMs + times.voteMs,
    })
    const heads = await RoundTransport.open({
      ...each,
      topic: client.bulletin('heads'),
      receive: head => payments.#watch.receive(head),
      giveUpMs: patienceMs,
    })
    payments.#transports = [rounds, heads]
    return payments
  }

  /** Goes on with everything that was agreed, and takes part in rounds, until it is closed. Never waits for the network. */
  carry(): Promise<Payer> {
    this.#carrying ??= this.#carry()
    return this.#carrying
  }

  async #carry(): Promise<Payer> {
    const { client, log, times, clock, random, store } = this.#init
    const payer = await Payer.open({
      scheme: embeddedJoins(this.#ledger.id),
      ledger: this.#ledger,
      clock,
      random,
      store,
      log,
      times,
      publish: message => this.#transports[0]?.publish(message),
      onChange: payment => this.#changed(payment),
    })
    this.#payer = payer
    client.serve(receiptService, ({ bytes }) => answerReceipt(bytes, hash => this.#receiptFor(hash)), {
      signal: this.#ending.signal,
    })
    this.#choresAfter(0)
    return payer
  }

  /** Where payers send what they have to say, and a fresh key to be paid to, hex. */
  async address(): Promise<{ readonly address: string; readonly key: string }> {
    return { address: this.#init.client.address, key: hex(await this.#wallet.newKey()) }
  }

  /**
   * A request to be paid, base64url.
   *
   * @param deadline milliseconds since 1970-01-01 UTC
   * @throws PaymentError BAD_AMOUNT
   */
  async request(amount: number, deadline: number, memo: string): Promise<string> {
    const receipts = this.#init.client.address
    return base64url(await this.#wallet.request(amount, deadline, memo, receipts))
  }

  /** What a payment costs, takes and hides. Nothing is signed by it. @throws PaymentError as Quotes.make */
  quote(wanted: Wanted, expected: Expected, asker = ''): Quote {
    return this.#quotes.make(wanted, expected, asker)
  }

  /**
   * Pays what was quoted. From the moment that it is on disk it goes on after a crash.
   *
   * @returns the payment's name
   * @throws PaymentError NO_QUOTE, NO_NOTE when the wallet has less, WRONG_STATE when it is being paid already, BUSY, and what
   * the ledger throws: then nothing was begun
   */
  async sign(quote: string, asker = ''): Promise<string> {
    const wanted = this.#quotes.take(quote, asker)
    const request =
      wanted.what === 'send'
        ? wanted.request
        : await this.#wallet.request(wanted.amount, wanted.deadline, wanted.memo, '')
    const { hash } = readRequest(request)
    const order: Order = { request, agreed: Math.floor(this.#init.clock.now()), why: '' }
    await this.#inTurn(async () => {
      if (await this.#isAgreed(hash)) throw new PaymentError('WRONG_STATE', 'request: it is being paid')
      await this.#orders.save(order)
      try {
        await this.#begin(order)
      } catch (error) {
        await this.#orders.drop(order)
        throw error
      }
    })
    return nameOf(hash)
  }

  async #isAgreed(hash: Uint8Array): Promise<boolean> {
    const orders = await this.#orders.all()
    return orders.some(({ request, why }) => why === '' && same(readRequest(request).hash, hash))
  }

  async #begin({ request }: Order): Promise<void> {
    const { amount } = readRequest(request)
    const payer = await this.carry()
    await payer.pay(request, await this.#wallet.prepare(amount, payer.payments))
  }

  /** Payments and their pieces as they stand on disk; the ledger is not asked. */
  async payments(): Promise<Pick<Account, 'payments' | 'pieces'>> {
    return await this.#linesOf(await this.#kept(), () => true)
  }

  /**
   * What is open, or what is over; the ledger is asked for notes and for requests that are not paid yet. For what is over it is
   * asked about used keys as well: a note that came to one all the same is found, and can be spent.
   *
   * @throws what the ledger throws
   */
  async account(which: 'open' | 'over'): Promise<Account> {
    const kept = await this.#kept()
    const requests = await this.#wallet.requests()
    return {
      notes: (await this.#wallet.notes(kept, which === 'over' ? 'all' : 'live')).map(
        ({ note }) => note.denomination,
      ),
      ...(await this.#linesOf(kept, isOpen => isOpen === (which === 'open'))),
      requests: requests.filter(({ paid }) => paid.isPaid === (which === 'over')).map(requestLine),
    }
  }

  async #kept(): Promise<readonly Payment[]> {
    return this.#payer?.payments ?? (await paymentsIn(this.#init.store).all())
  }

  async #linesOf(
    kept: readonly Payment[],
    isMeant: (isOpen: boolean) => boolean,
  ): Promise<Pick<Account, 'payments' | 'pieces'>> {
    const payments: PaymentLine[] = []
    const pieces: PieceLine[] = []
    for (const order of await this.#orders.all()) {
      const payment = paymentOf(order, kept)
      const isOpen = payment === null ? order.why === '' : !isOver(payment)
      if (!isMeant(isOpen)) continue
      payments.push(await this.#paymentLine(order, payment))
      if (payment !== null) pieces.push(...pieceLines(payment, this.#init.times.epochMs))
    }
    return { payments, pieces }
  }

  async #paymentLine(order: Order, payment: Payment | null): Promise<PaymentLine> {
    return paymentLine(order, payment, await this.#receipts.find(readRequest(order.request).hash))
  }

  /** Calls `tell` from now on; returns how to stop. */
  on(tell: (event: PaymentsEvent) => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  /** Stops where it is; what was agreed goes on when it is opened and carried again. */
  async close(): Promise<void> {
    this.#ending.abort()
    this.#timers.close()
    this.#payer?.close()
    this.#watch.close()
    await Promise.all(this.#transports.map(transport => transport.close()))
    await Promise.all([this.#inTurn(async () => {}), this.#atChores(async () => {})])
  }

  #ask(question: Uint8Array): Promise<Uint8Array> {
    return this.#request(this.#init.ledger.address, ledgerService, question)
  }

  /** A signal each: many questions are open at the same time. */
  #request(address: string, service: string, question: Uint8Array): Promise<Uint8Array> {
    const signal = AbortSignal.any([this.#ending.signal])
    return this.#init.client.request(address, service, question, { deadlineMs: patienceMs, signal })
  }

  #tell(event: PaymentsEvent): void {
    const line = JSON.stringify(event)
    if (this.#told.has(line)) return
    if (this.#told.size >= mostTold) this.#told.clear()
    this.#told.add(line)
    for (const tell of this.#listeners) tell(event)
  }

  #changed(payment: Payment): void {
    for (const data of pieceLines(payment, this.#init.times.epochMs)) this.#tell({ type: 'piece', data })
    if (isOver(payment)) this.#choresAfter(0)
  }

  #choresAfter(ms: number): void {
    this.#nextChores?.cancel()
    this.#nextChores = this.#timers.after(ms, () => {
      this.#atChores(() => this.#chores())
        .catch(error => this.#warn(error))
        .finally(() => this.#choresAfter(Math.min(mostBetweenChoresMs, this.#init.times.epochMs)))
    })
  }

  /** What waits for others, each by itself: one that fails keeps no other one back. */
  async #chores(): Promise<void> {
    const kept = await this.#kept()
    for (const order of await this.#orders.all()) {
      if (this.#ending.signal.aborted) return
      const payment = paymentOf(order, kept)
      if (payment === null && order.why === '') await this.#inTurn(() => this.#beginAgain(order))
      if (payment !== null && isOver(payment)) await this.#finish(order, payment)
    }
    await this.#lookAtRequests()
  }

  /** An order that a process was stopped over. Only when it can never begin, that is its end. */
  async #beginAgain(order: Order): Promise<void> {
    const { hash, deadline } = readRequest(order.request)
    // It may have begun, or have been dropped, while this waited
    if (paymentOf(order, await this.#kept()) !== null || !(await this.#isAgreed(hash))) return
    try {
      if (deadline <= this.#init.clock.now())
        throw new PaymentError('WRONG_STATE', 'payment: its deadline passed before it could begin')
      await this.#begin(order)
    } catch (error) {
      this.#warn(error)
      if (!(error instanceof PaymentError) || passing.has(error.code)) return
      const ended = { ...order, why: error.message }
      await this.#orders.save(ended)
      this.#tell({ type: 'payment', data: await this.#paymentLine(ended, null) })
    }
  }

  /** Asks the receiver for its receipt, once all is paid. */
  async #finish(order: Order, payment: Payment): Promise<void> {
    const request = readRequest(order.request)
    const isPaid = payment.pieces.every(({ state }) => state.at === 'paid')
    const isWanted = isPaid && request.receipts !== '' && this.#isRecent(request.deadline)
    if (isWanted && (await this.#receipts.find(request.hash)) === null) {
      await this.#fetchReceipt(request).catch(error => this.#warn(error))
    }
    this.#tell({ type: 'payment', data: await this.#paymentLine(order, payment) })
  }

  async #fetchReceipt(request: SignedRequest): Promise<void> {
    const question = receiptQuestion(request.hash)
    const answer = await this.#request(request.receipts, receiptService, question)
    const receipt = readReceiptAnswer(answer, request)
    if (receipt !== null) await this.#receipts.save(request.hash, receipt)
  }

  async #receiptFor(hash: Uint8Array): Promise<Uint8Array | null> {
    return (await this.#wallet.ownRequest(hash))?.receipt ?? null
  }

  async #lookAtRequests(): Promise<void> {
    for (const { hash, deadline } of await this.#wallet.unpaid()) {
      if (this.#ending.signal.aborted) return
      if (!this.#isRecent(deadline)) continue
      const own = await this.#wallet.ownRequest(hash).catch(error => void this.#warn(error))
      if (own?.paid.isPaid === true) this.#tell({ type: 'request', data: requestLine(own) })
    }
  }

  #isRecent(deadline: number): boolean {
    return this.#init.clock.now() < deadline + afterwardsMs
  }

  #warn(error: unknown): void {
    if (this.#ending.signal.aborted) return
    this.#init.log.warn(
      { code: codeOf(error) },
      'payment: something that waits for others has to be tried again',
    )
  }
}

function paymentOf({ request }: Order, kept: readonly Payment[]): Payment | null {
  const { hash } = readRequest(request)
  return kept.find(({ id }) => same(id, hash)) ?? null
}
