// Of which role a file of configuration is: for commands that look at any of them.

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { CommandError, configFromEnvironment } from '../../encoding/command-line.ts'
import {
  type AuthorityFile,
  type ClientFile,
  type MemberFile,
  type NodeFile,
  placesOf,
  type RoleName,
  readAuthorityFile,
  readClientFile,
  readMemberFile,
  readNodeFile,
} from '../../roles/files/index.ts'

const roles: readonly RoleName[] = ['authority', 'mix', 'gateway', 'member', 'client']

/** Finds the file that a command is about: the one that is named, else the first that lies where files of roles do. */
export function fileOf(command: string, given: string | undefined): string {
  const places = [0, 1].flatMap(place => roles.map(role => placesOf(role)[place] as string))
  const file = given ?? configFromEnvironment() ?? places.find(name => existsSync(name))
  if (file !== undefined) return file
  throw new CommandError(
    'USAGE',
    `${command}: no configuration here`,
    `chaffinch ${command} --config FILE, or CHAFFINCH_CONFIG=FILE`,
  )
}

/** Tells the role from the file's name, unless somebody says it. @throws CommandError USAGE */
export function roleOf(command: string, file: string, given: string | undefined): RoleName {
  const name = given ?? basename(file, '.toml')
  const role = roles.find(known => known === name)
  if (role !== undefined) return role
  throw new CommandError('USAGE', `${command}: ${file}: of which role is it?`, `--role ${roles.join(' | ')}`)
}

/** @throws CommandError CONFIG */
export function readRoleFile(
  role: RoleName,
  file: string,
): AuthorityFile | NodeFile | MemberFile | ClientFile {
  if (role === 'authority') return readAuthorityFile(file)
  if (role === 'member') return readMemberFile(file)
  return role === 'client' ? readClientFile(file) : readNodeFile(file, role)
}
