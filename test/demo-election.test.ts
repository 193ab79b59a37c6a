// A small election of real processes, as `chaffinch demo election` holds a larger one; and that its claims are about
// what these processes wrote: each fault that is planted there makes just its claim false.
// needs: dist
// tier: slow

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyId } from '../cascade/signed.ts'
import { definitionIn } from '../roles/mixnet/election-folder.ts'
import type { ElectionReport } from '../scripts/demo/election.ts'
import { settleElection } from '../scripts/demo/election-claims.ts'
import { placesIn, readRecord } from '../simulator/election/index.ts'
import { votersIn } from '../simulator/election/record.ts'
import { electionId, voterOf } from '../voting/index.ts'

const program = join(import.meta.dirname, '..', 'dist', 'scripts', 'chaffinch.js')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-demo-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
const places = placesIn(folder)

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function chaffinch(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

/** Names the claims about what is there now that do not hold. */
const broken = (): string[] =>
  settleElection(readRecord(places)).flatMap(({ id, holds }) => (holds ? [] : [id]))

/** Plants a fault in a file, and says which claims it breaks. */
function planted(file: string, change: (text: string) => string): string[] {
  const before = readFileSync(file)
  writeFileSync(file, change(before.toString('utf8')))
  const found = broken()
  writeFileSync(file, before)
  return found
}

test('an election of processes keeps all that is claimed of it', async () => {
  const { code, out, err } = await chaffinch(
    ...['demo', 'election', '--voters', '4', '--once', '--json', '--dir', folder],
  )
  assert.is(out.trimEnd().split('\n').length, 1, `standard output holds the object only\n${err}`)
  const report = JSON.parse(out) as ElectionReport
  assert.equal(
    report.claims.filter(({ holds }) => !holds),
    [],
    err,
  )
  assert.is(code, 0, err)
  assert.equal([report.voters, report.ballots, report.counted], [4, 5, 4])
  assert.ok(report.verifyMs > 0)
  assert.ok(report.claims.length >= 13)
  assert.equal(broken(), [], 'and the same can be read from the folder again')
})

test('a voter’s name in a mixer’s log is found, and a choice beside a voter’s key', () => {
  const [voter] = votersIn(places.codes) as [string[]]
  const log = places.of('mixer1', 'log')
  assert.equal(
    planted(log, text => `${text}${voter[0]} has voted\n`),
    ['no-choice-with-a-name'],
  )
  assert.equal(
    planted(log, text => `${text}${voter[2]?.toLowerCase()}\n`),
    ['no-choice-with-a-name'],
  )
  const { keyData } = voterOf(electionId(definitionIn(places.board)), voter[2] as string)
  const said = { who: keyId(keyData), chose: 'Hornbeam' }
  assert.equal(
    planted(places.of('controller', 'log'), text => `${text}${JSON.stringify(said)}\n`),
    ['no-choice-with-a-name'],
  )
})

test('votes that were counted otherwise, a receipt that shows nothing, and a log that lost an entry are found', async () => {
  const other = (text: string): string => {
    const voted = JSON.parse(text) as { options: number[] }
    const [a = 0, b = 0, ...rest] = voted.options
    return JSON.stringify({ ...voted, options: [a + 1, b - 1, ...rest] })
  }
  assert.equal(planted(places.voted, other), ['result-is-what-was-voted'])

  const [name] = readdirSync(places.receipts) as [string]
  const file = join(places.receipts, name)
  const receipt = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    receipt.replace(/"index":(\d+)/, (_, index) => `"index":${Number(index) + 1}`),
  )
  const { code, out, err } = await chaffinch('election', 'receipt', places.receipts, places.board, '--json')
  writeFileSync(file, receipt)
  assert.is(code, 1)
  assert.match(err, /receipt: does not show that the log has it/)
  assert.equal(
    planted(places.fates, () => out),
    ['receipts-prove-inclusion'],
  )

  const log = join(places.board, 'log.jsonl')
  assert.ok(planted(log, text => text.split('\n').slice(1).join('\n')).includes('killed-come-back'))
})

test('an auditor who names nobody or refuses, and a changed copy that is accepted, are found', () => {
  const verified = places.of('auditor3', 'verified.json')
  const changed = (text: string, change: object): string =>
    JSON.stringify({ ...(JSON.parse(text) as object), ...change })
  assert.equal(
    planted(verified, text => changed(text, { named: [] })),
    ['cheating-mixer-replaced'],
  )
  assert.equal(
    planted(verified, text => changed(text, { holds: false })),
    ['auditors-accept'],
  )
  const accepted = (text: string): string => {
    const story = JSON.parse(text) as { copies: { change: string; code: number }[] }
    const copies = story.copies.map(each => (each.change === 'proof' ? { ...each, code: 0 } : each))
    return changed(text, { copies })
  }
  assert.equal(planted(places.story, accepted), ['changed-proof-refused'])
})

test('wrong use ends with code 2', async () => {
  const wrong: [string[], RegExp][] = [
    [['--voters', '1'], /^chaffinch: --voters 1: want a whole number from 2 to 2000/],
    [['--voters', 'many'], /^chaffinch: --voters many/],
    [['--dir', folder], /is not empty\n/],
    [['--part', 'voters'], /want --dir FOLDER/],
    [['--fly'], /unknown option '--fly'/],
  ]
  for (const [args, says] of wrong) {
    const { code, out, err } = await chaffinch('demo', 'election', '--once', ...args)
    assert.is(code, 2, args.join(' '))
    assert.match(err, says)
    assert.is(out, '')
  }
})

test.run()
