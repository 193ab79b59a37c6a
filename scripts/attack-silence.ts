// npm run attack -- silence [--json] [--runs 30] [--seed 1]: can somebody on the links of clients tell those that talk from
// those that are silent? A network of real processes with a proxy on every link; of the four clients of a run two
// write to each other and two do nothing. With cover the best classifier should do no better than chance; without, which is
// the control, it should do well.

import { setMaxListeners } from 'node:events'
import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { CoverLevel } from '../client/cover.ts'
import { seededRandom, shuffle } from '../sphinx/random.ts'
import type { Sample } from './attack-classifier.ts'
import { area, areaInterval, crossScores, type Interval, type RunSamples } from './attack-score.ts'
import { talk } from './attack-talk.ts'
import { type Chunk, cut, features, type WindowPlan } from './attack-windows.ts'
import { wholeNumber } from './command.ts'
import { type Observer, observe } from './net-observer.ts'
import { readNetOptions } from './net-options.ts'
import { endpointOf, type Plan, type PlannedProcess, planNetwork } from './net-plan.ts'
import { compiled, supervisor } from './net-process.ts'
import { newRecord, startAll } from './net-run.ts'
import { watchNetwork } from './net-watch.ts'

/** Of a run: two that talk, two that do not. */
const clientsPerRun = 4
/** Runs that share a network: as many as two cores carry without strain. */
const runsAtOnce = 10
/** 17 windows of two clients are 34 of each class a run, 1,020 in thirty runs. */
const windows = { windows: 17, windowMs: 4000, gapMs: 1000 } as const
/** Until talking has reached its pace. */
const warmUpMs = 10_000
const endWithinMs = 15_000
/** What makes the attack a failure, and the control a success. */
const chance: Interval = [0.45, 0.55]
const controlAbove = 0.9

export async function attack(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, runs: text, seed: text },
  })
  const runs = values.runs === undefined ? 30 : wholeNumber('runs', values.runs, 2, 1000)
  const seed = values.seed === undefined ? 1 : wholeNumber('seed', values.seed, 0, 2 ** 31)
  const seeds = Array.from({ length: runs }, (_, i) => seed + i)
  const tell = (line: string): void => console.error(line)
  const covered = await experiment('default', seeds, tell)
  const control = await experiment('off', seeds, tell)
  const [low, high] = covered.interval
  const holds = low >= chance[0] && high <= chance[1] && control.interval[0] > controlAbove
  tell(`with cover: ${described(covered)}; without: ${described(control)}`)
  tell(holds ? 'a client that talks looks like one that is silent' : 'THE DEFENCE OR ITS CONTROL FAILS')
  const rounded = ([from, to]: Interval): Interval => [round(from), round(to)]
  const result = {
    auc: rounded(covered.interval),
    controlAuc: rounded(control.interval),
    runs,
    windows: Math.min(covered.windows, control.windows),
  }
  if (values.json) console.log(JSON.stringify(result))
  else console.table(result)
  return holds ? 0 : 1
}

interface Outcome {
  readonly area: number
  readonly interval: Interval
  /** Of the class that has fewer. */
  readonly windows: number
}

async function experiment(
  cover: CoverLevel,
  seeds: readonly number[],
  tell: (line: string) => void,
): Promise<Outcome> {
  const runs: RunSamples[] = []
  for (let first = 0; first < seeds.length; first += runsAtOnce) {
    const batch = seeds.slice(first, first + runsAtOnce)
    tell(`cover ${cover}: runs ${first + 1} to ${first + batch.length} of ${seeds.length}`)
    runs.push(...(await carryOut(cover, batch)))
  }
  const random = seededRandom(seeds[0] as number)
  const scores = crossScores(runs, random)
  const counts = [true, false].map(
    positive => runs.flatMap(({ samples }) => samples.filter(s => s.positive === positive)).length,
  )
  return { area: area(scores), interval: areaInterval(scores, random), windows: Math.min(...counts) }
}

/** One network with the clients of all these runs. @throws when it does not start or a process ends */
async function carryOut(cover: CoverLevel, seeds: readonly number[]): Promise<RunSamples[]> {
  const options = readNetOptions([
    ...['--clients', String(clientsPerRun * seeds.length), '--messages', '0', '--kill', 'none', '--once'],
    ...['--seed', String(seeds[0]), '--cover', cover, '--epoch', '60s'],
  ])
  const plan = await planNetwork({ ...options, observe: true }, Date.now())
  const failed: string[] = []
  const processes = supervisor(({ name }, lastLines) => failed.push(`${name} ended: ${lastLines}`), compiled)
  const abandon = (): void => processes.abandon()
  process.once('exit', abandon)
  const observer = await observeClients(plan)
  try {
    const record = newRecord(plan)
    const watch = watchNetwork(plan, processes, record, Date.now)
    const stop = new AbortController()
    const { signal } = stop
    setMaxListeners(0, signal)
    await startAll({ plan, processes, watch, record, now: Date.now, tell: () => {}, signal })
    const clients = plan.processes.filter(({ role }) => role === 'client')
    const groups = seeds.map((seed, run) => {
      const random = seededRandom(seed)
      const [first, second, ...silent] = shuffle(
        random,
        clients.slice(clientsPerRun * run, clientsPerRun * (run + 1)),
      ) as [PlannedProcess, PlannedProcess, ...PlannedProcess[]]
      return { seed, random, talkers: [first, second], silent }
    })
    const talks = groups.map(({ talkers, random }) => talk(talkers.map(endpointOf), random, Date.now, signal))
    const talking = Promise.all(talks)
    await Promise.race([talking, pause(warmUpMs)])
    const windowPlan: WindowPlan = { from: Date.now(), ...windows }
    await Promise.race([talking, pause(windows.windows * (windows.windowMs + windows.gapMs))])
    stop.abort()
    await talking
    if (failed.length > 0) throw new Error(failed.join('\n'))
    const samplesOf = ({ name }: PlannedProcess, positive: boolean): Sample[] =>
      cut(linkOf(observer, name), windowPlan).map(window => ({
        features: features(window, windows.windowMs),
        positive,
      }))
    return groups.map(({ seed, talkers, silent }) => ({
      seed,
      samples: [
        ...talkers.flatMap(client => samplesOf(client, true)),
        ...silent.flatMap(client => samplesOf(client, false)),
      ],
    }))
  } finally {
    await processes.stopAll(endWithinMs)
    await observer.close()
    process.off('exit', abandon)
    rmSync(plan.folder, { recursive: true, force: true })
  }
}

/** A proxy before every port; clients are told apart by the address that they dial from. */
function observeClients({ processes }: Plan): Promise<Observer> {
  const names = new Map(processes.map(({ name, dialFrom }) => [dialFrom, name]))
  const taps = processes.flatMap(({ name, tapPort, listenPort }) =>
    tapPort === undefined || listenPort === undefined ? [] : [{ name, port: tapPort, target: listenPort }],
  )
  return observe(taps, address => names.get(address) ?? 'somebody', Date.now)
}

function linkOf({ sightings }: Observer, client: string): Chunk[] {
  return sightings
    .filter(({ from, to }) => from === client || to === client)
    .map(({ at, from, bytes }) => ({ at, up: from === client, bytes }))
}

function described({ area: middle, interval: [low, high], windows: count }: Outcome): string {
  return `AUC ${round(middle)}, 95 % interval ${round(low)} to ${round(high)}, ${count} windows of each class`
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
