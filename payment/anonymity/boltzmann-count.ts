// The count behind boltzmann.ts: readings of smaller and smaller parts of a transaction.
// docs/spec/payments-anonymity.md 1.4.

import { binomial, digits, eachInside, firstAtLeast, type Side, type Slices, slices } from './multiset.ts'

/** Says what a block may keep: its inputs less its outputs lie from `least` (0 or below) to `most`. */
export interface Margin {
  readonly least: number
  readonly most: number
}

interface Table {
  readonly inputs: Side
  readonly outputs: Side
  readonly parts: Slices
  readonly allowed: Margin
  /** The whole transaction keeps this. */
  readonly fee: number
  /**
   * `ways[I * outputs.size + O]`: the readings of inputs I and outputs O as a transaction of their own. Doubles hold
   * them exactly: eleven inputs and twelve outputs have at most sum over k of S(11, k) k^12 = 2.5e15 < 2^53. Only all
   * twelve inputs can have more, and that row is left out.
   */
  readonly ways: Float64Array
  /** Room for the sums of one row (Row.upTo). */
  readonly sums: Float64Array
  /** The last of them of each slice. */
  readonly totals: Float64Array
  /** `digitsOf[O * groups + g]`: how many of outputs O have the amount g. */
  readonly digitsOf: Uint8Array
}

/**
 * @param onProgress is told which part of the work is done, often; what it throws ends the count
 * @returns the number of readings, and for each distinct amount of the outputs and of the inputs (side.groupOf) in how
 * many of them one given output and one given input of these amounts lie in one block
 */
export function countReadings(
  inputs: Side,
  outputs: Side,
  allowed: Margin,
  fee: number,
  onProgress: (part: number) => void = () => {},
): { interpretations: bigint; links: bigint[][] } {
  const ways = new Float64Array(inputs.size * outputs.size)
  const parts = slices(outputs)
  const sums = new Float64Array(parts.sums.length)
  const digitsOf = allDigits(outputs)
  const totals = new Float64Array(outputs.size)
  const table: Table = { inputs, outputs, parts, allowed, fee, ways, sums, totals, digitsOf }
  ways[0] = 1
  for (let rest = 0; rest < inputs.size - 2; rest++) {
    onProgress(rest / inputs.size)
    handOn(table, rest)
  }
  return sumBlocks(table)
}

/**
 * Hands the readings of some inputs on to all inputs that have one block more, which holds one input of their first
 * amount.
 */
function handOn(table: Table, rest: number): void {
  const { inputs } = table
  const row: Row = { table, rest, work: 0, upTo: undefined }
  const have = digits(inputs, rest)
  const walk = (group: number, stride: number, block: number, waysIn: number, isFirst: boolean): void => {
    if (group === have.length) {
      if (block > 0 && rest + block < inputs.size - 1) addBlock(row, block, waysIn)
      return
    }
    const [own, all] = [have[group] as number, inputs.counts[group] as number]
    for (let more = 0; more <= all - own; more++) {
      const isEmpty = own + more === 0
      if (isFirst && !isEmpty && more === 0) continue
      const ways = isFirst && !isEmpty ? binomial(own + more - 1, more - 1) : binomial(own + more, more)
      walk(group + 1, stride * (all + 1), block + more * stride, waysIn * ways, isFirst && isEmpty)
    }
  }
  walk(0, 1, 0, 1, true)
}

/** Readings of some inputs, as they are added up. */
interface Row {
  readonly table: Table
  readonly rest: number
  /** Parts that were added one by one so far. */
  work: number
  /** Sums within each slice of the outputs up to each of its parts, once it has paid to make them. */
  upTo: Float64Array | undefined
}

/** Adds the readings in which this block of inputs lies together beside the rest, with whichever outputs. */
function addBlock(row: Row, block: number, waysIn: number): void {
  const { table, rest } = row
  const { inputs, outputs, parts, allowed, ways } = table
  const whole = rest + block
  const wholeRow = whole * outputs.size
  const [sum, restSum] = [inputs.sums[block] as number, inputs.sums[rest] as number]
  const [kept, restKept] = [room(table, whole), room(table, rest)]
  const [all, allEnd] = [parts.start[outputs.size - 1] as number, parts.start[outputs.size] as number]
  for (let i = firstAtLeast(parts.sums, all, allEnd, sum + restSum - kept.most); i < allEnd; i++) {
    const outSum = parts.sums[i] as number
    if (outSum > sum + restSum - kept.least) break
    const out = parts.inside[i] as number
    // Of the outputs, the block takes so much that it and the rest both keep what they may.
    const low = Math.max(sum - allowed.most, outSum + restKept.least - restSum)
    const high = Math.min(sum - allowed.least, outSum + restKept.most - restSum)
    const [start, end] = [parts.start[out] as number, parts.start[out + 1] as number]
    const from = low <= 0 ? start : firstAtLeast(parts.sums, start, end, low)
    const to = high >= outSum ? end : firstAtLeast(parts.sums, from, end, nextAbove(high))
    if (from >= to) continue
    ways[wholeRow + out] = (ways[wholeRow + out] as number) + waysIn * sumOf(row, out, from, to)
  }
}

/** Amounts are whole; what a block may keep need not be. */
function nextAbove(bound: number): number {
  return Math.floor(bound) + 1
}

