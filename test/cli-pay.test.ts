// chaffinch pay: the commands of docs/spec/payments-anonymity.md 1.5 and docs/spec/payments-paymix.md 5.9, as far as
// they need no network.
// tier: slow
// needs: dist

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Forecast } from '../payment/person/forecast.ts'
import { makeRequest } from '../payment/person/request.ts'
import { seededRandom } from '../world/random.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-pay-'))
const file = join(folder, 'case.json')

function pay(...args: string[]): { code: number | null; out: string; errors: string } {
  const command = [join(root, 'dist', 'scripts', 'chaffinch.js'), 'pay', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', cwd: root })
  return { code: status, out: stdout, errors: stderr }
}

test.after(() => rmSync(folder, { recursive: true, force: true }))

test('prints interpretations, entropy and links, a row an output', () => {
  writeFileSync(
    file,
    '{"inputs":[["a",10],["b",10]],"outputs":[["A",8],["B",2],["C",3],["D",7]],"maxCjIntrafeesRatio":0}',
  )
  const { code, out } = pay('boltzmann', file, '--json')
  assert.is(code, 0)
  const { interpretations, entropyBits, links } = JSON.parse(out)
  assert.is(interpretations, '3')
  assert.ok(Math.abs(entropyBits - Math.log2(3)) < 1e-12)
  assert.equal(links, [
    [2, 2],
    [2, 2],
    [2, 2],
    [2, 2],
  ])
  assert.match(pay('boltzmann', file).out, /66\.7 %/)
})

test('a file that is no case, no file, and no action: one line, a hint, exit code 2', () => {
  writeFileSync(file, '{"inputs":[["a",10]],"outputs":[["A","x"]]}')
  for (const args of [['boltzmann', file], ['boltzmann', join(folder, 'none')], ['boltzmann'], ['nothing']]) {
    const { code, errors } = pay(...args)
    assert.is(code, 2, errors)
    assert.match(errors, /^chaffinch: /)
  }
})

test('before it signs, send says cost, time and how well it hides, and signs nothing without --yes', () => {
  const wants = { ledger: new Uint8Array(32), amount: 80, deadline: 2 ** 42, memo: 'tea', receipts: '' }
  const request = Buffer.from(makeRequest(wants, seededRandom(1)).request).toString('base64url')
  const { code, out, errors } = pay('send', request, '--peers', '10', '--colluding', '3', '--json')
  assert.is(code, 0)
  assert.match(errors, /nothing was signed/)
  const { forecast, signed } = JSON.parse(out) as { forecast: Forecast; signed: boolean }
  assert.is(signed, false)
  assert.equal(forecast.pieces, [50, 20, 10])
  assert.equal([forecast.cost, forecast.effectiveSet, forecast.linkProbability], [0, 10, 0.1])
  assert.equal(
    forecast.colluding.map(({ effectiveSet }) => effectiveSet),
    [10, 9, 8, 7],
  )
})

test('a target says how many joins that takes; more in each join than are expected is refused', () => {
  const { code, out } = pay('mix', '80', '--target', '65', '--json')
  assert.is(code, 0)
  const { forecast } = JSON.parse(out) as { forecast: Forecast }
  assert.is(forecast.joins, 3, 'eight times eight are 64')
  const once = JSON.parse(pay('mix', '80', '--json').out) as { forecast: Forecast }
  assert.is(once.forecast.joins, 1)
  assert.ok(forecast.time.usualMs > once.forecast.time.usualMs)
  assert.is(pay('mix', '80', '--least', '20', '--json').code, 0, 'as many are expected then')
  for (const args of [
    ['--least', '9', '--peers', '8'],
    ['--least', '2'],
    ['--target', '1'],
  ]) {
    const { code: refused, errors } = pay('mix', '80', ...args)
    assert.is(refused, 2, errors)
  }
  assert.is(pay('mix').code, 2, 'an amount, or a target')
})

test('what is no request, and a client without a ledger, are told in one line', () => {
  assert.match(pay('send', 'rubbish').errors, /this is no request/)
  const { code, errors } = pay('status', '--config', join(folder, 'client.toml'))
  assert.is(code, 2)
  assert.match(errors, /^chaffinch: .*client\.toml/)
})

test.run()
