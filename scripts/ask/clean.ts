// chaffinch clean: has a running client forget what is over.

import { durationOption } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'

export interface CleanOptions {
  readonly config?: string
  readonly as?: string
  readonly older?: string
  readonly json?: true
}

export async function run({ config, as, older = '7d', json }: CleanOptions): Promise<undefined> {
  const gone = await runningClient(config, as).clean(durationOption('older', older))
  if (json === true) console.log(JSON.stringify(gone))
  else console.log(`${gone.sent} sent and ${gone.received} received messages forgotten`)
}
