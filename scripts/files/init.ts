// chaffinch init: writes the files that the other commands read.

import { join } from 'node:path'
import { type Topology, topologies } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import { FileError } from '../../encoding/toml.ts'
import {
  authorityLine,
  authorityText,
  checkRoleText,
  clientText,
  initAuthority,
  initClient,
  initMember,
  initNetwork,
  initNode,
  memberText,
  nodeText,
  type RoleName,
  readAuthorityLine,
  readNetwork,
  type ServerDraft,
} from '../../roles/files/index.ts'
import { coverOption } from './cover-option.ts'

export interface NetworkOptions {
  readonly name?: string
  readonly authority?: string[]
  readonly threshold?: string
  readonly epoch?: string
  readonly genesis?: string
  readonly layers?: string
  readonly topology?: string
  readonly minMixes?: string
  readonly minGateways?: string
}

export function initNetworkFile(file: string, values: NetworkOptions): undefined {
  const authorities = (values.authority ?? []).map(readAuthorityLine)
  if (authorities.length === 0) throw new CommandError('USAGE', 'init network: want at least one --authority')
  const layers = values.layers === undefined ? undefined : wholeNumber('layers', values.layers, 1, 8)
  const majority = Math.floor(authorities.length / 2) + 1
  const { topology } = values
  if (topology !== undefined && !isTopology(topology)) {
    throw new CommandError('USAGE', `--topology ${topology}: want one of ${topologies.join(', ')}`)
  }
  const { minMixes, minGateways } = values
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
      minMixes === undefined && minGateways === undefined
        ? undefined
        : {
            mixes: wholeNumber('min-mixes', minMixes ?? String(layers ?? 3), 0, 10_000),
            gateways: wholeNumber('min-gateways', minGateways ?? '1', 0, 10_000),
          },
    authorities,
  })
  say(`wrote ${file}: hand it to everybody who takes part`)
}

export interface ServerOptions {
  readonly network?: string
  readonly listen?: string[]
  readonly announce?: string[]
  readonly statusPort?: string
  readonly dialFrom?: string
}

/** An authority is set up before there is a network. */
export function initAuthorityFiles(folder: string, values: ServerOptions): undefined {
  const file = join(folder, 'authority.toml')
  const draft = serverDraft('authority', values)
  checkDraft('authority', file, authorityText(file, draft))
  const line = authorityLine(initAuthority(folder, draft))
  sayStart('authority', file)
  console.log(line)
}

export interface NodeOptions extends ServerOptions {
  readonly family?: string
  readonly contact?: string
}

/** Gives what writes the files of a mix or a gateway. */
export function initNodeFiles(role: 'mix' | 'gateway'): (folder: string, values: NodeOptions) => undefined {
  return (folder, { family, contact, ...values }) => {
    const file = join(folder, `${role}.toml`)
    const draft = { ...serverDraft(role, values), family, contact }
    readNetwork(draft.networkFile)
    checkDraft(role, file, nodeText(file, role, draft))
    const id = hex(initNode(folder, role, draft))
    sayStart(role, file)
    console.log(id)
  }
}

export function initMemberFiles(
  folder: string,
  { family, ...values }: Omit<NodeOptions, 'contact'>,
): undefined {
  const file = join(folder, 'member.toml')
  const draft = { ...serverDraft('member', values), family }
  readNetwork(draft.networkFile)
  checkDraft('member', file, memberText(file, draft))
  const id = hex(initMember(folder, draft))
  sayStart('member', file)
  console.log(id)
}

function serverDraft(role: RoleName, values: ServerOptions): Omit<ServerDraft, 'perNetwork'> {
  const { network = 'network.toml', listen, announce, statusPort, dialFrom } = values
  if (listen === undefined)
    throw new CommandError('USAGE', `init ${role}: want --listen`, `chaffinch init ${role} --help`)
  return {
    networkFile: network,
    listen,
    announce,
    statusPort: statusPort === undefined ? undefined : portOption('status-port', statusPort),
    dialFrom,
  }
}

function sayStart(role: RoleName, file: string): void {
  say(`wrote ${file} and its key; start it with`)
  say(`  chaffinch ${role === 'member' ? 'crowds' : role} --config ${file}`)
}

export interface ClientOptions {
  readonly network?: string
  readonly gateway?: string[]
  readonly apiPort?: string
  readonly dialFrom?: string
  readonly cover?: string
}

export function initClientFiles(folder: string, values: ClientOptions): undefined {
  const file = join(folder, 'client.toml')
  const { network = 'network.toml', gateway, apiPort, dialFrom, cover } = values
  const draft = {
    networkFile: network,
    gateways: gateway,
    apiPort: apiPort === undefined ? undefined : portOption('api-port', apiPort),
    dialFrom,
    cover: cover === undefined ? undefined : coverOption(cover),
  }
  readNetwork(draft.networkFile)
  checkDraft('client', file, clientText(file, draft))
  initClient(folder, draft)
  say(`wrote ${file}; start it with`)
  say(`  chaffinch client --config ${file}`)
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
