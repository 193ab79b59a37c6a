// npm run attack -- gateway [--json] [--runs 32] [--seed 1]: what an entry gateway, a home gateway, and the two
// together can tell of a client: whether it sends, receives or answers, and who writes to whom. A classifier trained
// on other runs looks at windows of four seconds. Alone, neither gateway should do better than chance; the control is a
// client of before, one gateway, with loops that come back sooner than acknowledgements. No disk, no network, a virtual
// clock, and arithmetic that costs little: seats look at times.

import { fork } from 'node:child_process'
import { seededRandom } from '../../world/random.ts'
import { readRunArguments } from './arguments.ts'
import { area, areaInterval, type Interval, type RunSamples, scoresInTurn } from './score.ts'
import type { Share } from './seats-child.ts'
import { type Question, questions, type watchRun } from './seats-run.ts'
import { type Seat, seats } from './seats-views.ts'

const chance: Interval = [0.45, 0.55]
const controlAbove = 0.95
/** A control needs no more. */
const controlRuns = 12
/**
 * Runs, and windows of a client in each half of one: 2,560 of each class, of which seven eighths are scored. Where
 * nothing is to be found an area of them varies by .009, and one of a thousand commands finds an interval that reaches
 * outside.
 */
const usualRuns = 32
const windows = { now: 20, before: 10 } as const
const cheapCrypto = new URL('cheap-crypto-hooks.mjs', import.meta.url).href
/** Processes that watch: as many as a small machine has cores. */
const shares = 2

export type Told = Readonly<Record<Seat, Readonly<Record<Question, Interval>>>> & {
  readonly control: Interval
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 1000)
  const tell = (line: string): void => console.error(line)
  const told = await gatewayAttack({ runs, seed, tell })
  const inside = ([low, high]: Interval): boolean => low >= chance[0] && high <= chance[1]
  const alone = [told.entry, told.home].flatMap(seat => questions.map(question => seat[question]))
  const holds = alone.every(inside) && told.control[0] > controlAbove
  tell(holds ? 'neither gateway can tell' : 'THE DEFENCE OR ITS CONTROL FAILS')
  if (json) console.log(JSON.stringify(told))
  else {
    console.table(Object.fromEntries(seats.map(seat => [seat, told[seat]])))
    console.log('control', told.control)
  }
  return holds ? 0 : 1
}

/** Watches so many runs of clients of today, and some of before, and says what each seat can tell of them. */
export async function gatewayAttack({
  runs,
  seed,
  tell,
}: {
  readonly runs: number
  readonly seed: number
  readonly tell: (line: string) => void
}): Promise<Told> {
  const random = seededRandom(seed)
  const told = (name: string, runsSeen: readonly RunSamples[]): Interval => {
    const scores = scoresInTurn(runsSeen, random)
    const [low, high] = areaInterval(scores, random).map(round) as [number, number]
    tell(`${name}: area ${round(area(scores))}, 95 % interval ${low} to ${high}`)
    return [low, high]
  }
  const seen = await watchAll(runs, seed, false, tell)
  const control = await watchAll(Math.min(runs, controlRuns), seed, true, tell)
  const of = (all: readonly Watched[], seat: Seat, question: Question): RunSamples[] =>
    all.map(run => ({ seed: run.seed, samples: run.samples[seat][question] }))
  const bySeat = seats.map(seat => [
    seat,
    Object.fromEntries(
      questions.map(question => [question, told(`${seat} ${question}`, of(seen, seat, question))]),
    ),
  ])
  return { ...Object.fromEntries(bySeat), control: told('control', of(control, 'both', 'sending')) } as Told
}

type Watched = Awaited<ReturnType<typeof watchRun>>

/** Runs what has to be watched in processes of their own, each a part of it. */
async function watchAll(
  runs: number,
  seed: number,
  before: boolean,
  tell: (line: string) => void,
): Promise<Watched[]> {
  const all: Watched[] = []
  const seeds = Array.from({ length: runs }, (_, i) => seed + i)
  const share = (part: readonly number[]): Promise<void> => {
    const execArgv = [...process.execArgv, '--import', cheapCrypto]
    const child = fork(new URL('seats-child.ts', import.meta.url), { execArgv })
    const watched = new Promise<void>((resolve, reject) => {
      child.once('exit', code => reject(new Error(`a watching process ended with ${code}`)))
      let left = part.length
      if (left === 0) resolve()
      child.on('message', run => {
        all.push(run as Watched)
        tell(`${before ? 'control' : 'runs'}: ${all.length} of ${runs}`)
        if (--left === 0) resolve()
      })
    })
    child.send({ seeds: part, windows: before ? windows.before : windows.now, before } satisfies Share)
    return watched.finally(() => child.kill())
  }
  await Promise.all(
    Array.from({ length: shares }, (_, i) => share(seeds.filter((_, at) => at % shares === i))),
  )
  return all.toSorted((a, b) => a.seed - b.seed)
}

function round(value: number): number {
  return Math.round(1000 * value) / 1000
}
