// Carries payments: hands their pieces to a mixer, pays them out when it is time, and keeps the temporal ledger.
// docs/spec/payments-paymix.md 5.3, 5.4.

import { hex, same } from '../../encoding/bytes.ts'
import { Timers } from '../../world/timers.ts'
import { turns } from '../../world/turns.ts'
import { minute } from '../../world/units.ts'
import { codeOf, PaymentError } from '../error.ts'
import { type Note, ownerOf } from '../ledger/transaction.ts'
import { shortName } from '../records.ts'
import { Mixer, type MixerInit, type MixerReport } from '../rounds/mixer.ts'
import type { AbortReason, RoundState } from '../rounds/state.ts'
import type { PaymentTimes } from '../times.ts'
import { hidesAmong, type Wants } from './hiding.ts'
import {
  beginPayment,
  type Payment,
  type Piece,
  type PieceAction,
  type PieceEvent,
  type Purse,
  resumePayment,
  stepPayment,
} from './pieces.ts'
import { readRequest } from './request.ts'
import { paymentsIn } from './temporal-ledger.ts'

/** The store must seal its values: keys of notes lie in it. */
export interface PayerInit extends Omit<MixerInit, 'report'> {
  readonly times: PaymentTimes
  /** Something about a payment has changed. */
  readonly onChange?: (payment: Payment) => void
}

type Settled = Extract<MixerReport['what'], { type: 'settled' }>

/** A payout that the ledger did not take is handed to it again after so long. */
const payAgainMs = minute

/** Tells people why a round came to nothing. */
const reasons: Readonly<Record<AbortReason, string>> = {
  'too-few': 'fewer than three peers came to the meeting',
  'no-agreement': 'the peers of the round did not agree on who takes part',
  unseen: 'fewer than half of the peers saw the request to join',
  'no-majority': 'most peers of the round could not be heard',
  expired: 'the round took too long',
  'fee-too-low': 'blocks want a higher fee than a join pays now',
  crash: 'this process ended during the round',
}

/** Pays requests in pieces, each mixed before it is handed on. Restarts go on from its store. */
export class Payer {
  readonly #init: PayerInit
  readonly #disk: ReturnType<typeof paymentsIn>
  readonly #payments = new Map<string, Payment>()
  readonly #timers: Timers
  /** One thing after the other: what is decided about a payment rests on what was decided before. */
  readonly #inTurn = turns()
  /** Says why the last round of a note came to nothing, by the note's id. */
  readonly #failures = new Map<string, string>()
  #mixer: Mixer | null = null

