import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columns } from '../scripts/columns.ts'
import { frame, screen, type TableState } from '../scripts/network/table.ts'

const state: TableState = {
  epoch: 3,
  epochLeftMs: 11_200,
  late: undefined,
  consensus: { hash: 'ab'.repeat(32), signers: 3, of: 3 },
  authorities: [
    { name: 'authority-0', state: 'descriptors' },
    { name: 'authority-1', state: 'dead' },
  ],
  nodes: Array.from({ length: 8 }, (_, i) => ({
    name: i < 6 ? `mix-${i}` : `gateway-${i - 6}`,
    role: i < 6 ? 'mix' : 'gateway',
    layer: i < 6 ? i % 3 : -1,
    state: i === 4 ? 'dead' : 'up',
    held: i,
    forwarded: 1000 * i,
    dropped: i === 2 ? { REPLAY: 2, LATE: 0 } : {},
  })),
  clients: [{ name: 'client-0', state: 'up', queued: 500, sent: 2, stored: 1, read: 0 }],
  messages: { sent: 2, read: 1, replies: 0, of: 12 },
  latency: { drawnMs: 251.4, totalMs: 900 },
  notes: [`curl -d '${'x'.repeat(200)}' http://127.0.0.1:7700/messages`],
  events: ['12.0 s  mix-4 was killed'],
  claims: undefined,
}

test('it shows what the network is doing', () => {
  const text = frame(state, 100, 50).join('\n')
  assert.match(text, 'epoch 3  12 s left  consensus abababababababab  signed by 3 of 3')
  assert.match(text, 'authority-1 dead')
  assert.match(text, /mix-2 +mix +2 +up +2 +2000 +REPLAY 2\n/)
  assert.match(text, /gateway-0 +gateway +- +up/)
  assert.match(text, 'sent 2 of 12  read 1  replies 0   latency p50  drawn 251 ms  measured 900 ms')
})

test('no line is wider than the terminal but the ones to copy', () => {
  for (const width of [20, 40, 80]) {
    for (const line of frame(state, width, 50)) {
      assert.ok(line.length <= width || line.startsWith('curl'), line)
    }
  }
  assert.ok(frame(state, 20, 50).some(line => line === state.notes[0]))
})

test('it fits the height of the terminal, and says what it left out', () => {
  for (const height of [18, 20, 24, 50]) {
    const lines = frame(state, 120, height)
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 120)), 0)
    assert.ok(rows < height, `${rows} rows of ${height}`)
  }
  assert.match(frame(state, 120, 20).join('\n'), /\.\.\. \d+ more/)
})

test('claims are shown as they settled', () => {
  const claims = [
    { id: 'counters-sum', holds: true, measured: true, value: 1 },
    { id: 'stopped-clean', holds: false, measured: true, value: 1 },
  ]
  const text = frame({ ...state, claims }, 100, 60).join('\n')
  assert.match(text, 'holds   counters-sum')
  assert.match(text, 'BROKEN  stopped-clean')
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

test('the screen is drawn in one write and given back with its last picture', () => {
  const written: string[] = []
  const drawn = screen({ write: text => written.push(text) })
  drawn.draw(['one', 'two'])
  drawn.close()
  assert.is(written.length, 3)
  assert.is(written[1], '\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J')
  assert.match(written[2] as string, /\?25h.*one\ntwo\n$/s)
})

test.run()
