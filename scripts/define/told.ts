// What is told of a command besides its options and words, and where it stands among the others.

import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/** A command of any options and words. */
export type AnyCommand = CommandUnknownOpts

export interface Told {
  /** A few words for the list of commands. */
  readonly summary: string
  /** Paragraphs, parted by empty lines; line ends within one are spaces. By default the summary. */
  readonly says?: string
  /** Ways to write it, without the name; by default its words and `[OPTIONS]`. */
  readonly usage?: readonly string[]
  readonly examples?: readonly string[]
  /** Lines about what is no option. */
  readonly notes?: readonly string[]
}

interface Kept extends Told {
  /** The name of the command that a group runs when none is named. */
  readonly usual?: string | undefined
}

const kept = new WeakMap<AnyCommand, Kept>()

export function keepTold(of: AnyCommand, told: Kept): void {
  kept.set(of, told)
}

/** Gives what a command was defined with. */
export function toldOf(of: AnyCommand): Told {
  return kept.get(of) ?? { summary: of.summary() }
}

/** Finds the command that a group runs when none is named. */
export function usualOf(of: AnyCommand): AnyCommand | undefined {
  const usual = kept.get(of)?.usual
  return usual === undefined ? undefined : of.commands.find(one => one.name() === usual)
}

/** Names a command as it is typed, without the program: `pay send`. A name that need not be typed is left out. */
export function pathOf(of: AnyCommand): string {
  const { parent } = of
  if (parent === null) return ''
  return [pathOf(parent), usualOf(parent) === of ? '' : of.name()].filter(name => name !== '').join(' ')
}

/** Names it with the program: `chaffinch pay send`. */
export function typed(of: AnyCommand, ...more: readonly string[]): string {
  return ['chaffinch', pathOf(of), ...more].filter(word => word !== '').join(' ')
}

/** Says how a command is written: a line for each way. */
export function formsOf(of: AnyCommand): readonly string[] {
  if (of.commands.length > 0) return of.commands.flatMap(formsOf)
  const words = of.registeredArguments.map(word => (word.required ? word.name() : `[${word.name()}]`))
  const forms = toldOf(of).usage ?? [[...words, '[OPTIONS]'].join(' ')]
  return forms.map(form => typed(of, form))
}
