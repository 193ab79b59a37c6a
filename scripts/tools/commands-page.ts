// The reference of the command line: a page of Markdown, and one for `man`. Both are made of the definitions.

import { pageOf } from '../define/help.ts'
import type { AnyCommand } from '../define/told.ts'

/** Writes docs/guide/commands.md: the page of help of every command, and of every action of one. */
export function commandsPage(program: AnyCommand): string {
  const sections = headingsOf(program).flatMap(([heading, commands], i) => [
    `## ${i + 1}. ${capital(heading)}`,
    ...commands.flatMap((one, j) => [
      `### ${i + 1}.${j + 1} ${one.name()}`,
      ...[one, ...one.commands].map(each => fenced(pageOf(each))),
    ]),
  ])
  return [
    '# Commands',
    '<!-- Made by `npm run docs` from the definitions in scripts/commands/: edit those. -->',
    'What `chaffinch COMMAND --help` prints, of every command. `chaffinch completion` has a shell complete them.',
    fenced(pageOf(program)),
    ...sections,
    '',
  ].join('\n\n')
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``
}

/** Lists commands under the headings of the overview. */
export function headingsOf(program: AnyCommand): readonly (readonly [string, readonly AnyCommand[]])[] {
  const found = new Map<string, AnyCommand[]>()
  for (const one of program.commands) {
    const heading = one.helpGroup().replace(/:$/, '')
    found.set(heading, [...(found.get(heading) ?? []), one])
  }
  return [...found]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
