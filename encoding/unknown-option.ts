// Options that there are not: in JavaScript nobody else looks, and a misspelt one that is passed over in silence is
// found out by what does not happen.

import { nearest } from './nearest.ts'

/** Names the options of a type, all of them: the compiler refuses one too few or too many. */
export type Names<T> = Readonly<Record<keyof T, true>>

/** Says that there is no such option, and which one may have been meant. @param what the function that takes it */
export function noOption(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  const fix = near === undefined ? `remove it (known here: ${known.join(', ')})` : `did you mean '${near}'?`
  return `${what}: unknown option '${name}', ${fix}`
}

/** Says what is wrong with the names of options; undefined where nothing is. @param options as they were handed in */
export function unknownOption<T>(what: string, options: unknown, names: Names<T>): string | undefined {
  if (typeof options !== 'object' || options === null) return `${what}: want an object of options`
  const name = Object.keys(options).find(key => !Object.hasOwn(names, key))
  return name === undefined ? undefined : noOption(what, name, Object.keys(names))
}
