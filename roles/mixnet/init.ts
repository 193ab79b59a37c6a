// chaffinch cascade init: writes the key of a member or client, and the plan of a mix-net with its Controller's folder.

import { join } from 'node:path'
import {
  CascadeError,
  type Plan,
  type PlannedPackets,
  readPlan,
  sharingKey,
  signerOf,
} from '../../cascade/index.ts'
import { mixnetName } from '../../cascade/server/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import { coreGroup } from '../../shuffle/index.ts'
import { writeKey, writeNew } from '../files/index.ts'
import { keyName, planName } from './folder.ts'
import { recipientOf } from './packet-client.ts'

const hint = 'chaffinch cascade init --help'
const publicKeyOf = (seed: Uint8Array): Uint8Array => signerOf(seed).keyData

/** Writes the key of a member or client. @returns the line that the plan takes: NAME=KEY or NAME=KEY,SHARINGKEY */
export function initKey(what: 'mixer' | 'trustee' | 'client', folder: string, name: string): string {
  if (!mixnetName.test(name))
    throw new CommandError('USAGE', `--name ${name}: want 1 to 64 of A-Z a-z 0-9 . _ -`, hint)
  const seed = writeKey(join(folder, keyName), `${what} key`, publicKeyOf)
  const line = `${name}=${hex(publicKeyOf(seed))}`
  if (what === 'client') console.error(`who writes packets to it names it ${recipientOf(seed)}`)
  return what === 'trustee' ? `${line},${hex(sharingKey(coreGroup(), seed))}` : line
}

export interface MixnetOptions {
  readonly name?: string
  readonly url?: string
  readonly mixer?: readonly string[]
  readonly trustee?: readonly string[]
  readonly threshold?: string
  readonly width?: string
  readonly sizeMin?: string
  readonly sizeMax?: string
  readonly quorum?: string
  readonly cycles?: string
  readonly closeCount?: string
  readonly closeAfter?: string
  readonly closeAt?: string
  readonly patience?: string
  readonly packets?: string
  readonly each?: string
  readonly mixersLeast?: string
  readonly settle?: string
}

/** Writes a Controller's folder: its log's key, and the plan, which everybody gets. @returns the plan */
export function initMixnet(folder: string, options: MixnetOptions): Plan {
  const { name = 'mixnet', url = 'http://127.0.0.1:8580' } = options
  const mixers = (options.mixer ?? []).map(line => {
    const [, word = '', key_data = ''] = /^([^=]*)=([0-9a-f]{64})$/.exec(line) ?? unreadable('mixer', line)
    return { name: word, key_data }
  })
  const trustees = (options.trustee ?? []).map(line => {
    const [, word = '', key_data = '', sharing_key = ''] =
      /^([^=]*)=([0-9a-f]{64}),([0-9a-f]{64})$/.exec(line) ?? unreadable('trustee', line)
    return { name: word, key_data, sharing_key }
  })
  const majority = (n: number): number => Math.floor(n / 2) + 1
  const members = mixers.length + trustees.length
  const number = (option: keyof MixnetOptions, flag: string, usual: number, least = 0): number => {
    const given = options[option] as string | undefined
    return given === undefined ? usual : wholeNumber(flag, given, least, 1_000_000)
  }
  const packets = packetsIn(options, mixers.length, number)
  const draft = (controller_key: string): Plan => ({
    mixnet: name,
    url: `${url.replace(/\/$/, '')}/${name}`,
    controller_key,
    mixers,
    trustees,
    threshold: trustees.length === 0 ? 0 : number('threshold', 'threshold', majority(trustees.length), 1),
    width: number('width', 'width', 1, 1),
    size_min: number('sizeMin', 'size-min', 2, 1),
    size_max: number('sizeMax', 'size-max', 100_000, 1),
    quorum: number('quorum', 'quorum', majority(members), 1),
    cycles: number('cycles', 'cycles', 1),
    close_count: number('closeCount', 'close-count', 0),
    close_after_ms: options.closeAfter === undefined ? 0 : durationOption('close-after', options.closeAfter),
    close_at: options.closeAt ?? '',
    patience_ms: durationOption('patience', options.patience ?? '10min'),
    ...(packets === undefined ? {} : { packets }),
  })
  // Looked at before anything is written
  checked(draft('00'.repeat(32)))
  const seed = writeKey(join(folder, 'log.key'), 'log key', publicKeyOf)
  const plan = checked(draft(hex(publicKeyOf(seed))))
  writeNew(join(folder, planName), `${JSON.stringify(plan, undefined, 2)}\n`)
  return plan
}

/** Reads what packets a mix-net takes; undefined where it takes none. */
function packetsIn(
  { packets, settle }: MixnetOptions,
  mixers: number,
  number: (option: keyof MixnetOptions, flag: string, usual: number, least?: number) => number,
): PlannedPackets | undefined {
  if (packets === undefined) return undefined
  return {
    body_bytes: number('packets', 'packets', 0, 128),
    each: number('each', 'each', 2, 1),
    mixers_least: number('mixersLeast', 'mixers-least', Math.min(2, mixers), 1),
    settle_ms: durationOption('settle', settle ?? '1min'),
  }
}

function unreadable(what: string, line: string): never {
  throw new CommandError(
    'USAGE',
    `--${what} ${line}: want the line that 'cascade init ${what}' printed`,
    hint,
  )
}

function checked(plan: Plan): Plan {
  try {
    return readPlan(plan)
  } catch (error) {
    if (!(error instanceof CascadeError)) throw error
    throw new CommandError('USAGE', `cascade init: ${error.detail}`, hint)
  }
}
