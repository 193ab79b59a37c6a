// chaffinch pay boltzmann: how well a join hides, from a file with its amounts.

import { readFileSync } from 'node:fs'
import { CommandError } from '../../encoding/command-line.ts'
import { boltzmann, PaymentError, payBoltzmann, readCase } from '../../payment/anonymity/index.ts'
import { columns } from '../columns.ts'

/** @throws CommandError CONFIG */
export function boltzmannFile(file: string, isJson: boolean): undefined {
  const text = readText(file)
  try {
    const told = isJson ? payBoltzmann(text, progress()) : table(text, progress())
    process.stderr.write(process.stderr.isTTY ? '\r\x1b[K' : '')
    console.log(told)
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error
    throw new CommandError(
      'CONFIG',
      `${file}: ${error.message}`,
      'docs/spec/payments-anonymity.md 1.5 shows a case',
    )
  }
}

/** Tells somebody who watches, from the second second on and twice a second, how far the count has come. */
function progress(): (part: number) => void {
  let next = performance.now() + 1000
  return part => {
    const now = performance.now()
    if (!process.stderr.isTTY || now < next) return
    next = now + 500
    process.stderr.write(`\r${Math.floor(100 * part)} %`)
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CommandError('CONFIG', missing ? `${file}: no such file` : (error as Error).message)
  }
}

/** Each output with the probability that it belongs to each input. */
function table(text: string, onProgress: (part: number) => void): string {
  const { inputs, outputs } = readCase(text)
  const { interpretations, entropyBits, links } = boltzmann(readCase(text), onProgress)
  const percent = (count: bigint): string =>
    `${(Number((count * 10_000n) / interpretations) / 100).toFixed(1)} %`
  const rows = links.map((row, o) => [outputs[o] as number, ...row.map(count => percent(BigInt(count)))])
  const head = ['output', ...inputs.map(amount => `from ${amount}`)]
  return [
    `interpretations  ${interpretations}`,
    `entropy          ${entropyBits.toFixed(2)} bits`,
    '',
    ...columns(head, rows),
  ].join('\n')
}
