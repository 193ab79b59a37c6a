// Where a command finds the file of a role that nobody names: CHAFFINCH_CONFIG, the current folder, the folder of the
// person's configuration (XDG Base Directory Specification).

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configFolder, roleFileAt } from '../roles/files/where.ts'
import { fileOf } from '../scripts/files/which-role.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'chaffinch-places-')))
const before = {
  cwd: process.cwd(),
  xdg: process.env['XDG_CONFIG_HOME'],
  file: process.env['CHAFFINCH_CONFIG'],
}

test.before(() => {
  process.chdir(folder)
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config')
  delete process.env['CHAFFINCH_CONFIG']
})

test.after(() => {
  process.chdir(before.cwd)
  for (const [name, value] of [
    ['XDG_CONFIG_HOME', before.xdg],
    ['CHAFFINCH_CONFIG', before.file],
  ] as const)
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  rmSync(folder, { recursive: true })
})

test('the folder is that of XDG_CONFIG_HOME, and a relative one is ignored', () => {
  assert.is(configFolder({ XDG_CONFIG_HOME: '/there' }), '/there/chaffinch')
  for (const environment of [{}, { XDG_CONFIG_HOME: '' }, { XDG_CONFIG_HOME: 'there' }])
    assert.is(configFolder(environment), join(homedir(), '.config', 'chaffinch'))
})

test('what is nearer goes before: nothing, the person’s, the folder’s, the shell’s, the one that is named', () => {
  assert.is(roleFileAt('client'), 'client.toml')
  const own = join(folder, 'config', 'chaffinch')
  mkdirSync(own, { recursive: true })
  for (const name of ['client', 'mix']) writeFileSync(join(own, `${name}.toml`), '')
  assert.is(roleFileAt('client'), join(own, 'client.toml'))
  assert.is(roleFileAt('gateway'), 'gateway.toml')
  assert.is(fileOf('status', undefined), join(own, 'mix.toml'))
  writeFileSync(join(folder, 'client.toml'), '')
  assert.is(roleFileAt('client'), 'client.toml')
  assert.is(fileOf('status', undefined), 'client.toml', 'one of here goes before all of there')
  process.env['CHAFFINCH_CONFIG'] = 'shell.toml'
  assert.is(roleFileAt('client'), 'shell.toml')
  assert.is(fileOf('status', undefined), 'shell.toml')
  assert.is(roleFileAt('client', 'named.toml'), 'named.toml')
})

test.run()
