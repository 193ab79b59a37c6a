// npm run attack -- traffic: in rounds with batching, padding and dummies the writer of a message is named as often as
// by chance; with each of them off more often, which is the control.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { guessSenders } from '../trials/attack/rounds-model.ts'
import { trafficAttack } from '../trials/attack/traffic.ts'

test('every defence, one and two corrupt mixes: chance; each defence off, or all mixes: the control succeeds', () => {
  const { success, chance, holds, messages } = trafficAttack(4, 1)
  assert.ok(holds, JSON.stringify(success))
  assert.is(chance, 0.1)
  assert.ok(messages > 3000)
  assert.equal(success.batchingOff, [1, 1])
  assert.equal(success.allCorrupt, [1, 1])
})

test('with fewer clients chance is greater, and without anybody else the writer is known', () => {
  const all = { batching: true, padding: true, dummies: true, corrupt: 0 }
  const share = (clients: number): number => {
    const { right, messages } = guessSenders({ clients, rounds: 800, speaks: 0.5, seed: 3 }, all)
    return right / messages
  }
  assert.is(share(1), 1)
  assert.ok(Math.abs(share(2) - 0.5) < 0.06)
  assert.ok(Math.abs(share(5) - 0.2) < 0.04)
})

test.run()
