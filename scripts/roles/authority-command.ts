// chaffinch authority: runs one.

import { runAuthority } from '../../roles/authority.ts'
import { roleFileAt } from '../../roles/files/index.ts'

export async function run({ config }: { readonly config?: string }): Promise<number | undefined> {
  return await runAuthority(roleFileAt('authority', config))
}
