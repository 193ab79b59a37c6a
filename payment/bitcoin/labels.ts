// A person's names for coins and transactions, and which coins are not to be spent, as wallets hand them to each
// other: a line of JSON each (BIP 329). docs/spec/payments-bitcoin.md 6.6.

import * as v from 'valibot'
import { PaymentError } from '../error.ts'

const labelTypes = ['tx', 'addr', 'pubkey', 'input', 'output', 'xpub'] as const

/** A line of BIP 329: `ref` is a txid, an address, or `txid:vout`; an output that is not `spendable` is frozen. */
export interface Label {
  readonly type: (typeof labelTypes)[number]
  readonly ref: string
  readonly label: string
  readonly origin?: string | undefined
  readonly spendable?: boolean | undefined
}

const labelSchema: v.GenericSchema<unknown, Label> = v.object({
  type: v.picklist(labelTypes),
  ref: v.pipe(v.string(), v.maxLength(1024)),
  label: v.optional(v.pipe(v.string(), v.maxLength(255)), ''),
  origin: v.optional(v.pipe(v.string(), v.maxLength(255))),
  spendable: v.optional(v.boolean()),
})

const mostLabels = 100_000

/** Writes labels, a line each. */
export function writeLabels(labels: readonly Label[]): string {
  return labels.map(label => `${JSON.stringify(label)}\n`).join('')
}

/** Reads labels. @throws PaymentError BAD_DOCUMENT, which names the line; TOO_LARGE */
export function readLabels(text: string): Label[] {
  const lines = text.split('\n').map((line, i) => ({ line: line.trim(), number: i + 1 }))
  const full = lines.filter(({ line }) => line !== '')
  if (full.length > mostLabels)
    throw new PaymentError('TOO_LARGE', `labels: want at most ${mostLabels}, have ${full.length}`)
  return full.map(({ line, number }) => {
    try {
      return v.parse(labelSchema, JSON.parse(line))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new PaymentError('BAD_DOCUMENT', `labels: line ${number}: ${why}`)
    }
  })
}
