// The groups that Verificatum works over, and how it writes their elements (the document's sections 6 and 8).

import { weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { fromHex } from '../../encoding/bytes.ts'
import { type CurvePoint, curveGroup, modularGroup, type PrimeGroup, power } from './prime-group.ts'
import { type ByteTree, bytesOfNumber, numberOf, readTree } from './verificatum-bytes.ts'

/** Holds a group with its bytes. */
export interface VerificatumGroup<E> {
  readonly group: PrimeGroup<E>
  /** Elements have the length of `like`, one that was read. */
  write(element: E, like: ByteTree): ByteTree
  /** Throws an Error for what is no element. */
  read(tree: ByteTree): E
  /** Derives an element that nobody knows a logarithm of, from a stream; `padding` is in bits. */
  derive(stream: (bytes: number) => Uint8Array, padding: number): E
}

/** Does something with a group, whatever its elements are. */
export type WithGroup<T> = <E>(group: VerificatumGroup<E>) => T

/** @throws Error for a group that is not known here */
export function withGroup<T>(description: string, act: WithGroup<T>): T {
  const [name, params] = readTree(fromHex(description.split('::')[1] ?? '')) as [Uint8Array, ByteTree]
  const className = new TextDecoder().decode(name)
  if (className.endsWith('.ModPGroup')) {
    const [p, q, g] = (params as readonly Uint8Array[]).map(numberOf) as [bigint, bigint, bigint]
    return act(modular(p, q, g))
  }
  if (!className.endsWith('.ECqPGroup')) throw new Error(`group: ${className} is not known here`)
  return act(curve(new TextDecoder().decode(params as Uint8Array)))
}

function modular(p: bigint, q: bigint, g: bigint): VerificatumGroup<bigint> {
  const group = modularGroup(p, q, g)
  return {
    group,
    write: (element, like) => bytesOfNumber(element, (like as Uint8Array).length),
    read: tree => {
      const element = numberOf(leafOf(tree))
      if (element === 0n || element >= p) throw new Error('element: is not below the modulus')
      return element
    },
    derive: (stream, padding) => power(numberBelow(stream, p, padding), (p - 1n) / q, p),
  }
}

interface Affine extends CurvePoint<Affine> {
  toAffine(): { x: bigint; y: bigint }
}

/** Names what noble's curves have in common. */
interface Curve {
  readonly BASE: Affine
  readonly ZERO: Affine
  readonly Fn: { readonly ORDER: bigint }
  readonly Fp: { readonly ORDER: bigint; sqrt(a: bigint): bigint }
  CURVE(): { readonly a: bigint; readonly b: bigint }
  fromAffine(at: { x: bigint; y: bigint }): Affine
}

function curve(name: string): VerificatumGroup<Affine> {
  const Point = curveNamed(name)
  const p = Point.Fp.ORDER
  const { a, b } = Point.CURVE()
  // Verificatum writes the neutral point as two times -1, others as two times 0.
  const isNeutral = (tree: readonly Uint8Array[]): boolean =>
    [0, 255].some(filler => tree.every(leaf => leaf.every(byte => byte === filler)))
  return {
    group: curveGroup(Point.BASE, Point.ZERO, Point.Fn.ORDER),
    write: (element, like) => {
      const lengths = (like as readonly Uint8Array[]).map(leaf => leaf.length)
      if (element.equals(Point.ZERO)) return lengths.map(length => new Uint8Array(length).fill(255))
      const { x, y } = element.toAffine()
      return [bytesOfNumber(x, lengths[0] as number), bytesOfNumber(y, lengths[1] as number)]
    },
    read: tree => {
      if (tree instanceof Uint8Array || tree.length !== 2) throw new Error('element: want two numbers')
      const leaves = tree.map(leafOf)
      if (isNeutral(leaves)) return Point.ZERO
      const [x, y] = leaves.map(numberOf) as [bigint, bigint]
      if (x >= p || y >= p || (y * y - (x ** 3n + a * x + b)) % p !== 0n)
        throw new Error('element: is not on the curve')
      return Point.fromAffine({ x, y })
    },
    derive: (stream, padding) => {
      for (;;) {
        const x = numberBelow(stream, p, padding)
        const square = (x ** 3n + a * x + b) % p
        if (power(square, (p - 1n) / 2n, p) !== 1n) continue
        const y = Point.Fp.sqrt(square)
        return Point.fromAffine({ x, y: y < p - y ? y : p - y })
      }
    },
  }
}

/** The curves of FIPS 186-4 that @noble/curves does not name. */
const named: Readonly<Record<string, () => Curve>> = {
  'P-192': () =>
    nist(192, 64n, '64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1', '99def836146bc9b1b4d22831', [
      '188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012',
      '07192b95ffc8da78631011ed6b24cdd573f977a11e794811',
    ]),
  'P-224': () =>
    nist(224, 96n, 'b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4', '', [
      'b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21',
      'bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34',
    ]),
  'P-256': () => p256.Point as unknown as Curve,
  'P-384': () => p384.Point as unknown as Curve,
  'P-521': () => p521.Point as unknown as Curve,
}

function nist(bits: number, minus: bigint, b: string, order: string, base: readonly [string, string]): Curve {
  const whole = 2n ** BigInt(bits)
  const p = bits === 192 ? whole - 2n ** minus - 1n : whole - 2n ** minus + 1n
  const n =
    bits === 192
      ? BigInt(`0xffffffffffffffffffffffff${order}`)
      : BigInt('0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d')
  const [Gx, Gy] = base.map(text => BigInt(`0x${text}`)) as [bigint, bigint]
  return weierstrass({ p, n, h: 1n, a: p - 3n, b: BigInt(`0x${b}`), Gx, Gy }) as unknown as Curve
}

function curveNamed(name: string): Curve {
  const known = Object.hasOwn(named, name) ? named[name] : undefined
  if (known === undefined) throw new Error(`group: the curve ${name} is not known here`)
  return known()
}

function numberBelow(stream: (bytes: number) => Uint8Array, p: bigint, padding: number): bigint {
  const bits = p.toString(2).length + padding
  const drawn = numberOf(stream(Math.ceil(bits / 8)))
  return (drawn % 2n ** BigInt(bits)) % p
}

function leafOf(tree: ByteTree): Uint8Array {
  if (!(tree instanceof Uint8Array)) throw new Error('byte tree: want a leaf')
  return tree
}
