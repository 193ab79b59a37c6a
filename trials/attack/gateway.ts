// npm run attack -- gateway [--json] [--runs 24] [--seed 1]: what an entry gateway, a home gateway, and the two
// together can tell of a client: whether it sends, receives or answers, and who writes to whom. A classifier trained
// on other runs looks at windows of four seconds. Alone, neither gateway should do better than chance; the control is a
// client of before, one gateway, with loops that come back sooner than acknowledgements.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { wholeNumber } from '../../encoding/command-line.ts'
import { seededRandom } from '../../world/random.ts'
import { area, areaInterval, crossScores, type Interval, type RunSamples } from './score.ts'
import { type Question, questions, type Seat, seats, type watchRun } from './seats-run.ts'

const chance: Interval = [0.45, 0.55]
const controlAbove = 0.95
/** A control needs no more. */
const controlRuns = 4
/** Processes that watch: as many as a small machine has cores. */
const shares = 2

export type Told = Readonly<Record<Seat, Readonly<Record<Question, Interval>>>> & {
  readonly control: Interval
}

export async function attack(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, runs: text, seed: text },
  })
  const runs = values.runs === undefined ? 24 : wholeNumber('runs', values.runs, 2, 1000)
  const seed = values.seed === undefined ? 1 : wholeNumber('seed', values.seed, 0, 2 ** 31)
  const tell = (line: string): void => console.error(line)
  const told = await gatewayAttack({ runs, seed, tell })
  const inside = ([low, high]: Interval): boolean => low >= chance[0] && high <= chance[1]
  const alone = [told.entry, told.home].flatMap(seat => questions.map(question => seat[question]))
  const holds = alone.every(inside) && told.control[0] > controlAbove
  tell(holds ? 'neither gateway can tell' : 'THE DEFENCE OR ITS CONTROL FAILS')
  if (values.json) console.log(JSON.stringify(told))
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
  const intervalOf = (samples: readonly RunSamples[]): Interval => {
    const [low, high] = areaInterval(crossScores(samples, random), random)
    return [round(low), round(high)]
  }
  const seen = await watchAll(runs, seed, false, tell)
  const control = await watchAll(Math.min(runs, controlRuns), seed, true, tell)
  const told = Object.fromEntries(
    seats.map(seat => [
      seat,
      Object.fromEntries(
        questions.map(question => {
          const samples = seen.map(run => ({ seed: run.seed, samples: run.samples[seat][question] }))
          tell(`${seat} ${question}: area ${round(area(crossScores(samples, random)))}`)
          return [question, intervalOf(samples)]
        }),
      ),
    ]),
  )
  const before = control.map(run => ({ seed: run.seed, samples: run.samples.both.sending }))
  return { ...told, control: intervalOf(before) } as Told
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
  const share = async (part: readonly number[]): Promise<void> => {
    if (part.length === 0) return
    const child = fork(new URL('seats-child.ts', import.meta.url))
    try {
      child.send({ seeds: part, before })
      for (const _ of part) {
        const [run] = (await Promise.race([once(child, 'message'), ended(child)])) as [Watched]
        all.push(run)
        tell(`${before ? 'control' : 'runs'}: ${all.length} of ${runs}`)
      }
    } finally {
      child.kill()
    }
  }
  await Promise.all(
    Array.from({ length: shares }, (_, i) => share(seeds.filter((_, at) => at % shares === i))),
  )
  return all.toSorted((a, b) => a.seed - b.seed)
}

async function ended(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`a watching process ended with ${code}`)
}

function round(value: number): number {
  return Math.round(1000 * value) / 1000
}
