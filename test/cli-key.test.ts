import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { hex } from '../encoding/bytes.ts'
import { CommandError } from '../encoding/command-line.ts'
import { certificateFor, readCertificate } from '../roles/files/certificate.ts'
import { readAuthorityFile, readNodeFile } from '../roles/files/config.ts'
import { initAuthority, initNetwork, initNode } from '../roles/files/init.ts'
import { perform } from '../scripts/main.ts'
import { seedOf } from '../simulator/directory-world.ts'
import { day } from '../world/units.ts'
import { printing } from './printing.ts'
import { failureOf } from './refusals.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-key-'))
test.after(() => rmSync(folder, { recursive: true }))
const [networkFile, keyFile, out] = ['network.toml', 'operator.key', 'node.certificate'].map(name =>
  join(folder, name),
) as [string, string, string]
initNetwork(networkFile, {
  name: 'demo',
  genesis: Date.now(),
  epochMs: day,
  threshold: 1,
  authorities: [authorityEntry(seedOf('alpha'), ['/ip4/127.0.0.1/tcp/1'])],
})
const listen = ['/ip4/127.0.0.1/tcp/4201']
const node = initNode(join(folder, 'mix1'), 'mix', { networkFile, listen, family: 'mine', contact: 'me' })

/** Runs `chaffinch key ...` and gives its standard output. */
const printed = async (...args: string[]): Promise<string> =>
  (await printing(() => perform(['key', ...args]))).out

const failure = (run: () => unknown): Promise<CommandError> => failureOf(CommandError, run)

const certify = (...more: string[]): Promise<string> =>
  printed(
    'certify',
    '--key',
    keyFile,
    '--network',
    networkFile,
    '--node',
    hex(node),
    '--role',
    'mix',
    ...more,
  )

test('an identity key certifies a node, and renews the certificate in its place', async () => {
  const identity = await printed('new', keyFile)
  assert.is(statSync(keyFile).mode & 0o777, 0o600)
  assert.is(await printed('show', keyFile), identity)
  await certify('--family', 'mine', '--contact', 'me', '--for', '10d', '--out', out)
  const want = { network: 'demo', node, role: 'mix', family: 'mine', contact: 'me' } as const
  const first = certificateFor(out, want)
  assert.is(hex(first.identity), identity)
  assert.is(first.until, 10)
  await certify('--family', 'mine', '--contact', 'me', '--for', '20d', '--out', out)
  assert.is(certificateFor(out, want).until, 20)
})

test('what does not fit the node is refused with what, where and what to do', async () => {
  const want = { network: 'demo', node, role: 'mix', family: 'mine', contact: 'me' } as const
  for (const [change, says] of [
    [{ family: 'other' }, `${out}: family: says "mine", the node's file "other"`],
    [{ role: 'gateway' }, `${out}: role: says "mix", the node's file "gateway"`],
    [{ node: new Uint8Array(32) }, `${out}: node: is for ${hex(node)}`],
  ] as const) {
    const error = await failure(() => certificateFor(out, { ...want, ...change }))
    assert.is(error.exitCode, 2)
    assert.ok(error.message.startsWith(says), error.message)
  }
  const forged = join(folder, 'forged')
  writeFileSync(forged, readFileSync(out, 'utf8').replace('until = 20', 'until = 21'))
  assert.match((await failure(() => readCertificate(forged))).message, 'not signed by the identity')
  const other = ['certify', '--key', keyFile, '--network', networkFile, '--role', 'mix', '--out', out]
  const error = await failure(() => perform(['key', ...other, '--node', 'ab'.repeat(32)]))
  assert.match(error.message, 'is the certificate of another node')
  for (const args of [[], ['new'], ['lose', 'x'], ['certify'], ['certify', '--role', 'x']]) {
    assert.is((await failure(() => perform(['key', ...args]))).exitCode, 2, args.join(' '))
  }
})

test('an authority file says whom it lets in; a misspelt policy is refused', async () => {
  const draft = { networkFile, listen, perNetwork: 3 }
  initAuthority(join(folder, 'alpha'), draft)
  const file = join(folder, 'alpha', 'authority.toml')
  assert.equal(readAuthorityFile(file).admission, { allow: undefined, proveAddresses: true, perNetwork: 3 })
  const text = readFileSync(file, 'utf8')
  const allow = `policy = "list"\nallow = ["${hex(node)}"]\nprove_address = false`
  writeFileSync(file, text.replace('[admission]', `[admission]\n${allow}`))
  const { admission } = readAuthorityFile(file)
  assert.equal(admission.allow?.map(hex), [hex(node)])
  assert.not(admission.proveAddresses)
  writeFileSync(file, text.replace('#policy = "open"', 'policy = "closed"'))
  const error = await failure(() => readAuthorityFile(file))
  assert.match(error.message, /authority\.toml:\d+: admission\.policy: want \('open' \| 'list'\)/)
  assert.is(readNodeFile(join(folder, 'mix1', 'mix.toml'), 'mix').contact, 'me')
})

test.run()
