// npm run soak -- [--minutes 20] [--seed S] [--break LEAK|list] [--json]: a local network of real processes under
// steady traffic. After a quarter of the time, in which caches and queues fill, nothing that the processes hold may
// grow: memory, handles, listeners, pending dials. Exit code 1 when something does, 2 for options that do not exist.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { wordsOf } from '../../simulator/processes/happened.ts'
import { type NetOptions, usualOptions } from '../../simulator/processes/options.ts'
import { type Plan, planNetwork, remoteOf } from '../../simulator/processes/plan.ts'
import { type Role, supervisor } from '../../simulator/processes/process.ts'
import { endAll, newRecord, type Run, startAll } from '../../simulator/processes/run.ts'
import { watchNetwork } from '../../simulator/processes/watch.ts'
import { below, seededRandom, systemRandom } from '../../world/random.ts'
import type { Resources } from '../../world/resources.ts'
import { minute, second } from '../../world/units.ts'
import { mostSeed, readSuite, runSuite, type Told, text } from '../chaos/options.ts'
import { type Mail, mail } from '../chaos-node/traffic.ts'
import { leaks, type Soaked } from './leaks.ts'
import { isSteady, type Sample, type Slope, slope, troughs } from './slopes.ts'

type Figure = 'rss' | 'heap' | 'handles' | 'listeners' | 'dials'

const figures: Readonly<Record<Figure, keyof Resources>> = {
  rss: 'rssBytes',
  heap: 'heapBytes',
  handles: 'handles',
  listeners: 'listeners',
  dials: 'pendingDials',
}

const roles: readonly Role[] = ['authority', 'mix', 'gateway', 'client']

export interface Summary {
  readonly minutes: number
  /** Slopes of all processes together: percent of the mean a minute, the 95 % interval. */
  readonly slopes: Readonly<Record<Figure, Slope>>
  readonly steady: boolean
  /** The same for the processes of one role: where to look. */
  readonly byRole: Readonly<Record<string, Readonly<Record<Figure, Slope>>>>
  readonly messages: { readonly accepted: number; readonly read: number }
}

interface Options extends Told {
  readonly minutes: number
  readonly seed: number
}

const mostMinutes = 7 * 24 * 60
const warmUp = 1 / 4
const sampleEveryMs = 2 * second
const stretches = 30
const size: NetOptions = {
  ...usualOptions,
  mixes: 3,
  clients: 4,
  messages: 0,
  kill: [],
  epochMs: 10 * second,
  delayMs: 20,
  payloadPerMinute: 300,
}
const betweenMessagesMs = 3 * second

/**
 * V8 compiles a function anew when it has run often enough, which goes on for an hour at this pace, and keeps the code
 * in the heap that is measured. Compiled once and for all, the code stands still, and what grows is what the program
 * holds.
 */
const onlyData = ['--no-opt', '--always-sparkplug', '--no-flush-bytecode'] as const

process.exitCode = await runSuite(process.argv.slice(2), {
  name: 'soak',
  defects: leaks,
  read,
  run: soak,
  print,
  holds: ({ steady }) => steady,
})

/** @throws CommandError USAGE */
function read(args: readonly string[]): Options {
  const { values, ...told } = readSuite(args, leaks, { minutes: text, seed: text })
  const minutes = Number(values.minutes ?? 20)
  if (!(minutes >= 1 && minutes <= mostMinutes))
    throw new CommandError('USAGE', `--minutes ${values.minutes}: want a number from 1 to ${mostMinutes}`)
  const drawn = values.seed ?? String(below(systemRandom, 1e9))
  return { ...told, minutes, seed: wholeNumber('seed', drawn, 0, mostSeed) }
}