/** Adds up what the rest and each of these parts of the outputs leave: one by one, until that has cost too much. */
function sumOf(row: Row, out: number, from: number, to: number): number {
  const { parts, outputs, ways } = row.table
  const restRow = row.rest * outputs.size
  row.work += to - from
  if (row.upTo === undefined && row.work > parts.sums.length) row.upTo = sumsUpTo(row)
  const { upTo } = row
  if (upTo !== undefined) {
    const isFirst = from === (parts.start[out] as number)
    // Most often all of a slice: a table that is small enough to stay at hand has that
    if (isFirst && to === (parts.start[out + 1] as number)) return row.table.totals[out] as number
    return (upTo[to - 1] as number) - (isFirst ? 0 : (upTo[from - 1] as number))
  }
  let found = 0
  for (let at = from; at < to; at++) {
    found += (parts.ways[at] as number) * (ways[restRow + out - (parts.inside[at] as number)] as number)
  }
  return found
}

/** Exact in doubles, as the sum of a slice is at most what the row of one input more can have. */
function sumsUpTo({ table, rest }: Row): Float64Array {
  const { parts, outputs, ways, sums, totals } = table
  const row = rest * outputs.size
  for (let out = 0; out < outputs.size; out++) {
    let sum = 0
    const end = parts.start[out + 1] as number
    for (let at = parts.start[out] as number; at < end; at++) {
      sum += (parts.ways[at] as number) * (ways[row + out - (parts.inside[at] as number)] as number)
      sums[at] = sum
    }
    totals[out] = sum
  }
  return sums
}

/** Gives what inputs I may keep so that they, and the inputs that are not among them, can each be cut into blocks. */
function room({ inputs, allowed, fee }: Table, whole: number): Margin {
  const card = inputs.cards[whole] as number
  const others = inputs.total - card
  return {
    least: Math.max(allowed.least * card, fee - allowed.most * others),
    most: Math.min(allowed.most * card, fee - allowed.least * others),
  }
}

/** Every block (A, B) of the whole transaction once, with the readings of what it leaves. */
function sumBlocks(table: Table): { interpretations: bigint; links: bigint[][] } {
  const { inputs, outputs } = table
  const links = outputs.amounts.map(() => inputs.amounts.map(() => 0n))
  let interpretations = 0n
  eachInside(inputs, inputs.counts, (block, waysIn, inDigits) => {
    if (block === 0) return
    const { readings, linked } = readingsWith(table, block)
    // Of all blocks with these counts, the part digit / count holds one given input; every reading is counted once
    // if we take the blocks that hold the first input.
    const holding = (group: number): bigint => BigInt(waysIn) * BigInt(inDigits[group] as number)
    interpretations += readings * holding(0)
    for (const [group, cells] of links.entries()) {
      inDigits.forEach((digit, into) => {
        if (digit > 0) cells[into] = (cells[into] as bigint) + (linked[group] as bigint) * holding(into)
      })
    }
  })
  const count = (side: Side, group: number): bigint => BigInt(side.counts[group] as number)
  return {
    interpretations: interpretations / count(inputs, 0),
    links: links.map((cells, out) =>
      cells.map((sum, into) => sum / (count(outputs, out) * count(inputs, into))),
    ),
  }
}

/** A sum that doubles hold as long as they can. */
class Sum {
  #exact = 0n
  #rest = 0

  /** Adds a product of whole numbers. */
  add(number: number, factor = 1): void {
    const product = number * factor
    if (product > Number.MAX_SAFE_INTEGER) {
      this.#exact += BigInt(number) * BigInt(factor)
      return
    }
    if (this.#rest > Number.MAX_SAFE_INTEGER - product) {
      this.#exact += BigInt(this.#rest)
      this.#rest = 0
    }
    this.#rest += product
  }

  get value(): bigint {
    return this.#exact + BigInt(this.#rest)
  }
}

/** The readings that have this block of inputs, and for each amount of outputs the sum of how many the block has. */
function readingsWith(table: Table, block: number): { readings: bigint; linked: bigint[] } {
  const { inputs, outputs, parts, allowed, ways, digitsOf } = table
  const groups = outputs.amounts.length
  const allOut = outputs.size - 1
  const row = (inputs.size - 1 - block) * outputs.size
  const sum = inputs.sums[block] as number
  const linked = outputs.amounts.map(() => new Sum())
  const readings = new Sum()
  const end = parts.start[allOut + 1] as number
  const from = firstAtLeast(parts.sums, parts.start[allOut] as number, end, sum - allowed.most)
  for (let at = from; at < end && (parts.sums[at] as number) <= sum - allowed.least; at++) {
    const part = parts.inside[at] as number
    const left = ways[row + allOut - part] as number
    if (left === 0) continue
    // Below 2^53: readings of eleven inputs at most, with a block whose amounts are given
    const found = (parts.ways[at] as number) * left
    readings.add(found)
    for (let group = 0; group < groups; group++) {
      const digit = digitsOf[part * groups + group] as number
      if (digit > 0) (linked[group] as Sum).add(found, digit)
    }
  }
  return { readings: readings.value, linked: linked.map(({ value }) => value) }
}

/** The counts of every multiset of a side, one behind the other. */
function allDigits(of: Side): Uint8Array {
  const groups = of.amounts.length
  const all = new Uint8Array(of.size * groups)
  for (let index = 0; index < of.size; index++) all.set(digits(of, index), index * groups)
  return all
}
