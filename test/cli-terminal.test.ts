// What the command line does with a terminal: bars of progress, tables, colours, and the words behind Ctrl-C; and that
// it does nothing of it where there is none.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columns } from '../scripts/columns.ts'
import { isColoured } from '../scripts/terminal/paint.ts'
import { paceOf, progressOf } from '../scripts/terminal/progress.ts'

/** A terminal that keeps what is drawn on it. */
function terminal(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly drawn: () => string } {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return {
    stream: Object.assign(stream, { isTTY, columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream,
    drawn: () => chunks.join(''),
  }
}

test('progress: a bar with size, rate and the time that is left', () => {
  const { stream, drawn } = terminal(true)
  let now = 1000
  const progress = progressOf(5_000_000, stream, () => now)
  now += 10_000
  progress.show(0.25)
  progress.end()
  assert.match(drawn(), /━{7,8}─{22,23} 25 % {2}5\.0 MB {2}125 kB\/s {2}30s left/)
})

test('where there is no terminal, nothing is drawn', () => {
  const { stream, drawn } = terminal(false)
  const progress = progressOf(5_000_000, stream, () => 0)
  progress.show(0.5)
  progress.end()
  assert.is(drawn(), '')
})

test('a rate and the time left are said once something has arrived, and no time once all has', () => {
  assert.equal(paceOf(0, 999, 5000), { size: '999 B', rate: '', left: '' })
  assert.equal(paceOf(0.5, 200_000, 10_000), { size: '200 kB', rate: '10.0 kB/s', left: '10s left' })
  assert.equal(paceOf(1, 2000, 1000), { size: '2.0 kB', rate: '2.0 kB/s', left: '' })
})

test('a table is as wide as what is seen: a colour takes no room, a wide letter two columns', () => {
  const rows = [
    ['\u001b[31mwrong\u001b[39m', 1],
    ['ok', 200],
    ['鳥', 3],
  ] as const
  assert.equal(columns(['state', 'n'], rows), [
    'state    n',
    '\u001b[31mwrong\u001b[39m    1',
    'ok     200',
    '鳥       3',
  ])
  assert.equal(columns(['', ''], [['a', 'b']]).slice(1), ['a  b'])
})

test('colours are for terminals that have them, unless NO_COLOR says none', () => {
  const of = (isTTY: boolean, has: boolean): boolean =>
    isColoured({ isTTY, hasColors: () => has } as unknown as NodeJS.WriteStream)
  assert.equal([of(true, true), of(true, false), of(false, true)], [true, false, false])
})

test('Ctrl-C while a command waits: it says what goes on, and ends as a shell has it', async () => {
  const module = join(import.meta.dirname, '..', 'scripts', 'terminal', 'interrupt.ts')
  const script = `const { orInterrupted } = await import(${JSON.stringify(module)})
    await orInterrupted(() => 'it goes on', () => new Promise(() => { console.log('waits'); setInterval(() => {}, 1000) }))`
  const flags = ['--conditions=chaffinch-source', '--import', 'tsx', '--input-type=module', '-e', script]
  const child = spawn(process.execPath, flags, { cwd: join(import.meta.dirname, '..') })
  let said = ''
  child.stderr.on('data', chunk => {
    said += String(chunk)
  })
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.is(said, '\nchaffinch: it goes on\n')
  assert.is(code, 130)
})

test.run()