  private constructor(init: PayerInit) {
    this.#init = init
    this.#timers = new Timers(init.clock)
    this.#disk = paymentsIn(init.store, key =>
      init.log.error({ record: shortName(key) }, 'payment: a record is damaged, and set aside'),
    )
  }

  /** Goes on with what is in the store. */
  static async open(init: PayerInit): Promise<Payer> {
    const payer = new Payer(init)
    for (const payment of await payer.#disk.all()) payer.#payments.set(hex(payment.id), payment)
    await payer.#inTurn(async () => {
      const mixer = await Mixer.open({ ...init, report: told => payer.#told(told) })
      payer.#mixer = mixer
      for (const id of [...payer.#payments.keys()]) await payer.#resume(mixer, id)
    })
    return payer
  }

  /**
   * Begins to pay a request.
   *
   * @param request as its receiver made it (makeRequest)
   * @param wants of its joins
   * @returns its id
   * @throws PaymentError WRONG_LEDGER, NO_NOTE (the purse lacks a denomination), WRONG_STATE (it is being paid
   * already), BUSY, and what readRequest throws
   */
  async pay(request: Uint8Array, purse: Purse, wants: Wants = {}): Promise<Uint8Array> {
    const { ledger, random, clock, times } = this.#init
    const wanted = readRequest(request)
    if (!same(wanted.ledger, ledger.id))
      throw new PaymentError('WRONG_LEDGER', 'request: it is for another ledger')
    if (this.#payments.has(hex(wanted.hash)))
      throw new PaymentError('WRONG_STATE', 'request: it is being paid')
    if (wanted.owners.length > (this.#mixer?.free ?? 0)) {
      throw new PaymentError('BUSY', 'payment: too many pieces of other payments are on their way to rounds')
    }
    const [payment, actions] = beginPayment(wanted, purse, times, random, clock.now(), wants)
    await this.#inTurn(() => this.#carry(payment, actions))
    return wanted.hash
  }

  /**
   * Pays a piece that was kept after all.
   *
   * @param id of the payment, 32 bytes
   * @param held of the piece's denomination
   * @param deadline milliseconds since 1970-01-01 UTC
   */
  async again(
    id: Uint8Array,
    piece: number,
    held: { readonly note: Note; readonly secret: Uint8Array },
    deadline: number,
  ): Promise<void> {
    const payment = this.#payments.get(hex(id))
    if (payment === undefined) throw new PaymentError('WRONG_STATE', 'payment: there is none like that')
    if ((this.#mixer?.free ?? 0) < 1)
      throw new PaymentError('BUSY', 'payment: too many pieces of other payments are on their way to rounds')
    await this.#inTurn(() => this.#step(payment, { type: 'again', piece, ...held, deadline }))
  }

  /** A piece that was on its way to a round, and whose round is not on disk, goes to another one. */
  async #resume(mixer: Mixer, id: string): Promise<void> {
    const payment = this.#payments.get(id) as Payment
    await this.#carry(payment, resumePayment(payment))
    for (const [piece, { note, secret, state }] of payment.pieces.entries()) {
      if (state.at !== 'mixing' || mixer.holds(note)) continue
      await this.#step(payment, { type: 'unmixed', piece, note, secret, why: reasons.crash })
    }
  }

  /** The temporal ledger. */
  get payments(): readonly Payment[] {
    return [...this.#payments.values()]
  }

  /** A message of a round, from anybody. */
  receive(message: Uint8Array): void {
    this.#mixer?.receive(message)
  }

  /** Stops; what is under way goes on when it is opened again. */
  close(): void {
    this.#timers.close()
    this.#mixer?.close()
  }

  /** Throws while it cannot be taken up; then it is told again. */
  async #told({ note, what }: MixerReport): Promise<void> {
    const found = this.#find(note.id)
    if (found === null) return
    if (what.type === 'state') {
      if (what.state.at === 'aborted') this.#failures.set(hex(note.id), reasonOf(what.state, found[0]))
      return
    }
    const [payment, piece] = found
    const event = await this.#eventOf(piece, note, what)
    await this.#inTurn(async () => {
      if (this.#find(note.id) !== null) await this.#step(payment, event)
    })
    this.#failures.delete(hex(note.id))
  }

  /** Says what the end of a round means for the piece. @throws PaymentError NO_NOTE, and what the ledger throws */
  async #eventOf(piece: number, note: Note, { settlement, record }: Settled): Promise<PieceEvent> {
    const why = this.#failures.get(hex(note.id)) ?? reasons.crash
    if (settlement.is === 'free') return { type: 'unmixed', piece, note, secret: record.noteSecret, why }
    if (!('outputSecret' in settlement))
      throw new PaymentError('WRONG_STATE', 'payer: the round is not settled')
    const { outputSecret: secret } = settlement
    if (secret === null) return { type: 'spent', piece }
    const held = settlement.note ?? (await this.#noteOf(secret, note.denomination))
    if (held === undefined)
      throw new PaymentError('NO_NOTE', 'payer: the ledger lacks the note of a settled round')
    const { id, denomination, owner } = held
    const mixed = { piece, note: { id, denomination, owner }, secret }
    if (settlement.is !== 'paid') return { type: 'unmixed', ...mixed, why }
    const { joined } = settlement
    if (joined === undefined) return { type: 'mixed', ...mixed }
    const set = await hidesAmong(this.#init.ledger, id)
    return { type: 'mixed', ...mixed, join: { notes: joined, set } }
  }

  /** For a ledger that does not show what a transaction makes. */
  async #noteOf(secret: Uint8Array, denomination: number): Promise<Note | undefined> {
    const after = { denomination, id: new Uint8Array(32) }
    const notes = await this.#init.ledger.notesOwnedBy(ownerOf(secret), after)
    return notes.find(note => note.denomination === denomination)
  }

  #find(note: Uint8Array): [Payment, number] | null {
    for (const payment of this.#payments.values()) {
      const piece = payment.pieces.findIndex(one => one.state.at === 'mixing' && same(one.note.id, note))
      if (piece !== -1) return [payment, piece]
    }
    return null
  }

  async #step({ id }: Payment, event: PieceEvent): Promise<void> {
    const { times, random, clock } = this.#init
    const payment = this.#payments.get(hex(id))
    if (payment === undefined) return
    if (this.#timers.isClosed) throw new PaymentError('WRONG_STATE', 'payer: it is closed')
    await this.#carry(...stepPayment(payment, event, times, random, clock.now()))
  }

  async #carry(payment: Payment, actions: readonly PieceAction[]): Promise<void> {
    for (const action of actions) await this.#do(payment, action)
    if (actions.length > 0) this.#init.onChange?.(payment)
  }

  async #do(payment: Payment, action: PieceAction): Promise<void> {
    switch (action.do) {
      case 'save':
        // What this process believes must survive it
        await this.#disk.save(payment)
        this.#payments.set(hex(payment.id), payment)
        return
      case 'mix': {
        const { note, secret } = payment.pieces[action.piece] as Piece
        this.#mixer?.join(note, secret, action.from, payment.least)
        return
      }
      case 'wake':
        this.#timers.at(action.at, () => this.#later(() => this.#step(payment, { type: 'time' })))
        return
      case 'pay':
        return this.#pay(payment, action.piece)
    }
  }

  /** Hands the payout to the ledger until that has it: the same transaction again gets the same receipt. */
  #pay(payment: Payment, piece: number): void {
    const { scheme, ledger, log } = this.#init
    const { note, secret, owner } = payment.pieces[piece] as Piece
    ledger.submit(scheme.move(note, secret, owner)).then(
      () => this.#later(() => this.#step(payment, { type: 'paid', piece })),
      (error: unknown) => {
        const message = 'payment: the ledger does not take a payout; it is handed in again'
        log.warn({ code: codeOf(error) }, message)
        this.#timers.after(payAgainMs, () => this.#pay(payment, piece))
      },
    )
  }

  /** Does something in its turn that nobody waits for. */
  #later(run: () => Promise<void>): void {
    if (this.#timers.isClosed) return
    this.#inTurn(run).catch((error: unknown) => {
      this.#init.log.error({ code: codeOf(error) }, 'payment: an event could not be carried out')
    })
  }
}

function reasonOf({ reason }: Extract<RoundState, { at: 'aborted' }>, { least }: Wants): string {
  return reason === 'too-few' && least !== undefined
    ? `fewer than ${least} peers came to the meeting`
    : reasons[reason]
}
