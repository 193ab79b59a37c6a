// The parts of a message's way that `npm run bench -- client` prints: together they are all of its time.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LedgerEntry } from '../client/index.ts'
import { partsOf, summary } from '../trials/bench/client-parts.ts'

const id = 'a'
const sent = (at: number, attempt: number, drawnMs: number): LedgerEntry => ({
  at,
  event: 'sent',
  id,
  fragment: 0,
  attempt,
  path: ['hop'],
  drawnMs,
})
const ledger: readonly LedgerEntry[] = [
  { at: 1000, event: 'accepted', id, count: 1 },
  sent(1080, 1, 200),
  { at: 1700, event: 'received', id, fragment: 0, attempt: 1 },
  { at: 1705, event: 'delivered', id },
]
const asked = [
  { at: 1200, answeredAt: 1240 },
  { at: 1600, answeredAt: 1640 },
  { at: 1702, answeredAt: 1740 },
]

test('clock, path, mailbox and reading are all of the time between send and the app', () => {
  const parts = partsOf(ledger, asked)
  assert.equal(parts, { clock: 80, drawn: 200, path: 0, mailbox: 320, reading: 105 })
  assert.is(
    Object.values(parts as object).reduce((sum, part) => sum + part, 0),
    705,
  )
})

test('a retransmission counts as the path', () => {
  const again = [...ledger.slice(0, 2), sent(1400, 2, 100), ...ledger.slice(2)].map(entry =>
    entry.event === 'received' ? { ...entry, attempt: 2 } : entry,
  )
  assert.equal(partsOf(again, asked), { clock: 80, drawn: 100, path: 320, mailbox: 100, reading: 105 })
})

test('what has not come has no parts; the summary has medians of the others', () => {
  assert.is(partsOf(ledger.slice(0, 2), asked), undefined)
  const parts = [100, 300, 200].map(mailbox => ({ clock: 50, drawn: 200, path: 0, mailbox, reading: 20 }))
  const { messages, mailbox, added, addedP90, total } = summary(parts)
  assert.equal(
    { messages, mailbox, added, addedP90, total },
    { messages: 3, mailbox: 200, added: 220, addedP90: 220, total: 470 },
  )
})

test.run()
