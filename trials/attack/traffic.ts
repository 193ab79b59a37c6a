// npm run attack -- traffic [--json] [--runs 20] [--seed 1]: in a network of rounds, can somebody who sees all links
// name who wrote a message that comes out? With batching, padding and dummies as often as by chance; each of them off
// is a control, and so is a cascade all of whose mixes tell. The scenarios are those of the measurements that the
// third source document reports.

import { sum } from 'simple-statistics'
import { readRunArguments } from './arguments.ts'
import { shareInterval } from './proportion.ts'
import { type Defences, type Guesses, guessSenders } from './rounds-model.ts'
import type { Interval } from './score.ts'

const scene = { clients: 10, rounds: 400, speaks: 0.25 } as const
const usualRuns = 20
const chance = 1 / scene.clients
/** An interval that holds chance and reaches no further beyond it says that nothing was found. */
const tolerated = 0.02
const controlAbove = 0.95
/** Without dummies there is something to find, and not everything. */
const noticeable = 0.02

const all: Defences = { batching: true, padding: true, dummies: true, corrupt: 0 }
type Case =
  | 'on'
  | 'batchingOff'
  | 'paddingOff'
  | 'dummiesOff'
  | 'allOff'
  | 'oneCorrupt'
  | 'twoCorrupt'
  | 'allCorrupt'
const cases: Readonly<Record<Case, Defences>> = {
  on: all,
  batchingOff: { ...all, batching: false },
  paddingOff: { ...all, padding: false },
  dummiesOff: { ...all, dummies: false },
  allOff: { ...all, batching: false, padding: false, dummies: false },
  oneCorrupt: { ...all, corrupt: 1 },
  twoCorrupt: { ...all, corrupt: 2 },
  allCorrupt: { ...all, corrupt: 3 },
}

/** With these on who sees all links learns nothing; each of those off, or all mixes, lets it succeed. */
const defended: readonly Case[] = ['on', 'oneCorrupt', 'twoCorrupt']
const controls: readonly Case[] = ['batchingOff', 'paddingOff', 'allOff', 'allCorrupt']

interface TrafficResult {
  /** The share of messages whose writer was named: a 95 % interval each. */
  readonly success: Readonly<Record<Case, Interval>>
  readonly chance: number
  readonly clients: number
  readonly runs: number
  readonly messages: number
  readonly holds: boolean
}

/** Runs all cases on the same seeds. */
export function trafficAttack(runs: number, seed: number): TrafficResult {
  const seeds = Array.from({ length: runs }, (_, i) => seed + i)
  const guesses = Object.fromEntries(
    Object.entries(cases).map(([name, defences]) => [
      name,
      seeds.map(each => guessSenders({ ...scene, seed: each }, defences)),
    ]),
  ) as Record<Case, Guesses[]>
  const success = Object.fromEntries(
    Object.entries(guesses).map(([name, of]) => [name, shareInterval(of, seed)]),
  ) as Record<Case, Interval>
  const isChance = ([low, high]: Interval): boolean =>
    low <= chance && high >= chance && high - chance < tolerated
  const holds =
    defended.every(name => isChance(success[name])) &&
    controls.every(name => success[name][0] > controlAbove) &&
    success.dummiesOff[0] > chance + noticeable
  return {
    success,
    chance,
    clients: scene.clients,
    runs,
    messages: sum(guesses.on.map(({ messages }) => messages)),
    holds,
  }
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 1000)
  const result = trafficAttack(runs, seed)
  console.error(
    result.holds
      ? 'who sees all links names the writer of a message as often as by chance'
      : 'THE DEFENCE OR ITS CONTROL FAILS',
  )
  if (json) console.log(JSON.stringify(result))
  else console.table(result.success)
  return result.holds ? 0 : 1
}
