// npm run trial -- reference: it answers every question of a file, says why it has no answer, and fails when a value
// that the file carries is another.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

interface Asked {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

function ask(...checks: readonly object[]): Asked {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-reference-'))
  const file = join(folder, 'questions.json')
  writeFileSync(file, JSON.stringify({ checks }))
  const program = [
    '--conditions=chaffinch-source',
    '--import',
    'tsx',
    'trials/trial.ts',
    'reference',
    file,
    '--json',
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return { status, out: stdout, err: stderr }
}

const closed = {
  id: 'one',
  group: 'threshold mix',
  kind: 'closed',
  params: { n: 10, arrival_rate: 2 },
  quantity: 'entropy_bits,mean_delay_s,attacker_msgs_n_minus_1',
}
const drawn = {
  id: 'two',
  group: 'timed-pool',
  kind: 'mc',
  params: { lamT: 5, f: 5 },
  quantity: 'message-averaged sender entropy bits; mean delay in periods; mean pool before flush',
}

test('it answers with values and standard errors, and says what it has no model for', () => {
  const unknown = { ...closed, id: 'three', group: 'weather' }
  const { status, out } = ask(
    closed,
    { ...drawn, value: [4.3931, 1.5005, 9.998], tolerance: [0.02, 0.03, 0.5] },
    unknown,
  )
  assert.is(status, 0)
  const { answers } = JSON.parse(out)
  assert.equal(answers.one, { value: [Math.log2(10), 2.25, 9], se: [0, 0, 0] })
  assert.is(answers.two.value.length, 3)
  for (const error of answers.two.se) assert.ok(error > 0 && error < 0.05)
  assert.equal(answers.three, { absent: 'no model for such a question' })
})

test('a value that is not right fails it, and one without a tolerance is no check', () => {
  const { status, err } = ask({ ...closed, value: [3.5, 2.25, 9], tolerance: 1e-9 })
  assert.is(status, 1)
  assert.match(err, /^one\[0\]: expected 3\.5 within 1e-9, got 3\.32/m)
  assert.is(ask({ ...closed, value: [3.5, 2.25, 9], tolerance: null }).status, 0)
  const relative = { ...closed, value: [3.5, 2.25, 9], tolerance: 0.1, tolerance_is_relative: true }
  assert.is(ask(relative).status, 0)
})

test.run()