/** @throws CommandError FAILED */
async function soak({ minutes, seed, defect: leak }: Options): Promise<Summary> {
  const random = seededRandom(seed)
  const startedAt = Date.now()
  const tell = (event: string): void =>
    console.error(`${((Date.now() - startedAt) / second).toFixed(1).padStart(6)} s  ${event}`)
  const plan = await planNetwork(size, startedAt)
  for (const { folder } of plan.processes)
    writeFileSync(join(folder, 'soak.json'), JSON.stringify({ leak } satisfies Soaked))
  const stop = new AbortController()
  const processes = supervisor(
    ({ name }, lines) => stop.abort(new Error(`${name} ended by itself:\n${lines}`)),
    [...onlyData, '--expose-gc', ...process.execArgv, join(import.meta.dirname, 'child.ts')],
  )
  const record = newRecord(plan)
  const watch = watchNetwork(plan, processes, record, Date.now)
  const running: Run = {
    ...{ plan, processes, watch, record, now: Date.now, signal: stop.signal },
    tell: what => tell(wordsOf(what)),
  }
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort(new Error('interrupted'))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  process.once('exit', () => processes.abandon())
  const people = mail({
    clients: plan.processes.filter(({ role }) => role === 'client').map(({ name }) => name),
    clientOf: name => remoteOf(plan.processes.find(of => of.name === name) as Plan['processes'][number]),
    addressOf: name => {
      const status = watch.last(name)
      return status?.role === 'client' ? status.address : ''
    },
    random,
    betweenMs: betweenMessagesMs,
  })
  const samples = new Map<string, Map<Figure, Sample[]>>()
  try {
    await startAll(running)
    await steadily(minutes, running, people, samples)
  } catch (error) {
    throw new CommandError('FAILED', error instanceof Error ? error.message : String(error))
  } finally {
    await endAll(running)
    rmSync(plan.folder, { recursive: true, force: true })
  }
  const stretchMs = (minutes * minute * (1 - warmUp)) / stretches
  const of = (names: readonly string[]): Record<Figure, Slope> =>
    Object.fromEntries(
      (Object.keys(figures) as Figure[]).map(figure => {
        const all = names.map(name => troughs(samples.get(name)?.get(figure) ?? [], stretchMs))
        return [figure, slope(added(all), random)]
      }),
    ) as Record<Figure, Slope>
  const slopes = of(plan.processes.map(({ name }) => name))
  return {
    minutes,
    slopes,
    steady: Object.values(slopes).every(isSteady),
    byRole: Object.fromEntries(
      roles.map(role => [role, of(plan.processes.filter(one => one.role === role).map(({ name }) => name))]),
    ),
    messages: { accepted: people.accepted().length, read: people.accepted().length - people.lost().length },
  }
}

/** Traffic all the time; samples once all is warm. */
async function steadily(
  minutes: number,
  { plan, watch, tell, signal }: Run,
  people: Mail,
  samples: Map<string, Map<Figure, Sample[]>>,
): Promise<void> {
  const over = new AbortController()
  const traffic = Promise.all([people.send(over.signal), people.read(over.signal)])
  try {
    await pause(minutes * minute * warmUp, undefined, { signal })
    tell({ event: 'said', words: 'warm; measuring' })
    const begin = Date.now()
    const until = begin + minutes * minute * (1 - warmUp)
    for (let due = begin; due < until; due += sampleEveryMs) {
      await pause(Math.max(0, due - Date.now()), undefined, { signal })
      await watch.poll()
      for (const { name } of plan.processes) {
        const status = watch.last(name)
        if (status === undefined) continue
        const mine = samples.get(name) ?? new Map<Figure, Sample[]>()
        samples.set(name, mine)
        for (const [figure, key] of Object.entries(figures) as [Figure, keyof Resources][]) {
          const value = status.process[key]
          mine.set(figure, [...(mine.get(figure) ?? []), { at: Date.now() - begin, value }])
        }
      }
    }
  } finally {
    over.abort()
    await traffic
  }
}

/** The sum over processes, stretch by stretch. */
function added(all: readonly (readonly Sample[])[]): Sample[] {
  const least = Math.min(...all.map(samples => samples.length))
  return Array.from({ length: least }, (_, i) => ({
    at: all[0]?.[i]?.at ?? 0,
    value: all.reduce((sum, samples) => sum + (samples[i]?.value ?? 0), 0),
  }))
}

function print({ minutes, slopes, steady, byRole }: Summary): void {
  console.log(`${minutes} minutes; percent a minute, 95 % interval`)
  for (const [name, of] of [['all', slopes] as const, ...Object.entries(byRole)])
    console.log(
      `  ${name.padEnd(10)} ${Object.entries(of)
        .map(([figure, [low, high]]) => `${figure} ${low.toFixed(2)}..${high.toFixed(2)}`)
        .join('  ')}`,
    )
  console.log(steady ? 'steady' : 'NOT steady')
}
