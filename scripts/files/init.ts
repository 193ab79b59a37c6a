// chaffinch init: writes the files that the other commands read.

import { join } from 'node:path'
import { type Topology, topologies } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError, durationOption, readOptions, wholeNumber } from '../../encoding/command-line.ts'
import { FileError } from '../../encoding/toml.ts'
import {
  authorityLine,
  authorityText,
  checkRoleText,
  clientText,
  initAuthority,
  initClient,
  initNetwork,
  initNode,
  nodeText,
  type RoleName,
  readAuthorityLine,
  readNetwork,
} from '../../roles/files/index.ts'
import { coverOption } from './cover-option.ts'
import { inTerminal } from './init-wizard.ts'

export async function run(given: readonly string[]): Promise<undefined> {
  // In a terminal it asks for what was not said; elsewhere that is a mistake.
  const asks = given.length < 2 && process.stdin.isTTY === true && process.stderr.isTTY === true
  const [what, ...rest] = asks ? await inTerminal(given[0]) : given
  if (what === 'network') return networkCommand(rest)
  if (what === 'authority' || what === 'mix' || what === 'gateway') return serverCommand(what, rest)
  if (what === 'client') return clientCommand(rest)
  const asked = what === undefined ? 'want what to write' : `cannot write '${what}'`
  throw new CommandError(
    'USAGE',
    `init: ${asked}: network, authority, mix, gateway or client`,
    'chaffinch init --help',
  )
}

const list = { type: 'string', multiple: true } as const
const one = { type: 'string' } as const

function networkCommand(args: readonly string[]): undefined {
  const { values, positionals } = readOptions(
    'init',
    args,
    {
      name: one,
      authority: list,
      threshold: one,
      epoch: one,
      genesis: one,
      layers: one,
      topology: one,
      'min-mixes': one,
      'min-gateways': one,
    },
    [1, 1],
  )
  const authorities = (values.authority ?? []).map(readAuthorityLine)
  if (authorities.length === 0) throw new CommandError('USAGE', 'init network: want at least one --authority')
  const layers = values.layers === undefined ? undefined : wholeNumber('layers', values.layers, 1, 8)
  const majority = Math.floor(authorities.length / 2) + 1
  const { topology } = values
  if (topology !== undefined && !isTopology(topology)) {
    throw new CommandError('USAGE', `--topology ${topology}: want one of ${topologies.join(', ')}`)
  }
  const count = (option: 'min-mixes' | 'min-gateways', otherwise: number): number => {
    const given = values[option]
    return given === undefined ? otherwise : wholeNumber(option, given, 1, 10_000)
  }
  const file = positionals[0] as string
  initNetwork(file, {
    name: values.name ?? 'chaffinch',
    genesis: genesisOption(values.genesis),
    epochMs: durationOption('epoch', values.epoch ?? '20min'),
    threshold:
      values.threshold === undefined
        ? majority
        : wholeNumber('threshold', values.threshold, majority, authorities.length),
    topology,
    layers,
    minimum:
      values['min-mixes'] === undefined && values['min-gateways'] === undefined
        ? undefined
        : { mixes: count('min-mixes', layers ?? 3), gateways: count('min-gateways', 1) },
    authorities,
  })
  say(`wrote ${file}: hand it to everybody who takes part`)
}

function serverCommand(role: 'authority' | 'mix' | 'gateway', args: readonly string[]): undefined {
  const { values, positionals } = readOptions(
    'init',
    args,
    {
      network: one,
      listen: list,
      announce: list,
      'status-port': one,
      family: one,
      contact: one,
      'dial-from': one,
    },
    [1, 1],
  )
  if (values.listen === undefined)
    throw new CommandError('USAGE', `init ${role}: want --listen`, 'chaffinch init --help')
  const foreign = (['family', 'contact'] as const).find(key => values[key] !== undefined)
  if (role === 'authority' && foreign !== undefined) {
    throw new CommandError('USAGE', `init authority: --${foreign} is for a mix or a gateway`)
  }
  const folder = positionals[0] as string
  const file = join(folder, `${role}.toml`)
  const draft = {
    networkFile: values.network ?? 'network.toml',
    listen: values.listen,
    announce: values.announce,
    statusPort:
      values['status-port'] === undefined ? undefined : portOption('status-port', values['status-port']),
    dialFrom: values['dial-from'],
  }
  const nodeDraft = { ...draft, family: values.family, contact: values.contact }
  // An authority is set up before there is a network
  if (role !== 'authority') readNetwork(draft.networkFile)
  checkDraft(role, file, role === 'authority' ? authorityText(file, draft) : nodeText(file, role, nodeDraft))
  const line =
    role === 'authority'
      ? authorityLine(initAuthority(folder, draft))
      : hex(initNode(folder, role, nodeDraft))
  say(`wrote ${join(folder, `${role}.toml`)} and its key; start it with`)
  say(`  chaffinch ${role} --config ${join(folder, `${role}.toml`)}`)
  console.log(line)
}

function clientCommand(args: readonly string[]): undefined {
  const { values, positionals } = readOptions(
    'init',
    args,
    { network: one, gateway: list, 'api-port': one, 'dial-from': one, cover: one },
    [1, 1],
  )
  const folder = positionals[0] as string
  const file = join(folder, 'client.toml')
  const draft = {
    networkFile: values.network ?? 'network.toml',
    gateways: values.gateway,
    apiPort: values['api-port'] === undefined ? undefined : portOption('api-port', values['api-port']),
    dialFrom: values['dial-from'],
    cover: values.cover === undefined ? undefined : coverOption(values.cover),
  }
  readNetwork(draft.networkFile)
  checkDraft('client', file, clientText(file, draft))
  initClient(folder, draft)
  say(`wrote ${join(folder, 'client.toml')}; start it with`)
  say(`  chaffinch client --config ${join(folder, 'client.toml')}`)
}

/** Refuses what the role would refuse when it starts, before anything is written. @throws CommandError USAGE */
function checkDraft(role: RoleName, file: string, text: string): void {
  try {
    checkRoleText(role, file, text)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const says = error.message.slice(file.length).replace(/^:\d+: /, '')
    throw new CommandError('USAGE', `init ${role}: ${says}`, 'nothing was written; chaffinch init --help')
  }
}

function portOption(option: string, text: string): number {
  return wholeNumber(option, text, 0, 65_535)
}

function genesisOption(text: string | undefined): number {
  if (text === undefined) return Date.now()
  const time = Date.parse(text)
  if (Number.isNaN(time)) {
    throw new CommandError(
      'USAGE',
      `--genesis ${text}: want a date and time, for instance 2026-01-31T12:00:00Z`,
    )
  }
  return time
}

/** Speech goes to standard error, so that standard output is what a shell variable should hold. */
function say(text: string): undefined {
  console.error(text)
}

function isTopology(name: string): name is Topology {
  return topologies.includes(name as Topology)
}
