// chaffinch authority: runs one.

import { runAuthority } from '../../roles/authority.ts'
import { configOr } from './config-option.ts'

export async function run({ config }: { readonly config?: string }): Promise<number | undefined> {
  return await runAuthority(configOr(config, 'authority'))
}
