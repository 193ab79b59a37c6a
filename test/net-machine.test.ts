// Epochs of a local network on a machine that is slow or busy: docs/guide/running.md and `npm start`.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { largeUserBytes, longestMessage, usualEpochMs, usualOptions } from '../simulator/processes/index.ts'
import { epochFor, slowness, spared } from '../simulator/processes/machine.ts'
import { payloadPerMinute, readPerMinute, settleWithinMs } from '../simulator/processes/rates.ts'

test('a machine that carries the usual epochs keeps them, one that does not gets longer ones', () => {
  for (const slow of [0, 0.5, 1, spared, Number.NaN]) assert.is(epochFor(15_000, slow), 15_000)
  assert.is(epochFor(15_000, 2 * spared), 30_000)
  assert.is(epochFor(15_000, 2 * spared + 0.01), 31_000)
  assert.is(epochFor(15_000, 1000), 120_000)
  assert.is(epochFor(15_000, Number.POSITIVE_INFINITY), 120_000)
})

test('epochs that were long already are not shortened', () => {
  assert.is(epochFor(150_000, 100), 150_000)
})

test('what is measured is a number over zero', async () => {
  assert.ok((await slowness()) > 0)
})

test('the longest message of the usual run is 512 KiB, and shorter epochs have a shorter one', () => {
  assert.is(longestMessage(usualOptions), 2 ** 19)
  assert.is(longestMessage({ ...usualOptions, epochMs: 60_000 }), 2 ** 19)
  assert.ok(longestMessage({ ...usualOptions, epochMs: 5000 }) < 2 ** 18)
})

test('large packets are fewer: what 512 KiB takes to leave is less, and the cores have less to carry', () => {
  const large = { ...usualOptions, userBytes: largeUserBytes }
  assert.is(longestMessage(large), 2 ** 19)
  assert.is(payloadPerMinute(large), 600)
  assert.is(payloadPerMinute(usualOptions), 1500)
  assert.ok(
    payloadPerMinute(large) * largeUserBytes > 1.5 * payloadPerMinute(usualOptions) * usualOptions.userBytes,
  )
})

test('on a slow machine a client sends and reads less often, and in the longer epochs still 512 KiB', () => {
  for (const slow of [2.5, 3, 5, 10]) {
    const options = { ...usualOptions, userBytes: largeUserBytes, slow, epochMs: epochFor(15_000, slow) }
    assert.is(payloadPerMinute(options), Math.round(600 * Math.min(1, spared / slow)))
    assert.ok(readPerMinute(options) >= 90 && readPerMinute(options) <= 240)
    assert.is(longestMessage(options), 2 ** 19, `${slow}`)
  }
})

test('a run is given up only after its longest message could leave twice, however slow the machine is', () => {
  for (const slow of [1, 3, 10, 25, 100]) {
    const options = { ...usualOptions, userBytes: largeUserBytes, slow, epochMs: epochFor(15_000, slow) }
    const fragments = longestMessage(options) / (0.9 * largeUserBytes)
    const leaveMs = (fragments / payloadPerMinute(options)) * 60_000
    assert.ok(settleWithinMs(options, false) > 2 * leaveMs, `${slow}: ${leaveMs} ms to leave`)
    assert.ok(settleWithinMs(options, true) > settleWithinMs(options, false))
  }
})

test('many clients share what two cores carry', () => {
  const large = { ...usualOptions, userBytes: largeUserBytes }
  assert.is(payloadPerMinute({ ...large, clients: 20 }), 240)
  assert.is(payloadPerMinute({ ...usualOptions, clients: 20 }), 450)
})

test('many clients have longer epochs', () => {
  assert.is(usualEpochMs(6), 30_000)
  assert.is(usualEpochMs(30), 75_000)
})

test.run()
