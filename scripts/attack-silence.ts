// npm run attack -- silence [--json] [--runs 30] [--seed 1]: can somebody on the links of clients tell those that talk from
// those that are silent? A classifier that was trained on other runs looks at windows of four seconds.

import type { Random } from '../sphinx/random.ts'
import { attackLinks, type Covered, type Half, type Run } from './attack-links.ts'
import { crossScores, type RunSamples, type RunScores } from './attack-score.ts'
import { type Chunk, cut, features } from './attack-windows.ts'

const windows = { windowMs: 4000, gapMs: 1000 } as const
/**
 * Windows of a client in each half of a run. 20 are 2,400 of each class in thirty runs: where nothing is to be found, areas of
 * classifiers that are trained and tried on parts of one sample vary by 1.4 times what the interval says (labels drawn again, 20
 * runs), and chance alone puts one interval of 200 outside; with 1,020 windows it was one of six. The control has no such need.
 */
const windowsPerHalf: Readonly<Record<Covered, number>> = { default: 20, off: 9 }

export function attack(args: readonly string[]): Promise<number> {
  const halfMs = (covered: Covered): number => windowsPerHalf[covered] * (windows.windowMs + windows.gapMs)
  return attackLinks(args, {
    counted: 'windows',
    halfMs: { default: halfMs('default'), off: halfMs('off') },
    chance: [0.45, 0.55],
    scores,
    shown: 'a client that talks looks like one that is silent',
  })
}

function scores(networks: readonly (readonly Run[])[], covered: Covered, random: Random): RunScores[] {
  const samplesOf = (
    links: readonly (readonly Chunk[])[],
    { from }: Half,
    positive: boolean,
  ): RunSamples['samples'] =>
    links
      .flatMap(link => cut(link, { from, windows: windowsPerHalf[covered], ...windows }))
      .map(window => ({ features: features(window, windows.windowMs), positive }))
  const runs = networks.flat().map(({ seed, halves }) => ({
    seed,
    samples: halves.flatMap(half => [
      ...samplesOf(half.talking, half, true),
      ...samplesOf(half.silent, half, false),
    ]),
  }))
  return crossScores(runs, random)
}
