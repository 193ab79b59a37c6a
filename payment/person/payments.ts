// A person's payments beside a running client: the wallet, the ledger it is pinned to, rounds and receipts. Nothing is
// signed but by a quote that its owner has seen. docs/spec/payments-paymix.md 5.9.

import type { Client } from '../../client/index.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Names } from '../../encoding/unknown-option.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { guardedClock } from '../../world/timers.ts'
import { checkNames } from '../checked-names.ts'
import { PaymentError, type PaymentErrorCode } from '../error.ts'
import { Keychain } from '../keychain.ts'
import type { FollowedLedger } from '../ledger/followed.ts'
import type { HeadWatch } from '../ledger/heads.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { ledgerId } from '../ledger/log.ts'
import { shortName } from '../records.ts'
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
  requestLine,
} from './account.ts'
import { Agreements, paymentOf } from './agreements.ts'
import type { Wants } from './hiding.ts'
import { News, type PaymentsEvent } from './news.ts'
import { type Order, type Orders, ordersIn } from './orders.ts'
import { Payer } from './payer.ts'
import type { Payment } from './pieces.ts'
import { type Followed, follow, ledgerNames, type PinnedLedger, patienceMs } from './pinned.ts'
import { type Expected, type Quote, Quotes, type Wanted } from './quotes.ts'
import { answerReceipt, readReceiptAnswer, receiptQuestion, receiptService, receiptsIn } from './receipts.ts'
import { readRequest, type SignedRequest } from './request.ts'
import { type Progress, restore } from './restore.ts'
import { paymentsIn } from './temporal-ledger.ts'
import { Upkeep } from './upkeep.ts'
import { Wallet } from './wallet.ts'

/** Holds all that a person's payments work with. */
export interface PaymentsInit {
  readonly client: Pick<Client, 'address' | 'bulletin' | 'request' | 'serve'>
  readonly ledger: PinnedLedger
  /** All keys come from it, 64 bytes (`seedOf`). */
  readonly seed: Uint8Array
  /** Seals its values: keys lie in it. */
  readonly store: Store
  /** Keeps a copy of the ledger's log, which is public. */
  readonly publicLog: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly times: PaymentTimes
}

const initNames: Names<PaymentsInit> = {
  client: true,
  ledger: true,
  seed: true,
  store: true,
  publicLog: true,
  clock: true,
  random: true,
  log: true,
  times: true,
}

/** A quote is given all the same: signing says what lacks. */
const quoted: ReadonlySet<PaymentErrorCode> = new Set(['NO_NOTE', 'BUSY', 'BAD_AMOUNT'])
/**
 * A person's payments beside a running client: wallet, quotes, requests made and paid, receipts
 * (docs/spec/payments-paymix.md 5.9). Made by `Payments.open`; takes part in rounds from `carry` on.
 */
export class Payments {
  readonly #init: PaymentsInit
  readonly #watch: HeadWatch
  readonly #followed: FollowedLedger
  readonly #ledger: Ledger
  readonly #wallet: Wallet
  readonly #quotes: Quotes
  readonly #orders: Orders
  readonly #receipts: ReturnType<typeof receiptsIn>
  readonly #agreements: Agreements
  readonly #upkeep: Upkeep
  readonly #news = new News()
  readonly #keychain: Keychain
  readonly #ending = new AbortController()
  #transports: readonly RoundTransport[] = []
  #carrying: Promise<Payer> | undefined
  #payer: Payer | undefined
  #restoring: Promise<void> | undefined

