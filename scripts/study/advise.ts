// chaffinch advise: what each level of cover gives so many users, and at which cost.

import { defaultParameters } from '../../directory/index.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { durationForm, parseDuration } from '../../encoding/duration.ts'
import { type Advised, advise } from '../../simulator/study/index.ts'
import { geometry } from '../../sphinx/index.ts'

export interface AdviseOptions {
  readonly users?: string
  readonly messages?: string
  readonly delay?: string
  readonly corrupt?: string
  readonly layers?: string
  readonly width?: string
  readonly seed?: string
  readonly json?: true
}

export async function run(options: AdviseOptions): Promise<undefined> {
  if (options.users === undefined)
    throw new CommandError('USAGE', 'advise: --users is missing', 'chaffinch advise --users 1000')
  const delayMs = parseDuration(options.delay ?? '5s')
  if (delayMs === undefined)
    throw new CommandError('USAGE', `advise: --delay ${options.delay}: want ${durationForm}`)
  const layers = wholeNumber('layers', options.layers ?? '3', 1, 10)
  const need = {
    users: wholeNumber('users', options.users, 2, 100_000_000),
    messagesPerDay: wholeNumber('messages', options.messages ?? '50', 0, 1_000_000),
    delayS: delayMs / 1000,
    corruptShare: wholeNumber('corrupt', options.corrupt ?? '10', 0, 100) / 100,
    layers,
    width: wholeNumber('width', options.width ?? '10', 1, 10_000),
    seed: wholeNumber('seed', options.seed ?? '1', 0, 2 ** 31),
  }
  const g = geometry({ suite: 'x25519', hops: layers + 2, userBytes: 2000 })
  const advised = advise(need, defaultParameters, g)
  if (options.json === true) {
    console.log(JSON.stringify({ need, advised }))
    return
  }
  for (const one of advised) for (const line of told(one, need.users)) console.log(line)
  console.log(
    '± is four standard errors. One message is what is measured: what adds up over many is not in it.',
  )
  console.log(
    'cover costs what a level takes of a core: chaffinch cover. What it takes of a battery is not known.',
  )
}

function told(one: Advised, users: number): string[] {
  const figure = ({ value, se }: Advised['bits']): string => `${value.toFixed(1)} ± ${(4 * se).toFixed(1)}`
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`
  const set = Math.round(2 ** one.bits.value).toLocaleString('en')
  const unfit = one.unfit === undefined ? '' : `: too slow: ${one.unfit}`
  const packets = Math.round(one.packetsPerS).toLocaleString('en')
  return [
    `cover ${one.cover}${unfit}`,
    `  hopDelayMs ${Math.round(1000 * one.hopDelayS)}, ${packets} packets a second`,
    `  a message hides with ${figure(one.bits)} bits, as one of ${set} packets of ${users.toLocaleString('en')} users`,
    `  one message of twenty hides with ${figure(one.lowBits)} bits at most`,
    `  known to the observer: ${(100 * one.known.value).toFixed(2)} % of messages`,
    `  a user sends ${mebibytes(one.upBytesPerDay)} a day and reads ${mebibytes(one.downBytesPerDay)}`,
  ]
}
