// --config FILE, as every command that runs a role takes it.

import { configFromEnvironment } from '../../encoding/command-line.ts'

/** Gives the file that was named, else that of `CHAFFINCH_CONFIG`, else the role's file in the current folder. */
export function configOr(given: string | undefined, role: string): string {
  return given ?? configFromEnvironment() ?? `${role}.toml`
}
