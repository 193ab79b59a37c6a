// Completion for zsh, as a script that starts no process: to be sourced, or a file _chaffinch in a folder of $fpath.

import type { AnyCommand } from '../define/told.ts'
import { type Flag, type Place, placesOf, type Values } from './tree.ts'

export function zsh(program: AnyCommand): string {
  return `#compdef chaffinch
# Completion of chaffinch for zsh, made by 'chaffinch completion zsh'.

${placesOf(program).map(functionOf).join('\n\n')}

if [ "$funcstack[1]" = _chaffinch ]; then
  _chaffinch "$@"
else
  compdef _chaffinch chaffinch
fi
`
}

function functionOf({ path, flags, commands, words }: Place): string {
  const name = nameOf(path)
  const specs = flags.map(flagSpec)
  if (commands.length === 0) {
    const places = words.map(({ name: word, values }, i) => `${i + 1}:${escaped(word)}:${offer(values)}`)
    return `${name}() {\n  _arguments ${[...specs, ...places].map(quoted).join(' \\\n    ')}\n}`
  }
  const listed = commands.map(({ name: one, says }) => quoted(`${one}:${says.replaceAll(':', '\\:')}`))
  const cases = commands.map(({ name: one }) => `        ${one}) ${nameOf([...path, one])} ;;`)
  return `${name}() {
  local context state state_descr line curcontext="$curcontext"
  typeset -A opt_args
  local -a listed=(
    ${listed.join('\n    ')}
  )
  _arguments -C ${[...specs, '1: :->command', '*:: :->rest'].map(quoted).join(' \\\n    ')}
  case $state in
    command) _describe -t commands command listed ;;
    rest)
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}`
}

/** `--option[what it does]:value:where it comes from`. */
function flagSpec({ long, says, value, isRepeated }: Flag): string {
  const takes = value === undefined ? '' : `:${escaped(value.name)}:${offer(value.values)}`
  return `${isRepeated ? '*' : ''}${long}[${escaped(says)}]${takes}`
}

function offer(values: Values): string {
  if (values === 'any') return ' '
  if (values === 'files') return '_files'
  return values === 'folders' ? '_files -/' : `(${values.join(' ')})`
}

function nameOf(path: readonly string[]): string {
  return ['_chaffinch', ...path].join('_')
}

function escaped(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, sign => `\\${sign}`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
