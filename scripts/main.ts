// The command line: runs it, and tells a failure in one line.

import { CommanderError } from 'commander'
import { CommandError } from '../encoding/command-line.ts'
import { exitCodeOf } from './define/command.ts'
import type { AnyCommand } from './define/told.ts'
import { program } from './program.ts'

/**
 * Runs a command line.
 *
 * @returns its exit code; why it failed stands on standard error
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await perform(args)
  } catch (error) {
    return await tell(error)
  }
}

/** Runs a command line. @returns its exit code @throws CommandError, and what the command throws */
export async function perform(args: readonly string[]): Promise<number> {
  const chaffinch = program()
  const given = args[0] === '-V' ? ['--version'] : args
  const words = actionFirst(chaffinch, (await answered(given)) ?? given)
  try {
    await chaffinch.parseAsync(words, { from: 'user' })
    return exitCodeOf(chaffinch)
  } catch (error) {
    // The end of a page of help, or of the version
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

/** In a terminal `init` asks for what was not said: the answers are a command line. */
async function answered([name, what, ...rest]: readonly string[]): Promise<string[] | undefined> {
  const isBare = name === 'init' && rest.length === 0 && what?.startsWith('-') !== true
  if (!isBare || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined
  return ['init', ...(await (await import('./files/init-wizard.ts')).inTerminal(what))]
}

/** Puts the action of a command before options that stand in front of it, as in `pay --ledger bitcoin status`. */
function actionFirst(chaffinch: AnyCommand, [name, ...rest]: readonly string[]): string[] {
  if (name === undefined) return []
  const actions = chaffinch.commands.find(one => one.name() === name)?.commands ?? []
  const takesValue = new Set(
    actions.flatMap(({ options }) => options.filter(({ required }) => required).map(({ long }) => long)),
  )
  let at = 0
  while (rest[at]?.startsWith('-') && rest[at] !== '--') at += takesValue.has(rest[at]) ? 2 : 1
  const word = rest[at]
  if (at === 0 || word === undefined || !actions.some(one => one.name() === word)) return [name, ...rest]
  return [name, word, ...rest.slice(0, at), ...rest.slice(at + 1)]
}

async function tell(error: unknown): Promise<number> {
  if (error instanceof CommandError) return say(error.message, error.hint, error.exitCode)
  const { hintOf, sayingOf } = await import('./hints.ts')
  const exitCode = say(sayingOf(error), hintOf(error), 1)
  if (process.env['CHAFFINCH_DEBUG'] !== undefined && error instanceof Error) console.error(error.stack)
  return exitCode
}

function say(what: string, hint: string | undefined, exitCode: number): number {
  console.error(`chaffinch: ${what}`)
  if (hint !== undefined) console.error(`hint: ${hint}`)
  return exitCode
}
