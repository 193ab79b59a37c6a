// Kind boltzmann: transactions with their interpretations and links, as boltzmann-java publishes them. Its matrices
// have the largest amounts first.

import { boltzmann, intrafees } from '../../payment/anonymity/boltzmann.ts'
import { type Check, failed, readJson } from './check.ts'

interface Case {
  readonly name?: string
  readonly maxCjIntrafeesRatio?: number
  readonly inputs: readonly (readonly [string, number])[]
  readonly outputs: readonly (readonly [string, number])[]
  readonly expect: {
    readonly nbCmbn: number
    readonly mat?: readonly (readonly number[])[] | null
    readonly entropy?: number
    readonly intraFees?: { readonly maker: number; readonly taker: number }
  }
}

export function boltzmannCases(path: string): readonly Check[] {
  const { cases } = readJson(path) as { cases?: unknown }
  if (!Array.isArray(cases)) throw new Error('want {"cases": [...]}')
  return (cases as Case[]).flatMap((one, at) => checkCase(one, `${one.name ?? 'case'} [${at}]`))
}

function checkCase({ inputs, outputs, maxCjIntrafeesRatio = 0, expect }: Case, id: string): Check[] {
  const largestFirst = (amounts: Case['inputs']): number[] =>
    amounts.map(([, amount]) => amount).sort((a, b) => b - a)
  const transaction = {
    inputs: largestFirst(inputs),
    outputs: largestFirst(outputs),
    maxCjIntrafeesRatio,
  }
  const { interpretations, entropyBits, links } = boltzmann(transaction)
  const checks = [equal(`${id}: interpretations`, String(interpretations), String(expect.nbCmbn))]
  if (expect.mat) checks.push(equal(`${id}: links`, matrix(links), matrix(expect.mat)))
  if (expect.entropy !== undefined) {
    checks.push(equal(`${id}: entropy`, entropyBits.toFixed(9), expect.entropy.toFixed(9)))
  }
  if (expect.intraFees !== undefined) {
    const { maker, taker } = intrafees(transaction)
    checks.push(equal(`${id}: maker's fee`, String(maker), String(expect.intraFees.maker)))
    checks.push(equal(`${id}: taker's fee`, String(taker), String(expect.intraFees.taker)))
  }
  return checks
}

function matrix(rows: readonly (readonly (number | bigint)[])[]): string {
  return rows.map(row => row.join(' ')).join('; ')
}

function equal(id: string, have: string, want: string): Check {
  return have === want ? { id, ok: true, detail: '' } : failed(id, `want ${want}, have ${have}`)
}
