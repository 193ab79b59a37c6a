// docs/record/first-hour.md: every point of the first hour stands there once, and what it names is there.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/record/first-hour.md'), 'utf8')
const points = 38

test('each point stands there once, in order', () => {
  const numbers = [...page.matchAll(/^\| (\d+) \|/gm)].map(match => Number(match[1]))
  assert.equal(
    numbers,
    Array.from({ length: points }, (_, i) => i + 1),
  )
})

test('every test and script that it names is there', () => {
  const tests = [...page.matchAll(/`(test\/[\w.-]+)`/g)].map(match => match[1] as string)
  assert.ok(tests.length > points)
  for (const name of tests) assert.ok(existsSync(join(root, name)), name)
  const gate = readFileSync(join(root, '.ci/run'), 'utf8')
  for (const [, step] of page.matchAll(/the step `([^`]+)`/g)) assert.ok(gate.includes(`\n${step}\n`), step)
})

test.run()
