// How a page of help looks: the same for every command, made of its definition.

import { stripVTControlCharacters, styleText } from 'node:util'
import type { Argument, HelpConfiguration, Option } from '@commander-js/extra-typings'
import { type AnyCommand, formsOf, toldOf } from './told.ts'

const widest = 100
/** An option of this many commands of a group, or fewer, is said to be theirs. */
const few = 4

/** Columns of a page: those of the terminal, where there is one, and never so many that lines are hard to read. */
export function helpWidth(): number {
  const { isTTY, columns } = process.stdout
  return Math.min(widest, isTTY === true ? columns : widest)
}

export const helpStyle: HelpConfiguration = {
  commandUsage: of =>
    of.parent === null
      ? 'chaffinch COMMAND [OPTIONS]'
      : formsOf(of).join(`\n${' '.repeat('usage: '.length)}`),
  // Every page is named at the end of the overview instead
  visibleCommands: of => of.commands.filter(one => one.name() !== 'help'),
  subcommandTerm: of => of.name(),
  subcommandDescription: of => of.summary(),
  optionTerm: termOf,
  optionDescription: option => option.description,
  argumentTerm: argument => argument.name(),
  argumentDescription: argument => argument.description,
  visibleOptions: optionsOf,
  visibleArguments: of =>
    (of.registeredArguments as Argument[]).filter(({ description }) => description !== ''),
  styleTitle: title => bold(title.replace(/^[A-Z]/, letter => letter.toLowerCase())),
}

/** An option as it stands on a page: `--config FILE`. */
export function termOf(option: Option): string {
  return option.flags.replaceAll(/[<>]/g, '')
}

/** The options of a command, or of all those of a group, each once; who wants to know of fewer reads their pages. */
export function optionsOf(of: AnyCommand): Option[] {
  if (of.commands.length === 0) return of.options.filter(({ hidden }) => !hidden)
  if (of.parent === null) return of.options.filter(({ hidden }) => !hidden)
  const takers = new Map<string, { readonly option: Option; readonly names: string[] }>()
  for (const one of of.commands)
    for (const option of optionsOf(one)) {
      const taken = takers.get(option.flags) ?? { option, names: [] }
      takers.set(option.flags, taken)
      taken.names.push(one.name())
    }
  return [...takers.values()].map(({ option, names }) => {
    if (names.length > few || names.length === of.commands.length) return option
    return Object.assign(Object.create(option) as Option, {
      description: `of ${names.join(', ').replace(/, (?=[^,]*$)/, ' and ')}: ${option.description}`,
    })
  })
}

/** Gives a page of help without colours. */
export function pageOf(of: AnyCommand): string {
  return stripVTControlCharacters(`${of.helpInformation()}${endText(of)}\n`)
}

/** Takes no look at the terminal: commander removes colours where it wants none. */
function bold(text: string): string {
  return styleText('bold', text, { validateStream: false })
}

/** Gives what stands below everything else. */
export function endText(of: AnyCommand): string {
  const { examples = [], notes = [] } = toldOf(of)
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', bold(title), ...lines.map(line => `  ${line}`)]
  return [
    ...section('besides:', notes),
    ...section(examples.length === 1 ? 'example:' : 'examples:', examples),
  ].join('\n')
}
