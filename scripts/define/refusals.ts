// How a command line that cannot be is refused: the library finds it, and this says it as the program says all else.

import type { CommanderError } from '@commander-js/extra-typings'
import { CommandError } from '../../encoding/command-line.ts'
import { nearest } from '../../encoding/nearest.ts'
import { type AnyCommand, pathOf, typed, usualOf } from './told.ts'

/** Refuses how a command was written, and says where to read how it is. */
export function usage(of: AnyCommand, message: string): CommandError {
  return new CommandError('USAGE', message, typed(of, '--help'))
}

/** @throws CommandError USAGE; what is no mistake, such as the end of a page of help, as it is */
export function refuse(of: AnyCommand, error: CommanderError): never {
  const [says = '', near = ''] = error.message.replace(/^error: /, '').split('\n')
  const path = pathOf(of)
  const named = /'([^']*)'/.exec(says)?.[1] ?? ''
  switch (error.code) {
    case 'commander.help':
      throw usage(of, path === '' ? 'want a command' : `${path}: want ${wanted(of)}`)
    case 'commander.unknownCommand':
      throw noSuch(of, named)
    case 'commander.unknownOption': {
      const meant = near.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1? ')
      throw new CommandError('USAGE', says, `${meant}${typed(of, '--help')}`)
    }
    case 'commander.missingArgument':
      throw usage(of, `${path}: an argument is missing: ${named}`)
    case 'commander.optionMissingArgument':
      throw usage(of, says.replaceAll(/[<>]/g, ''))
    default:
      throw error
  }
}

/** Refuses a word that names no command of a group. */
export function noSuch(of: AnyCommand, word: string): CommandError {
  const path = pathOf(of)
  const near = nearest(
    word,
    of.commands.map(one => one.name()),
  )
  if (path === '') {
    const hint = near === undefined ? 'chaffinch --help' : `did you mean 'chaffinch ${near}'?`
    return new CommandError('USAGE', `no command '${word}'`, hint)
  }
  const hint = near === undefined ? typed(of, '--help') : `did you mean '${typed(of, near)}'?`
  return new CommandError('USAGE', `${path}: no action '${word}': want ${wanted(of)}`, hint)
}

/** Refuses a word more than a command takes. */
export function refuseExcess(of: AnyCommand): void {
  const words = of.registeredArguments
  const extra = of.args[words.length]
  if (extra === undefined || words.at(-1)?.variadic) return
  const { parent } = of
  // It was taken for the usual command of its group because it names none
  if (words.length === 0 && parent !== null && usualOf(parent) === of) throw noSuch(parent, extra)
  throw usage(of, `${pathOf(of)}: unexpected argument '${extra}'`)
}

/** More than this many are not listed in a line. */
const most = 8

function wanted(of: AnyCommand): string {
  const names = of.commands.map(one => one.name())
  if (names.length > most) return 'an action'
  return names.length === 1 ? String(names[0]) : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
