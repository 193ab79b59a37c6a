// chaffinch doctor: what is wrong with a role on this machine, and what to do.

import { ed25519PublicKey } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import {
  isAway,
  type NodeFile,
  type RoleFile,
  type RoleName,
  readKey,
  remoteAt,
  type ServerFile,
} from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { columns } from '../columns.ts'
import { fileOf, readRoleFile, roleOf } from '../files/which-role.ts'
import { answered, inquire } from '../inquire.ts'
import { endpointOf } from '../roles/running.ts'
import { paint } from '../terminal/paint.ts'
import {
  checkCertificate,
  checkClock,
  checkConsensus,
  checkDisk,
  checkDiskOf,
  checkKey,
  checkPorts,
  checkReady,
  checkSilent,
  diskFacts,
  type Finding,
  finding,
} from './doctor-checks.ts'

export interface DoctorOptions {
  readonly config?: string
  readonly role?: string
  readonly json?: true
}

export async function run(values: DoctorOptions): Promise<number> {
  const file = fileOf('doctor', values.config)
  const role = roleOf('doctor', file, values.role)
  const findings = await examine(role, file)
  const wrong = findings.filter(({ state }) => state === 'wrong')
  const exitCode = wrong.length === 0 ? 0 : wrong.some(({ check }) => check === 'config') ? 2 : 1
  if (values.json === true) console.log(JSON.stringify({ healthy: exitCode === 0, role, file, findings }))
  else console.log(lines(findings).join('\n'))
  return exitCode
}

const colours = { ok: 'green', warning: 'yellow', wrong: 'red' } as const

function lines(findings: readonly Finding[]): string[] {
  const rows = findings.map(({ check, state, says }) => [paint(colours[state], state), check, says])
  const fixes = findings.flatMap(({ says, fix }) => (fix === undefined ? [] : [`${says}`, `  do: ${fix}`]))
  return [...columns(['', '', ''], rows).slice(1), ...(fixes.length === 0 ? [] : ['', ...fixes])]
}

async function examine(role: RoleName, file: string): Promise<Finding[]> {
  let config: RoleFile | undefined
  const form = await finding('config', () => {
    config = readRoleFile(role, file)
    return [{ check: 'config', state: 'ok', says: `${file}: no mistake` }]
  })
  if (config === undefined) return form
  const found = [...form, ...(await finding('disk', () => onDisk(config as RoleFile)))]
  const { running, findings } = await asRunning(config)
  if (role !== 'client') {
    const server = config as ServerFile
    found.push(...(await finding('keys', () => checkKey(server))))
    if (role === 'mix' || role === 'gateway') {
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
    const own = [...checkReady(status), ...checkSilent(status, systemClock.now()), ...checkDiskOf(status)]
    return { running: true, findings: [runs, ...own, ...kept] }
  } catch (error) {
    if (!isAway(error)) throw error
    return { running: false, findings: [off] }
  }
}

/** The clock and the consensus, as the authorities have them. */
async function fromOthers(role: RoleName, config: RoleFile): Promise<Finding[]> {
  const { network } = config
  return await inquire(network, async inquiry => {
    const consensus = await finding('consensus', async () => {
      const { view } = await answered(inquiry.consensus())
      const isListed = role !== 'authority' && role !== 'client'
      const own = isListed ? hex(ed25519PublicKey(readKey((config as ServerFile).key))) : undefined
      const listed = own === undefined ? undefined : view.nodes.has(own)
      return checkConsensus(inquiry.newest, view, listed, systemClock.now())
    })
    return [...checkClock(network, await inquiry.times()), ...consensus]
  })
}
