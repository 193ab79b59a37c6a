// chaffinch clean: has a running client forget what is over.

import { durationOption, readOptions } from '../../encoding/command-line.ts'
import { clientEndpoint } from '../files/config.ts'
import { askJson } from '../remote/http.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const { values } = readOptions('clean', args, {
    config: { type: 'string' },
    as: { type: 'string' },
    older: { type: 'string' },
    json: { type: 'boolean' },
  })
  const olderThanMs = durationOption('older', values.older ?? '7d')
  const asked = { method: 'DELETE', body: { olderThanMs } } as const
  const gone = (await askJson(clientEndpoint(values.config, values.as), '/queue', asked)) as {
    sent: number
    received: number
  }
  if (values.json === true) console.log(JSON.stringify(gone))
  else console.log(`${gone.sent} sent and ${gone.received} received messages forgotten`)
}
