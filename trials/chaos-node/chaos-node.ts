// npm run chaos -- node [--minutes 3] [--seed S] [--break DEFECT|list] [--json]: a local network of real processes
// under SIGKILL, SIGSTOP, slow and lossy links, full disks, a flooding client, and a node that replays and sends
// garbage, at random times. Two thirds of the time are trouble, the rest is quiet: by its end everything that was
// accepted must have been read. Exit code 1 when something did not hold, 2 for options that do not exist.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { wordsOf } from '../../simulator/processes/happened.ts'
import { type NetOptions, usualOptions } from '../../simulator/processes/options.ts'
import { type Plan, planNetwork, remoteOf, tapsOf } from '../../simulator/processes/plan.ts'
import { supervisor } from '../../simulator/processes/process.ts'
import { endAll, newRecord, type Run, startAll } from '../../simulator/processes/run.ts'
import { watchNetwork } from '../../simulator/processes/watch.ts'
import { below, seededRandom, systemRandom } from '../../world/random.ts'
import { minute, second } from '../../world/units.ts'
import { mostSeed, readSuite, runSuite, type Told, text } from '../chaos/options.ts'
import { checks, type Invariant, invariants } from './checks.ts'
import { defects } from './defects.ts'
import { type FaultKind, faultKinds, faults } from './faults.ts'
import { badLinks } from './links.ts'
import type { Part } from './part.ts'
import { mail } from './traffic.ts'

export interface Summary {
  readonly seed: number
  readonly accepted: number
  readonly delivered: number
  readonly lost: number
  readonly duplicates: number
  /** Processes that ended by themselves, and mistakes that a role's log names. */
  readonly unhandled: number
  readonly violations: number
  readonly faults: Readonly<Record<FaultKind, number>>
  /** Names how the links and disks were made bad. */
  readonly links: 'loopback proxies'
  readonly disks: 'tmpfs' | 'refused by the process'
  readonly invariants: readonly { readonly id: Invariant; readonly holds: boolean }[]
}

interface Options extends Told {
  readonly minutes: number
  readonly seed: number
}

const mostMinutes = 24 * 60
const shareOfTrouble = 2 / 3
/** Messages may take this long after the last fault: a client's own back-off is as long. */
const longestQuietMs = 150 * second
/** A search for a defect is over in less than three minutes, start and end included. */
const huntTroubleMs = 45 * second
const huntQuietMs = 30 * second
const lookEveryMs = second
const size: NetOptions = {
  ...usualOptions,
  mixes: 7,
  clients: 5,
  messages: 0,
  kill: [],
  epochMs: 15 * second,
  delayMs: 20,
  payloadPerMinute: 480,
  observe: true,
}
const diskBytes = 48 * 1024 * 1024
/** Tells the program that it runs among mounts of its own. */
const ownMounts = '--own-mounts'

/** @returns the exit code */
export function chaos(args: readonly string[]): Promise<number> {
  const hasMounts = args.includes(ownMounts)
  const given = args.filter(arg => arg !== ownMounts)
  return runSuite(given, {
    name: 'chaos: node',
    defects,
    read,
    run: options => (hasMounts || !mayMount() ? run(options, hasMounts) : amongOwnMounts(given)),
    print,
    holds: ({ violations }) => violations === 0,
  })
}

/** @throws CommandError USAGE */
function read(args: readonly string[]): Options {
  const { values, ...told } = readSuite(args, defects, { minutes: text, seed: text })
  const minutes = Number(values.minutes ?? 3)
  if (!(minutes > 0 && minutes <= mostMinutes))
    throw new CommandError(
      'USAGE',
      `--minutes ${values.minutes}: want a number over 0, ${mostMinutes} at most`,
    )
  const drawn = values.seed ?? String(below(systemRandom, 1e9))
  return { ...told, minutes, seed: wholeNumber('seed', drawn, 0, mostSeed) }
}

/** Tells whether this machine lets us have file systems of our own: then a disk that is full is a disk that is full. */
function mayMount(): boolean {
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
  return tried.status === 0
}

/**
 * Again, in a mount namespace of its own: however it ends, its file systems end with it.
 *
 * @throws CommandError FAILED: it has said why
 */
