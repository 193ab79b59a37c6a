// What `chaffinch pay` says: payments, requests and forecasts for people, and the same for programs.

import { hex } from '../payment/document.ts'
import type { Forecast } from '../payment/forecast.ts'
import type { Payment, Piece } from '../payment/pieces.ts'
import type { OwnRequest } from '../payment/wallet.ts'
import { formatDuration } from './duration.ts'

const minute = 60_000

/** One line of a temporal ledger, as `--json` prints it. */
export interface PieceLine {
  readonly payment: string
  readonly denomination: number
  readonly state: Piece['state']['at']
  /** What it waits for, or why it was not paid. */
  readonly why: string
  readonly notBefore: string | null
  readonly deadline: string
}

/** A request of this wallet, as `--json` prints it. */
export interface RequestLine {
  readonly request: string
  readonly amount: number
  readonly memo: string
  readonly deadline: string
  /** How much of the amount is paid. */
  readonly paid: number
  readonly isPaid: boolean
}

export function pieceLines({ id, deadline, pieces }: Payment, epochMs: number): PieceLine[] {
  return pieces.map(piece => ({
    payment: hex(id).slice(0, 16),
    denomination: piece.denomination,
    state: piece.state.at,
    why: whyOf(piece, epochMs),
    notBefore: piece.state.at === 'mixed' ? at(piece.state.notBefore) : null,
    deadline: at(deadline),
  }))
}

function whyOf({ state, epoch }: Piece, epochMs: number): string {
  switch (state.at) {
    case 'mixing':
      return `waits for the round of the meeting that ends at ${at((epoch + 1) * epochMs)}`
    case 'mixed':
      return `is mixed, and waits until ${at(state.notBefore)} so that nobody links its two ends by time`
    case 'paying':
      return 'is handed to the ledger, whose answer has not come yet'
    case 'paid':
      return `was paid at ${at(state.when)}`
    case 'kept':
      return `was not paid and is still yours: ${state.why}`
  }
}

export function requestLine({ request, paid }: OwnRequest): RequestLine {
  return {
    request: hex(request.hash).slice(0, 16),
    amount: request.amount,
    memo: request.memo,
    deadline: at(request.deadline),
    paid: paid.pieces.filter(({ isPaid }) => isPaid).reduce((sum, { denomination }) => sum + denomination, 0),
    isPaid: paid.isPaid,
  }
}

export function forecastText({ amount, pieces, cost, time, colluding, ...alone }: Forecast): string {
  const bits = alone.entropyBits.toFixed(2)
  return [
    `amount         ${amount}, in ${pieces.length} pieces: ${pieces.join(' + ')}`,
    `cost           ${cost}`,
    `time           half of such payments are over within ${inMinutes(time.usualMs)}, nearly all within ${inMinutes(time.longMs)}`,
    `effective set  ${alone.effectiveSet} for each piece: ${bits} bits, a link of ${percent(alone.linkProbability)}`,
    ...colluding
      .slice(1)
      .map(
        ({ colluding, effectiveSet, linkProbability }) =>
          `if ${colluding} collude   ${effectiveSet} are left, a link of ${percent(linkProbability)}`,
      ),
  ].join('\n')
}

function inMinutes(ms: number): string {
  return formatDuration(Math.ceil(ms / minute) * minute)
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}

function at(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
