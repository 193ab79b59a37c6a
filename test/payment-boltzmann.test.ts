// docs/spec/payments-anonymity.md 1: interpretations and links, against published cases and against a search through
// all readings.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { boltzmann, intrafees, type MeasuredCase } from '../payment/anonymity/boltzmann.ts'
import { payBoltzmann, readCase } from '../payment/anonymity/boltzmann-json.ts'
import { PaymentError, type PaymentErrorCode } from '../payment/error.ts'
import { boltzmannCases } from '../trials/conformance/boltzmann.ts'

const published = join(import.meta.dirname, '..', '..', 'shared', 'vectors', 'boltzmann.json')

function refused(code: PaymentErrorCode, run: () => unknown, why?: RegExp): void {
  try {
    run()
  } catch (error) {
    assert.instance(error, PaymentError)
    assert.is((error as PaymentError).code, code)
    if (why !== undefined) assert.match((error as Error).message, why)
    return
  }
  assert.unreachable(`want ${code}`)
}

/** All partitions of n things: the block number of each. */
function* partitions(n: number, blocks: number[] = []): Generator<number[]> {
  if (blocks.length === n) {
    yield blocks
    return
  }
  const next = Math.max(-1, ...blocks) + 1
  for (let block = 0; block <= next; block++) yield* partitions(n, [...blocks, block])
}

/** The definition of docs/spec/payments-anonymity.md 1.2, reading by reading. */
function search(transaction: MeasuredCase): { interpretations: bigint; links: bigint[][] } {
  const { inputs, outputs } = transaction
  const { maker, taker } = intrafees(transaction)
  const sum = (amounts: readonly number[]): number => amounts.reduce((a, b) => a + b, 0)
  const most = sum(inputs) - sum(outputs) + taker
  const links = outputs.map(() => inputs.map(() => 0n))
  let interpretations = 0n
  for (const blockOf of partitions(inputs.length)) {
    const kept = inputs.map(() => 0)
    inputs.forEach((amount, i) => {
      kept[blockOf[i] as number] = (kept[blockOf[i] as number] as number) + amount
    })
    const blocks = Math.max(...blockOf) + 1
    for (let code = 0; code < blocks ** outputs.length; code++) {
      const paidBy = outputs.map((_, o) => Math.floor(code / blocks ** o) % blocks)
      const rest = kept.slice(0, blocks)
      outputs.forEach((amount, o) => {
        rest[paidBy[o] as number] = (rest[paidBy[o] as number] as number) - amount
      })
      if (rest.some(left => left < -maker || left > most)) continue
      interpretations++
      for (const [o, row] of links.entries()) {
        for (const i of inputs.keys()) if (blockOf[i] === paidBy[o]) row[i] = (row[i] as bigint) + 1n
      }
    }
  }
  return { interpretations, links }
}

test('published cases', () => {
  if (!existsSync(published)) {
    console.log('skipped: no published cases in ../shared/vectors')
    return
  }
  const checks = boltzmannCases(published)
  assert.ok(checks.length > 20)
  assert.equal(
    checks.filter(check => !check.ok),
    [],
  )
})

test('links stand in the order of the inputs and outputs given', () => {
  const { interpretations, links } = boltzmann({ inputs: [2, 10, 10], outputs: [8, 2, 2, 8, 2] })
  assert.is(interpretations, 28n)
  const [large, small] = [
    [7n, 16n, 16n],
    [14n, 13n, 13n],
  ]
  assert.equal(links, [large, small, small, large, small])
})

test('a join on Bitcoin with intrafees: 7d588d52d1cece7a18d663c977d6143016b5b326404bbf286bc024d5d54fcecb', () => {
  const transaction = {
    inputs: [260994463, 98615817, 84911243, 20112774, 79168410],
    outputs: [14868890, 84077613, 84077613, 15369204, 177252160, 84077613, 84077613],
  }
  assert.is(boltzmann(transaction).interpretations, 1n)
  const paying = { ...transaction, maxCjIntrafeesRatio: 0.005 }
  assert.equal(intrafees(paying), { maker: 420388, taker: 3 * 420388 })
  assert.is(boltzmann(paying).interpretations, 95n)
})

