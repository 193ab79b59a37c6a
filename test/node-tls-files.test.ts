// A gateway's certificate and proxies as its file names them (docs/guide/running.md 4.1): what is wrong is said with
// the file and what to do, and files that change are read again.

import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../encoding/command-line.ts'
import { readNodeFile } from '../roles/files/config.ts'
import { readTls } from '../roles/files/tls.ts'
import { openTls } from '../roles/tls.ts'
import type { Log } from '../world/log.ts'

const folder = mkdtempSync(join(tmpdir(), 'tls-'))
test.after(() => rmSync(folder, { recursive: true }))
const given = (name: string): string => join(import.meta.dirname, 'certificates', name)
const pem = (name: string): string => readFileSync(given(name), 'utf8')

function put(name: string, text: string, mode = 0o600): string {
  const file = join(folder, name)
  rmSync(file, { force: true })
  writeFileSync(file, text, { mode })
  return file
}

function failure(run: () => unknown): CommandError {
  try {
    run()
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
  throw new Error('did not fail')
}

test('a pair that fits is read, with its names and its end', () => {
  const read = readTls({ certificate: put('a.pem', pem('one.pem')), key: put('a.key', pem('one.key')) })
  assert.match(read.names, 'gate.example')
  assert.ok(read.until > Date.UTC(2100, 0, 1))
})

const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
})

const wrongs: readonly { says: RegExp; hint: RegExp; chain?: string; key?: string; mode?: number }[] = [
  { chain: '', says: /b\.pem: tls_certificate: there is no certificate in it/, hint: /fullchain/ },
  { chain: pem('one.key'), says: /b\.pem: tls_certificate: there is no certificate/, hint: /fullchain/ },
  {
    chain: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    says: /b\.pem: tls_certificate: a certificate in it is damaged/,
    hint: /anew/,
  },
  { key: pem('one.pem'), says: /b\.key: tls_key: there is no private key in it/, hint: /privkey/ },
  {
    key: pem('two.key'),
    says: /b\.key: tls_key: it is not the key of the certificate in .*b\.pem/,
    hint: /together/,
  },
  { key: String(locked), says: /b\.key: tls_key: it is locked with a passphrase/, hint: /openssl pkey/ },
  { mode: 0o644, says: /b\.key: tls_key: everybody on this machine can read it/, hint: /chmod/ },
]

test('what is wrong with a file is said with its name, its key and what to do', () => {
  for (const { chain = pem('one.pem'), key = pem('one.key'), mode = 0o600, says, hint } of wrongs) {
    const files = { certificate: put('b.pem', chain), key: put('b.key', key, mode) }
    const error = failure(() => readTls(files))
    assert.match(error.message, says)
    assert.match(error.hint ?? '', hint)
    assert.is(error.exitCode, 2)
    assert.not.match(error.message, '\n')
  }
  const missing = failure(() => readTls({ certificate: join(folder, 'none.pem'), key: given('one.key') }))
  assert.match(missing.message, /none\.pem: tls_certificate: /)
})

test('files that change are read again; a pair that does not fit leaves the one of before', async () => {
  const files = { certificate: put('c.pem', pem('one.pem')), key: put('c.key', pem('one.key')) }
  const said: string[] = []
  const note = (_fields: object, text?: string): void => void said.push(text ?? '')
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const tls = openTls(files, log, 40)
  const until = async (condition: () => boolean): Promise<void> => {
    for (let waited = 0; !condition(); waited += 20) {
      assert.ok(waited < 8000, said.join())
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  try {
    copyFileSync(given('two.pem'), files.certificate)
    await until(() => said.includes('the certificate of before is shown on'))
    assert.is(tls.certificates.now.chain, pem('one.pem'))
    // as programs that renew do it: another file in its place
    renameSync(put('c.new', pem('two.key')), files.key)
    await until(() => tls.certificates.now.key === pem('two.key'))
    assert.is(tls.certificates.now.chain, pem('two.pem'))
    // told to, it does not wait
    writeFileSync(files.certificate, pem('one.pem'))
    writeFileSync(files.key, pem('one.key'))
    tls.reload()
    assert.is(tls.certificates.now.key, pem('one.key'))
  } finally {
    await tls.close()
  }
})

const network = `name = "demo"
genesis = 2026-01-31T12:00:00Z
epoch = "20s"
threshold = 1
[[authority]]
id = "${'ab'.repeat(32)}"
sharing_key = "${'cd'.repeat(32)}"
addresses = ["/ip4/192.0.2.1/tcp/4101"]
`

function gateway(...lines: readonly string[]): string {
  put('network.toml', network)
  return put('gateway.toml', ['network = "network.toml"', ...lines, ''].join('\n'))
}

test('keys of the file that do not fit together are named', () => {
  const plain = 'listen = ["/ip4/0.0.0.0/tcp/4301", "/ip4/0.0.0.0/tcp/4302/ws"]'
  const secure = 'listen = ["/ip4/0.0.0.0/tcp/4301", "/ip4/0.0.0.0/tcp/4302/tls/ws"]'
  const [certificate, key] = ['tls_certificate = "a.pem"', 'tls_key = "a.key"']
  const cases: readonly [RegExp, ...string[]][] = [
    [/listen: '\/ip4\/0\.0\.0\.0\/tcp\/4302\/tls\/ws' wants 'tls_certificate' and 'tls_key'/, secure],
    [/tls_certificate: want 'tls_key' with it/, secure, certificate],
    [/tls_key: want 'tls_certificate' with it/, secure, key],
    [/tls_certificate: want an address that ends in \/tls\/ws in 'listen'/, plain, certificate, key],
    [/proxied: '.*4303\/ws' is not one of 'listen'/, plain, 'proxied = ["/ip4/0.0.0.0/tcp/4303/ws"]'],
    [/proxied: want the proxies' addresses in 'proxies'/, plain, 'proxied = ["/ip4/0.0.0.0/tcp/4302/ws"]'],
    [/proxies.*: want an IP address/, plain, 'proxies = ["a.example"]'],
  ]
  for (const [says, ...lines] of cases) {
    const error = failure(() => readNodeFile(gateway(...lines), 'gateway'))
    assert.match(error.message, says)
    assert.is(error.exitCode, 2)
  }
  const read = readNodeFile(
    gateway(
      secure,
      certificate,
      key,
      'proxies = ["192.0.2.9", "2001:db8::9"]',
      'proxied = ["/ip4/0.0.0.0/tcp/4301"]',
    ),
    'gateway',
  )
  assert.equal(read.tls, { certificate: join(folder, 'a.pem'), key: join(folder, 'a.key') })
  assert.equal(read.proxies, { from: ['192.0.2.9', '2001:db8::9'], at: ['/ip4/0.0.0.0/tcp/4301'] })
  assert.is(readNodeFile(gateway(plain), 'gateway').tls, undefined)
  assert.equal(readNodeFile(gateway(plain, 'proxies = ["192.0.2.9"]'), 'gateway').proxies?.at.length, 2)
})

test.run()
