// npm run trial -- payment-privacy: what a ledger's operator and a receiver find out, and what they would with the ways
// of before. docs/spec/payments-paymix.md 5.7.

import { readOptions, wholeNumber } from '../../encoding/command-line.ts'
import { type Interval, intervalOf, type Score, together } from './measure.ts'
import { ledgerGroups, ledgerLinks } from './operator.ts'
import { receiverNames } from './receiver.ts'

const names = ['ledgerLinks', 'ledgerGroups', 'receiverNames'] as const
type Name = (typeof names)[number]

/** Says of each adversary where its part of right guesses lies, what chance gives, and what it was before. */
export type Privacy = { readonly [name in Name]: Interval } & {
  readonly chance: Readonly<Record<Name, number>>
  readonly control: Readonly<Record<Name, number>>
}

/** An interval may lie so far beside chance. */
const tolerance = 0.05
const leastControl = 0.9

type Measured = Readonly<Record<Name, Score>>

/** @param worlds so many of each kind are played */
export async function measurePrivacy(seed: number, worlds: number): Promise<Privacy> {
  const [now, before] = [await measured(seed, worlds, true), await measured(seed, worlds, false)]
  const each = <T>(of: (name: Name) => T): Record<Name, T> =>
    Object.fromEntries(names.map(name => [name, of(name)])) as Record<Name, T>
  return {
    ...each(name => intervalOf(now[name])),
    chance: each(name => now[name].chance),
    control: each(name => before[name].right / before[name].guesses),
  }
}

async function measured(seed: number, worlds: number, isNow: boolean): Promise<Measured> {
  const [links, groups, named]: [Score[], Score[], Score[]] = [[], [], []]
  for (let world = 0; world < worlds; world++) {
    const of = seed * 1000 + world
    links.push(await ledgerLinks(of, isNow ? 'following' : 'asking'))
    groups.push(await ledgerGroups(of, isNow ? 'following' : 'asking'))
    named.push(await receiverNames(of, isNow ? 'stock' : 'exchange'))
  }
  return { ledgerLinks: together(links), ledgerGroups: together(groups), receiverNames: together(named) }
}

/** Says whether nobody finds out more than chance, and would have before. */
export function isHidden(privacy: Privacy): boolean {
  return names.every(name => {
    const [low, high] = privacy[name]
    const chance = privacy.chance[name]
    const isChance = low - tolerance <= chance && chance <= high + tolerance
    return isChance && privacy.control[name] > leastControl
  })
}

/** @returns the exit code */
export async function privacyTrial(args: readonly string[]): Promise<number> {
  const { values } = readOptions(
    'payment-privacy',
    args,
    { json: { type: 'boolean' }, seed: { type: 'string' }, worlds: { type: 'string' } },
    [0, 0],
  )
  const seed = wholeNumber('seed', values.seed ?? '1', 0, 1_000_000)
  const worlds = wholeNumber('worlds', values.worlds ?? '4', 1, 100)
  const privacy = await measurePrivacy(seed, worlds)
  if (values.json === true) console.log(JSON.stringify(privacy))
  else
    for (const name of names) {
      const [low, high] = privacy[name]
      const [now, chance, control] = [
        `${percent(low)} to ${percent(high)}`,
        privacy.chance[name],
        privacy.control[name],
      ]
      console.log(
        `${name.padEnd(14)} right ${now}, by chance ${percent(chance)}; the way of before ${percent(control)}`,
      )
    }
  return isHidden(privacy) ? 0 : 1
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}
