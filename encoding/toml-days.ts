// Days of TOML that no calendar has. The parser takes 2026-02-30 and gives 2 March, and tells nobody.

import { TomlDate } from 'smol-toml'

/**
 * Finds a day that its month does not have, such as 2026-02-30, among the dates of a text.
 *
 * @param read what the parser made of the text
 * @returns the day as it is written; nothing where each date that was read stands there
 */
export function missingDay(text: string, read: unknown): string | undefined {
  const written = text.match(/\d{4}-\d{2}-\d{2}/g) ?? []
  const left = [...written]
  for (const day of daysIn(read)) {
    const at = left.indexOf(day)
    if (at < 0) return written.find(each => !isDay(each)) ?? day
    left.splice(at, 1)
  }
  return undefined
}

/** Days of the dates of a value, in the zone that they are written in. */
function daysIn(value: unknown): string[] {
  if (value instanceof TomlDate) return value.isTime() ? [] : [value.toISOString().slice(0, 10)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(daysIn) : []
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
