// PayMix, the payer's side: a payment is cut into standard pieces; each goes through a join of its own epoch (Mixer:In)
// and is paid out after an exponential delay, in an epoch of its own (Mixer:Out). What there is to do about them when
// is the payer's temporal ledger. A pure function of payment, event, dice and time. docs/spec/payments-paymix.md 5.3,
// 5.4.

import { exponential, fraction, type Random, shuffle } from '../../world/random.ts'
import { denominations, split } from '../denominations.ts'
import { PaymentError } from '../error.ts'
import type { Note } from '../ledger/transaction.ts'
import { openEpoch, type PaymentTimes } from '../times.ts'
import type { Joined, Wants } from './hiding.ts'
import type { SignedRequest } from './request.ts'

/** The times that the pieces of a payment go by. */
export type PayMixTimes = Pick<PaymentTimes, 'epochMs' | 'arriveMs' | 'delayMs'>

/** Says where a piece of a payment is. */
export type PieceState =
  /** In a round, or on its way to one. */
  | { readonly at: 'mixing' }
  /** Its owner's again, under a key that nobody links to the payer; not to be paid before then. */
  | { readonly at: 'mixed'; readonly notBefore: number }
  /** Handed to the ledger, which has not answered yet. */
  | { readonly at: 'paying'; readonly since: number }
  | { readonly at: 'paid'; readonly when: number }
  /** Not paid, and still the payer's. */
  | { readonly at: 'kept'; readonly why: string }

/** A line of the temporal ledger. */
export interface Piece {
  readonly denomination: number
  /** The receiver's key, 32 bytes, used once. */
  readonly owner: Uint8Array
  /** Number of the epoch in which it goes to a round; no other piece of the payment has it. */
  readonly epoch: number
  /** The note that it is at present, and what spends that; 32 bytes. */
  readonly note: Note
  readonly secret: Uint8Array
  /** The joins that it went through, the last eight of them. */
  readonly joins: readonly Joined[]
  readonly state: PieceState
}

/** A piece remembers so many joins. */
export const mostJoins = 8

/** A payment under way, in pieces. */
export interface Payment extends Wants {
  /** The request's hash, 32 bytes. */
  readonly id: Uint8Array
  /** Milliseconds since 1970-01-01 UTC: what is not mixed by then is kept. */
  readonly deadline: number
  /** In an order that tells nothing. */
  readonly pieces: readonly Piece[]
}

export type PieceEvent =
  | { readonly type: 'time' }
  /** A round paid this note to a fresh key of the payer. */
  | {
      readonly type: 'mixed'
      readonly piece: number
      readonly note: Note
      readonly secret: Uint8Array
      /** Absent where the ledger does not show it. */
      readonly join?: Joined
    }
  /** A round came to nothing; the note is this one now. */
  | {
      readonly type: 'unmixed'
      readonly piece: number
      readonly note: Note
      readonly secret: Uint8Array
      readonly why: string
    }
  /** Its owner pays a piece that was kept after all, with this note, by another deadline. */
  | {
      readonly type: 'again'
      readonly piece: number
      readonly note: Note
      readonly secret: Uint8Array
      readonly deadline: number
    }
  /** Something else than a round of this payer has spent its note. */
  | { readonly type: 'spent'; readonly piece: number }
  /** The ledger has the payout. */
  | { readonly type: 'paid'; readonly piece: number }

export type PieceAction =
  /** Keep the payment on disk before anything else of these actions is done. */
  | { readonly do: 'save' }
  /** Take the piece's note to the meeting of its epoch. */
  | { readonly do: 'mix'; readonly piece: number; readonly from: number }
  /** Pay the piece's note to its owner; again when it was asked for before. */
  | { readonly do: 'pay'; readonly piece: number }
  | { readonly do: 'wake'; readonly at: number }

/** Piece, denomination by denomination, and the note of the payer's that it starts as. */
export interface Purse {
  /** A note of this denomination and what spends it; null when there is none (left). */
  take(denomination: number): { readonly note: Note; readonly secret: Uint8Array } | null
}

/**
 * The first epoch from `first` on in which pieces of a denomination go to rounds. Ones, twos and fives take turns: so
 * those who pay at about the same time meet in the same rounds, and the pieces of a payment most often have epochs of
 * their own anyway.
 *
 * @param taken by other pieces of the payment
 */
