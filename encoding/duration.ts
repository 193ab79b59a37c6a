// Durations as people write them in options and files: 50ms, 20s, 1.5h. The only place that reads them.

const units: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
]

/** The form that `parseDuration` takes, for error messages. */
export const durationForm = `a number and a unit (ms, s, min, h, d), for instance "20s"`

/** Milliseconds, or undefined when the text is no duration or no whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)\s?(ms|s|min|h|d)$/.exec(text.trim())
  if (match === null) return undefined
  const [, number, unit] = match
  const ms = Number(number) * (units.find(([name]) => name === unit)?.[1] as number)
  const whole = Math.round(ms)
  return Math.abs(ms - whole) < 1e-6 && Number.isSafeInteger(whole) ? whole : undefined
}

/** The shortest text that `parseDuration` reads back as the same number of whole milliseconds. */
export function formatDuration(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? (['ms', 1] as const)
  return `${ms / size}${unit}`
}
