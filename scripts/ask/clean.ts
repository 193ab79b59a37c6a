// chaffinch clean: has a running client forget what is over.

import { durationOption, readOptions } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const { values } = readOptions('clean', args, {
    config: { type: 'string' },
    as: { type: 'string' },
    older: { type: 'string' },
    json: { type: 'boolean' },
  })
  const olderThanMs = durationOption('older', values.older ?? '7d')
  const gone = await runningClient(values.config, values.as).clean(olderThanMs)
  if (values.json === true) console.log(JSON.stringify(gone))
  else console.log(`${gone.sent} sent and ${gone.received} received messages forgotten`)
}
