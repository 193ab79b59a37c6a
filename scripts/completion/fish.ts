// Completion for fish, as a script that starts no process: to be sourced, or chaffinch.fish in its completions folder.

import type { AnyCommand } from '../define/told.ts'
import { type Flag, type Place, placesOf, type Values } from './tree.ts'

export function fish(program: AnyCommand): string {
  const places = placesOf(program)
  const paths = places.map(({ path }) => path.join(' ')).filter(path => path !== '')
  return `# Completion of chaffinch for fish, made by 'chaffinch completion fish'.

# Tells whether these are the commands in front of the cursor.
function __chaffinch_at
    set -l path ''
    for word in (commandline -opc)[2..]
        set -l next (string trim -- "$path $word")
        switch "$next"
            case ${paths.map(quoted).join(' ')}
                set path $next
        end
    end
    test "$path" = "$argv[1]"
end

complete -c chaffinch -e
complete -c chaffinch -f
${places.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, flags, commands, words }: Place): string[] {
  const here = `complete -c chaffinch -n ${quoted(`__chaffinch_at '${path.join(' ')}'`)}`
  const word = commands.length === 0 ? offer(words[0]?.values ?? 'any') : ''
  return [
    ...commands.map(({ name, says }) => `${here} -a ${quoted(name)} -d ${quoted(says)}`),
    ...(word === '' ? [] : [`${here} ${word}`]),
    ...flags.map(flag => `${here} ${flagOf(flag)}`),
  ]
}

function flagOf({ long, says, value }: Flag): string {
  const takes = value === undefined ? '' : ` ${value.values === 'files' ? '-r' : '-x'} ${offer(value.values)}`
  return `-l ${long.slice('--'.length)}${takes} -d ${quoted(says)}`
}

function offer(values: Values): string {
  if (values === 'any') return ''
  if (values === 'files') return '-F'
  return values === 'folders' ? "-a '(__fish_complete_directories)'" : `-a ${quoted(values.join(' '))}`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", `\\'`)}'`
}
