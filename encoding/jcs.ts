// Canonical JSON: RFC 8785 (JCS). One value has one text, so that a signature can cover JSON that others write anew.

/** A value that JSON can say, of which numbers are safe integers: others are written differently in other languages. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** So many lists and objects stand within each other at most: other readers of JSON end at some depth too. */
const usualDepth = 64

/**
 * Writes a value: keys in the order of their UTF-16 code units, nothing between the parts.
 *
 * @param depth lists and objects that may stand within each other
 * @throws RangeError for a number that is no safe integer, a lone surrogate, what stands deeper, or what is not JSON
 */
export function canonicalJson(value: Json, depth: number = usualDepth): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return integer(value)
  if (typeof value === 'string') return text(value)
  if (depth === 0) throw new RangeError('canonical JSON: too many lists and objects within each other')
  if (Array.isArray(value)) return `[${value.map(each => canonicalJson(each, depth - 1)).join(',')}]`
  if (typeof value !== 'object' || ![Object.prototype, null].includes(Object.getPrototypeOf(value)))
    throw new RangeError(`canonical JSON: ${typeof value} is none`)
  const fields = Object.entries(value as { readonly [key: string]: Json })
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, of]) => `${text(key)}:${canonicalJson(of, depth - 1)}`).join(',')}}`
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`canonical JSON: ${value} is no safe integer`)
  return String(value)
}

function text(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new RangeError('canonical JSON: a lone surrogate')
  return JSON.stringify(value)
}
