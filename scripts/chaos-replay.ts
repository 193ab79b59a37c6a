// npm run chaos -- replay [--kills 200] [--seed 1] [--break DEFECT|list] [--json]: a running node is killed (SIGKILL) at
// random points while packets and copies of them arrive, and starts again, and all that it has seen comes again. No
// packet may leave it twice. Between kills the epochs pass, its disk fills up, and the machine starts anew without
// the end of what was not synced. Exit code 1 when something did not hold, 2 for options that do not exist.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../sphinx/random.ts'
import { runSuite } from './chaos-options.ts'
import { defects } from './chaos-replay-defects.ts'
import { type ReplayRun, replayRun } from './chaos-replay-run.ts'

export const invariants = {
  once: 'no packet leaves the node twice',
  alive: 'no life of the node ends that nobody ended',
  'new-pass': 'a node that is left alone lets every new packet through',
  'full-refuses': 'a full store lets nothing through, counts it, and goes on',
  sums: 'received = forwarded + stored + served + dropped + held',
} as const

export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly why: string
}

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
  /** What else happened: epochs that passed, starts of the machine, lives with a full disk, packets refused by a full store. */
  readonly epochs: number
  readonly machineStarts: number
  readonly fullDisks: number
  readonly refusedFull: number
  readonly invariants: readonly { readonly id: Invariant; readonly holds: boolean }[]
}

interface Options {
  readonly kills: number
  readonly seed: number
  readonly defect: string | undefined
  readonly json: boolean
}

/** Of them, those of the quiet life and the two with a full store. */
const lastKills = 3

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  return runSuite(readOptions(args), {
    name: 'chaos: replay',
    defects,
    run: options =>
      killAndReplay(options, ({ invariant, why }) => console.error(`chaos: ${invariant}: ${why}`)),
    print,
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

/** What is wrong with the options; nothing when the defects are to be listed. */
function readOptions(args: readonly string[]): Options | string | undefined {
  const text = { type: 'string' } as const
  let values: { kills?: string; seed?: string; break?: string; json?: boolean }
  try {
    const options = { kills: text, seed: text, break: text, json: { type: 'boolean' } } as const
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { kills = '200', seed = '1', break: defect, json = false } = values
  if (defect === 'list') return undefined
  if (defect !== undefined && !Object.hasOwn(defects, defect))
    return `--break: want one of ${Object.keys(defects).join(', ')}, have ${defect}`
  if (!/^\d{1,6}$/.test(kills) || Number(kills) <= lastKills)
    return `--kills: want a whole number from ${lastKills + 1}, have ${kills}`
  if (!/^\d{1,9}$/.test(seed)) return `--seed: want a whole number, have ${seed}`
  return { kills: Number(kills), seed: Number(seed), defect, json }
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