test('n equal inputs and outputs: 1, 3, 16, 131, ... readings, up to twelve', () => {
  const equal = (n: number): bigint => {
    const amounts = Array.from({ length: n }, () => 5)
    const { interpretations, links } = boltzmann({ inputs: amounts, outputs: amounts })
    assert.is(new Set(links.flat()).size, 1)
    return interpretations
  }
  assert.equal([1, 2, 3, 4, 5, 6, 7, 8].map(equal), [1n, 3n, 16n, 131n, 1496n, 22482n, 426833n, 9934563n])
  assert.is(equal(12), 15024619744202n)
})

test('what a search through all readings finds, with fees, equal amounts, intrafees and zeros', () => {
  const amount = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 400 }))
  const transaction = fc
    .record({
      inputs: fc.array(amount, { minLength: 1, maxLength: 5 }),
      outputs: fc.array(amount, { maxLength: 5 }),
      maxCjIntrafeesRatio: fc.constantFrom(0, 0, 0.005, 0.2),
    })
    .map(({ inputs, ...rest }) => ({ inputs: [...inputs, 7], ...rest }))
  fc.assert(
    fc.property(transaction, given => {
      const sum = (amounts: number[]): number => amounts.reduce((a, b) => a + b, 0)
      const short = sum(given.outputs) - sum(given.inputs)
      const t = { ...given, inputs: short > 0 ? [short + 1, ...given.inputs.slice(1)] : given.inputs }
      // A zero is no part of any reading: drop them for the search, and expect rows and columns of zeros.
      const [ins, outs] = [t.inputs.filter(x => x > 0), t.outputs.filter(x => x > 0)]
      if (sum(outs) > sum(ins)) return
      const { interpretations, links } = boltzmann(t)
      const want = search({ ...t, inputs: ins, outputs: outs })
      assert.is(interpretations, want.interpretations)
      const nonzero = links
        .filter((_, o) => t.outputs[o] !== 0)
        .map(row => row.filter((_, i) => t.inputs[i] !== 0))
      assert.equal(nonzero, want.links)
      for (const [o, row] of links.entries()) {
        for (const [i, cell] of row.entries())
          if (t.outputs[o] === 0 || t.inputs[i] === 0) assert.is(cell, 0n)
      }
    }),
    { numRuns: 150 },
  )
})

test('twelve different inputs and outputs: every output is in a block, the order does not matter', () => {
  const inputs = Array.from({ length: 12 }, (_, i) => 100_003 + 7919 * i * i)
  const outputs = inputs.map((amount, i) => amount - 31 * i).reverse()
  const there = boltzmann({ inputs, outputs })
  const back = boltzmann({ inputs: inputs.toReversed(), outputs: outputs.toReversed() })
  assert.is(there.interpretations, back.interpretations)
  assert.equal(there.links, back.links.map(row => row.toReversed()).toReversed())
  for (const row of there.links) {
    assert.ok(row.reduce((a, b) => a + b) >= there.interpretations)
    assert.ok(row.every(cell => cell <= there.interpretations))
  }
})

test('a fee as large as the amounts counts all ways to part them, tells how far it is, and can be ended', () => {
  const inputs = Array.from({ length: 9 }, (_, i) => 1_000_000 + 7919 * i * i)
  const outputs = Array.from({ length: 9 }, (_, i) => 1000 + 31 * i * i)
  const parts: number[] = []
  const { interpretations } = boltzmann({ inputs, outputs }, part => parts.push(part))
  // Any block of inputs may have any outputs: S(9, k) ways for the inputs times k^9 for the outputs
  const ways = [1n, 255n, 3025n, 7770n, 6951n, 2646n, 462n, 36n, 1n]
  assert.is(
    interpretations,
    ways.reduce((sum, s, k) => sum + s * BigInt(k + 1) ** 9n, 0n),
  )
  assert.equal(
    parts,
    [...parts].sort((a, b) => a - b),
  )
  assert.ok(parts.length > 100 && (parts.at(-1) as number) > 0.9)
  const stop = (part: number): void => {
    if (part > 0.5) throw new RangeError('enough')
  }
  assert.throws(() => boltzmann({ inputs, outputs }, stop), /enough/)
})

