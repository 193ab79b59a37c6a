// The live table of a local network, at the sizes that terminals have. docs/guide/live-table.md.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columns } from '../scripts/columns.ts'
import { newRates } from '../scripts/network/picture.ts'
import { frame, sparkline, type TableState } from '../scripts/network/table.ts'
import { screen } from '../scripts/terminal/screen.ts'
import { sample, tablePage } from '../scripts/tools/table-page.ts'

const broken: TableState = {
  ...sample,
  claims: (sample.claims ?? []).map(claim => ({ ...claim, holds: claim.id !== 'replies-arrived' })),
}

test('the page shows the table as it is drawn', () => {
  assert.is(readFileSync(join(import.meta.dirname, '..', 'docs/guide/live-table.md'), 'utf8'), tablePage())
})

for (const [width, height] of [
  [80, 24],
  [120, 45],
] as const)
  test(`at ${width} x ${height} every node and every client is there, and what happens now`, () => {
    const lines = frame(sample, width, height)
    const text = lines.join('\n')
    for (const { name } of [...sample.nodes, ...sample.clients]) assert.match(text, new RegExp(`\\b${name} `))
    assert.match(text, sample.now)
    assert.match(text, 'sent 12 of 12  read 12  replies 12')
    assert.match(text, `sh ${sample.tryFile}`)
    assert.not.match(text, ' more')
    assert.ok(lines.length < height)
    for (const line of lines) assert.ok(line.length <= width && !/\.\.\.|…/.test(line), line)
    assert.match(text, /mix-1 .* 3 +client-1 +up +0 +2 +4$/m)
  })

test('nothing moves from its line: a network that starts has the same order', () => {
  const starting: TableState = {
    ...sample,
    consensus: undefined,
    claims: undefined,
    tryFile: undefined,
    latency: undefined,
    nodes: sample.nodes.map(node => ({ ...node, state: 'starting', rates: [] })),
  }
  const rowOf = (state: TableState, name: string): number =>
    frame(state, 80, 24).findIndex(line => line.includes(`${name} `))
  for (const name of ['authorities', 'mix-0', 'gateway-1', 'client-5', 'messages'])
    assert.is(rowOf(starting, name), rowOf(sample, name), name)
})

test('a broken claim is shown where there is room for few, and all where there is room for all', () => {
  const small = frame(broken, 80, 24).join('\n')
  assert.match(small, '12 claims hold, 1 broken')
  assert.match(small, 'BROKEN  replies-arrived')
  const large = frame(broken, 120, 45).join('\n')
  for (const { id } of broken.claims ?? []) assert.match(large, id)
})

test('it fits every terminal', () => {
  for (const width of [1, 20, 60, 79, 80, 100, 200])
    for (const height of [1, 2, 10, 18, 20, 24, 50]) {
      const lines = frame(broken, width, height)
      assert.ok(lines.length <= Math.max(1, height - 1), `${lines.length} lines of ${height}`)
      for (const line of lines) assert.ok(line.length <= width, `${width}: ${line}`)
    }
})

test('colours say what is well and what is not, and without them the text is the same', () => {
  const coloured = frame(broken, 120, 45, true)
  const plain = frame(broken, 120, 45)
  assert.equal(
    coloured.map(line => stripVTControlCharacters(line).trimEnd()),
    plain,
  )
  assert.ok(coloured.some(line => line.includes('\x1b[31mBROKEN')))
  assert.ok(coloured.some(line => line.includes('\x1b[31mdead')))
  assert.not.match(plain.join(''), '\x1b')
})

test('a sparkline has its highest bar where the rate was highest', () => {
  assert.is(sparkline([0, 1, 4, 8], 4), ' ▁▄█')
  assert.is(sparkline([9, 1, 8], 2), '▁█')
  assert.is(sparkline([], 3), '   ')
})

test('rates are a number for each second, and a process that starts again begins anew', () => {
  const rates = newRates()
  rates.note('mix-0', 100, 0)
  rates.note('mix-0', 150, 500)
  rates.note('mix-0', 300, 1000)
  rates.note('mix-0', 0, 2000)
  rates.note('mix-0', 50, 3000)
  assert.equal(rates.of('mix-0'), [200, 50])
  assert.equal(rates.of('mix-1'), [])
})

test('numbers stand to the right, words to the left', () => {
  assert.equal(
    columns(
      ['name', 'n'],
      [
        ['a', 5],
        ['long', 100],
      ],
    ),
    ['name    n', 'a       5', 'long  100'],
  )
})

/** A terminal of 80 x 24 that remembers what was written. */
function terminal(): { readonly stream: NodeJS.WriteStream; taken(): string } {
  let written = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  return {
    stream: Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream,
    taken() {
      const text = written
      written = ''
      return text
    },
  }
}

test('the screen writes the lines that changed, and gives the terminal back with its last picture', () => {
  const exits = process.listenerCount('exit')
  const { stream, taken } = terminal()
  const drawn = screen(stream)
  assert.match(taken(), '\x1b[?1049h')
  drawn.draw(['one', 'two', 'three'])
  assert.match(taken(), 'one\ntwo\nthree')
  drawn.draw(['one', 'zwei', 'three'])
  const changed = taken()
  assert.match(changed, 'zwei')
  assert.not.match(changed, 'one')
  assert.not.match(changed, 'three')
  // A terminal of another width is drawn anew
  stream.emit('resize')
  drawn.draw(['one', 'zwei', 'three'])
  assert.match(stripVTControlCharacters(taken()), /^one\nzwei\nthree\n$/)
  drawn.close()
  assert.ok(taken().endsWith('\x1b[?1049lone\nzwei\nthree\n'))
  assert.is(process.listenerCount('exit'), exits)
})

test('a process that ends at once leaves the terminal as it was', () => {
  const before = new Set(process.listeners('exit'))
  const { stream, taken } = terminal()
  screen(stream).draw(['one'])
  const [ending] = process.listeners('exit').filter(listener => !before.has(listener))
  taken()
  ending?.call(process, 0)
  assert.match(taken(), '\x1b[?1049l')
})

test.run()
