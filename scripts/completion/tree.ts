// What a shell may offer, made of the definitions: which words may follow which.

import type { Argument, Option } from '@commander-js/extra-typings'
import { optionsOf } from '../define/help.ts'
import { type AnyCommand, usualOf } from '../define/told.ts'

/** The values of an option or argument: any, those that are listed, or the names of files or folders. */
export type Values = 'any' | 'files' | 'folders' | readonly string[]

export interface Flag {
  /** `--config`. */
  readonly long: string
  /** `-v`. */
  readonly short: string | undefined
  readonly says: string
  /** Names its value, and says what it may be; undefined where it takes none. */
  readonly value: { readonly name: string; readonly values: Values } | undefined
  readonly isRepeated: boolean
}

/** A place on the command line. */
export interface Place {
  /** The commands before it, without the program: [], ['pay'], ['pay', 'send']. */
  readonly path: readonly string[]
  readonly flags: readonly Flag[]
  /** The commands that may follow. */
  readonly commands: readonly { readonly name: string; readonly says: string }[]
  /** The words that may follow where no command may. */
  readonly words: readonly { readonly name: string; readonly values: Values }[]
}

/** Lists every place, the program's own first. */
export function placesOf(program: AnyCommand): readonly Place[] {
  const at = (of: AnyCommand, path: readonly string[]): Place[] => {
    const usual = usualOf(of)
    const commands = of.commands.map(one => ({ name: one.name(), says: one.summary() }))
    const place: Place = {
      path,
      flags: [...flagsOf(usual ?? of), help],
      commands,
      words: ((usual ?? of).registeredArguments as Argument[]).map(word => ({
        name: word.name(),
        values: valuesOf(word.name(), word.argChoices),
      })),
    }
    return [place, ...of.commands.flatMap(one => at(one, [...path, one.name()]))]
  }
  return at(program, [])
}

const help: Flag = {
  long: '--help',
  short: '-h',
  says: 'print its page',
  value: undefined,
  isRepeated: false,
}

function flagsOf(of: AnyCommand): Flag[] {
  return optionsOf(of).map(flagOf)
}

function flagOf(option: Option): Flag {
  const name = /<([^>]*)>/.exec(option.flags)?.[1]
  return {
    long: option.long as string,
    short: option.short,
    says: option.description,
    value: name === undefined ? undefined : { name, values: valuesOf(name, option.argChoices) },
    isRepeated: option.parseArg !== undefined,
  }
}

/** By what a value is called: FILE is the name of one. */
function valuesOf(name: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return choices
  if (name === 'FILE') return 'files'
  return name === 'DIR' || name === 'PATH' ? 'folders' : 'any'
}
