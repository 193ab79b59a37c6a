// chaffinch ledger status: how a running ledger of this machine is.

import { formatDuration } from '../../encoding/duration.ts'
import type { LedgerStatus } from '../../roles/ledger-status.ts'
import { second } from '../../world/units.ts'
import { columns } from '../columns.ts'
import { statusIn } from './running.ts'

type Told = LedgerStatus & { readonly version?: string; readonly upSeconds?: number }

export async function status(folder: string, { json }: { readonly json?: true }): Promise<undefined> {
  const says = `${folder}: the ledger does not run`
  const told = (await statusIn(folder, says, `chaffinch ledger run ${folder}`)) as Told
  console.log(json === true ? JSON.stringify(told) : linesOf(told).join('\n'))
}

function linesOf({ name, version, upSeconds, entries, answered, refused }: Told): string[] {
  const up = upSeconds === undefined ? '' : `, up ${formatDuration(upSeconds * second)}`
  const no = Object.entries(refused).map(([code, count]) => `${code} ${count}`)
  const rows = [
    ['role', `ledger ${name}${version === undefined ? '' : `, chaffinch ${version}`}${up}`],
    ['log', `${entries} entries`],
    ['questions', `${answered} answered, ${no.length === 0 ? 'none refused' : `refused: ${no.join(', ')}`}`],
  ]
  return columns(['', ''], rows).slice(1)
}