async function amongOwnMounts(args: readonly string[]): Promise<Summary> {
  const again = [process.execPath, ...process.execArgv, process.argv[1] as string, 'node', ...args]
  const child = spawn('unshare', ['--mount', ...again, '--json', ownMounts], {
    stdio: ['inherit', 'pipe', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const ended = once(child, 'close')
  const summary = await json(child.stdout as Readable).catch(() => undefined)
  await ended
  if (summary === undefined) throw new CommandError('FAILED', 'it could not be run')
  return summary as Summary
}

async function run(options: Options, hasMounts: boolean): Promise<Summary> {
  const random = seededRandom(options.seed)
  const startedAt = Date.now()
  const tell = (event: string): void =>
    console.error(`${((Date.now() - startedAt) / second).toFixed(1).padStart(6)} s  ${event}`)
  tell(
    `seed ${options.seed}; links: loopback proxies; disks: ${hasMounts ? 'tmpfs' : 'refused by the process'}`,
  )
  const plan = await planNetwork(size, startedAt)
  const partOf = (name: string): Part['part'] =>
    name === `mix-${size.mixes - 1}` ? 'rogue' : name === `client-${size.clients - 1}` ? 'flooder' : 'honest'
  prepare(plan, partOf, options.defect, hasMounts)

  const stop = new AbortController()
  const record = newRecord(plan)
  const processes = supervisor(
    ({ name, code, signal }, lines) => tell(`${name} ended by itself (${signal ?? code}):\n${lines}`),
    [...process.execArgv, join(import.meta.dirname, 'child.ts')],
  )
  const watch = watchNetwork(plan, processes, record, Date.now)
  const running: Run = {
    ...{ plan, processes, watch, record, now: Date.now, signal: stop.signal },
    tell: what => tell(wordsOf(what)),
  }
  const release = onInterrupt(stop, () => processes.abandon())
  const taps = tapsOf(plan.processes)
  const links = await badLinks(taps, random)
  const people = mail({
    clients: plan.processes
      .filter(({ name, role }) => role === 'client' && partOf(name) === 'honest')
      .map(({ name }) => name),
    clientOf: name => remoteOf(plan.processes.find(of => of.name === name) as Plan['processes'][number]),
    addressOf: name => {
      const status = watch.last(name)
      return status?.role === 'client' ? status.address : ''
    },
    random,
    betweenMs: 1200,
  })
  const check = checks({ plan, processes, watch, mail: people, partOf })
  const trouble = faults({
    plan,
    processes,
    watch,
    links,
    partOf,
    ownDisks: hasMounts,
    aim: options.defect === undefined ? undefined : defects[options.defect]?.shownBy,
    random,
    tell,
    signal: stop.signal,
  })
  // From the first second: what a defect breaks may keep the network from starting
  const looking = setInterval(() => {
    void watch.poll().then(() => {
      check.look()
      if (options.defect !== undefined && check.violations.length > 0)
        stop.abort(new Error('the defect was found'))
    })
  }, lookEveryMs)
  let failure: unknown
  try {
    await startAll(running)
    await live(options, { running, trouble, people, check })
  } catch (error) {
    check.look()
    if (check.violations.length === 0 && stop.signal.aborted)
      check.violated('none-failed', String(stop.signal.reason))
    if (check.violations.length === 0) failure = error
  }
  clearInterval(looking)
  await endAll(running)
  await links.close()
  release()
  if (failure !== undefined) {
    clear(plan, hasMounts, true)
    console.error(`logs are in ${plan.folder}`)
    throw failure
  }
  if (record.openPorts.length > 0) check.violated('ended-clean', record.openPorts.join(', '))
  const forced = record.endings.filter(({ asked, code }) => asked === 'SIGTERM' && code !== 0)
  if (forced.length > 0 && options.defect === undefined)
    check.violated(
      'ended-clean',
      forced.map(({ name, code, signal }) => `${name} ${signal ?? code}`).join(', '),
    )
  for (const { invariant, why } of check.violations) console.error(`chaos: ${invariant}: ${why}`)
  const isWanted = check.violations.length > 0 && options.defect === undefined && !stop.signal.aborted
  clear(plan, hasMounts, isWanted)
  if (isWanted) console.error(`logs are in ${plan.folder}`)
  return {
    seed: options.seed,
    accepted: people.accepted().length,
    delivered: people.accepted().length - people.lost().length,
    lost: people.lost().length,
    duplicates: people.duplicates(),
    unhandled: check.unhandled,
    violations: check.violations.length,
    faults: trouble.counts,
    links: 'loopback proxies',
    disks: hasMounts ? 'tmpfs' : 'refused by the process',
    invariants: (Object.keys(invariants) as Invariant[]).map(id => ({
      id,
      holds: !check.violations.some(({ invariant }) => invariant === id),
    })),
  }
}

/** Trouble, then quiet until all is read; with a planted defect it ends when that is found. */
async function live(
  { minutes, defect }: Options,
  parts: {
    running: Run
    trouble: ReturnType<typeof faults>
    people: ReturnType<typeof mail>
    check: ReturnType<typeof checks>
  },
): Promise<void> {
  const { running, trouble, people, check } = parts
  const { watch, tell, signal } = running
  const troubleMs = Math.min(
    minutes * minute * shareOfTrouble,
    defect === undefined ? Infinity : huntTroubleMs,
  )
  const quietMs = defect === undefined ? longestQuietMs : huntQuietMs
  const [sent, read] = [new AbortController(), new AbortController()]
  const sending = people.send(sent.signal)
  const reading = people.read(read.signal)
  try {
    await trouble.cause(troubleMs)
    sent.abort()
    await sending
    const [lost, all] = [people.lost().length, people.accepted().length]
    tell({ event: 'said', words: `quiet now; ${lost} of ${all} messages are not read` })
    for (const until = Date.now() + quietMs; Date.now() < until && people.lost().length > 0; )
      await pause(second / 2, undefined, { signal })
    await watch.poll()
    await check.conclude(trouble.counts.flood, trouble.littered)
  } finally {
    sent.abort()
    read.abort()
    await Promise.all([sending, reading])
  }
}

/** Writes down what each process is, and gives it a small disk where we may. */
function prepare(
  plan: Plan,
  partOf: (name: string) => Part['part'],
  defect: string | undefined,
  hasMounts: boolean,
): void {
  for (const { name, folder } of plan.processes) {
    writeFileSync(join(folder, 'chaos.json'), JSON.stringify({ part: partOf(name), defect } satisfies Part))
    if (!hasMounts) continue
    const data = join(folder, 'data')
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const mounted = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${diskBytes},mode=0700`,
      'chaffinch',
      data,
    ])
    if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`)
  }
}

/** @param isWanted the logs are to be read: only the disks go */
function clear({ processes, folder }: Plan, hasMounts: boolean, isWanted: boolean): void {
  for (const planned of hasMounts ? processes : []) spawnSync('umount', [join(planned.folder, 'data')])
  if (!isWanted) rmSync(folder, { recursive: true, force: true })
}

/** Ctrl-C ends the network in order; a second one at once, as does the end of who started this. */
function onInterrupt(stop: AbortController, abandon: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort(new Error('interrupted'))
  }
  const orphaned = (): void => process.exit(1)
  for (const signal of signals) process.on(signal, interrupt)
  process.once('disconnect', orphaned)
  process.once('exit', abandon)
  return () => {
    for (const signal of signals) process.off(signal, interrupt)
    process.off('disconnect', orphaned)
    if (process.connected) process.disconnect()
  }
}

function print(summary: Summary): void {
  const { accepted, delivered, lost, duplicates, unhandled } = summary
  console.log(
    `accepted ${accepted}, delivered ${delivered}, lost ${lost}, duplicates ${duplicates}, unhandled ${unhandled}`,
  )
  console.log(faultKinds.map(kind => `${kind} ${summary.faults[kind]}`).join(', '))
  for (const { id, holds } of summary.invariants)
    console.log(`${holds ? 'holds ' : 'BROKEN'}  ${id.padEnd(25)} ${invariants[id]}`)
}
