// The groups of Belenios 3 (specification 3.0, section 5): how elements are written, hashed and derived.

import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { hex } from '../../encoding/bytes.ts'
import { type EdwardsPoint, edwardsGroup, mod, modularGroup, type PrimeGroup, power } from './prime-group.ts'

/** Holds a group with its texts. */
export interface BeleniosGroup<E> {
  readonly name: string
  readonly group: PrimeGroup<E>
  write(element: E): string
  /** Throws an Error for what is no element of the prime-order group. */
  read(text: unknown): E
  /** Gives the generator of this number, -1 or more, of which nobody knows a logarithm. */
  generator(i: number): E
  /** Encodes small numbers as an element. */
  ofInts(numbers: readonly number[]): E
  toInts(count: number, element: E): number[]
}

/** Does something with a group, whatever its elements are. */
export type WithGroup<T> = <E>(group: BeleniosGroup<E>) => T

export function sha256Hex(text: string): string {
  return hex(sha256(new TextEncoder().encode(text)))
}

/** Gives SHA-256 in base64 without its padding. */
export function sha256Base64(text: string): string {
  return Buffer.from(sha256(new TextEncoder().encode(text)))
    .toString('base64')
    .replace(/=+$/, '')
}

/** Hashes a prefix and elements, with commas between them, to an exponent. */
export function hashOf<E>(
  { group, write }: BeleniosGroup<E>,
  prefix: string,
  elements: readonly E[],
): bigint {
  return mod(BigInt(`0x${sha256Hex(prefix + elements.map(write).join(','))}`), group.order)
}

/** @throws Error for a group that is not known here */
export function withGroup<T>(name: string, act: WithGroup<T>): T {
  if (name === 'Ed25519') return act(edwards())
  const parameters = Object.hasOwn(modular, name) ? modular[name] : undefined
  if (parameters === undefined) throw new Error(`group: ${name} is not known here`)
  const [p, q, g] = [parameters.p, parameters.q, parameters.g].map(text => BigInt(`0x${text}`)) as Three
  return act(modularBelenios(name, p, q === 0n ? (p - 1n) / 2n : q, g))
}

type Three = [bigint, bigint, bigint]

/** Hexadecimal. Where there is no q, p is a safe prime. */
const modular: Readonly<Record<string, { readonly p: string; readonly q: string; readonly g: string }>> = {
  'BELENIOS-2048': {
    p:
      'a3ef2d011fefb1b6e39e568fccdffb0fb7dc7ef3a791b6862791811d21fc35f21e6d36856b428030421f514ed40bfd4c06e0' +
      '92a495af8d79a2f85e0fb11c0ede07dd973f9c53e50930c6e82ac36de1ae3fb8c3aabfff12ce27a5022ddd8912d107435012' +
      '768a2cdd0a4091d8fa447f6c7ebc15a349fa318a6b4fe17d8d47e843a3e14dfa9b2162f4d7229abe93a188b46b006517d6f6' +
      '747ebbb29c9ec3099b607f18fb1a8bc858279aa8599411d998d3e3fada9e010840d082d8c31911acdd4a0e7992d0f18cc759' +
      'cb5de0acf66a3882555bc810941e021b6a4ccfa04ee4008f878affa2375e2999b44f6cef17d707301e59e0e6351e051ed9ce' +
      'c4157646e64f',
    q: 'adb6066a73522565f4daa0f2579db7f2f0fa90c2168bc709e20263387d55c491',
    g:
      '1307c1ab5f295885d7caa3a78a42415e31fd1c5807b61fb1e781878a52230a51988b98c259597f9c5a9dfd001d26ba31d9d8' +
      '976f01d95a1c8262ee68a0e92cea541e5219e0d0d094301b894236823fe1d4bc04e29f3748aefd4f10d5b1a356a8643e673f' +
      'd9d215fc8fe5fb9cf9fdb8ea88fdb1a3381a697fdf9c2458570b06d26aef1be365fdd90165f397c6b870df8c1b9e519edcee' +
      '8bb0f74b7a1615a274ba60a7ea574a61f552d2dde0ce514e0927c4ff49b1964c4a913731ae4268d60d7f22127b6cbba44d45' +
      '3ac8b72fd04e0991b7aeff04867d8724ac638f5f34100d2d47aa680d43771902743d663f42d853c041e1c91fe3823f4bcf28' +
      '4308f1d7e653',
  },
  // RFC 3526, section 3: a safe prime.
  'RFC-3526-2048': {
    p:
      'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef95' +
      '19b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb' +
      '5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3' +
      'ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603' +
      '9b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffff' +
      'ffffffffffff',
    q: '0',
    g: '2',
  },
}

