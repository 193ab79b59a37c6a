// chaffinch authority applicants: who asked the running authority to be let in, and what came of it.

import type { AuthorityStatus } from '../../directory/authority/index.ts'
import { readAuthorityFile, roleFileAt } from '../../roles/files/index.ts'
import { columns } from '../columns.ts'
import { statusIn } from './running.ts'

export interface ApplicantsOptions {
  readonly config?: string
  readonly json?: true
}

export async function applicants({ config, json }: ApplicantsOptions): Promise<undefined> {
  const file = roleFileAt('authority', config)
  const { folder } = readAuthorityFile(file)
  const start = `chaffinch authority --config ${file}`
  const status = (await statusIn(folder, `${file}: the authority does not run`, start)) as AuthorityStatus
  if (json === true) console.log(JSON.stringify(status.applicants))
  else for (const line of applicantLines(status.applicants)) console.log(line)
}

/** The newest first, or a sentence where nobody has asked. */
export function applicantLines(listed: AuthorityStatus['applicants']): string[] {
  if (listed.length === 0) return ['nobody has asked to be let in since this start']
  const rows = listed.map(({ id, role, addresses, at, refused }) => [
    new Date(at).toISOString(),
    role,
    id,
    addresses.join(' '),
    refused === null ? 'let in' : `${refused.code}: ${refused.why}`,
  ])
  return columns(['asked', 'role', 'id', 'addresses', 'outcome'], rows)
}
