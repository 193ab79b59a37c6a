// chaffinch status: how a running role of this machine is, in a few lines, or all of its /status as JSON.

import { fileOf, readRoleFile, roleOf } from '../files/which-role.ts'
import { statusIn } from '../roles/running.ts'
import { type AnyStatus, statusLines } from './status-text.ts'

export interface StatusOptions {
  readonly config?: string
  readonly role?: string
  readonly json?: true
}

export async function run(values: StatusOptions): Promise<undefined> {
  const file = fileOf('status', values.config)
  const role = roleOf('status', file, values.role)
  const { folder, network } = readRoleFile(role, file)
  const start = `chaffinch ${role === 'member' ? 'crowds' : role} --config ${file}`
  const status = (await statusIn(folder, `${file}: the ${role} does not run`, start)) as AnyStatus
  const lines = (): string => statusLines(status, network.authorities.length, Date.now()).join('\n')
  console.log(values.json === true ? JSON.stringify(status) : lines())
}