/** Numbers of 8 bits each, then so many bits that an element is found. */
const paddings = { modular: 8, edwards: 14 }

function embed(numbers: readonly number[], padding: number): bigint {
  return numbers.reduce((sum, each) => (sum << 8n) + BigInt(each & 255), 0n) << BigInt(padding)
}

function extract(count: number, value: bigint, padding: number): number[] {
  const shifted = value >> BigInt(padding)
  return Array.from({ length: count }, (_, i) => Number((shifted >> BigInt(8 * (count - 1 - i))) & 255n))
}

function modularBelenios(name: string, p: bigint, q: bigint, g: bigint): BeleniosGroup<bigint> {
  const group = modularGroup(p, q, g)
  return {
    name,
    group,
    write: String,
    read: text => {
      const element = typeof text === 'string' && /^\d+$/.test(text) ? BigInt(text) : 0n
      if (String(element) !== text || !group.contains(element)) throw new Error(`element: ${text} is none`)
      return element
    },
    generator: i => power(BigInt(`0x${sha256Hex(`ggen|${i}`)}`), (p - 1n) / q, p),
    ofInts: numbers => {
      let element = embed(numbers, paddings.modular)
      while (!group.contains(element)) element++
      return element
    },
    toInts: (count, element) => extract(count, element, paddings.modular),
  }
}

function edwards(): BeleniosGroup<EdwardsPoint> {
  const { Point } = ed25519
  const group = edwardsGroup()
  /** Reads a compressed point of the curve, big-endian; undefined where there is none. */
  const uncompress = (value: bigint): EdwardsPoint | undefined => {
    const { x, y, sign } = { ...rootOf(value), sign: value >> 255n }
    if (x === undefined) return undefined
    return Point.fromAffine({ x: (x & 1n) === sign ? x : mod(-x, Point.Fp.ORDER), y })
  }
  const rootOf = (value: bigint): { x: bigint | undefined; y: bigint } => {
    const { Fp } = Point
    const y = (value & (2n ** 255n - 1n)) % Fp.ORDER
    const square = Fp.create(y * y)
    const [u, v] = [Fp.create(square - 1n), Fp.create(Point.CURVE().d * square + 1n)]
    const x2 = Fp.mul(u, Fp.inv(v))
    if (x2 !== 0n && power(x2, (Fp.ORDER - 1n) / 2n, Fp.ORDER) !== 1n) return { x: undefined, y }
    return { x: Fp.sqrt(x2), y }
  }
  const found = (value: bigint, holds: (point: EdwardsPoint) => boolean): EdwardsPoint => {
    for (let at = value; ; at++) {
      const point = uncompress(at)
      if (point !== undefined && holds(point)) return point
    }
  }
  const compress = (point: EdwardsPoint): bigint => {
    const { x, y } = point.toAffine()
    return y ^ ((x & 1n) << 255n)
  }
  return {
    name: 'Ed25519',
    group,
    write: point => compress(point).toString(16).padStart(64, '0'),
    read: text => {
      const point =
        typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? uncompress(BigInt(`0x${text}`)) : undefined
      if (point === undefined || !point.isTorsionFree()) throw new Error(`element: ${text} is none`)
      return point
    },
    generator: i => found(BigInt(`0x${sha256Hex(`ggen|${i}`)}`) >> 2n, () => true).clearCofactor(),
    ofInts: numbers => found(embed(numbers, paddings.edwards), group.contains),
    toInts: (count, point) => extract(count, compress(point), paddings.edwards),
  }
}
