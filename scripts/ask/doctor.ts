// chaffinch doctor: what is wrong with a role on this machine, and what to do.

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { ed25519PublicKey } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError, readOptions } from '../../encoding/command-line.ts'
import { systemClock } from '../../world/clock.ts'
import { columns } from '../columns.ts'
import {
  type NodeFile,
  type RoleFile,
  readAuthorityFile,
  readClientFile,
  readNodeFile,
  type ServerFile,
} from '../files/config.ts'
import { isAway, remoteAt } from '../files/endpoint.ts'
import { readKey } from '../files/folder.ts'
import { answered, inquire } from '../inquire.ts'
import { endpointOf } from '../roles/running.ts'
import {
  checkCertificate,
  checkClock,
  checkConsensus,
  checkDisk,
  checkDiskOf,
  checkKey,
  checkPorts,
  diskFacts,
  type Finding,
  finding,
} from './doctor-checks.ts'

const roles = ['authority', 'mix', 'gateway', 'client'] as const
type Role = (typeof roles)[number]

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readOptions('doctor', args, {
    config: { type: 'string' },
    role: { type: 'string' },
    json: { type: 'boolean' },
  })
  const file = values.config ?? roles.map(role => `${role}.toml`).find(name => existsSync(name))
  if (file === undefined) {
    throw new CommandError('USAGE', 'doctor: no configuration here', 'chaffinch doctor --config FILE')
  }
  const role = roleOf(file, values.role)
  const findings = await examine(role, file)
  const wrong = findings.filter(({ state }) => state === 'wrong')
  const exitCode = wrong.length === 0 ? 0 : wrong.some(({ check }) => check === 'config') ? 2 : 1
  if (values.json === true) console.log(JSON.stringify({ healthy: exitCode === 0, role, file, findings }))
  else console.log(lines(findings).join('\n'))
  return exitCode
}

function roleOf(file: string, given: string | undefined): Role {
  const name = given ?? basename(file, '.toml')
  const role = roles.find(known => known === name)
  if (role !== undefined) return role
  throw new CommandError('USAGE', `doctor: ${file}: of which role is it?`, `--role ${roles.join(' | ')}`)
}

function lines(findings: readonly Finding[]): string[] {
  const rows = findings.map(({ check, state, says }) => [state, check, says])
  const fixes = findings.flatMap(({ says, fix }) => (fix === undefined ? [] : [`${says}`, `  do: ${fix}`]))
  return [...columns(['', '', ''], rows).slice(1), ...(fixes.length === 0 ? [] : ['', ...fixes])]
}

async function examine(role: Role, file: string): Promise<Finding[]> {
  const read = {
    authority: readAuthorityFile,
    mix: () => readNodeFile(file, 'mix'),
    gateway: () => readNodeFile(file, 'gateway'),
    client: readClientFile,
  }
  let config: RoleFile | undefined
  const form = await finding('config', () => {
    config = read[role](file)
    return [{ check: 'config', state: 'ok', says: `${file}: no mistake` }]
  })
  if (config === undefined) return form
  const found = [...form, ...(await finding('disk', () => onDisk(config as RoleFile)))]
  const { running, findings } = await asRunning(config)
  if (role !== 'client') {
    const server = config as ServerFile
    found.push(...(await finding('keys', () => checkKey(server))))
    if (role !== 'authority') {
      const now = systemClock.now()
      found.push(...(await finding('keys', () => checkCertificate(role, server as NodeFile, now))))
    }
    found.push(...(await finding('ports', () => checkPorts(server, running))))
  }
  return [...found, ...findings, ...(await fromOthers(role, config))]
}

function onDisk({ folder }: RoleFile): Finding[] {
  return checkDisk(folder, diskFacts(folder))
}

/** Asks the running role how it is. */
async function asRunning({ folder }: RoleFile): Promise<{ running: boolean; findings: Finding[] }> {
  const endpoint = endpointOf(folder)
  const off: Finding = { check: 'running', state: 'warning', says: 'it does not run', fix: 'start it' }
  if (endpoint === undefined) return { running: false, findings: [off] }
  try {
    const status = (await remoteAt(endpoint).ask('/status')) as Record<string, unknown>
    const refusals = (status['refusals'] ?? []) as readonly { authority: string; code: string; why: string }[]
    const kept = refusals.map(({ authority, code, why }): Finding => {
      const says = `authority ${authority.slice(0, 16)} keeps it out: ${why} (${code})`
      return { check: 'running', state: 'wrong', says, fix: 'docs/guide/running.md 6 says what to do' }
    })
    const runs: Finding = { check: 'running', state: 'ok', says: 'it runs' }
    return { running: true, findings: [runs, ...checkDiskOf(status), ...kept] }
  } catch (error) {
    if (!isAway(error)) throw error
    return { running: false, findings: [off] }
  }
}

/** The clock and the consensus, as the authorities have them. */
async function fromOthers(role: Role, config: RoleFile): Promise<Finding[]> {
  const { network } = config
  return await inquire(network, async inquiry => {
    const consensus = await finding('consensus', async () => {
      const { view } = await answered(inquiry.consensus())
      const isNode = role === 'mix' || role === 'gateway'
      const own = isNode ? hex(ed25519PublicKey(readKey((config as NodeFile).key))) : undefined
      const listed = own === undefined ? undefined : view.nodes.has(own)
      return checkConsensus(inquiry.newest, view, listed, systemClock.now())
    })
    return [...checkClock(network, await inquiry.times()), ...consensus]
  })
}
