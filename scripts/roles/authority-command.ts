// chaffinch authority: runs one, or says what its operator wants the authorities to be.

import { runAuthority } from '../../roles/authority.ts'
import { applicants } from './authority-applicants.ts'
import { changeSet, isSetAction } from './authority-change.ts'
import { configOption } from './config-option.ts'

export async function run(args: readonly string[]): Promise<number | undefined> {
  const [action, ...rest] = args
  if (action !== undefined && isSetAction(action)) return changeSet(action, rest)
  if (action === 'applicants') return await applicants(rest)
  return await runAuthority(configOption('authority', args))
}
