// How a command is defined: by its name, words, options and examples, from which help, completion, the man page and the
// reference are made; and by what it loads when it is called, so that a start loads no other command's libraries.

import { Command, Option } from '@commander-js/extra-typings'
import { endText, helpStyle, helpWidth } from './help.ts'
import { refuse, refuseExcess } from './refusals.ts'
import { type AnyCommand, keepTold, type Told } from './told.ts'

/** Begins the definition of a command. */
export function command(name: string, told: Told & { readonly usual?: string | undefined }): Command {
  const made = new Command(name)
    .summary(told.summary)
    .description(flowing(told.says ?? `${told.summary.charAt(0).toUpperCase()}${told.summary.slice(1)}.`))
    .helpOption('-h, --help', 'print this page')
    .configureHelp(helpStyle)
    .configureOutput({ writeErr: () => {}, outputError: () => {}, getOutHelpWidth: helpWidth })
    .enablePositionalOptions()
    .allowExcessArguments()
    .exitOverride(error => refuse(made, error))
  keepTold(made, told)
  made.addHelpText('after', () => endText(made))
  return made
}

/**
 * Defines a command that has others below it.
 *
 * @param usual the name of the one that runs when none is named
 */
export function group(name: string, told: Told, actions: readonly AnyCommand[], usual?: string): Command {
  const made = command(name, { ...told, usual })
    .helpCommand(false)
    .commandsGroup('actions:')
  for (const action of actions) made.addCommand(action, { isDefault: action.name() === usual })
  return made
}

/** The exit codes of commands that have run, by the program that ran them. */
const exitCodes = new WeakMap<AnyCommand, number>()

/** Gives the exit code of what a program has run. */
export function exitCodeOf(program: AnyCommand): number {
  return exitCodes.get(program) ?? 0
}

/**
 * Makes the action of a command.
 *
 * @param load gives the function that does it: of its words, and its options; it gives an exit code, or none for 0
 */
export function runs<Given extends unknown[]>(
  load: () => Promise<(...given: Given) => number | undefined | Promise<number | undefined>>,
): (...given: [...Given, AnyCommand]) => Promise<void> {
  return async (...all) => {
    const given: unknown[] = [...all]
    const own = given.pop() as AnyCommand
    refuseExcess(own)
    const act = await load()
    exitCodes.set(rootOf(own), (await act(...(given as Given))) ?? 0)
  }
}

function rootOf(of: AnyCommand): AnyCommand {
  return of.parent === null ? of : rootOf(of.parent)
}

/** An option that may be given more than once. */
export function many<const Flags extends string>(
  flags: Flags,
  description: string,
): Option<Flags, undefined, undefined, string[]> {
  const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]
  return new Option(flags, description).argParser<string[]>(collect)
}

/** An option with a few values that it may have, which completion offers; the command itself refuses others. */
export function oneOf<const Flags extends string>(
  flags: Flags,
  choices: readonly string[],
  description: string,
): Option<Flags> {
  return Object.assign(new Option(flags, description), { argChoices: [...choices] })
}

/** Line ends within a paragraph are spaces. */
function flowing(text: string): string {
  const paragraphs = text.trim().split(/\n\s*\n/)
  return paragraphs.map(one => one.replaceAll(/\s+/g, ' ').trim()).join('\n\n')
}
