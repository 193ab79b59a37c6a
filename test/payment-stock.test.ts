// docs/spec/payments-paymix.md 5.11: a stock of standard notes, and what a payment is made of.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { denominations, isDenomination, split } from '../payment/denominations.ts'
import { broken, choose, merged, type Stocked, toBreak } from '../payment/person/stock.ts'

const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0)
const notes = (...all: number[]): Stocked[] =>
  all.map((denomination, i) => ({ denomination, origin: String(i), hidden: 1 }))
const stockOf = (...all: number[]): number[] => {
  let held = notes(...all)
  for (let next = toBreak(held); next !== null; next = toBreak(held)) {
    const left = held.filter(one => one !== next)
    held = notes(...left.map(({ denomination }) => denomination), ...broken(next.denomination))
  }
  return held.map(({ denomination }) => denomination).sort((a, b) => b - a)
}

test('every note is broken into standard notes of its worth', () => {
  for (const denomination of denominations.slice(1)) {
    const parts = broken(denomination)
    assert.ok(parts.every(isDenomination))
    assert.is(sum(parts), denomination)
  }
})

test('a stock comes to an end, keeps its worth, and pays every amount below its top decade without an exchange', () => {
  for (const all of [[50_000], [10_000, 10_000], [500, 20], [1], [2, 2], [100]]) {
    const stock = stockOf(...all)
    assert.is(sum(stock), sum(all))
    const top = 10 ** Math.floor(Math.log10(sum(all) / 10) + 1e-9)
    for (let amount = 1; amount < top; amount++)
      assert.is(choose(amount, notes(...stock))?.exchange, null, `${amount} of ${stock}`)
  }
  assert.equal(stockOf(100), [50, 20, 20, 5, 2, 2, 1])
})

test('what a stock breaks has nothing to do with what is paid', () => {
  const before = notes(50_000)
  const next = toBreak(before)
  assert.is(next?.denomination, 50_000)
  assert.equal(broken(50_000), [20_000, 20_000, 10_000])
})

test('a choice pays exactly the amount, spends nothing twice and makes what it spends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...denominations.slice(0, 14)), { maxLength: 12 }),
      fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
      fc.integer({ min: 1, max: 60_000 }),
      (all, origins, amount) => {
        const held = all.map((denomination, i) => ({
          denomination,
          origin: String(origins[i]),
          hidden: 1 + (i % 3),
        }))
        const choice = choose(amount, held)
        if (choice === null) return assert.ok(sum(all) < amount)
        const { whole, exchange, made } = choice
        const spent = [...whole, ...(exchange?.spends ?? [])]
        assert.is(new Set(spent).size, spent.length)
        assert.equal(
          [...whole.map(({ denomination }) => denomination), ...made].sort((a, b) => b - a),
          split(amount),
        )
        if (exchange === null) return
        assert.is(sum(exchange.makes), sum(exchange.spends.map(({ denomination }) => denomination)))
        assert.ok(exchange.makes.every(isDenomination))
        const left = [...exchange.makes]
        for (const one of made) assert.is.not(left.splice(left.indexOf(one), 1)[0], undefined)
      },
    ),
  )
})

test('notes of several origins are put together only when no single note and no single origin will do', () => {
  const of = (origin: string, ...all: number[]): Stocked[] =>
    all.map(denomination => ({ denomination, origin, hidden: 1 }))
  const single = choose(7, [...of('a', 20), ...of('b', 5), ...of('c', 1)])
  assert.is(single?.exchange?.spends.length, 1)
  const one = choose(10, [...of('a', 5, 2, 2, 1), ...of('b', 5), ...of('c', 2)])
  assert.is(one === null ? 0 : merged(one), 1)
  const several = choose(10, [...of('a', 5), ...of('b', 5)])
  assert.is(several === null ? 0 : merged(several), 2)
})

test('what hides best is spent first', () => {
  const held = [
    { denomination: 5, origin: 'a', hidden: 1 },
    { denomination: 5, origin: 'b', hidden: 9 },
  ]
  assert.is(choose(5, held)?.whole[0]?.origin, 'b')
})

test.run()
