// Completion for bash 3.2 and later, as a script that starts no process. It needs no package of the system's.

import type { AnyCommand } from '../define/told.ts'
import { type Place, placesOf, type Values } from './tree.ts'

export function bash(program: AnyCommand): string {
  const places = placesOf(program)
  const paths = places.map(({ path }) => path.join(' ')).filter(path => path !== '')
  return `# Completion of chaffinch for bash, made by 'chaffinch completion bash'.

_chaffinch() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} path='' at next
  # --option=value comes in three words
  [ "$word" = = ] && word=''
  [ "$before" = = ] && before=\${COMP_WORDS[COMP_CWORD - 2]}
  for ((at = 1; at < COMP_CWORD; at++)); do
    next="\${path:+$path }\${COMP_WORDS[at]}"
    case "$next" in
      ${paths.map(quoted).join(' | ')}) path=$next ;;
    esac
  done
  COMPREPLY=()
  case "$path $before" in
${places.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${places.map(placeCase).join('\n')}
  esac
}

_chaffinch_words() { COMPREPLY=($(compgen -W "$1" -- "$2")); }

_chaffinch_files() {
  local IFS=$'\\n'
  compopt -o filenames 2> /dev/null
  COMPREPLY=($(compgen "$1" -- "$2"))
}

complete -F _chaffinch chaffinch
`
}

/** Offers what may follow an option that takes a value. */
function valueCases({ path, flags }: Place): string[] {
  return flags.flatMap(({ long, value }) =>
    value === undefined ? [] : `    ${quoted(`${path.join(' ')} ${long}`)}) ${offer(value.values)} return ;;`,
  )
}

/** Offers what may follow a command: options behind a dash, else commands, else what its first word may be. */
function placeCase({ path, flags, commands, words }: Place): string {
  const options = flags.map(({ long }) => long)
  const others = commands.length > 0 ? commands.map(({ name }) => name) : (words[0]?.values ?? 'any')
  return `    ${quoted(path.join(' '))})
      case "$word" in
        -*) ${offer(options)} ;;
        *) ${offer(others)} ;;
      esac
      ;;`
}

function offer(values: Values): string {
  if (values === 'any') return ':;'
  if (values === 'files') return '_chaffinch_files -f "$word";'
  if (values === 'folders') return '_chaffinch_files -d "$word";'
  return `_chaffinch_words ${quoted(values.join(' '))} "$word";`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
