// Writes what `chaffinch pay` says: payments, requests and forecasts for people.

import { formatDuration } from '../../encoding/duration.ts'
import type { Account, Forecast, PaymentLine, Quote } from '../../payment/index.ts'
import { minute } from '../../world/units.ts'
import { columns } from '../columns.ts'

/** Writes what can be spent, then payments, pieces and requests, as far as there are any. */
export function accountText({ notes, payments, pieces, requests }: Account): string {
  const sum = notes.reduce((total, denomination) => total + denomination, 0)
  const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] =>
    rows.length === 0
      ? []
      : [
          '',
          ...columns(
            [...head],
            rows.map(row => [...row]),
          ),
        ]
  return [
    `to spend  ${sum}${notes.length === 0 ? '' : `: ${notes.join(' + ')}`}`,
    ...table(
      ['payment', 'piece', 'it'],
      pieces.map(one => [one.payment, one.denomination, one.why]),
    ),
    ...table(
      ['payment', 'amount', 'paid', 'receipt', 'memo'],
      payments.map(one => [
        one.payment,
        one.amount,
        one.paid,
        one.receipt === null ? 'none' : 'held',
        one.memo,
      ]),
    ),
    ...payments.flatMap(paymentText),
    ...table(
      ['request', 'amount', 'paid', 'deadline', 'memo'],
      requests.map(one => [one.request, one.amount, one.paid, one.deadline, one.memo]),
    ),
  ].join('\n')
}

/** Why a payment could not begin, if it could not. */
export function paymentText({ payment, why }: PaymentLine): string[] {
  return why === '' ? [] : [`payment ${payment} could not begin: ${why}`]
}

export function forecastText({ amount, pieces, cost, joins, time, colluding, ...alone }: Forecast): string {
  const bits = alone.entropyBits.toFixed(2)
  return [
    `amount         ${amount}, in ${pieces.length} pieces: ${pieces.join(' + ')}`,
    `cost           ${cost}`,
    ...(joins === 1
      ? []
      : [`joins          ${joins} for each piece at least: more where it meets the same peers again`]),
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

/** Says what is shown before anything is mixed, if anything is. */
export function showsText({ exchanges, origins }: NonNullable<Quote['shows']>): string {
  if (exchanges === 0) return 'shows          nothing before its pieces are mixed: the stock has them'
  return origins > 1
    ? `shows          that notes of ${origins} origins are of one owner: they are put together first`
    : 'shows          that a note is broken: the stock lacks what is paid with'
}

function inMinutes(ms: number): string {
  return formatDuration(Math.ceil(ms / minute) * minute)
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}
