// The options of `chaffinch net`, its presets, and which of them do not go together.

import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import {
  type KillKind,
  largeUserBytes,
  type NetOptions,
  usualEpochMs,
  usualOptions,
} from '../../simulator/processes/index.ts'
import { below, systemRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { coverOption } from '../files/cover-option.ts'
import { isRegtestInstalled } from './bitcoin-regtest.ts'

const presets: Readonly<Record<string, Partial<NetOptions>>> = {
  // The demonstration of the project's source documents: sources, a cascade of mixers, destinations.
  netmix: { mixes: 3, clients: 6, topology: 'cascade', kill: [], messages: 6, observe: true },
  // That of the third source document: three mixes, and clients that send in rounds.
  rounds: { mixes: 3, topology: 'cascade', kill: [], messages: 9, rounds: true, epochMs: 60 * second },
  // Four that work together are too many for ten, and one alone is not (docs/spec/crowds.md 5): so many sessions tell
  // both from one half.
  crowds: {
    ...{ mixes: 0, gateways: 0, clients: 0, messages: 0, kill: [], epochMs: 30 * second },
    crowd: { members: 6, colluders: 4, sessions: 2400, destinations: {} },
  },
}

/** Options of a network that carries packets. */
const ofPackets = ['mixes', 'gateways', 'clients', 'messages', 'payments', 'ledger', 'kill', 'cover'] as const

const killKinds: readonly KillKind[] = ['mix', 'gateway', 'authority', 'authorities']
const { layers } = usualOptions
/** With two, each would know the other's output. */
const leastJoin = 3

/** As they were typed. */
export interface NetValues {
  readonly authorities?: string
  readonly mixes?: string
  readonly gateways?: string
  readonly clients?: string
  readonly messages?: string
  readonly payments?: string
  readonly ledger?: string
  readonly kill?: string
  readonly epoch?: string
  readonly delay?: string
  readonly cover?: string
  readonly seed?: string
  readonly dir?: string
  readonly preset?: string
  readonly once?: true
  readonly stay?: true
  readonly json?: true
  readonly page?: true
}

/** The options, and whether the length of epochs was the user's own choice. @throws CommandError USAGE */
export function readNetOptions(values: NetValues): NetOptions & { readonly choseEpoch: boolean } {
  const preset = values.preset === undefined ? {} : presetNamed(values.preset)
  const count = (
    option: 'authorities' | 'mixes' | 'gateways' | 'clients' | 'messages',
    most: number,
    atLeast = 0,
  ): number => {
    const given = values[option]
    if (given === undefined) return preset[option] ?? Math.max(usualOptions[option], atLeast)
    return wholeNumber(option, given, option === 'messages' ? 0 : option === 'clients' ? 2 : 1, most)
  }
  const odd = preset.crowd && ofPackets.find(option => values[option] !== undefined)
  if (odd !== undefined)
    throw new CommandError('USAGE', `--${odd}: a crowd carries no packets`, '--preset crowds without it')
  const mixes = count('mixes', 300)
  if (mixes < layers && preset.crowd === undefined)
    throw new CommandError('USAGE', `--mixes ${mixes}: want at least one for each of ${layers} layers`)
  const payments = values.payments === undefined ? 0 : wholeNumber('payments', values.payments, leastJoin, 50)
  // One more for the ledger
  const clients = count('clients', 1000, payments === 0 ? 0 : payments + 1)
  if (payments > 0 && clients < payments + 1) {
    throw new CommandError(
      'USAGE',
      `--payments ${payments}: want a client for each peer and one for the ledger, have ${clients}`,
      `--clients ${payments + 1}`,
    )
  }
  const authorities = count('authorities', 15)
  return {
    ...usualOptions,
    authorities,
    mixes,
    gateways: count('gateways', 100),
    clients,
    topology: preset.topology ?? usualOptions.topology,
    messages: count('messages', 100_000),
    crowd: preset.crowd,
    rounds: preset.rounds ?? usualOptions.rounds,
    payments,
    userBytes: payments === 0 ? largeUserBytes : usualOptions.userBytes,
    ledger: values.ledger === undefined ? usualOptions.ledger : ledgerOption(values.ledger),
    kill:
      values.kill === undefined
        ? (preset.kill ?? usualOptions.kill.filter(kind => kind !== 'mix' || mixes >= 2 * layers))
        : killOption(values.kill, mixes),
    choseEpoch: values.epoch !== undefined,
    epochMs:
      values.epoch === undefined
        ? (preset.epochMs ?? usualEpochMs(clients))
        : timeOption('epoch', values.epoch, 5000),
    delayMs: values.delay === undefined ? usualOptions.delayMs : timeOption('delay', values.delay, 0),
    cover: values.cover === undefined ? usualOptions.cover : coverOption(values.cover),
    seed:
      values.seed === undefined
        ? below(systemRandom, 2 ** 31)
        : wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
    dir: values.dir,
    observe: preset.observe ?? usualOptions.observe,
    once: values.once ?? false,
    stay: values.stay ?? false,
    json: values.json ?? false,
  }
}

/** The more clients share the cores, the longer a message takes, and its reply blocks live for three epochs. */
function presetNamed(name: string): Partial<NetOptions> {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined
  if (preset === undefined) {
    throw new CommandError('USAGE', `--preset ${name}: want one of ${Object.keys(presets).join(', ')}`)
  }
  return preset
}

function ledgerOption(text: string): NetOptions['ledger'] {
  if (text !== 'embedded' && text !== 'bitcoin')
    throw new CommandError('USAGE', `--ledger ${text}: want embedded or bitcoin`)
  if (text === 'bitcoin' && !isRegtestInstalled())
    throw new CommandError(
      'CONFIG',
      '--ledger bitcoin: the node is not installed',
      'npm ci in test/bitcoin-node',
    )
  return text
}

function killOption(text: string, mixes: number): KillKind[] {
  if (text === 'none') return []
  const kinds = [...new Set(text.split(','))]
  const unknown = kinds.find(kind => !killKinds.includes(kind as KillKind))
  if (unknown !== undefined) {
    throw new CommandError('USAGE', `--kill ${text}: '${unknown}' is none of ${killKinds.join(', ')}, none`)
  }
  if (kinds.includes('authority') && kinds.includes('authorities')) {
    throw new CommandError('USAGE', `--kill ${text}: one authority that comes back, or all that do not`)
  }
  if (kinds.includes('mix') && mixes < 2 * layers) {
    throw new CommandError(
      'USAGE',
      `--kill mix: with ${mixes} mixes in ${layers} layers a layer would be empty`,
      `--mixes ${2 * layers}`,
    )
  }
  return kinds as KillKind[]
}

function timeOption(option: string, text: string, least: number): number {
  const ms = durationOption(option, text)
  if (ms < least) throw new CommandError('USAGE', `--${option} ${text}: want at least ${least} ms`)
  return ms
}
