// chaffinch cover: what each level of cover traffic costs and hides, so that one can choose before one pays.

import { existsSync } from 'node:fs'
import { coverCosts } from '../../client/index.ts'
import { defaultParameters } from '../../directory/index.ts'
import { roleFileAt, runningClient } from '../../roles/files/index.ts'
import { columns } from '../columns.ts'
import { type Priced, price, usualGeometry } from '../study/cover-price.ts'

export interface CoverOptions {
  readonly config?: string
  readonly json?: true
}

export async function run(values: CoverOptions): Promise<undefined> {
  const file = roleFileAt('client', values.config)
  const asked = values.config ?? (existsSync(file) ? file : undefined)
  const costs = asked === undefined ? [] : (await runningClient(asked).status()).cover.costs
  const known = costs.length > 0
  const priced = price(known ? costs : coverCosts(defaultParameters, usualGeometry))
  if (values.json === true) console.log(JSON.stringify(priced))
  else {
    if (!known)
      console.log('of a network that votes for nothing else (with --config: of a running client’s):')
    for (const line of table(priced)) console.log(line)
  }
}

function table(priced: readonly Priced[]): string[] {
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`
  const rows = priced.map(({ level, upBytesPerDay, downBytesPerDay, cpuPercent, hides }) => [
    level,
    mebibytes(upBytesPerDay),
    mebibytes(downBytesPerDay),
    `${cpuPercent} %`,
    hides,
  ])
  return columns(['level', 'up a day', 'down a day', 'of a core', 'hides'], rows)
}