  private constructor(init: PaymentsInit, keychain: Keychain, { followed, watch }: Followed) {
    const { store, clock, random } = init
    const now = (): number => Math.floor(clock.now())
    this.#init = init
    this.#keychain = keychain
    this.#followed = followed
    this.#watch = watch
    this.#ledger = watch.guard(followed)
    const aside = (key: string): void =>
      init.log.error({ record: shortName(key) }, 'payment: a record is damaged, and set aside')
    this.#wallet = new Wallet({ store, ledger: this.#ledger, random, keys: keychain, now, onDamaged: aside })
    this.#quotes = new Quotes({ ledger: followed.id, random, clock, times: init.times })
    this.#orders = ordersIn(store, aside)
    this.#receipts = receiptsIn(store)
    const shared = { clock, orders: this.#orders, wallet: this.#wallet, kept: () => this.#kept() }
    this.#agreements = new Agreements({ ...shared, payer: () => this.carry() })
    this.#upkeep = new Upkeep({
      ...shared,
      log: init.log,
      epochMs: init.times.epochMs,
      stockMs: init.times.stockMs ?? 0,
      random,
      agreements: this.#agreements,
      receipts: this.#receipts,
      news: this.#news,
      line: (order, payment) => this.#paymentLine(order, payment),
      askReceipt: request => this.#askReceipt(request),
    })
  }

  /**
   * Follows the ledger, and hears rounds and heads, from now on; takes part in rounds from `carry` on.
   *
   * @throws PaymentError BAD_OPTION, and what the ledger and the store make fail
   */
  static async open(given: PaymentsInit): Promise<Payments> {
    checkNames('Payments.open', given, initNames)
    checkNames('Payments.open: ledger', given.ledger, ledgerNames)
    const init = { ...given, clock: guardedClock(given.clock, given.log, 'payment') }
    const { client, store, clock, log, times } = init
    const keychain = await Keychain.open(store, init.seed, ledgerId(init.ledger.genesis))
    let opened: Payments | undefined
    const payments = new Payments(
      init,
      keychain,
      await follow(init, {
        tell: head => {
          if (opened !== undefined) opened.#transports[1]?.publish(head)
        },
        onAlarm: isProven => {
          if (opened !== undefined) opened.#news.tell({ type: 'ledger', data: { isProven } })
        },
      }),
    )
    opened = payments
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

  /**
   * Goes on with everything that was agreed, and takes part in rounds, until it is closed. Never waits for the network.
   */
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
      keys: this.#keychain,
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
    this.#followed.onGrowth(() => this.#upkeep.now())
    this.#upkeep.now()
    return payer
  }

  /**
   * Ends the search for the notes of the seed, where one was asked for (`askToRestore`). Before that no key is given
   * out, since it may have been before.
   *
   * @param tell is told how far it has come
   * @throws what the ledger throws; what was found is kept, and the next call goes on
   */
  async restored(tell?: (progress: Progress) => void): Promise<void> {
    this.#restoring ??= restore(this.#init.store, this.#ledger, this.#keychain, tell).finally(() => {
      this.#restoring = undefined
    })
    await this.#restoring
  }

  /** Gives the address at which payers are heard, and a fresh key to be paid to, hex. */
  async address(): Promise<{ readonly address: string; readonly key: string }> {
    await this.restored()
    return { address: this.#init.client.address, key: hex(await this.#wallet.newKey()) }
  }

  /**
   * A request to be paid, base64url.
   *
   * @param deadline milliseconds since 1970-01-01 UTC
   * @throws PaymentError BAD_AMOUNT
   */
  async request(amount: number, deadline: number, memo: string): Promise<string> {
    await this.restored()
    const receipts = this.#init.client.address
    return base64url(await this.#wallet.request(amount, deadline, memo, receipts))
  }

  /** Says what a payment costs, takes and hides. Nothing is signed by it. @throws PaymentError as Quotes.make */
  async quote(wanted: Wanted, expected: Expected, asker = ''): Promise<Quote> {
    const amount = wanted.what === 'send' ? readRequest(wanted.request).amount : wanted.amount
    const shows = await this.#wallet.wouldShow(amount, await this.#kept()).catch((error: unknown) => {
      if (error instanceof PaymentError && quoted.has(error.code)) return undefined
      throw error
    })
    return this.#quotes.make(wanted, expected, asker, shows)
  }

  /**
   * Pays what was quoted. From the moment that it is on disk it goes on after a crash.
   *
   * @returns the payment's name
   * @throws PaymentError NO_QUOTE, NO_NOTE when the wallet has less, WRONG_STATE when it is being paid already, BUSY,
   * and what the ledger throws: then nothing was begun
   */
  async sign(quote: string, asker = ''): Promise<string> {
    await this.restored()
    const wanted = this.#quotes.take(quote, asker)
    const request =
      wanted.what === 'send'
        ? wanted.request
        : await this.#wallet.request(wanted.amount, wanted.deadline, wanted.memo, '')
    await this.#agreements.agree(request, wantsOf(wanted))
    return nameOf(readRequest(request).hash)
  }

  /**
   * Pays what was kept of a payment after all.
   *
   * @param payment its name
   * @param deadline milliseconds since 1970-01-01 UTC
   * @throws PaymentError WRONG_STATE when there is no such payment or nothing of it was kept, NO_NOTE when the wallet
   * has no notes for it, BUSY, and what the ledger throws
   */
  async finish(payment: string, deadline: number): Promise<void> {
    const orders = await this.#orders.all()
    const hash = orders.map(({ request }) => readRequest(request).hash).find(one => nameOf(one) === payment)
    if (hash === undefined) throw new PaymentError('WRONG_STATE', `payment: there is none named ${payment}`)
    await this.#agreements.finish(hash, deadline)
  }

  /** Payments and their pieces as they stand on disk; the ledger is not asked. */
  async payments(): Promise<Pick<Account, 'payments' | 'pieces'>> {
    return await this.#linesOf(await this.#kept(), () => true)
  }

  /**
   * Tells all that is open, or all that is over; the ledger is asked for notes and for requests that are not paid yet.
   * For what is over it is asked about used keys as well: a note that came to one all the same is found, and can be
   * spent.
   *
   * @throws what the ledger throws
   */
  async account(which: 'open' | 'over'): Promise<Account> {
    await this.restored()
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
      const isOpen = payment === undefined ? order.why === '' : !isOver(payment)
      if (!isMeant(isOpen)) continue
      payments.push(await this.#paymentLine(order, payment))
      if (payment !== undefined) pieces.push(...pieceLines(payment, this.#init.times.epochMs))
    }
    return { payments, pieces }
  }

  async #paymentLine(order: Order, payment?: Payment): Promise<PaymentLine> {
    return paymentLine(order, payment, await this.#receipts.find(readRequest(order.request).hash))
  }

  /** Calls `tell` from now on; returns how to stop. */
  on(tell: (event: PaymentsEvent) => void): () => void {
    return this.#news.on(tell)
  }

  /** Stops where it is; what was agreed goes on when it is opened and carried again. */
  async close(): Promise<void> {
    this.#ending.abort()
    const upkeep = this.#upkeep.close()
    this.#payer?.close()
    this.#watch.close()
    this.#followed.close()
    await Promise.all(this.#transports.map(transport => transport.close()))
    await Promise.all([this.#agreements.rest(), upkeep])
  }

  /** Closes them at the end of a block that says `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #request(address: string, service: string, question: Uint8Array): Promise<Uint8Array> {
    const signal = AbortSignal.any([this.#ending.signal])
    return this.#init.client.request(address, service, question, { deadlineMs: patienceMs, signal })
  }

  async #askReceipt(request: SignedRequest): Promise<Uint8Array | null> {
    const question = receiptQuestion(request.hash)
    return readReceiptAnswer(await this.#request(request.receipts, receiptService, question), request)
  }

  async #receiptFor(hash: Uint8Array): Promise<Uint8Array | null> {
    return (await this.#wallet.ownRequest(hash))?.receipt ?? null
  }

  #changed(payment: Payment): void {
    for (const data of pieceLines(payment, this.#init.times.epochMs)) this.#news.tell({ type: 'piece', data })
    if (isOver(payment)) this.#upkeep.now()
  }
}

function wantsOf({ least, target }: Wants): Wants {
  return { ...(least === undefined ? {} : { least }), ...(target === undefined ? {} : { target }) }
}
