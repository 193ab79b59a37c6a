// A voter's letter (docs/spec/voting.md 4.3): a text with places for what differs, filled in for each voter.

import { CommandError } from '../../encoding/command-line.ts'

/** Holds what a letter says of one voter, by the names of the places in a text. */
export interface LetterFacts {
  readonly name: string
  readonly title: string
  /** The election's id. */
  readonly election: string
  readonly code: string
  /** The address that opens the voter's page; undefined where the election has none. */
  readonly link: string | undefined
}

const places = ['name', 'title', 'election', 'code', 'link'] as const
const place = /\{([a-z]+)\}/g

const withPage = `To vote, open this address, which is yours alone:

  {link}

Or give this code to a program of your own ('chaffinch election vote'):`

const withoutPage = `To vote, give this code to your program ('chaffinch election vote'):`

const usual = (how: string): string => `{name}, you may vote: {title}

${how}

  {code}

The election is the one with this id. Compare it with what others were told:

  {election}

Whoever has this letter can vote in your name: show it to nobody. Who votes again replaces what was said before, so
if somebody else may have read it, vote, and look afterwards whether your ballot still counts.
`

/** Gives the text that letters have unless another is written. */
export function usualText(hasPage: boolean): string {
  return usual(hasPage ? withPage : withoutPage)
}

/**
 * Checks a text of letters.
 *
 * @throws CommandError CONFIG for a place that is not known, or a text without the code
 */
export function checkText(text: string, file: string, hasPage: boolean): void {
  const named = [...text.matchAll(place)].map(([, name]) => name as string)
  const odd = named.find(name => !(places as readonly string[]).includes(name))
  if (odd !== undefined)
    throw new CommandError('CONFIG', `${file}: {${odd}} is not known: want {${places.join('}, {')}}`)
  if (!hasPage && named.includes('link'))
    throw new CommandError('CONFIG', `${file}: {link} wants --page URL, or codes that have links`)
  if (!named.includes('code') && !named.includes('link'))
    throw new CommandError('CONFIG', `${file}: want {code} or {link} in it, or nobody can vote`)
}

/** Fills in a text. What stands in a name is taken as it is: no place in it is filled. */
export function letterOf(text: string, facts: LetterFacts): string {
  return text.replaceAll(place, (_, name: keyof LetterFacts) => facts[name] ?? '')
}
