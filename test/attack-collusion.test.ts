// npm run attack -- collusion: gateways that work together name who writes to a mailbox, oftener the more of them there
// are and the longer it goes on. Without cover, the control, they name everybody of whom they see both ends.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collusionCurves } from '../trials/attack/collusion.ts'

type Range = readonly [low: number, high: number]

const { named, withoutCover, watched, addresses, chance, messages, gateways } = collusionCurves(3, 2)

test('no gateway, and no message, tells nobody anything', () => {
  for (const curve of [...named, ...withoutCover]) {
    const [low, high] = curve[0] as Range
    assert.ok(low <= chance + 0.03 && high < 0.2, `${low} to ${high}`)
  }
})

test('with cover ten messages name hardly anybody, even where all gateways work together', () => {
  const [low] = (named[0] as readonly Range[])[gateways] as Range
  assert.ok(low < chance + 0.1, String(low))
})

test('a thousand messages are more than a hundred: it adds up', () => {
  const at = (index: number): number => ((named[index] as readonly Range[])[gateways] as Range)[1]
  assert.equal(messages, [10, 100, 1000])
  assert.ok(at(2) > 0.1 && at(2) >= at(0), `${at(0)} ${at(2)}`)
})

test('control: without cover whoever is seen at both ends is named', () => {
  for (const curve of withoutCover.slice(1)) {
    assert.ok((curve.at(-1)?.[0] as number) > 0.9)
    for (const [k, [, high]] of curve.entries()) assert.ok(high >= (watched[k]?.[0] as number) - 0.05, `${k}`)
  }
})

test('the shares of those that are seen are what choosing by lot gives', () => {
  assert.equal(watched[gateways], [1, 1])
  assert.equal(addresses[gateways], [1, 1])
  assert.equal(addresses[1], [0, 0])
  for (const [share, law] of [...watched, ...addresses]) assert.ok(Math.abs(share - law) < 0.3)
})

test.run()
