import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parameterNames } from '../directory/documents/parameters.ts'
import { readNetwork } from '../directory/network-file.ts'
import { hex } from '../encoding/bytes.ts'
import { CommandError } from '../encoding/command-line.ts'
import { readAuthorityFile, readClientFile, readNodeFile } from '../roles/files/config.ts'
import { openFolder, readKey } from '../roles/files/folder.ts'
import { initAuthority } from '../roles/files/init.ts'
import { parameterKeys } from '../roles/files/parameters.ts'
import { perform } from '../scripts/main.ts'
import { printing } from './printing.ts'
import { failureOf } from './refusals.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-init-'))
test.after(() => rmSync(folder, { recursive: true }))

/** Runs `chaffinch init ...` and gives its standard output. */
const printed = async (...args: string[]): Promise<string> =>
  (await printing(() => perform(['init', ...args]))).out

const failure = (run: () => unknown): Promise<CommandError> => failureOf(CommandError, run)

test('what init writes is what the roles read', async () => {
  const networkFile = join(folder, 'network.toml')
  const alpha = await printed(
    'authority',
    join(folder, 'alpha'),
    '--network',
    networkFile,
    '--listen',
    '/ip4/127.0.0.1/tcp/4101',
  )
  assert.match(alpha, /^[0-9a-f]{64}@\/ip4\/127\.0\.0\.1\/tcp\/4101#[0-9a-f]{64}$/)
  await printed('network', networkFile, '--name', 'demo', '--epoch', '20s', '--authority', alpha)
  const mix = await printed(
    'mix',
    join(folder, 'mix1'),
    '--network',
    networkFile,
    '--listen',
    '/ip4/127.0.0.1/tcp/4201',
    '--family',
    'mine',
    '--status-port',
    '7201',
  )
  await printed(
    'client',
    join(folder, 'me'),
    '--network',
    networkFile,
    '--api-port',
    '7701',
    '--gateway',
    mix,
  )

  const network = readNetwork(networkFile)
  assert.is(network.threshold, 1)
  assert.is(network.epochMs, 20_000)
  assert.equal(readAuthorityFile(join(folder, 'alpha', 'authority.toml')).network, network)
  const node = readNodeFile(join(folder, 'mix1', 'mix.toml'), 'mix')
  assert.is(node.family, 'mine')
  assert.is(node.statusPort, 7201)
  assert.is(node.folder, join(folder, 'mix1', 'data'))
  const client = readClientFile(join(folder, 'me', 'client.toml'))
  assert.is(client.apiPort, 7701)
  assert.is(hex(client.gateways[0] as Uint8Array), mix)
})

test('a key is readable by its owner only, and never overwritten', async () => {
  const key = join(folder, 'alpha', 'identity.key')
  assert.is(statSync(key).mode & 0o777, 0o600)
  assert.is(readKey(key).length, 32)
  const before = readFileSync(key, 'utf8')
  const error = await failure(() =>
    perform(['init', 'authority', join(folder, 'alpha'), '--listen', '/ip4/127.0.0.1/tcp/1']),
  )
  assert.is(error.exitCode, 1)
  assert.match(error.message, /authority\.toml: is there already$/)
  assert.is(readFileSync(key, 'utf8'), before)
})

test('wrong use is told in one line, with exit code 2', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /want authority, mix, gateway, member, client or network/],
    [['hat'], /no action 'hat': want authority,/],
    [['mix'], /an argument is missing/],
    [['mix', 'x'], /want --listen/],
    [['mix', 'x', 'y', '--listen', '/ip4/1.2.3.4/tcp/1'], /unexpected argument 'y'/],
    [['mix', 'x', '--lisen', 'y'], /unknown option '--lisen'/],
    [['network', 'x'], /at least one --authority/],
    [['network', 'x', '--authority', 'me'], /want ID@ADDRESS#SHARINGKEY/],
    [['client', 'x', '--api-port', '70000'], /--api-port 70000: want a whole number from 0 to 65535/],
  ]
  for (const [args, says] of wrong) {
    const error = await failure(() => perform(['init', ...args]))
    assert.is(error.exitCode, 2)
    assert.match(error.message, says)
    assert.match(error.message, /^[a-z-]/)
    assert.not.match(error.message, /\.$/)
  }
})

