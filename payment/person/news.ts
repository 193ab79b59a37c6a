// Tells the owner of payments what happens to them, each thing once. docs/spec/payments-paymix.md 5.9.

import type { PaymentLine, PieceLine, RequestLine } from './account.ts'

/** Something that the owner of payments may want to know at once. */
export type PaymentsEvent =
  /** A piece of a payment has moved. */
  | { readonly type: 'piece'; readonly data: PieceLine }
  /** A payment is paid, has its receipt, or could not begin. */
  | { readonly type: 'payment'; readonly data: PaymentLine }
  /** A request of one's own is paid. */
  | { readonly type: 'request'; readonly data: RequestLine }
  /** The ledger was caught (docs/spec/payments-ledger.md 3.6): it is paid with no more. */
  | { readonly type: 'ledger'; readonly data: { readonly isProven: boolean } }

/** Events that are known again, so that none is told twice. */
const mostTold = 10_000

export class News {
  readonly #listeners = new Set<(event: PaymentsEvent) => void>()
  readonly #told = new Set<string>()

  /** Calls `tell` from now on; returns how to stop. */
  on(tell: (event: PaymentsEvent) => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  /** Tells an event to all who listen, unless the same was told before. */
  tell(event: PaymentsEvent): void {
    const line = JSON.stringify(event)
    if (this.#told.has(line)) return
    if (this.#told.size >= mostTold) this.#told.clear()
    this.#told.add(line)
    for (const tell of this.#listeners) tell(event)
  }
}