export function mixEpoch(
  denomination: number,
  first: number,
  taken: ReadonlySet<number> = new Set(),
): number {
  const turn = denominations.indexOf(denomination) % 3
  let epoch = first
  while (epoch % 3 !== turn || taken.has(epoch)) epoch++
  return epoch
}

/**
 * Cuts a payment into pieces: their order is random, and each has an epoch of its own.
 *
 * @param now milliseconds since 1970-01-01 UTC
 * @param wants of its joins
 * @throws PaymentError NO_NOTE when the purse has not the notes: split a larger one first (denominations.ts)
 */
export function beginPayment(
  request: SignedRequest,
  purse: Purse,
  times: PayMixTimes,
  random: Random,
  now: number,
  { least, target }: Wants = {},
): [Payment, PieceAction[]] {
  const taken = new Set<number>()
  const wanted = split(request.amount).map((denomination, i) => ({
    denomination,
    owner: request.owners[i] as Uint8Array,
  }))
  const pieces = shuffle(random, wanted).map(({ denomination, owner }): Piece => {
    const held = purse.take(denomination)
    if (held === null) throw new PaymentError('NO_NOTE', `payment: no note of ${denomination} to pay with`)
    const epoch = mixEpoch(denomination, openEpoch(times, now), taken)
    taken.add(epoch)
    return { denomination, owner, epoch, ...held, joins: [], state: { at: 'mixing' } }
  })
  const payment: Payment = {
    id: request.hash,
    deadline: request.deadline,
    pieces,
    ...(least === undefined ? {} : { least }),
    ...(target === undefined ? {} : { target }),
  }
  return [payment, [{ do: 'save' }, ...pieces.map((piece, i) => mix(piece, i, times, now))]]
}

function mix({ epoch }: Piece, piece: number, { epochMs }: PayMixTimes, now: number): PieceAction {
  return { do: 'mix', piece, from: Math.max(now, epoch * epochMs) }
}

/** Gives what there is to do again after a restart; rounds settle by themselves (mixer.ts) and report. */
export function resumePayment({ pieces }: Payment): PieceAction[] {
  return pieces.flatMap(({ state }, piece): PieceAction[] => {
    if (state.at === 'paying') return [{ do: 'pay', piece }]
    return state.at === 'mixed' ? [{ do: 'wake', at: state.notBefore }] : []
  })
}

export function stepPayment(
  payment: Payment,
  event: PieceEvent,
  times: PayMixTimes,
  random: Random,
  now: number,
): [Payment, PieceAction[]] {
  switch (event.type) {
    case 'time':
      return payDue(payment, times, random, now)
    case 'mixed':
      return mixed(payment, event, times, random, now)
    case 'unmixed':
      return again(payment, event, times, now)
    case 'again': {
      const deadline = Math.max(payment.deadline, event.deadline)
      if (payment.pieces[event.piece]?.state.at !== 'kept') return [payment, []]
      const why = 'it was to be paid after all, and its deadline has passed too'
      return again({ ...payment, deadline }, { ...event, type: 'unmixed', why }, times, now)
    }
    case 'spent': {
      const state: PieceState = { at: 'kept', why: 'its note was spent by another copy of this wallet' }
      return [change(payment, event.piece, { state }), [{ do: 'save' }]]
    }
    case 'paid': {
      const { state } = payment.pieces[event.piece] as Piece
      if (state.at === 'paid') return [payment, []]
      return [change(payment, event.piece, { state: { at: 'paid', when: now } }), [{ do: 'save' }]]
    }
  }
}

/** Waits to be paid, or goes to another round where its owner wants more of it than it has. */
function mixed(
  payment: Payment,
  { piece, note, secret, join }: Extract<PieceEvent, { type: 'mixed' }>,
  times: PayMixTimes,
  random: Random,
  now: number,
): [Payment, PieceAction[]] {
  const joins = [...(payment.pieces[piece]?.joins ?? []), ...(join === undefined ? [] : [join])].slice(
    -mostJoins,
  )
  const known = change(payment, piece, { joins })
  const why = lacking(known, join)
  if (why !== undefined) return again(known, { type: 'unmixed', piece, note, secret, why }, times, now)
  const notBefore = payoutTime(known, times, random, now)
  const next = change(known, piece, { note, secret, state: { at: 'mixed', notBefore } })
  return [next, [{ do: 'save' }, { do: 'wake', at: notBefore }]]
}

