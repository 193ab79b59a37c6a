// docs/spec/client-replies.md 7.7: reply blocks as one string.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { readSurbs, surbPrefix, writeSurbs } from '../client/packets/surb.ts'
import { geometry } from '../sphinx/geometry.ts'
import { codeOf } from './refusals.ts'

const g = geometry({ suite: 'x25519', hops: 3, userBytes: 200 })
const blocks = fc
  .array(fc.record({ epoch: fc.nat({ max: 2 ** 32 - 1 }), byte: fc.nat({ max: 255 }) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map(all => all.map(({ epoch, byte }) => ({ epoch, block: new Uint8Array(g.replyBlockBytes).fill(byte) })))
const conversation = fc.uint8Array({ minLength: 16, maxLength: 16 })

const code = (run: () => unknown): string => codeOf(run, ClientError)

test('what is written reads back, in its own network only', () => {
  fc.assert(
    fc.property(conversation, blocks, (id, of) => {
      const text = writeSurbs(g, { conversation: id, blocks: of }, 'demo')
      assert.equal(readSurbs(g, ` ${text}\n`, 'demo'), { conversation: id, blocks: of })
      assert.is(
        code(() => readSurbs(g, text, 'other')),
        'WRONG_NETWORK',
      )
    }),
  )
})

test('one wrong character is always noticed', () => {
  const block = new Uint8Array(g.replyBlockBytes)
  const text = writeSurbs(g, { conversation: new Uint8Array(16), blocks: [{ epoch: 3, block }] }, 'demo')
  fc.assert(
    fc.property(
      fc.nat({ max: text.length - 1 }),
      fc.constantFrom('a', 'z', '2', '7', 'A', '-'),
      (at, other) => {
        fc.pre(text[at] !== other)
        assert.is(
          code(() => readSurbs(g, text.slice(0, at) + other + text.slice(at + 1), 'demo')),
          'BAD_SURB',
        )
      },
    ),
  )
})

test('any text gives blocks or an error of this folder', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      assert.is(
        code(() => readSurbs(g, surbPrefix + text, 'demo')),
        'BAD_SURB',
      )
    }),
  )
})

test.run()
