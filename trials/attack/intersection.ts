// npm run attack -- intersection [--json] [--runs 40] [--seed 1]: somebody who sees who is connected, and when a
// message of one correspondent arrives, strikes off everybody who was away. How many users are left after so many
// messages, and how often one alone: a curve for each kind of presence, and no verdict on it, since nothing makes it
// impossible. The control is presence that never ends: nobody is ever struck off. What is checked is that the curves
// are those of the closed form where observations are far apart (docs/spec/simulator.md 7), and lie above it where
// they are close.

import { Dice } from '../../hiding/dice.ts'
import { intersection } from '../../hiding/formulas-attack.ts'
import { summed } from '../../simulator/anonymity/runs.ts'
import { readRunArguments } from './arguments.ts'

const usualRuns = 40
const users = 1000
const steps = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100] as const
const sigmas = 4

/** Says how users come and go: in spells of exponential lengths. */
export interface Presence {
  /** The share of the time that each is there. */
  readonly share: number
  /** The mean time that one stays, seconds. */
  readonly spellS: number
}

/**
 * Three as people's devices are (the mean share and the median spell, taken for the mean, of three of the schedules
 * that Rollercoaster's authors publish), one of a daemon that is away for one hour in a hundred, and one that is never
 * away.
 */
const presences: Readonly<Record<string, Presence>> = {
  'online .37': { share: 0.37, spellS: 1062 },
  'online .65': { share: 0.65, spellS: 2258 },
  'online .93': { share: 0.93, spellS: 12_992 },
  'online .99': { share: 0.99, spellS: 356_400 },
  'never away': { share: 1, spellS: Number.POSITIVE_INFINITY },
}
const gaps: Readonly<Record<string, number>> = { hourly: 3600, daily: 86_400 }

/** After so many messages. */
export interface CurvePoint {
  readonly messages: number
  /** Users that were there each time, the writer among them: mean and standard error over runs. */
  readonly left: readonly [mean: number, se: number]
  /** The share of runs in which nobody but the writer is left. */
  readonly alone: readonly [mean: number, se: number]
  /** Holds what the closed form says of users who come and go from one message to the next. */
  readonly independent: { readonly left: number; readonly alone: number }
}

/** Draws who is left after each of the steps, for one writer. */
function leftAfter(presence: Presence, gapS: number, dice: Dice): number[] {
  const { share } = presence
  // The chain of a user who is looked at every so many seconds: how much of what was so is still so
  const kept = share === 1 ? 1 : Math.exp(-gapS / (presence.spellS * (1 - share)))
  let left = dice.binomial(users - 1, share)
  const found: number[] = []
  const last = steps.at(-1) as number
  for (let message = 1; message <= last; message++) {
    if (message > 1) left = dice.binomial(left, share + (1 - share) * kept)
    if ((steps as readonly number[]).includes(message)) found.push(1 + left)
  }
  return found
}

export interface IntersectionResult {
  readonly users: number
  readonly runs: number
  /** By presence, then by how far apart messages are. */
  readonly curves: Readonly<Record<string, Readonly<Record<string, readonly CurvePoint[]>>>>
  /** The model agrees with what can be said of it beforehand: of the defence this says nothing. */
  readonly agrees: boolean
}

/** Draws all curves. */
export function intersectionCurves(runs: number, seed: number): IntersectionResult {
  const curves = Object.fromEntries(
    Object.entries(presences).map(([name, presence], i) => [
      name,
      Object.fromEntries(
        Object.entries(gaps).map(([gap, gapS], j) => [gap, curve(presence, gapS, runs, [seed, i, j])]),
      ),
    ]),
  )
  return { users, runs, curves, agrees: agree(curves) }
}

function curve(presence: Presence, gapS: number, runs: number, seed: readonly number[]): CurvePoint[] {
  const drawn = Array.from({ length: runs }, (_, run) => leftAfter(presence, gapS, new Dice(...seed, run)))
  const left = summed(drawn)
  const alone = summed(drawn.map(of => of.map(count => Number(count === 1))))
  return steps.map((messages, i) => ({
    messages,
    left: [rounded(left.value[i]), rounded(left.se[i])],
    alone: [rounded(alone.value[i]), rounded(alone.se[i])],
    independent: independent(presence.share, messages),
  }))
}

function independent(share: number, messages: number): CurvePoint['independent'] {
  const [left, alone] = intersection(users, share, messages)
  return { left: rounded(left), alone: rounded(alone) }
}

/** Nobody goes where nobody is away; far apart it is the closed form; close together more are left than that. */
function agree(curves: IntersectionResult['curves']): boolean {
  return Object.entries(curves).every(([name, of]) =>
    Object.entries(of).every(([gap, points]) =>
      points.every(({ left: [value, se], independent }) => {
        if (name === 'never away') return value === users
        const away = sigmas * se + 1
        const { share, spellS } = presences[name] as Presence
        const apart = (gaps[gap] as number) > 8 * spellS * (1 - share)
        return value > independent.left - away && (!apart || value < independent.left + away)
      }),
    ),
  )
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 1000)
  const result = intersectionCurves(runs, seed)
  if (json) console.log(JSON.stringify(result))
  else {
    for (const [name, of] of Object.entries(result.curves))
      for (const [gap, points] of Object.entries(of)) {
        const after = points.find(({ alone: [share] }) => share >= 1 / 2)?.messages
        console.log(
          `${name}, ${gap}: ${after === undefined ? 'not' : `after ${after} messages`} known in half of the runs`,
        )
        for (const { messages, left } of points) console.log(`  ${messages}\t${left[0]} +- ${left[1]} left`)
      }
  }
  return result.agrees ? 0 : 1
}

function rounded(value: number | undefined): number {
  return Math.round(1000 * (value ?? Number.NaN)) / 1000
}
