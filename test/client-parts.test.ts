// Fragments that lie in a client's store until the rest of theirs has come (docs/spec/client-store.md 11).

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readPart, writePart } from '../client/incoming/arrivals.ts'
import { type Kind, laneOf } from '../client/packets/fragments.ts'

const kinds: Readonly<Record<Kind, true>> = {
  ...{ message: true, blocks: true, receipt: true, moved: true },
  ...{ reply: true, read: true, refill: true, received: true },
}

test('a fragment of every kind is read as it was written, so that a store that is left in the midst of one opens', () => {
  for (const kind of Object.keys(kinds) as Kind[]) {
    const conversation = laneOf(kind) === 'reply' ? 'ab'.repeat(16) : undefined
    const data = Uint8Array.of(1, 2, 3)
    const fragment = { kind, id: new Uint8Array(16), index: 1, count: 3, attempt: 1, data }
    const operation = writePart('00', {
      ...fragment,
      ...(conversation === undefined ? {} : { conversation }),
    })
    assert.is(operation.type, 'put')
    if (operation.type === 'put')
      assert.equal(readPart(operation.value), { kind, count: 3, conversation, data })
  }
})

test.run()
