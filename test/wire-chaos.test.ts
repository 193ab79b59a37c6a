// npm run chaos -- wire: a short version of it. A conversation is what its seed says, every kind of them is drawn,
// broken bytes end no process, and planted defects are found.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defects } from '../trials/chaos-wire/defects.ts'
import {
  bareStages,
  drawConversation,
  endings,
  protocols,
  roles,
  securedStages,
  transports,
} from '../trials/chaos-wire/plan.ts'
import { run } from '../trials/chaos-wire/run.ts'

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

test('a seed says all of a conversation, and a thousand of them are of every kind', () => {
  assert.equal(drawConversation(7), drawConversation(7))
  const drawn = seeds(1000).map(drawConversation)
  const seen = new Set(
    drawn.flatMap(c => [
      c.side,
      c.role,
      c.transport,
      c.stage,
      c.ending,
      c.kind === 'secured' ? c.protocol : '',
    ]),
  )
  for (const kind of [
    ...roles,
    ...transports,
    ...bareStages,
    ...securedStages,
    ...endings,
    ...protocols,
    'listener',
    'dialler',
  ])
    assert.ok(seen.has(kind), kind)
})

test('broken bytes end no process and leave nothing behind', async () => {
  const { conversations, violations, first } = await run({ seeds: seeds(800), defect: undefined })
  assert.equal([conversations, violations, first], [800, 0, undefined])
})

test('sockets whose errors nobody hears are found out', async () => {
  assert.ok(Object.keys(defects).length >= 5)
  const { ended, first } = await run({ seeds: seeds(2000), defect: 'socket-errors-unheard' })
  assert.is(ended, 1)
  assert.match(first?.why ?? '', 'WebSocket')
})

test.run()
