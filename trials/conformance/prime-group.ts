// Groups of prime order that other systems' vectors stand on, and the equations of a shuffle's proof over any of them,
// one by one: a second verifier beside shuffle/equations.ts, as slow as it is plain. Everything in them is public.

import { ed25519 } from '@noble/curves/ed25519.js'

/** Holds a group's arithmetic, written as a product. Exponents may be any integers. */
export interface PrimeGroup<E> {
  readonly order: bigint
  readonly g: E
  readonly one: E
  times(a: E, b: E): E
  power(base: E, by: bigint): E
  same(a: E, b: E): boolean
  /** Says whether an element is of the group of prime order. */
  contains(a: E): boolean
}

export function mod(a: bigint, order: bigint): bigint {
  const rest = a % order
  return rest < 0n ? rest + order : rest
}

/** Gives base^by modulo `modulus`, four bits at a time. Not in constant time. */
export function power(base: bigint, by: bigint, modulus: bigint): bigint {
  const table = [1n]
  while (table.length < 16) table.push(((table.at(-1) as bigint) * base) % modulus)
  let result = 1n
  for (const digit of by.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus
    const factor = Number.parseInt(digit, 16)
    if (factor !== 0) result = (result * (table[factor] as bigint)) % modulus
  }
  return result
}

/** Gives the subgroup of order q of the integers modulo p. */
export function modularGroup(p: bigint, q: bigint, g: bigint): PrimeGroup<bigint> {
  return {
    order: q,
    g,
    one: 1n,
    times: (a, b) => (a * b) % p,
    power: (base, by) => power(base, mod(by, q), p),
    same: (a, b) => a === b,
    contains: a => a > 0n && a < p && power(a, q, p) === 1n,
  }
}

/** Names what is asked of a curve's points. */
export interface CurvePoint<P> {
  add(other: P): P
  multiplyUnsafe(by: bigint): P
  equals(other: P): boolean
  isTorsionFree(): boolean
}

export function curveGroup<P extends CurvePoint<P>>(base: P, zero: P, order: bigint): PrimeGroup<P> {
  return {
    order,
    g: base,
    one: zero,
    times: (a, b) => a.add(b),
    power: (of, by) => of.multiplyUnsafe(mod(by, order)),
    same: (a, b) => a.equals(b),
    contains: a => a.isTorsionFree(),
  }
}

export type EdwardsPoint = InstanceType<typeof ed25519.Point>

/** Gives the prime-order subgroup of edwards25519 (RFC 7748). */
export function edwardsGroup(): PrimeGroup<EdwardsPoint> {
  return curveGroup(ed25519.Point.BASE, ed25519.Point.ZERO, ed25519.Point.Fn.ORDER)
}

export function product<E>(group: PrimeGroup<E>, of: readonly E[], by?: readonly bigint[]): E {
  return of.reduce(
    (sum, each, i) => group.times(sum, by === undefined ? each : group.power(each, by[i] as bigint)),
    group.one,
  )
}

/** Columns of a list of ciphertexts: `alpha[k][i]` is the first half of ciphertext k of row i. */
export interface Columns<E> {
  readonly alpha: readonly (readonly E[])[]
  readonly beta: readonly (readonly E[])[]
}

/** Holds a proof with everything it is about; names as in shuffle/proof.ts. */
export interface ShuffleTranscript<E> {
  readonly key: E
  readonly h0: E
  readonly h: readonly E[]
  readonly input: Columns<E>
  readonly output: Columns<E>
  readonly c: readonly E[]
  readonly cHat: readonly E[]
  readonly tHat: readonly E[]
  readonly t1: E
  readonly t2: E
  readonly t3: E
  /** A column's two elements. */
  readonly t4: { readonly alpha: readonly E[]; readonly beta: readonly E[] }
  readonly sHat: readonly bigint[]
  readonly sPrime: readonly bigint[]
  readonly s1: bigint
  readonly s2: bigint
  readonly s3: bigint
  readonly s4: readonly bigint[]
  readonly u: readonly bigint[]
  readonly challenge: bigint
}

/** Names the first thing of a proof that does not hold; undefined when all of it does. */
export function brokenPart<E>(group: PrimeGroup<E>, of: ShuffleTranscript<E>): string | undefined {
  const n = of.h.length
  const width = of.s4.length
  const columns = [...of.input.alpha, ...of.input.beta, ...of.output.alpha, ...of.output.beta]
  const lists = [of.c, of.cHat, of.tHat, of.sHat, of.sPrime, of.u, ...columns]
  if (n === 0 || width === 0 || columns.length !== 4 * width || lists.some(list => list.length !== n))
    return 'lengths'
  for (const equation of equations(group, of)) {
    const { name, left, right } = equation()
    if (!group.same(left, right)) return name
  }
  const elements = [of.key, of.c, of.cHat, of.tHat, of.t1, of.t2, of.t3, of.t4.alpha, of.t4.beta, columns]
  return (elements.flat(2) as E[]).every(group.contains) ? undefined : 'elements'
}

interface Equation<E> {
  readonly name: string
  readonly left: E
  readonly right: E
}

/** Gives all equations; each is computed when it is asked for. */
function equations<E>(group: PrimeGroup<E>, of: ShuffleTranscript<E>): (() => Equation<E>)[] {
  const { g, times, power } = group
  const { c, cHat, h, h0, u, challenge: x, sPrime, input, output } = of
  const all = u.reduce((sum, each) => mod(sum * each, group.order), 1n)
  const shown = (t: E, element: E): E => times(t, power(element, x))
  const ofColumn = (k: number, half: 'alpha' | 'beta', base: E) => (): Equation<E> => ({
    name: `t4, column ${k}, ${half}`,
    left: shown(of.t4[half][k] as E, product(group, input[half][k] as readonly E[], u)),
    right: times(product(group, output[half][k] as readonly E[], sPrime), power(base, -(of.s4[k] as bigint))),
  })
  return [
    () => ({
      name: 't1',
      left: shown(of.t1, times(product(group, c), power(product(group, h), -1n))),
      right: power(g, of.s1),
    }),
    () => ({
      name: 't2',
      left: shown(of.t2, times(cHat.at(-1) as E, power(h0, -all))),
      right: power(g, of.s2),
    }),
    () => ({
      name: 't3',
      left: shown(of.t3, product(group, c, u)),
      right: times(power(g, of.s3), product(group, h, sPrime)),
    }),
    ...of.s4.flatMap((_, k) => [ofColumn(k, 'alpha', g), ofColumn(k, 'beta', of.key)]),
    ...cHat.map((each, i) => () => ({
      name: `t^ ${i}`,
      left: shown(of.tHat[i] as E, each),
      right: times(
        power(g, of.sHat[i] as bigint),
        power(i === 0 ? h0 : (cHat[i - 1] as E), sPrime[i] as bigint),
      ),
    })),
  ]
}
