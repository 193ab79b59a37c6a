// chaffinch(1): the page for `man`, in the macros of mdoc(7), made of the definitions.

import { optionsOf, termOf } from '../define/help.ts'
import { type AnyCommand, formsOf, toldOf } from '../define/told.ts'
import { headingsOf } from './commands-page.ts'

/** Columns of a line of the source. */
const widest = 78

const environment = [
  ['CHAFFINCH_CONFIG', 'What every command takes as its --config, unless it names one.'],
  ['XDG_CONFIG_HOME', 'Where the folder chaffinch with configurations lies, in place of ~/.config.'],
  ['CHAFFINCH_DEBUG', 'Where it is set, a failure tells where in the program it happened.'],
  ['NO_COLOR', 'Where it is set, nothing is coloured.'],
] as const

/** @param date of the page, such as `November 29, 2026` */
export function manPage(program: AnyCommand, date: string): string {
  const { summary, examples = [] } = toldOf(program)
  const lines = [
    '.\\" Made by npm run build from the definitions in scripts/commands/.',
    `.Dd ${date}`,
    '.Dt CHAFFINCH 1',
    '.Os',
    '.Sh NAME',
    '.Nm chaffinch',
    `.Nd ${summary}`,
    '.Sh SYNOPSIS',
    '.Nm',
    '.Ar COMMAND',
    '.Op Ar OPTIONS',
    '.Sh DESCRIPTION',
    ...prose(program.description()),
    '.Pp',
    ...prose('Every command tells its options and examples with --help.'),
    '.Sh COMMANDS',
    ...headingsOf(program).flatMap(([heading, commands]) => [
      `.Ss ${escaped(heading)}`,
      ...list(commands.map(one => [termsOf(one), bodyOf(one)])),
    ]),
    '.Sh ENVIRONMENT',
    ...list(environment.map(([name, does]) => [[name], prose(does)])),
    '.Sh EXIT STATUS',
    ...prose(
      `0 where all is well, 1 where something failed, and 2 where the command line or a file of configuration has a
      mistake.`,
    ),
    '.Sh EXAMPLES',
    ...literal(examples),
  ]
  return `${lines.join('\n')}\n`
}

function termsOf(of: AnyCommand): readonly string[] {
  return of.commands.length > 0 ? [`chaffinch ${of.name()}`] : formsOf(of)
}

/** Says what a command does, its options, its actions and its examples. */
function bodyOf(of: AnyCommand): string[] {
  const { examples = [] } = toldOf(of)
  const own = of.commands.length > 0 ? [] : optionsOf(of)
  return [
    ...prose(of.description()),
    ...list(own.map(option => [[termOf(option)], prose(option.description)])),
    ...list(of.commands.map(one => [termsOf(one), bodyOf(one)])),
    ...(examples.length === 0 || of.commands.length > 0 ? [] : ['.Pp', 'For example:', ...literal(examples)]),
  ]
}

/** Things with what is said of them; several names of a thing are lines of their own. */
function list(items: readonly (readonly [terms: readonly string[], body: readonly string[]])[]): string[] {
  if (items.length === 0) return []
  const lines = items.flatMap(([terms, body]) => [...terms.map(term => `.It Li ${macro(term)}`), ...body])
  return ['.Bl -tag -width Ds', ...lines, '.El']
}

function literal(lines: readonly string[]): string[] {
  return ['.Bd -literal -offset indent', ...lines.map(escaped), '.Ed']
}

/** Paragraphs in lines of the source. */
function prose(text: string): string[] {
  return text.split('\n\n').flatMap((paragraph, i) => [...(i === 0 ? [] : ['.Pp']), ...wrapped(paragraph)])
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1)
    // As troff wants it, a sentence begins a line
    if (last === undefined || last.length + 1 + word.length > widest || /[.?!]$/.test(last)) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.map(escaped)
}

/** Writes text that is no macro. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')
}

/** The words of a macro, of which none is another one. */
function macro(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`
}
