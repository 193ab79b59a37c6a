// Suites whose runs are drawn from seeds, on a virtual clock: each seed is played by itself and counted, and the counts
// are added up, those of one process as those of several.

import { type Job, readSeeds, runSuite } from './options.ts'
import { runShared } from './share.ts'

/** Tells what the runs of some seeds came to. Further fields are numbers, or numbers by name. */
export interface Tally {
  readonly runs: number
  /** Runs in which something did not hold. */
  readonly violations: number
  /** The one of the least seed. */
  readonly first?: { readonly seed: number; readonly invariant: string }
}

export interface Seeded<T extends Tally> {
  /** As the command calls it. */
  readonly name: string
  readonly defects: Readonly<Record<string, unknown>>
  /** Says of each what holds. */
  readonly invariants: Readonly<Record<string, string>>
  /** The program that runs a share: `runSeeds` of its job. */
  readonly child: URL
  /** From so many seeds on a second process is worth its start. */
  readonly many: number
  /** Plays one seed, with the defect of this name planted, and says on standard error what did not hold. */
  readonly play: (seed: number, defect: string | undefined) => Promise<T>
  /** Puts the counts into lines for people. */
  readonly lines: (tally: T) => readonly string[]
}

const usualSeeds = 200

/** Runs it as a command. @returns the exit code */
export function runSeeded<T extends Tally>(args: readonly string[], suite: Seeded<T>): Promise<number> {
  const { name, defects, child, many } = suite
  const shared = { child, many, runAll: (job: Job) => runSeeds(job, suite), merge: added<T> }
  return runSuite(args, {
    name: `chaos: ${name}`,
    defects,
    read: given => readSeeds(given, defects, usualSeeds),
    run: job => runShared(job, shared),
    print: tally => print(tally, suite),
    holds: ({ violations }) => violations === 0,
  })
}

/** Plays every seed; with a defect planted, until it is found. */
export async function runSeeds<T extends Tally>({ seeds, defect }: Job, { play }: Seeded<T>): Promise<T> {
  const tallies: T[] = []
  for (const seed of seeds) {
    const tally = await play(seed, defect)
    tallies.push(tally)
    if (defect !== undefined && tally.violations > 0) break
  }
  return added(tallies)
}

/** Counts one run. @param violation what did not hold in it */
export function tallied(
  seed: number,
  violation: { readonly invariant: string } | undefined,
): Pick<Tally, 'runs' | 'violations' | 'first'> {
  if (violation === undefined) return { runs: 1, violations: 0 }
  return { runs: 1, violations: 1, first: { seed, invariant: violation.invariant } }
}

type Counts = Readonly<Record<string, number>>

/** Adds up every count. */
export function added<T extends Tally>(parts: readonly T[]): T {
  const sums: Record<string, number | Counts> = {}
  for (const { first: _, ...counts } of parts)
    for (const [name, count] of Object.entries(counts) as [string, number | Counts][])
      sums[name] = plus(sums[name], count)
  const [first] = parts.flatMap(part => part.first ?? []).sort((a, b) => a.seed - b.seed)
  // The same fields as every part has
  return { ...sums, ...(first === undefined ? {} : { first }) } as unknown as T
}

function plus(before: number | Counts | undefined, count: number | Counts): number | Counts {
  if (typeof count === 'number') return (typeof before === 'number' ? before : 0) + count
  const all = { ...(typeof before === 'object' ? before : {}) }
  for (const [name, times] of Object.entries(count)) all[name] = (all[name] ?? 0) + times
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function print<T extends Tally>(tally: T, { invariants, lines }: Seeded<T>): void {
  const { violations, first } = tally
  for (const line of lines(tally)) console.log(line)
  console.log(violations === 0 ? 'everything held' : `${violations} runs in which something did not hold`)
  if (first !== undefined) console.log(`first: seed ${first.seed}: ${invariants[first.invariant]}`)
}

/** Gives a line for each name. */
export function counted(counts: Counts): string[] {
  return Object.entries(counts).map(([name, times]) => `  ${name.padEnd(16)} ${times}`)
}
