// chaffinch doctor: each thing that can be wrong is found and has a fix, and its opposite is not.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { hex } from '../encoding/bytes.ts'
import { readNodeFile } from '../roles/files/config.ts'
import { initNetwork, initNode } from '../roles/files/init.ts'
import type { NodeFile } from '../roles/files/shapes.ts'
import {
  checkCertificate,
  checkClock,
  checkConsensus,
  checkDisk,
  checkKey,
  checkPorts,
  type Finding,
  finding,
} from '../scripts/ask/doctor-checks.ts'
import { perform } from '../scripts/main.ts'
import { networkOf, seedOf } from '../simulator/directory-world.ts'
import { minute } from '../world/units.ts'
import { printing } from './printing.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-doctor-'))
test.after(() => rmSync(folder, { recursive: true }))
const networkFile = join(folder, 'network.toml')
initNetwork(networkFile, {
  name: 'demo',
  genesis: Date.now() - 10 * minute,
  epochMs: minute,
  threshold: 1,
  authorities: [authorityEntry(seedOf('alpha'), ['/ip4/127.0.0.1/tcp/1'])],
})

async function busyPort(): Promise<{ port: number; close: () => void }> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port, close: () => void server.close() }
}

const taken = await busyPort()
test.after(() => taken.close())
const listen = [`/ip4/127.0.0.1/tcp/${taken.port}`]
const id = initNode(join(folder, 'mix1'), 'mix', { networkFile, listen, contact: 'me' })
const file = join(folder, 'mix1', 'mix.toml')
const config = (): NodeFile => readNodeFile(file, 'mix')

const states = (findings: readonly Finding[]): string[] => findings.map(({ state }) => state)

const silently = async (run: () => Promise<unknown>): Promise<string> => (await printing(run)).out

test('keys: read by others, gone, certified, about to end, ended', async () => {
  const { key: keyFile } = config()
  assert.equal(checkKey(config()), [{ check: 'keys', state: 'ok', says: `the key is ${hex(id)}` }])
  chmodSync(keyFile, 0o644)
  const [open] = await finding('keys', () => checkKey(config()))
  assert.is(open?.state, 'wrong')
  assert.is(open?.fix, `chmod 600 ${keyFile}`)
  chmodSync(keyFile, 0o600)
  const operator = join(folder, 'operator.key')
  const out = join(folder, 'mix1', 'node.certificate')
  await silently(() => perform(['key', 'new', operator]))
  const certify = ['certify', '--key', operator, '--network', networkFile, '--node', hex(id), '--role', 'mix']
  await silently(() => perform(['key', ...certify, '--contact', 'me', '--for', '30d', '--out', out]))
  assert.equal(states(checkCertificate('mix', config(), Date.now())), ['ok'], 'none, and none wanted')
  writeFileSync(file, `${readFileSync(file, 'utf8')}certificate = "node.certificate"\n`)
  const at = (days: number): Finding[] => checkCertificate('mix', config(), Date.now() + days * 86_400_000)
  assert.equal(
    [at(0), at(20), at(31)].map(found => found[0]?.state),
    ['ok', 'warning', 'wrong'],
  )
  assert.match(at(20)[0]?.fix ?? '', 'chaffinch key certify')
})

test('disk: not writable, open to others, full, nearly full', () => {
  const facts = { writable: true, mode: 0o700, freeBytes: 2 ** 34 }
  assert.equal(states(checkDisk('x', facts)), ['ok'])
  assert.equal(states(checkDisk('x', { ...facts, writable: false })), ['wrong', 'ok'])
  assert.equal(states(checkDisk('x', { ...facts, mode: 0o755 })), ['warning', 'ok'])
  assert.equal(states(checkDisk('x', { ...facts, freeBytes: 2 ** 20 })), ['wrong'])
  assert.equal(states(checkDisk('x', { ...facts, freeBytes: 2 ** 28 })), ['warning'])
})

test('ports: another process has it; it is free; the role has it; nobody else could dial it', async () => {
  assert.equal(states(await checkPorts(config(), false)), ['wrong', 'warning'])
  assert.equal(states(await checkPorts(config(), true)), ['ok', 'warning'])
  const free = await busyPort()
  free.close()
  const announce = ['/ip4/192.0.2.7/tcp/4201']
  const found = await checkPorts(
    { ...config(), listen: [`/ip4/127.0.0.1/tcp/${free.port}`], announce },
    false,
  )
  assert.equal(states(found), ['ok'])
})

test('clock: against the median, so that one other cannot put it in the wrong', () => {
  const network = networkOf({ epochMs: minute })
  const off = (...all: number[]): string[] =>
    states(
      checkClock(
        network,
        all.map(offMs => ({ id: '', offMs, roundTripMs: 20 })),
      ),
    )
  assert.equal(off(0, 3, -5), ['ok'])
  assert.equal(off(86_400_000, 0, 2), ['ok'])
  assert.equal(off(3000, 3000, 0), ['warning'])
  assert.equal(off(9000, 9000, 0), ['wrong'])
  assert.equal(off(-9000), ['wrong'])
  assert.equal(off(), ['warning'])
})

test('consensus: fresh, old, over, and without this node', () => {
  const network = networkOf({ epochMs: minute })
  const document = {
    epoch: 3,
    freshUntil: network.genesis + 4 * minute,
    validUntil: network.genesis + 6 * minute,
  }
  const at = (epochs: number, listed?: boolean): string[] =>
    states(checkConsensus(network, document, listed, network.genesis + epochs * minute))
  assert.equal(at(3.5), ['ok'])
  assert.equal(at(3.5, true), ['ok'])
  assert.equal(at(3.5, false), ['ok', 'wrong'])
  assert.equal(at(4.5), ['warning'])
  assert.equal(at(6.5), ['wrong'])
})

test('the command: JSON, and 1 for what is wrong, 2 for a mistake in the file', async () => {
  let code = 0
  const out = await silently(async () => {
    code = await perform(['doctor', '--config', file, '--json'])
  })
  const told = JSON.parse(out) as { healthy: boolean; role: string; findings: Finding[] }
  assert.is(code, 1)
  assert.equal([told.healthy, told.role], [false, 'mix'])
  const wrong = told.findings.filter(({ state }) => state === 'wrong')
  assert.equal(wrong.map(({ check }) => check).sort(), ['consensus', 'ports'])
  for (const { says, fix } of wrong) assert.ok(says.length > 0 && (fix ?? '').length > 0)
  mkdirSync(join(folder, 'bad'))
  writeFileSync(join(folder, 'bad', 'mix.toml'), 'lissten = []\n')
  const text = await silently(async () => {
    code = await perform(['doctor', '--config', join(folder, 'bad', 'mix.toml')])
  })
  assert.is(code, 2)
  assert.match(text, /mix\.toml:1: lissten: unknown key, did you mean 'listen'/)
})

test.run()