test('doubles hold the count of every part of a transaction', () => {
  const stirling = [[1n]]
  for (let n = 1; n <= 11; n++) {
    const last = stirling[n - 1] as bigint[]
    stirling.push(Array.from({ length: n + 1 }, (_, k) => (last[k - 1] ?? 0n) + BigInt(k) * (last[k] ?? 0n)))
  }
  const most = (stirling[11] as bigint[]).reduce((sum, s, k) => sum + s * BigInt(k) ** 12n, 0n)
  assert.ok(most < 2n ** 53n)
})

test('json in and out, counts beyond 2^53 with all their digits', () => {
  const one = { inputs: [['a', 5]], outputs: [['A', 5]], name: 'left alone' }
  assert.is(payBoltzmann(JSON.stringify(one)), '{"interpretations":"1","entropyBits":0,"links":[[1]]}')
  const many = {
    inputs: Array.from({ length: 12 }, (_, i) => [`i${i}`, 1000]),
    outputs: Array.from({ length: 12 }, (_, i) => [`o${i}`, 1 + (i % 2)]),
  }
  const text = payBoltzmann(JSON.stringify(many))
  const { interpretations, entropyBits } = JSON.parse(text) as {
    interpretations: string
    entropyBits: number
  }
  let readings = 0n
  // All blocks fit: S(12, k) ways for the inputs times k^12 for the outputs.
  const ways = [1n, 2047n, 86526n, 611501n, 1379400n, 1323652n, 627396n, 159027n, 22275n, 1705n, 66n, 1n]
  for (const [k, s] of ways.entries()) readings += s * BigInt(k + 1) ** 12n
  assert.is(interpretations, String(readings))
  assert.ok(readings > 2n ** 53n)
  assert.ok(Math.abs(2 ** entropyBits / Number(readings) - 1) < 1e-9)
  assert.match(text, /"links":\[\[\d{16,},/)
})

test('what is no transaction is refused by name', () => {
  refused(
    'TOO_LARGE',
    () => boltzmann({ inputs: Array(13).fill(1), outputs: [] }),
    /^inputs: want at most 12/,
  )
  refused('BAD_CASE', () => boltzmann({ inputs: [], outputs: [] }), /inputs: want one/)
  refused('BAD_CASE', () => boltzmann({ inputs: [1], outputs: [2] }), /outputs: 1 more than/)
  refused('BAD_CASE', () => boltzmann({ inputs: [1.5], outputs: [] }), /inputs\[0\]/)
  refused('BAD_CASE', () => boltzmann({ inputs: [1], outputs: [-1] }), /outputs\[0\]/)
  refused('BAD_CASE', () => boltzmann({ inputs: [2 ** 53 - 1, 2 ** 53 - 1], outputs: [] }), /2\^53/)
  refused('BAD_CASE', () => boltzmann({ inputs: [1], outputs: [], maxCjIntrafeesRatio: Number.NaN }), /Ratio/)
  refused('BAD_CASE', () => readCase('['), /not JSON/)
  refused('BAD_CASE', () => readCase('[]'), /want an object/)
  refused('BAD_CASE', () => readCase('{"inputs":[["a",1]]}'), /outputs: want a list/)
  refused('BAD_CASE', () => readCase('{"inputs":[1],"outputs":[]}'), /inputs\[0\]: want \[label/)
  refused('BAD_CASE', () => readCase('{"inputs":[[1,1]],"outputs":[]}'), /label/)
  refused('BAD_CASE', () => readCase('{"inputs":[["a","1"]],"outputs":[]}'), /amount/)
  refused('TOO_LARGE', () => readCase(' '.repeat(100_000)))
})

test('any text gives a result or its own error', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ inputs: fc.jsonValue(), outputs: fc.jsonValue() }).map(value => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(hostile, text => {
      try {
        payBoltzmann(text)
      } catch (error) {
        assert.instance(error, PaymentError)
      }
    }),
  )
})

test.run()
