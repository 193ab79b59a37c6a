// ristretto255 by @noble/curves: slow, and of other hands than the core. Verifiers that want a second opinion take
// it, and tests compare the two.

import { pippenger } from '@noble/curves/abstract/curve.js'
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js'
import { ShuffleError } from './error.ts'
import { type Group, pointBytes, scalarBytes } from './group.ts'
import { common, countOf, wantBytes } from './sizes.ts'

const { Point } = ristretto255
type Point = InstanceType<typeof Point>
const order = Point.Fn.ORDER

/** Opens the slow group. Its arithmetic is of bigints, whose time tells their values. */
export function nobleGroup(): Group {
  const multiple = (point: Point, by: bigint): Point => (by === 0n ? Point.ZERO : point.multiply(by))

  function plain(points: Uint8Array, scalars: Uint8Array): Uint8Array {
    const [of, by] = pairs(points, scalars)
    let sum = Point.ZERO
    of.forEach((point, i) => {
      sum = sum.add(multiple(point, by[i] as bigint))
    })
    return sum.toBytes()
  }

  return {
    name: 'noble',
    sum: terms => {
      const [points, scalars]: [Point[], bigint[]] = [[], []]
      for (const each of terms) {
        const [of, by] = pairs(each.points, each.scalars)
        points.push(...of)
        scalars.push(...by)
      }
      return (points.length ? pippenger(Point, points, scalars) : Point.ZERO).toBytes()
    },
    sumSecret: plain,
    multiples: (addends, a, b) => {
      const n = countOf(a.scalars, scalarBytes, 'scalars')
      if (addends) wantBytes(addends, n * pointBytes, 'addends')
      if (b) wantBytes(b.scalars, n * scalarBytes, 'scalars')
      const start = addends && pointsOf(addends)
      const terms = [a, ...(b ? [b] : [])].map(({ base, scalars }) => {
        wantBytes(base, pointBytes, 'base')
        const [point] = pointsOf(base)
        return { point: precomputed(point as Point), by: numbersOf(scalars) }
      })
      return join(
        Array.from({ length: n }, (_, i) =>
          terms
            .reduce(
              (sum, { point, by }) => sum.add(multiple(point, by[i] as bigint)),
              start?.[i] ?? Point.ZERO,
            )
            .toBytes(),
        ),
      )
    },
    derive: uniform =>
      join(
        split(uniform, 64, 'uniform bytes').map(
          each => ristretto255_hasher.deriveToCurve?.(each).toBytes() as Uint8Array,
        ),
      ),
    reduce: wide => join(split(wide, 64, 'bytes').map(each => bytesOf(littleEndian(each)))),
    mulAdd: (...of) => {
      const [as, bs, cs] = of.map(numbersOf) as [bigint[], bigint[], bigint[]]
      const at = (from: bigint[], i: number): bigint => from[from.length === 1 ? 0 : i] as bigint
      const n = common([as.length, bs.length, cs.length], 'scalars')
      return join(Array.from({ length: n }, (_, i) => bytesOf(at(as, i) * at(bs, i) + at(cs, i))))
    },
    chain: (a, b, before) => {
      const [as, bs] = [numbersOf(a), numbersOf(b)]
      if (as.length !== 1) wantBytes(a, b.length, 'scalars')
      wantBytes(before, scalarBytes, 'scalar')
      let [last] = numbersOf(before) as [bigint]
      return join(
        bs.map((by, i) => {
          last = ((as[as.length === 1 ? 0 : i] as bigint) + by * last) % order
          return bytesOf(last)
        }),
      )
    },
    dot: (a, b) => {
      const [as, bs] = [numbersOf(a), numbersOf(b)]
      if (bs.length !== 1) wantBytes(b, a.length, 'scalars')
      return bytesOf(as.reduce((sum, by, i) => sum + by * (bs[bs.length === 1 ? 0 : i] as bigint), 0n))
    },
  }
}

/** Bases of which multiples were taken: noble makes a table of a point once it is asked to. */
const tables = new Map<string, Point>()
const tablesAtMost = 4

function precomputed(point: Point): Point {
  const name = point.toHex()
  const known = tables.get(name)
  if (known) return known
  if (tables.size >= tablesAtMost) tables.delete(tables.keys().next().value as string)
  point.precompute(8)
  tables.set(name, point)
  return point
}

function split(bytes: Uint8Array, size: number, what: string): Uint8Array[] {
  const n = countOf(bytes, size, what)
  return Array.from({ length: n }, (_, i) => bytes.subarray(size * i, size * (i + 1)))
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(32 * parts.length)
  parts.forEach((part, i) => {
    out.set(part, 32 * i)
  })
  return out
}

function pointsOf(bytes: Uint8Array): Point[] {
  return split(bytes, pointBytes, 'points').map((each, i) => {
    try {
      return Point.fromBytes(each)
    } catch {
      throw new ShuffleError('BAD_POINT', `point ${i}: is no encoding of a point`)
    }
  })
}

function numbersOf(bytes: Uint8Array): bigint[] {
  return split(bytes, scalarBytes, 'scalars').map((each, i) => {
    const number = littleEndian(each)
    if (number < order) return number
    throw new ShuffleError('BAD_SCALAR', `scalar ${i}: is not below the group's order`)
  })
}

function pairs(points: Uint8Array, scalars: Uint8Array): [Point[], bigint[]] {
  wantBytes(scalars, countOf(points, pointBytes, 'points') * scalarBytes, 'scalars')
  return [pointsOf(points), numbersOf(scalars)]
}

function littleEndian(bytes: Uint8Array): bigint {
  let number = 0n
  for (let i = bytes.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes[i] as number)
  return number
}

function bytesOf(number: bigint): Uint8Array {
  const out = new Uint8Array(scalarBytes)
  let rest = number % order
  for (let i = 0; i < scalarBytes; i++) {
    out[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return out
}
