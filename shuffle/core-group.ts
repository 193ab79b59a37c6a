// ristretto255 by the WebAssembly core (core/, compiled into core-bytes.ts). This side keeps account of the core's
// memory: tables of fixed bases first, then a stack of what a call needs, which is wiped when it may have held
// secrets.

import { fromBase64 } from '../encoding/base64.ts'
import { hex } from '../encoding/bytes.ts'
import { coreBytes } from './core-bytes.ts'
import { ShuffleError } from './error.ts'
import { type Group, pointBytes, scalarBytes, type Terms } from './group.ts'
import { common, countOf, wantBytes } from './sizes.ts'

/** Names everything that core/index.ts exports. */
interface Core {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  start(): number
  sizeOfPoint(): number
  sizeOfSum(): number
  sizeOfComb(): number
  roomOfMulti(n: number, bits: number): number
  roomOfMultiSecret(n: number): number
  decode(out: number, bytes: number, n: number): number
  identity(out: number): void
  encode(bytes: number, sum: number): void
  multi(out: number, points: number, scalars: number, n: number, bits: number, room: number): void
  multiSecret(out: number, points: number, scalars: number, n: number, room: number): void
  base(table: number, bytes: number, room: number): number
  fixedSums(out: number, n: number, addends: number, a: number, as: number, b: number, bs: number): void
  derive(out: number, uniform: number, n: number): void
  reduce(out: number, wide: number, n: number): void
  canonical(scalars: number, n: number): number
  mulAddEach(
    out: number,
    a: number,
    stepA: number,
    b: number,
    stepB: number,
    c: number,
    stepC: number,
    n: number,
  ): void
  chain(out: number, a: number, stepA: number, b: number, before: number, n: number): void
  dot(out: number, a: number, b: number, stepB: number, n: number): void
}

/** Fixed bases that are kept: a shuffle has three (G, h, the election's key). */
const tables = 4
/** Points that are summed in one go: the memory that a sum takes does not grow beyond this. */
const publicStretch = 32_768
const secretStretch = 128
/** Rows that go through the core's memory in one go. */
const rowStretch = 4096
const wasmPage = 65_536

/** Node and browsers have it; the types of Node alone do not. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object
    readonly Instance: new (compiled: object, imports: object) => { readonly exports: unknown }
  }
}
/** Compiled when it is asked for: a page that may compile nothing can still load this module, and use `nobleGroup`. */
let compiled: object | undefined

/**
 * Opens an instance of the core. It is not re-entrant: one for each thread.
 *
 * @throws what WebAssembly throws where a page may compile nothing
 */
