// Tells a person of payments and requests, as plain data: the HTTP API and `chaffinch pay --json` give it as it stands
// here. Times are ISO 8601 in UTC; payments and requests are named by the first 16 hex digits of their hash.
// docs/spec/payments-paymix.md 5.9.

import { hex } from '../../encoding/bytes.ts'
import type { Order } from './orders.ts'
import type { OwnRequest } from './own-requests.ts'
import type { Payment, Piece } from './pieces.ts'
import { readRequest } from './request.ts'

/** One line of a temporal ledger. */
export interface PieceLine {
  readonly payment: string
  readonly denomination: number
  readonly state: Piece['state']['at']
  /** Says what it waits for, or why it was not paid. */
  readonly why: string
  readonly notBefore: string | null
  readonly deadline: string
  /** Notes in each join that it went through, the last eight of them. */
  readonly joins: readonly number[]
  /** Among how many it hides since the last of them, as the log shows it; 1 before the first. */
  readonly effectiveSet: number
}

/** A payment that its owner has signed. */
export interface PaymentLine {
  readonly payment: string
  readonly amount: number
  readonly memo: string
  readonly deadline: string
  /** Stands where its owner wants something of its joins (hiding.ts). */
  readonly least?: number
  readonly target?: number
  /** So much of the amount is paid. */
  readonly paid: number
  readonly isPaid: boolean
  /** Says why it could not begin; '' when it could, or still may. */
  readonly why: string
  /** The receiver's word that it was paid, base64url; null when there is none (yet). */
  readonly receipt: string | null
}

/** A request of this wallet. */
export interface RequestLine {
  readonly request: string
  readonly amount: number
  readonly memo: string
  readonly deadline: string
  /** So much of the amount is paid. */
  readonly paid: number
  readonly isPaid: boolean
  /** The payer who asks for it is given this, base64url; null before it is paid. */
  readonly receipt: string | null
}

/** Everything that is open, or everything that is over. */
export interface Account {
  /** Denominations of the notes that can be spent. */
  readonly notes: readonly number[]
  readonly payments: readonly PaymentLine[]
  readonly pieces: readonly PieceLine[]
  readonly requests: readonly RequestLine[]
}

export function pieceLines({ id, deadline, pieces }: Payment, epochMs: number): PieceLine[] {
  return pieces.map(piece => ({
    payment: nameOf(id),
    denomination: piece.denomination,
    state: piece.state.at,
    why: whyOf(piece, epochMs),
    notBefore: piece.state.at === 'mixed' ? isoOf(piece.state.notBefore) : null,
    deadline: isoOf(deadline),
    joins: piece.joins.map(({ notes }) => notes),
    effectiveSet: piece.joins.at(-1)?.set ?? 1,
  }))
}

function whyOf({ state, epoch, joins }: Piece, epochMs: number): string {
  switch (state.at) {
    case 'mixing':
      return `waits for the round of the meeting that ends at ${at((epoch + 1) * epochMs)}${joinsText(joins)}`
    case 'mixed':
      return `is mixed, and waits until ${at(state.notBefore)} so that nobody links its two ends by time${joinsText(joins)}`
    case 'paying':
      return 'is handed to the ledger, whose answer has not come yet'
    case 'paid':
      return `was paid at ${at(state.when)}${joinsText(joins)}`
    case 'kept':
      return `was not paid and is still yours: ${state.why}${joinsText(joins)}`
  }
}

function joinsText(joins: Piece['joins']): string {
  const last = joins.at(-1)
  if (last === undefined) return ''
  const sizes = joins.map(({ notes }) => notes)
  return sizes.length === 1
    ? `, after a join of ${sizes[0]}`
    : `, after joins of ${sizes.join(', ')}: it hides among ${last.set}`
}

/**
 * Says how a payment stands.
 *
 * @param payment undefined before it has begun
 */
export function paymentLine(
  order: Order,
  payment: Payment | undefined,
  receipt: Uint8Array | null,
): PaymentLine {
  const { hash, amount, memo, deadline } = readRequest(order.request)
  const paid = (payment?.pieces ?? []).filter(({ state }) => state.at === 'paid')
  const sum = paid.reduce((total, { denomination }) => total + denomination, 0)
  return {
    payment: nameOf(hash),
    amount,
    memo,
    deadline: isoOf(deadline),
    ...(order.least === undefined ? {} : { least: order.least }),
    ...(order.target === undefined ? {} : { target: order.target }),
    paid: sum,
    isPaid: sum === amount,
    why: order.why,
    receipt: receipt === null ? null : base64url(receipt),
  }
}

export function requestLine({ request, paid, receipt }: OwnRequest): RequestLine {
  return {
    request: nameOf(request.hash),
    amount: request.amount,
    memo: request.memo,
    deadline: isoOf(request.deadline),
    paid: paid.pieces.filter(({ isPaid }) => isPaid).reduce((sum, { denomination }) => sum + denomination, 0),
    isPaid: paid.isPaid,
    receipt: receipt === null ? null : base64url(receipt),
  }
}

/** Nothing more will happen to it. */
export function isOver({ pieces }: Payment): boolean {
  return pieces.every(({ state }) => state.at === 'paid' || state.at === 'kept')
}

/** @param hash of a request, 32 bytes */
export function nameOf(hash: Uint8Array): string {
  return hex(hash).slice(0, 16)
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** ISO 8601. @param ms since 1970-01-01 UTC */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** In a sentence. */
function at(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
