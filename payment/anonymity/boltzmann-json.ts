// `chaffinch pay boltzmann FILE.json --json`: one case in, the counts out. docs/spec/payments-anonymity.md 1.5.

import { PaymentError } from '../error.ts'
import { boltzmann, type Linkage, type MeasuredCase, mostAmounts } from './boltzmann.ts'

/** Characters of a case; twelve by twelve with long labels need a tenth of it. */
const longestText = 65_536

/**
 * Counts in how many ways a join of JSON can be taken apart, and writes the count as JSON.
 *
 * @param text `{"inputs": [[label, amount], …], "outputs": […], "maxCjIntrafeesRatio": 0}`; other keys are left alone
 * @param onProgress as of `boltzmann`
 * @returns `{"interpretations":"…","entropyBits":…,"links":[[…]]}`, a row an output and a column an input, in the
 * order given. Links are numbers of all their digits, also beyond 2^53.
 * @throws PaymentError BAD_CASE, TOO_LARGE
 */
export function payBoltzmann(text: string, onProgress?: (part: number) => void): string {
  return writeLinkage(boltzmann(readCase(text), onProgress))
}

/**
 * Reads a join from JSON: inputs and outputs, each a name and an amount.
 *
 * @throws PaymentError BAD_CASE, TOO_LARGE
 */
export function readCase(text: string): MeasuredCase {
  if (text.length > longestText) {
    throw new PaymentError('TOO_LARGE', `case: want at most ${longestText} characters, have ${text.length}`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw bad('not JSON')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad('want an object')
  const { inputs, outputs, maxCjIntrafeesRatio = 0 } = json as Record<string, unknown>
  if (typeof maxCjIntrafeesRatio !== 'number') throw bad('maxCjIntrafeesRatio: want a number')
  return { inputs: amounts(inputs, 'inputs'), outputs: amounts(outputs, 'outputs'), maxCjIntrafeesRatio }
}

function amounts(list: unknown, field: string): number[] {
  if (!Array.isArray(list)) throw bad(`${field}: want a list`)
  if (list.length > mostAmounts) {
    throw new PaymentError('TOO_LARGE', `${field}: want at most ${mostAmounts}, have ${list.length}`)
  }
  return list.map((entry: unknown, at) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw bad(`${field}[${at}]: want [label, amount]`)
    const [label, amount] = entry as [unknown, unknown]
    if (typeof label !== 'string') throw bad(`${field}[${at}]: label: want text`)
    if (typeof amount !== 'number') throw bad(`${field}[${at}]: amount: want a number`)
    return amount
  })
}

function writeLinkage({ interpretations, entropyBits, links }: Linkage): string {
  const rows = links.map(row => `[${row.join(',')}]`).join(',')
  return `{"interpretations":"${interpretations}","entropyBits":${entropyBits},"links":[${rows}]}`
}

function bad(message: string): PaymentError {
  return new PaymentError('BAD_CASE', `case: ${message}`)
}
