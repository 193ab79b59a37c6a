// `chaffinch election` in this process, and an election to be prepared with it.

import { perform } from '../scripts/main.ts'
import { printing } from './printing.ts'

type Printed = Awaited<ReturnType<typeof printing<Awaited<ReturnType<typeof perform>>>>>

export const chaffinch = async (...args: readonly string[]): Promise<Printed> =>
  await printing(() => perform(['election', ...args]))

/** Gives the message of the error that a command ends with. */
export const refusal = async (...args: readonly string[]): Promise<string> =>
  await chaffinch(...args).then(
    ({ result }) => `exit code ${result}`,
    (error: unknown) => (error as Error).message,
  )

interface Holders {
  readonly mixnet: string
  /** Lowercase hex, as all below. */
  readonly controllerKey: string
  readonly mixers: readonly string[]
  readonly trustees: readonly string[]
}

/** Writes an election of one question that these hold. @param times lines of the definition */
export const electionToml = (
  { mixnet, controllerKey, mixers, trustees }: Holders,
  ...times: readonly string[]
): string => `
title = "Who speaks for us"
mixnet = "${mixnet}"
controller_key = "${controllerKey}"
mixers = ${JSON.stringify(mixers)}
mixes_least = 1
trustees = ${JSON.stringify(trustees)}
threshold = 2
quorum = 2
ballots_least = 2
${times.join('\n')}

[[questions]]
kind = "choose"
text = "Who?"
options = ["Anna", "Bo"]
blank = true
methods = ["plurality"]
seats = 1
min = 1
max = 1
write_ins = 0
`

/** One question, one mixer, two trustees. */
export const toml: string = electionToml({
  mixnet: 'mixnet.example',
  controllerKey: 'ab'.repeat(32),
  mixers: ['11'.repeat(32)],
  trustees: ['22'.repeat(32), '33'.repeat(32)],
})
