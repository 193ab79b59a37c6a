// Carries out what a person has agreed to pay: the order is on disk before anything follows from it, and a process that
// was stopped in between begins it again. docs/spec/payments-paymix.md 5.9.

import { same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import { turns } from '../../world/turns.ts'
import { PaymentError, type PaymentErrorCode } from '../error.ts'
import type { Wants } from './hiding.ts'
import type { Order, Orders } from './orders.ts'
import type { Payer } from './payer.ts'
import type { Payment } from './pieces.ts'
import { readRequest } from './request.ts'
import type { Wallet } from './wallet.ts'

export interface AgreementsInit {
  readonly clock: Clock
  readonly orders: Orders
  readonly wallet: Wallet
  /** Gives who pays, once it runs. */
  readonly payer: () => Promise<Payer>
  /** Gives the payments that have begun, as they stand on disk. */
  readonly kept: () => Promise<readonly Payment[]>
}

/** With these an order may still begin later. */
const passing: ReadonlySet<PaymentErrorCode> = new Set(['BUSY', 'DAMAGED', 'BAD_DOCUMENT'])

export class Agreements {
  readonly #init: AgreementsInit
  /** One thing after the other: two payments must not be prepared with the same notes. */
  readonly #inTurn = turns()

  constructor(init: AgreementsInit) {
    this.#init = init
  }

  /**
   * Begins to pay a request that its owner has agreed to. From the moment that it is on disk it goes on after a crash.
   *
   * @param wants of its joins
   * @throws PaymentError NO_NOTE when the wallet has less, WRONG_STATE when it is being paid already, BUSY, and what
   * the ledger throws: then nothing was begun
   */
  async agree(request: Uint8Array, wants: Wants = {}): Promise<void> {
    const { clock, orders } = this.#init
    const order: Order = { request, agreed: Math.floor(clock.now()), why: '', ...wants }
    await this.#inTurn(async () => {
      if (await this.#isAgreed(readRequest(request).hash))
        throw new PaymentError('WRONG_STATE', 'request: it is being paid')
      await orders.save(order)
      try {
        await this.#begin(order)
      } catch (error) {
        await orders.drop(order)
        throw error
      }
    })
  }

  /**
   * Begins an order that a process was stopped over. It has ended only when it can never begin.
   *
   * @returns the error, and the order that has ended with it, if it has; nothing when it has begun
   */
  beginAgain(order: Order): Promise<{ readonly error: unknown; readonly ended?: Order } | undefined> {
    return this.#inTurn(async () => {
      const { hash, deadline } = readRequest(order.request)
      // It may have begun, or have been dropped, while this waited
      if (paymentOf(order, await this.#init.kept()) !== undefined || !(await this.#isAgreed(hash))) return
      try {
        if (deadline <= this.#init.clock.now())
          throw new PaymentError('WRONG_STATE', 'payment: its deadline passed before it could begin')
        await this.#begin(order)
        return
      } catch (error) {
        if (!(error instanceof PaymentError) || passing.has(error.code)) return { error }
        const ended = { ...order, why: error.message }
        await this.#init.orders.save(ended)
        return { error, ended }
      }
    })
  }

  /**
   * Pays the pieces of a payment that were kept after all, with notes like those that were kept.
   *
   * @param hash of its request, 32 bytes
   * @param deadline milliseconds since 1970-01-01 UTC
   * @throws PaymentError WRONG_STATE when there is no such payment or nothing of it was kept, NO_NOTE, BUSY, and what
   * the ledger throws: then the rest was not begun
   */
  async finish(hash: Uint8Array, deadline: number): Promise<void> {
    const { wallet } = this.#init
    await this.#inTurn(async () => {
      const payer = await this.#init.payer()
      const pieces = payer.payments.find(({ id }) => same(id, hash))?.pieces ?? []
      const kept = pieces.flatMap(({ state, denomination }, piece) =>
        state.at === 'kept' ? [{ piece, denomination }] : [],
      )
      if (kept.length === 0) throw new PaymentError('WRONG_STATE', 'payment: nothing of it was kept')
      for (const { piece, denomination } of kept) {
        try {
          const held = (await wallet.prepare(denomination, payer.payments, hash)).take(denomination)
          if (held !== null) await payer.again(hash, piece, held, deadline)
        } finally {
          await wallet.release(hash)
        }
      }
    })
  }

  /** Waits until nothing of what was handed in is under way any more. */
  async rest(): Promise<void> {
    await this.#inTurn(async () => {})
  }

  async #isAgreed(hash: Uint8Array): Promise<boolean> {
    const orders = await this.#init.orders.all()
    return orders.some(({ request, why }) => why === '' && same(readRequest(request).hash, hash))
  }

  async #begin({ request, ...wants }: Order): Promise<void> {
    const { amount, hash } = readRequest(request)
    const { wallet } = this.#init
    const payer = await this.#init.payer()
    try {
      await payer.pay(request, await wallet.prepare(amount, payer.payments, hash), wants)
    } finally {
      // It has begun, and its pieces have the notes; or it has not
      await wallet.release(hash)
    }
  }
}

/** Finds the payment that an order has become, if it has begun. */
export function paymentOf({ request }: Order, kept: readonly Payment[]): Payment | undefined {
  const { hash } = readRequest(request)
  return kept.find(({ id }) => same(id, hash))
}
