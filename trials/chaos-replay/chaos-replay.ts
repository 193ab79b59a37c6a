// npm run chaos -- replay [--kills 200] [--seed 1] [--break DEFECT|list] [--json]: a running node is killed (SIGKILL)
// at random points while packets and copies of them arrive, and starts again, and all that it has seen comes again. No
// packet may leave it twice. Between kills the epochs pass, its disk fills up, and the machine starts anew without
// the end of what was not synced. Exit code 1 when something did not hold, 2 for options that do not exist.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wholeNumber } from '../../encoding/command-line.ts'
import { seededRandom } from '../../world/random.ts'
import { mostSeed, readSuite, runSuite, type Told, text } from '../chaos/options.ts'
import { defects } from './defects.ts'
import { type Invariant, invariants, type Violation } from './invariants.ts'
import { type ReplayRun, replayRun } from './run.ts'

export interface Summary {
  /** SIGKILLs that hit the running node. */
  readonly kills: number
  /** Different packets that were sent, and how often one that had been sent before was sent again. */
  readonly packets: number
  readonly copies: number
  /** Packets that left the node, and how many of them left it more than once. */
  readonly accepted: number
  readonly twice: number
  readonly violations: number
  /**
   * Counts what else happened: epochs that passed, starts of the machine, lives with a full disk, packets refused by a
   * full store.
   */
  readonly epochs: number
  readonly machineStarts: number
  readonly fullDisks: number
  readonly refusedFull: number
  readonly invariants: readonly { readonly id: Invariant; readonly holds: boolean }[]
}

interface Options extends Told {
  readonly kills: number
  readonly seed: number
}

/** Kills of the quiet life and the two with a full store. */
const lastKills = 3
const mostKills = 999_999

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  return runSuite(args, {
    name: 'chaos: replay',
    defects,
    read: readOptions,
    run: options =>
      killAndReplay(options, ({ invariant, why }) => console.error(`chaos: ${invariant}: ${why}`)),
    print,
    holds: ({ violations }) => violations === 0,
  })
}

/** With a planted defect it ends at the first violation. */
export async function killAndReplay(
  { kills, seed, defect }: Pick<Options, 'kills' | 'seed' | 'defect'>,
  onViolation: (violation: Violation) => void,
): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-replay-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const violations: Violation[] = []
  const run = replayRun({
    folder,
    random: seededRandom(seed),
    defect,
    violated(invariant, why) {
      violations.push({ invariant, why })
      onViolation({ invariant, why })
    },
  })
  const isOver = (): boolean => defect !== undefined && violations.length > 0
  try {
    while (run.counts.kills < kills - lastKills && !isOver()) await run.killedLife()
    if (!isOver()) await run.quietLife()
    if (!isOver()) await run.fullLife()
    return summarize(run, violations)
  } finally {
    run.close()
    remove()
    process.off('exit', remove)
  }
}

function summarize({ counts, outputs }: ReplayRun, violations: readonly Violation[]): Summary {
  const { accepted, twice } = outputs()
  return {
    kills: counts.kills,
    packets: counts.packets,
    copies: counts.copies,
    accepted,
    twice,
    violations: violations.length,
    epochs: counts.epochs,
    machineStarts: counts.machineStarts,
    fullDisks: counts.fullDisks,
    refusedFull: counts.refusedFull,
    invariants: (Object.keys(invariants) as Invariant[]).map(id => ({
      id,
      holds: !violations.some(({ invariant }) => invariant === id),
    })),
  }
}

/** @throws CommandError USAGE */
function readOptions(args: readonly string[]): Options {
  const { values, ...told } = readSuite(args, defects, { kills: text, seed: text })
  return {
    ...told,
    kills: wholeNumber('kills', values.kills ?? '200', lastKills + 1, mostKills),
    seed: wholeNumber('seed', values.seed ?? '1', 0, mostSeed),
  }
}

function print(summary: Summary): void {
  const { kills, packets, copies, accepted, twice } = summary
  console.log(
    `${kills} kills; ${packets} packets and ${copies} copies came, ${accepted} left, ${twice} twice`,
  )
  console.log(
    `${summary.epochs} epochs, ${summary.machineStarts} starts of the machine, ${summary.fullDisks} full disks, ` +
      `${summary.refusedFull} packets refused by a full store`,
  )
  for (const { id, holds } of summary.invariants)
    console.log(`${holds ? 'holds ' : 'BROKEN'}  ${id.padEnd(13)} ${invariants[id]}`)
}
