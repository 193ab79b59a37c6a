// Times, sizes and counts as the reader's locale writes them.

const locale = navigator.language

const whole = new Intl.NumberFormat(locale)
const tenth = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
const clockSeconds = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
const zoned = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' })
const offsets = new Intl.DateTimeFormat(locale, { timeZoneName: 'longOffset' })
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const sizes = units.map(
  unit =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 }),
)

export function count(value: number): string {
  return whole.format(value)
}

export function decimal(value: number): string {
  return tenth.format(value)
}

/** @param value 0 to 1 */
export function percent(value: number): string {
  return share.format(value)
}

export function size(bytes: number): string {
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return (sizes[step] as Intl.NumberFormat).format(bytes / 1000 ** step)
}

/** The time of day where it is today, else the day too. */
export function time(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString()
  return isToday ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`
}

export function timeOfDay(at: number): string {
  return clock.format(at)
}

export function timeSeconds(at: number): string {
  return clockSeconds.format(at)
}

export function dateTime(at: number): string {
  return moment.format(at)
}

/** A time for people in several zones: with the reader's own beside it. */
export function zonedTime(at: number): string {
  return zoned.format(at)
}

/** Names the reader's zone, and how far it is from UTC at a time: `Europe/Berlin, GMT+1`. */
export function zoneName(at: number): string {
  const offset = offsets.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return `${offsets.resolvedOptions().timeZone}, ${offset}`
}

const steps = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** Says how far away a time is: `in 5 minutes`. */
export function fromNow(at: number, now: number = Date.now()): string {
  const gap = at - now
  const [unit, ms] = steps.find(([, ms]) => Math.abs(gap) >= ms) ?? ['second', 1000]
  return relative.format(Math.round(gap / ms), unit)
}

export function duration(ms: number): string {
  const [unit, step] = steps.find(([, step]) => ms >= step) ?? ['second', 1000]
  const inUnit = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: 1,
  })
  return inUnit.format(ms / step)
}

/** The beginning of an id or address, enough to tell it from others. */
export function short(id: string, letters = 8): string {
  return id.length <= letters ? id : `${id.slice(0, letters)}…`
}
