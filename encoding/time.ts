// A time as people sign it: in UTC, with whole seconds, in one spelling.

/** Says whether something is a time such as 2026-01-31T18:00:00Z, of a day that there is. */
export function isTime(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return false
  const ms = Date.parse(value)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === `${value.slice(0, -1)}.000Z`
}
