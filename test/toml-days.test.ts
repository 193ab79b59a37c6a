// A day that its month does not have is refused wherever people write one; the parser alone gives another day for it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { parse, type TomlDate } from 'smol-toml'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../encoding/command-line.ts'
import { missingDay } from '../encoding/toml-days.ts'
import { readNetwork } from '../roles/files/read.ts'
import { init } from '../scripts/election/prepare.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-days-'))
test.after(() => rmSync(folder, { recursive: true }))

const told = (text: string): string | undefined => missingDay(text, parse(text))

const missing = ['2026-02-29', '2026-02-30', '2026-02-31', '2026-04-31', '2100-02-29']

test('a day that is none is found, in a time of any zone, a list, a table, and beside the day that it turns into', () => {
  for (const day of missing) {
    for (const rest of ['', 'T12:00:00', 'T12:00:00Z', ' 23:30:00.5-11:00', 't00:30:00+14:00'])
      assert.is(told(`a = ${day}${rest}\n`), day)
    assert.is(told(`a = [2026-01-31, ${day}]\n[b]\nc = 2024-02-29\n`), day)
    assert.is(told(`[a]\nb = { c = ${day}T00:00:00Z }\n`), day)
  }
  assert.is(told('opens_at = 2026-03-02T12:00:00Z\ncloses_at = 2026-02-30T12:00:00Z\n'), '2026-02-30')
})

test('control: the parser alone takes each for another day', () => {
  for (const day of missing)
    assert.not((parse(`a = ${day}`)['a'] as TomlDate).toISOString().startsWith(day), day)
})

test('every day that there is is left as it is, and so is what only looks like one', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), date => {
      const time = date.toISOString()
      assert.is(told(`a = ${time}\nb = ${time.slice(0, 10)}\nc = ${time.slice(11, 19)}\n`), undefined)
    }),
  )
  assert.is(told('a = "2026-02-30" # 2026-04-31\nb = 2026-01-31T23:59:59-11:00\n'), undefined)
})

test('a network begins on no such day, and an election neither opens nor closes on one', () => {
  const file = join(folder, 'file.toml')
  const refusal = (text: string, run: () => unknown): string => {
    writeFileSync(file, text)
    try {
      run()
    } catch (error) {
      assert.instance(error, CommandError)
      return (error as Error).message
    }
    return 'taken'
  }
  const network = 'name = "demo"\ngenesis = 2026-02-30T12:00:00Z\n'
  assert.match(
    refusal(network, () => readNetwork(file)),
    /file\.toml:2: 2026-02-30 is no day/,
  )
  for (const key of ['opens_at', 'closes_at'])
    assert.match(
      refusal(`${key} = 2026-04-31T12:00:00Z\n`, () => init(join(folder, 'election'), { from: file })),
      /file\.toml: 2026-04-31 is no day/,
    )
})

test.run()
