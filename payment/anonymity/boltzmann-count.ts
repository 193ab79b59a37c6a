// The count behind boltzmann.ts: readings of smaller and smaller parts of a transaction.
// docs/spec/payments-anonymity.md 1.4.

import { digits, eachInside, firstAtLeast, type Side, type Slices, slices } from './multiset.ts'

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
}

/**
 * @returns the number of readings, and for each distinct amount of the outputs and of the inputs (side.groupOf) in how
 * many of them one given output and one given input of these amounts lie in one block
 */
export function countReadings(
  inputs: Side,
  outputs: Side,
  allowed: Margin,
  fee: number,
): { interpretations: bigint; links: bigint[][] } {
  const ways = new Float64Array(inputs.size * outputs.size)
  const table: Table = { inputs, outputs, parts: slices(outputs), allowed, fee, ways }
  ways[0] = 1
  for (let whole = 1; whole < inputs.size - 1; whole++) addRow(table, whole)
  return sumBlocks(table)
}

/** The readings of inputs I with all possible outputs: over each block that holds one input of its first amount. */
function addRow(table: Table, whole: number): void {
  const { inputs } = table
  const have = digits(inputs, whole)
  const first = have.findIndex(digit => digit > 0)
  const others = have.map((digit, group) => (group === first ? digit - 1 : digit))
  const one = inputs.counts.slice(0, first).reduce((stride, count) => stride * (count + 1), 1)
  eachInside(inputs, others, (index, waysIn) => addBlock(table, whole, index + one, waysIn))
}

/** Adds the readings of I in which the given block of inputs lies together, with whichever outputs. */
function addBlock(table: Table, whole: number, block: number, waysIn: number): void {
  const { inputs, outputs, parts, allowed, ways } = table
  const rest = whole - block
  const [row, restRow] = [whole * outputs.size, rest * outputs.size]
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
    const end = parts.start[out + 1] as number
    let found = 0
    for (let at = firstAtLeast(parts.sums, parts.start[out] as number, end, low); at < end; at++) {
      if ((parts.sums[at] as number) > high) break
      found += (parts.ways[at] as number) * (ways[restRow + out - (parts.inside[at] as number)] as number)
    }
    ways[row + out] = (ways[row + out] as number) + waysIn * found
  }
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

/** The readings that have this block of inputs, and for each amount of outputs the sum of how many the block has. */
function readingsWith(table: Table, block: number): { readings: bigint; linked: bigint[] } {
  const { inputs, outputs, parts, allowed, ways } = table
  const allOut = outputs.size - 1
  const row = (inputs.size - 1 - block) * outputs.size
  const sum = inputs.sums[block] as number
  const linked = outputs.amounts.map(() => 0n)
  let readings = 0n
  const end = parts.start[allOut + 1] as number
  const from = firstAtLeast(parts.sums, parts.start[allOut] as number, end, sum - allowed.most)
  for (let at = from; at < end && (parts.sums[at] as number) <= sum - allowed.least; at++) {
    const part = parts.inside[at] as number
    const left = ways[row + allOut - part] as number
    if (left === 0) continue
    const found = BigInt(parts.ways[at] as number) * BigInt(left)
    readings += found
    digits(outputs, part).forEach((digit, group) => {
      if (digit > 0) linked[group] = (linked[group] as bigint) + found * BigInt(digit)
    })
  }
  return { readings, linked }
}
