// What threads are asked for: a group's methods that take long, on some of the rows.

import { type Group, type Multiples, pointBytes, scalarBytes, type Terms } from './group.ts'

/** Part of a call: the method and what it is called with. */
export type Part =
  | { readonly method: 'sum'; readonly terms: readonly Terms[] }
  | { readonly method: 'sumSecret'; readonly points: Uint8Array; readonly scalars: Uint8Array }
  | {
      readonly method: 'multiples'
      readonly addends: Uint8Array | undefined
      readonly a: Multiples
      readonly b: Multiples | undefined
    }
  | { readonly method: 'derive'; readonly uniform: Uint8Array }

export type Answer = 'done' | 'failed'

/** Gives the number that stands for an answer where both threads see it. */
export const answerWords: Readonly<Record<Answer, number>> = { done: 1, failed: 2 }

export function compute(group: Group, part: Part): Uint8Array {
  if (part.method === 'sum') return group.sum(part.terms)
  if (part.method === 'sumSecret') return group.sumSecret(part.points, part.scalars)
  if (part.method === 'multiples') return group.multiples(part.addends, part.a, part.b)
  return group.derive(part.uniform)
}

/** Counts the rows of a part. */
export function rowsOfPart(part: Part): number {
  if (part.method === 'sum') return part.terms.reduce((n, { scalars }) => n + scalars.length / scalarBytes, 0)
  if (part.method === 'sumSecret') return part.scalars.length / scalarBytes
  if (part.method === 'multiples') return part.a.scalars.length / scalarBytes
  return part.uniform.length / (2 * pointBytes)
}

/** Counts the bytes of what comes of a part. */
export function bytesOfPart(part: Part): number {
  return part.method === 'multiples' || part.method === 'derive' ? pointBytes * rowsOfPart(part) : pointBytes
}

/** Says whether what comes of all parts is to be summed; else it is joined. */
export function isSum({ method }: Part): boolean {
  return method === 'sum' || method === 'sumSecret'
}

/** Cuts a call into so many parts of consecutive rows. */
export function cut(part: Part, count: number): Part[] {
  return Array.from({ length: count }, (_, i) => {
    const slice = (of: Uint8Array, size: number): Uint8Array => {
      const n = of.length / size
      return of.subarray(size * Math.floor((i * n) / count), size * Math.floor(((i + 1) * n) / count))
    }
    const points = (of: Uint8Array): Uint8Array => slice(of, pointBytes)
    const multiples = ({ base, scalars }: Multiples): Multiples => ({ base, scalars: points(scalars) })
    if (part.method === 'sum') {
      const terms = part.terms.map(term => ({
        ...term,
        points: points(term.points),
        scalars: points(term.scalars),
      }))
      return { ...part, terms }
    }
    if (part.method === 'sumSecret')
      return { ...part, points: points(part.points), scalars: points(part.scalars) }
    if (part.method === 'derive') return { ...part, uniform: slice(part.uniform, 2 * pointBytes) }
    return {
      ...part,
      addends: part.addends && points(part.addends),
      a: multiples(part.a),
      b: part.b && multiples(part.b),
    }
  })
}

/** Copies a part's bytes into memory that threads share; `wipe` clears them. */
export function shared(part: Part): { readonly part: Part; wipe(): void } {
  const copies: Uint8Array[] = []
  const copy = (of: Uint8Array): Uint8Array => {
    const to = new Uint8Array(new SharedArrayBuffer(of.length))
    to.set(of)
    copies.push(to)
    return to
  }
  const wipe = (): void => {
    for (const each of copies) each.fill(0)
  }
  const multiples = ({ base, scalars }: Multiples): Multiples => ({ base, scalars: copy(scalars) })
  const whole: Part =
    part.method === 'sum'
      ? {
          ...part,
          terms: part.terms.map(term => ({
            ...term,
            points: copy(term.points),
            scalars: copy(term.scalars),
          })),
        }
      : part.method === 'sumSecret'
        ? { ...part, points: copy(part.points), scalars: copy(part.scalars) }
        : part.method === 'derive'
          ? { ...part, uniform: copy(part.uniform) }
          : {
              ...part,
              addends: part.addends && copy(part.addends),
              a: multiples(part.a),
              b: part.b && multiples(part.b),
            }
  return { part: whole, wipe }
}
