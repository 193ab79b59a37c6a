// docs/record/payment-faults.md: every script that broke payments stands there once, and the tests and planted defects
// that it names are there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defects } from '../trials/chaos-payment/defects.ts'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/record/payment-faults.md'), 'utf8')
const scripts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 30, 31, 32, 33, 34]

test('each script stands there once, in order', () => {
  const numbers = [...page.matchAll(/^\| (\d\d)-[a-z0-9-]+ \|/gm)].map(match => Number(match[1]))
  assert.equal(numbers, scripts)
})

test('every test that it names is there', () => {
  const named = [...page.matchAll(/`([\w-]+\.test\.ts)` "([^"]+)"/g)]
  assert.ok(named.length > 2 * scripts.length)
  for (const [, file, title] of named) {
    const text = readFileSync(join(root, 'test', file as string), 'utf8')
    const isThere = [`'${title}`, `"${title}`].some(start => text.includes(start))
    assert.ok(isThere, `${file}: ${title}`)
  }
})

test('every defect that it names can be planted', () => {
  const rows = page.split('\n').filter(line => /^\| \d\d-/.test(line))
  const named = rows.flatMap(row => [...(row.split(/defects? /)[1] ?? '').matchAll(/`([a-z-]+)`/g)])
  assert.ok(named.length > 7)
  for (const [, name] of named) assert.ok(Object.hasOwn(defects, name as string), name)
})

test.run()
