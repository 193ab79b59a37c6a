// chaffinch request: asks a service once, and prints its answer.

import { CommandError, durationOption } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { contactOrAddress } from '../files/contacts.ts'
import { contentGiven } from '../terminal/input.ts'
import { orInterrupted } from '../terminal/interrupt.ts'
import { printAnswer } from './quoted.ts'

export interface RequestOptions {
  readonly config?: string
  readonly as?: string
  readonly to?: string
  readonly service?: string
  readonly timeout?: string
  readonly json?: true
}

export async function run(given: string | undefined, values: RequestOptions): Promise<undefined> {
  const { service, to } = values
  if (service === undefined)
    throw new CommandError(
      'USAGE',
      'request: want --service, a name that chaffinch services shows, or one at --to',
      'chaffinch request --help',
    )
  const client = runningClient(values.config, values.as)
  const question = await contentGiven('request', given)
  const deadlineMs = durationOption('timeout', values.timeout ?? '60s')
  const address = to === undefined ? undefined : await contactOrAddress(client, values.config, to)
  const answer = await orInterrupted(
    () => `nobody waits for the answer of ${service} any more; the question may have left`,
    () => client.request(service, question, { to: address, deadlineMs }),
  )
  printAnswer(answer, values.json)
}
