// A log for a person who started a role in a terminal: a line each, the same words and fields as in the lines of JSON.

import { styleText } from 'node:util'

const colours = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const

/** @param line of JSON, as a collector gets it @param colour whether the terminal shows colours */
export function readable(line: string, colour: boolean): string {
  const { level, time, role, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>
  const known = Object.entries(colours).find(([name]) => name === level)
  const word = String(level).padEnd(5)
  const shown = colour && known !== undefined ? styleText(known[1], word, { validateStream: false }) : word
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`)
  return `${[clockOf(String(time)), shown, `${role}:`, msg, ...rest].join(' ')}\n`
}

/** The time of day, by this machine's zone. */
function clockOf(time: string): string {
  return new Date(time).toTimeString().slice(0, 8)
}

/** Words with a space in quotes, lines of their own where there are several. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.includes('\n')) return `\n  ${text.replaceAll('\n', '\n  ')}`
  return /^\S*$/.test(text) && text !== '' ? text : JSON.stringify(text)
}
