// How a command line is read, and how a command fails: for the command line, and for the trials beside it.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { durationForm, parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'

/**
 * USAGE and CONFIG are the caller's to mend (exit code 2); FAILED is what went wrong while running (exit code 1).
 */
export type CommandErrorCode = 'USAGE' | 'CONFIG' | 'FAILED'

/** A failure that is told in one line on standard error, with a `hint:` line where there is something to do. */
export class CommandError extends Error {
  readonly code: CommandErrorCode
  readonly hint: string | undefined
  constructor(code: CommandErrorCode, message: string, hint?: string) {
    super(message)
    this.name = 'CommandError'
    this.code = code
    this.hint = hint
  }
  get exitCode(): 1 | 2 {
    return this.code === 'FAILED' ? 1 : 2
  }
}

type Options = NonNullable<ParseArgsConfig['options']>

export type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>
>

/**
 * Reads options and words as node:util's parseArgs does.
 *
 * @param positionals how many words without a dash are allowed: [least, most]
 * @throws CommandError USAGE
 */
export function readOptions<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  [least, most]: readonly [number, number] = [0, 0],
): Parsed<O> {
  const hint = `chaffinch ${command} --help`
  const parsed = ((): Parsed<O> => {
    try {
      return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    } catch (error) {
      const says = lowerCase(firstSentence((error as Error).message))
      const wrong = /^unknown option '--([\w-]+)'/.exec(says)?.[1]
      const near = wrong === undefined ? undefined : nearest(wrong, Object.keys(options))
      throw new CommandError('USAGE', says, near === undefined ? hint : `did you mean --${near}? ${hint}`)
    }
  })()
  const count = parsed.positionals.length
  if (count < least) throw new CommandError('USAGE', `${command}: an argument is missing`, hint)
  if (count > most) {
    throw new CommandError('USAGE', `${command}: unexpected argument '${parsed.positionals[most]}'`, hint)
  }
  return parsed
}

/** The file of configuration that somebody names for all commands of a shell: `CHAFFINCH_CONFIG`. */
export function configFromEnvironment(): string | undefined {
  const file = process.env['CHAFFINCH_CONFIG']
  return file === '' ? undefined : file
}

/** Reads a whole number given on the command line. @throws CommandError USAGE */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new CommandError('USAGE', `--${option} ${text}: want a whole number from ${least} to ${most}`)
}

/** Reads a duration given on the command line, milliseconds. @throws CommandError USAGE */
export function durationOption(option: string, text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new CommandError('USAGE', `--${option} ${text}: want ${durationForm}`)
  return ms
}

function firstSentence(text: string): string {
  return (text.split(/\. |\n/)[0] as string).replace(/\.$/, '')
}

function lowerCase(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