export function coreGroup(): Group {
  compiled ??= new WebAssembly.Module(fromBase64(coreBytes))
  const core = new WebAssembly.Instance(compiled, { env: { abort: failed } }).exports as Core
  const [pointSize, sumSize, combSize] = [core.sizeOfPoint(), core.sizeOfSum(), core.sizeOfComb()]
  const firstTable = core.start()
  const bottom = firstTable + tables * combSize
  const bases: (string | undefined)[] = Array.from({ length: tables })
  let nextTable = 0
  let top = bottom

  function take(bytes: number): number {
    const at = top
    top += (bytes + 15) & ~15
    const missing = top - core.memory.buffer.byteLength
    if (missing > 0) core.memory.grow(Math.ceil(missing / wasmPage))
    return at
  }

  function put(bytes: Uint8Array): number {
    const at = take(bytes.length)
    new Uint8Array(core.memory.buffer).set(bytes, at)
    return at
  }

  const get = (at: number, bytes: number): Uint8Array => new Uint8Array(core.memory.buffer, at, bytes).slice()

  /** Runs with an empty stack, which is wiped after. */
  function within<T>(act: () => T): T {
    try {
      return act()
    } finally {
      new Uint8Array(core.memory.buffer, bottom, top - bottom).fill(0)
      top = bottom
    }
  }

  /** Frees what `act` took, so that the next stretch has the same place. */
  function stretch<T>(act: () => T): T {
    const before = top
    try {
      return act()
    } finally {
      new Uint8Array(core.memory.buffer, before, top - before).fill(0)
      top = before
    }
  }

  /** @param from number of the first, for what an error says */
  function ready(points: Uint8Array, from: number): number {
    const n = countOf(points, pointBytes, 'points')
    const out = take(n * pointSize)
    const bad = core.decode(out, put(points), n)
    if (bad < n) throw new ShuffleError('BAD_POINT', `point ${from + bad}: is no encoding of a point`)
    return out
  }

  function scalars(of: Uint8Array, from = 0): number {
    const n = countOf(of, scalarBytes, 'scalars')
    const at = put(of)
    const bad = core.canonical(at, n)
    if (bad < n) throw new ShuffleError('BAD_SCALAR', `scalar ${from + bad}: is not below the group's order`)
    return at
  }

  /** @param other a table that must stay */
  function tableOf(base: Uint8Array, other?: number): number {
    wantBytes(base, pointBytes, 'base')
    const name = hex(base)
    const known = bases.indexOf(name)
    if (known >= 0) return firstTable + known * combSize
    if (firstTable + nextTable * combSize === other) nextTable = (nextTable + 1) % tables
    const table = firstTable + nextTable * combSize
    bases[nextTable] = undefined
    if (!core.base(table, put(base), take(pointSize)))
      throw new ShuffleError('BAD_POINT', 'base: is no encoding of a point')
    bases[nextTable] = name
    nextTable = (nextTable + 1) % tables
    return table
  }

  /** Calls for each stretch of n items. */
  function each(n: number, size: number, act: (from: number, to: number) => void): void {
    for (let from = 0; from < n; from += size) stretch(() => act(from, Math.min(n, from + size)))
  }

  const part = (of: Uint8Array, from: number, to: number, size = 32): Uint8Array =>
    of.subarray(from * size, to * size)

  function newSum(): number {
    const sum = take(sumSize)
    core.identity(sum)
    return sum
  }

  function encoded(sum: number): Uint8Array {
    const out = take(pointBytes)
    core.encode(out, sum)
    return get(out, pointBytes)
  }

  /** Fills n items of 32 bytes, a stretch at a time. */
  function rows(n: number, fill: (out: number, from: number, to: number) => void): Uint8Array {
    const all = new Uint8Array(32 * n)
    for (let from = 0; from < n; from += rowStretch)
      within(() => {
        const to = Math.min(n, from + rowStretch)
        const out = take(32 * (to - from))
        fill(out, from, to)
        all.set(new Uint8Array(core.memory.buffer, out, 32 * (to - from)), 32 * from)
      })
    return all
  }

  function pairs(points: Uint8Array, of: Uint8Array): number {
    const n = countOf(points, pointBytes, 'points')
    wantBytes(of, n * scalarBytes, 'scalars')
    return n
  }

  return {
    name: 'core',
    sum: terms =>
      within(() => {
        const sum = newSum()
        // Points of one width go together: the more there are in a stretch, the less each costs.
        for (const bits of new Set(terms.map(bitsOf))) {
          const these = terms.filter(term => bitsOf(term) === bits)
          const n = these.reduce((sum, { points, scalars }) => sum + pairs(points, scalars), 0)
          each(n, publicStretch, (from, to) => {
            const at = ready(stretchOf(these, 'points', from, to), from)
            const factors = scalars(stretchOf(these, 'scalars', from, to), from)
            core.multi(sum, at, factors, to - from, bits, take(core.roomOfMulti(to - from, bits)))
          })
        }
        return encoded(sum)
      }),
    sumSecret: (points, by) =>
      within(() => {
        const sum = newSum()
        each(pairs(points, by), secretStretch, (from, to) => {
          const at = ready(part(points, from, to), from)
          const factors = scalars(part(by, from, to), from)
          core.multiSecret(sum, at, factors, to - from, take(core.roomOfMultiSecret(to - from)))
        })
        return encoded(sum)
      }),
    multiples: (addends, a, b) => {
      const n = countOf(a.scalars, scalarBytes, 'scalars')
      if (addends) wantBytes(addends, n * pointBytes, 'addends')
      if (b) wantBytes(b.scalars, n * scalarBytes, 'scalars')
      return rows(n, (out, from, to) => {
        const at = addends ? ready(part(addends, from, to), from) : 0
        const tableA = tableOf(a.base)
        const tableB = b ? tableOf(b.base, tableA) : 0
        const as = scalars(part(a.scalars, from, to), from)
        const bs = b ? scalars(part(b.scalars, from, to), from) : 0
        core.fixedSums(out, to - from, at, tableA, as, tableB, bs)
      })
    },
    derive: uniform =>
      rows(countOf(uniform, 64, 'uniform bytes'), (out, from, to) =>
        core.derive(out, put(part(uniform, from, to, 64)), to - from),
      ),
    reduce: wide =>
      rows(countOf(wide, 64, 'bytes'), (out, from, to) =>
        core.reduce(out, put(part(wide, from, to, 64)), to - from),
      ),
    mulAdd: (...of) => {
      const counts = of.map(each => countOf(each, scalarBytes, 'scalars'))
      return rows(common(counts, 'scalars'), (out, from, to) => {
        const [a, b, c] = of.map((each, i) =>
          counts[i] === 1 ? scalars(each) : scalars(part(each, from, to), from),
        ) as [number, number, number]
        const [stepA, stepB, stepC] = counts.map(count => (count === 1 ? 0 : scalarBytes)) as [
          number,
          number,
          number,
        ]
        core.mulAddEach(out, a, stepA, b, stepB, c, stepC, to - from)
      })
    },
    chain: (a, b, before) => {
      const n = countOf(b, scalarBytes, 'scalars')
      const same = a.length === scalarBytes
      if (!same) wantBytes(a, n * scalarBytes, 'scalars')
      wantBytes(before, scalarBytes, 'scalar')
      let last = before
      return rows(n, (out, from, to) => {
        const as = same ? scalars(a) : scalars(part(a, from, to), from)
        const [bs, first] = [scalars(part(b, from, to), from), scalars(last)]
        core.chain(out, as, same ? 0 : scalarBytes, bs, first, to - from)
        last = get(out + scalarBytes * (to - from - 1), scalarBytes)
      })
    },
    dot: (a, b) =>
      within(() => {
        const n = countOf(a, scalarBytes, 'scalars')
        const same = b.length === scalarBytes
        if (!same) wantBytes(b, n * scalarBytes, 'scalars')
        const sum = put(new Uint8Array(scalarBytes))
        each(n, rowStretch, (from, to) => {
          const as = scalars(part(a, from, to), from)
          const bs = same ? scalars(b) : scalars(part(b, from, to), from)
          core.dot(sum, as, bs, same ? 0 : scalarBytes, to - from)
        })
        return get(sum, scalarBytes)
      }),
  }
}

const bitsOf = ({ bits = 253 }: Terms): number => bits

/** Gives items `from` to `to` of several arrays as if they were one. */
function stretchOf(
  terms: readonly Terms[],
  what: 'points' | 'scalars',
  from: number,
  to: number,
): Uint8Array {
  const out = new Uint8Array(32 * (to - from))
  let at = -32 * from
  for (const { [what]: bytes } of terms) {
    const [first, end] = [Math.max(0, -at), Math.min(bytes.length, out.length - at)]
    if (first < end) out.set(bytes.subarray(first, end), at + first)
    at += bytes.length
  }
  return out
}

function failed(): never {
  throw new Error('shuffle core: out of memory')
}
