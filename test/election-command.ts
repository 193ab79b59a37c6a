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

/** One question, one mixer, two trustees. */
export const toml: string = `
title = "Who speaks for us"
mixnet = "mixnet.example"
controller_key = "${'ab'.repeat(32)}"
mixers = ["${'11'.repeat(32)}"]
mixes_least = 1
trustees = ["${'22'.repeat(32)}", "${'33'.repeat(32)}"]
threshold = 2
quorum = 2
ballots_least = 2

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