/** Says what a piece that came out of this join lacks; undefined when nothing. */
function lacking({ least = 0, target = 0 }: Wants, join: Joined | undefined): string | undefined {
  if (join !== undefined && join.notes < least)
    return `its last join had ${join.notes} notes, and ${least} were wanted`
  const set = join?.set ?? 1
  return set < target ? `its effective set is ${set}, and ${target} were wanted` : undefined
}

/**
 * One that is due is paid. Others that are due too, because this peer was away, wait for an epoch of their own again.
 */
function payDue(payment: Payment, times: PayMixTimes, random: Random, now: number): [Payment, PieceAction[]] {
  const due = payment.pieces.flatMap(({ state }, piece) =>
    state.at === 'mixed' && state.notBefore <= now ? [piece] : [],
  )
  if (due.length === 0) return [payment, []]
  const epoch = Math.floor(now / times.epochMs)
  const isTaken = payment.pieces.some(
    ({ state }) => Math.floor((leftAt(state) ?? -1) / times.epochMs) === epoch,
  )
  const [first, ...rest] = isTaken ? [null, ...due] : due
  const actions: PieceAction[] = [{ do: 'save' }]
  let next = payment
  if (first !== null && first !== undefined) {
    next = change(next, first, { state: { at: 'paying', since: now } })
    actions.push({ do: 'pay', piece: first })
  }
  for (const piece of rest as number[]) {
    const notBefore = payoutTime(next, times, random, now)
    next = change(next, piece, { state: { at: 'mixed', notBefore } })
    actions.push({ do: 'wake', at: notBefore })
  }
  return [next, actions]
}

/**
 * An exponential delay from now, which forgets how long the piece has been there already, so that who came first does
 * not tell who leaves first. If another piece of the payment leaves in that epoch, it is the next free one, at a random
 * moment.
 */
function payoutTime({ pieces, deadline }: Payment, times: PayMixTimes, random: Random, now: number): number {
  const { epochMs, delayMs } = times
  const taken = new Set(pieces.flatMap(({ state }) => leavesAt(state)).map(at => Math.floor(at / epochMs)))
  const drawn = now + exponential(random, delayMs)
  // Close to the deadline an even spread is all that is left.
  const wanted = drawn < deadline ? drawn : now + fraction(random) * Math.max(0, deadline - now)
  const epoch = Math.floor(wanted / epochMs)
  if (!taken.has(epoch)) return Math.ceil(wanted)
  let free = epoch
  while (taken.has(free)) free++
  return Math.floor((free + fraction(random)) * epochMs)
}

/** Tells when a piece has left, or started to. */
function leftAt(state: PieceState): number | null {
  if (state.at === 'paying') return state.since
  return state.at === 'paid' ? state.when : null
}

function leavesAt(state: PieceState): number[] {
  const at = state.at === 'mixed' ? state.notBefore : leftAt(state)
  return at === null ? [] : [at]
}

/** To the next epoch that no other piece of the payment has, while there is time. Never paid as it is. */
function again(
  payment: Payment,
  event: Extract<PieceEvent, { type: 'unmixed' }>,
  times: PayMixTimes,
  now: number,
): [Payment, PieceAction[]] {
  const { piece, note, secret, why } = event
  const taken = new Set(payment.pieces.map(({ epoch }) => epoch))
  const epoch = mixEpoch(note.denomination, Math.floor(now / times.epochMs) + 1, taken)
  if (epoch * times.epochMs >= payment.deadline) {
    return [change(payment, piece, { note, secret, state: { at: 'kept', why } }), [{ do: 'save' }]]
  }
  const next = change(payment, piece, { note, secret, epoch, state: { at: 'mixing' } })
  return [next, [{ do: 'save' }, mix(next.pieces[piece] as Piece, piece, times, now)]]
}

function change(payment: Payment, piece: number, into: Partial<Piece>): Payment {
  return { ...payment, pieces: payment.pieces.map((one, i) => (i === piece ? { ...one, ...into } : one)) }
}
