// Quotes: what a payment costs, takes and hides, said before it is signed, and signed by naming it.
// docs/spec/payments-paymix.md 5.9.

import { hex, same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import { type Ms, minute } from '../../world/units.ts'
import { PaymentError } from '../error.ts'
import type { PaymentTimes } from '../times.ts'
import { type Forecast, forecast } from './forecast.ts'
import type { Wants } from './hiding.ts'
import { readRequest } from './request.ts'
import type { Shows } from './wallet.ts'

/** Says what is to be paid: somebody's request, or an amount to oneself, so that its notes come back mixed. */
export type Wanted = Wants &
  (
    | { readonly what: 'send'; readonly request: Uint8Array }
    | { readonly what: 'mix'; readonly amount: number; readonly deadline: number; readonly memo: string }
  )

/** Says who is expected at the meetings of a payment: its forecast is reckoned with this. */
export interface Expected {
  /** Peers that are expected at a meeting, this one among them; 3 at least. */
  readonly peers: number
  /** So many of them tell each other everything. */
  readonly colluding: number
}

/** Its owner sees this, and then signs it by its id. */
export interface Quote {
  /** 32 hex digits. */
  readonly quote: string
  /** Milliseconds since 1970-01-01 UTC: not to be signed after that. */
  readonly until: number
  readonly forecast: Forecast
  /** Shown to everybody who reads the log before anything is mixed; undefined where the wallet has too little. */
  readonly shows: Shows | undefined
}

export interface QuotesInit {
  /** The ledger's id, 32 bytes. */
  readonly ledger: Uint8Array
  readonly random: Random
  readonly clock: Clock
  readonly times: PaymentTimes
}

/** Times in a forecast are counted from the quote: an old one says nothing true any more. */
const lifeMs = 10 * minute
/** Quotes at once; the oldest gives way. */
const mostOpen = 64

interface OpenQuote {
  /** By the time that has elapsed (world/clock.ts): nobody shortens or prolongs it. */
  readonly until: Ms
  readonly wanted: Wanted
  readonly asker: string
}

export class Quotes {
  readonly #init: QuotesInit
  readonly #open = new Map<string, OpenQuote>()

  constructor(init: QuotesInit) {
    this.#init = init
  }

  /**
   * @param asker who may sign it: an app's name, or '' for the owner
   * @throws PaymentError WRONG_LEDGER, WRONG_STATE when the deadline has passed, BAD_AMOUNT (also for fewer peers than
   * it wants in a join), and what readRequest throws
   */
  make(wanted: Wanted, expected: Expected, asker: string, shows?: Shows): Quote {
    const { random, times, clock } = this.#init
    const now = Math.floor(clock.now())
    const { amount, deadline } = wanted.what === 'send' ? this.#readRequest(wanted.request) : wanted
    if (deadline <= now) throw new PaymentError('WRONG_STATE', 'payment: its deadline has passed')
    const { least = 0, target } = wanted
    if (expected.peers < least)
      throw new PaymentError(
        'BAD_AMOUNT',
        `payment: ${least} peers are wanted in each join, and ${expected.peers} are expected`,
      )
    const told = forecast({
      amount,
      ...expected,
      ...(target === undefined ? {} : { target }),
      times,
      joinFee: 0,
      now,
    })
    const quote = hex(random(16))
    if (this.#open.size >= mostOpen) this.#open.delete(this.#open.keys().next().value as string)
    this.#open.set(quote, { until: clock.elapsed() + lifeMs, wanted, asker })
    return { quote, until: now + lifeMs, forecast: told, shows }
  }

  #readRequest(bytes: Uint8Array): { amount: number; deadline: number } {
    const request = readRequest(bytes)
    if (!same(request.ledger, this.#init.ledger))
      throw new PaymentError('WRONG_LEDGER', 'request: it is for another ledger')
    return request
  }

  /** Gives what a quote was for; it can be signed once. @throws PaymentError NO_QUOTE */
  take(quote: string, asker: string): Wanted {
    const open = this.#open.get(quote)
    if (open === undefined || open.asker !== asker || open.until <= this.#init.clock.elapsed())
      throw new PaymentError('NO_QUOTE', 'quote: there is none like that (any more): ask for another')
    this.#open.delete(quote)
    return open.wanted
  }
}