test('an authority votes for what its file says, within the ranges', async () => {
  const networkFile = join(folder, 'network.toml')
  const own = join(folder, 'beta')
  initAuthority(
    own,
    { networkFile, listen: ['/ip4/127.0.0.1/tcp/4102'] },
    { hop_delay: '80ms', loop_per_minute: 7 },
  )
  const file = join(own, 'authority.toml')
  assert.equal(readAuthorityFile(file).parameters, { hopDelayMs: 80, loopPerMinute: 7 })
  writeFileSync(file, readFileSync(file, 'utf8').replace('hop_delay = "80ms"', 'hop_delay = "2h"'))
  const error = await failure(() => readAuthorityFile(file))
  assert.match(
    error.message,
    /authority\.toml:\d+: parameters\.hop_delay: want a duration from "1ms" to "1min"$/,
  )
})

test('every voted parameter has a key in authority.toml', () => {
  assert.equal(parameterKeys.map(({ name }) => name).sort(), [...parameterNames].sort())
})

test('a folder of a newer version, of another role or not ours is refused and left alone', async () => {
  const own = join(folder, 'data')
  openFolder(own, 'mix')
  openFolder(own, 'mix')
  assert.match(
    (await failure(() => openFolder(own, 'gateway'))).message,
    /belongs to a mix, not to a gateway/,
  )
  const version = join(own, 'version')
  writeFileSync(version, 'chaffinch mix folder, format 99\n')
  const newer = await failure(() => openFolder(own, 'mix'))
  assert.match(newer.message, /newer version of chaffinch \(format 99, this one knows 1\)/)
  assert.ok(newer.hint)
  assert.is(readFileSync(version, 'utf8'), 'chaffinch mix folder, format 99\n')
  writeFileSync(version, 'hello')
  assert.match((await failure(() => openFolder(own, 'mix'))).message, /is not a version file/)
  writeFileSync(join(folder, 'file'), '')
  assert.match((await failure(() => openFolder(join(folder, 'file', 'x'), 'mix'))).message, /is not a folder/)
})

test('a key file that is missing, damaged or open to others is refused', async () => {
  const own = join(folder, 'keys')
  mkdirSync(own)
  const key = join(own, 'identity.key')
  assert.match((await failure(() => readKey(key))).message, /key file: no such file/)
  writeFileSync(key, 'not a key', { mode: 0o600 })
  assert.match((await failure(() => readKey(key))).message, /want a line of 64 hexadecimal digits/)
  writeFileSync(join(own, 'open.key'), 'ab'.repeat(32), { mode: 0o644 })
  const open = await failure(() => readKey(join(own, 'open.key')))
  assert.match(open.message, /can be read by others/)
  assert.match(open.hint as string, /^chmod 600 /)
})

test('what the role would refuse is refused before anything is written', async () => {
  const networkFile = join(folder, 'network.toml')
  const there = join(folder, 'refused')
  const server = (...more: string[]): string[] => ['mix', there, '--network', networkFile, ...more]
  const at = ['--listen', '/ip4/127.0.0.1/tcp/4299']
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [server('--listen', '127.0.0.1:4999'), /^init mix: listen\[1\]: want a multiaddr/],
    [server('--listen', '/ip4/300.1.1.1/tcp/4201'), /listen\[1\]: want a multiaddr/],
    [server('--listen', '/ip4/127.0.0.1/udp/4201/quic-v1'), /listen\[1\]: want a multiaddr/],
    [server('--listen', '/dnsaddr/mix.example'), /listen\[1\]: nobody can listen on \/dnsaddr/],
    [server(...at, '--announce', 'example.org'), /announce\[1\]: want a multiaddr/],
    [server(...at, '--family', 'all of mine'), /family: /],
    [server(...at, '--contact', 'x'.repeat(129)), /contact: want at most 128 bytes/],
    [server(...at, '--dial-from', 'here'), /dial_from: want an IP address/],
    [['mix', there, ...at, '--network', join(folder, 'none.toml')], /none.toml: no such file/],
    [['client', there, '--network', join(folder, 'none.toml')], /none.toml: no such file/],
    [['client', there, '--network', networkFile, '--gateway', 'ab'], /gateways\[1\]: want 64 lowercase/],
    [['authority', there, '--listen', 'nowhere'], /^init authority: listen\[1\]: want a multiaddr/],
  ]
  for (const [args, says] of wrong) {
    const error = await failure(() => perform(['init', ...args]))
    assert.match(error.message, says)
    assert.is(error.exitCode, 2)
    assert.throws(() => statSync(there), 'ENOENT')
  }
  await printed(...server(...at, '--announce', '/dnsaddr/mix.example'))
  assert.ok(statSync(join(there, 'mix.toml')).isFile())
})

test.run()
