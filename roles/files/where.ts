// Where a command finds the file of a role that nobody names.

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { configFromEnvironment } from '../../encoding/command-line.ts'

/** A program that runs from a file. */
export type RoleName = 'authority' | 'mix' | 'gateway' | 'member' | 'client'

/** The folder of a person's configuration: `chaffinch` in `XDG_CONFIG_HOME`, or in ~/.config where that is not set. */
export function configFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment['XDG_CONFIG_HOME'] ?? ''
  // The XDG Base Directory Specification has relative paths ignored
  return join(isAbsolute(home) ? home : join(homedir(), '.config'), 'chaffinch')
}

/** Lists where the file of a role may lie: first in the current folder, so that a folder of a test is what it seems. */
export function placesOf(role: RoleName): readonly string[] {
  return [`${role}.toml`, join(configFolder(), `${role}.toml`)]
}

/**
 * Finds the file of a role: the one that is named, else that of `CHAFFINCH_CONFIG`, else ROLE.toml in the current
 * folder, else in the folder of the person's configuration. Where none is there it is the first place, which an error
 * then names.
 */
export function roleFileAt(role: RoleName, given?: string): string {
  const named = given ?? configFromEnvironment()
  return named ?? placesOf(role).find(file => existsSync(file)) ?? `${role}.toml`
}
