// --config FILE, as every command that runs a role reads it.

import { configFromEnvironment, readOptions } from '../../encoding/command-line.ts'

/** Reads `--config FILE`: by default the role's file in the current folder. */
export function configOption(role: string, args: readonly string[]): string {
  const { values } = readOptions(role, args, { config: { type: 'string' } })
  return values.config ?? configFromEnvironment() ?? `${role}.toml`
}
