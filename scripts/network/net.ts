// chaffinch net: a whole network of processes on this machine. With --json, standard output holds the object only.

import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Network } from '../../directory/index.ts'
import { readNetwork } from '../../roles/files/index.ts'
import {
  beside,
  carryCrowd,
  countRounds,
  type Echo,
  echoName,
  endAll,
  epochFor,
  type Happened,
  type NetOptions,
  newRecord,
  type Observer,
  observe,
  Passages,
  type Plan,
  planNetwork,
  type RoundsRecord,
  type Run,
  roundMsOf,
  serveEcho,
  slowness,
  startAll,
  supervisor,
  tapsOf,
  watchedMix,
  watchNetwork,
  wordsOf,
} from '../../simulator/processes/index.ts'
import { geometry } from '../../sphinx/index.ts'
import { type Ms, second } from '../../world/units.ts'
import { wait } from '../../world/wait.ts'
import { onInterrupt, stoppedCode } from '../terminal/interrupt.ts'
import { isColoured } from '../terminal/paint.ts'
import { screen } from '../terminal/screen.ts'
import { carryMessages, readLedgers, takeAccount } from './carry.ts'
import type { Settled } from './claim.ts'
import { latencies } from './ledger.ts'
import { type NetValues, readNetOptions } from './options.ts'
import type { NetPage } from './page.ts'
import type { HappenedNow } from './page-state.ts'
import { joinPayments } from './payments.ts'
import { payEachOther } from './payments-persons.ts'
import { newRates, picture, type Shown, tryFile, tryLines } from './picture.ts'
import { claimLines, report, summaryLines } from './report.ts'
import { ledgerPage, sideBySide } from './side-by-side.ts'
import { frame, type TableState } from './table.ts'

const drawEveryMs = 500
/** Often enough to see every consensus of every process; where people look, as often as they see a change. */
const pollEveryMs = { usual: 2000, shown: 1000 } as const
/** The ledgers grow: they are asked for less often than the table is drawn. */
const measureEveryMs = 5000

export async function run(values: NetValues): Promise<number> {
  const asked = readNetOptions(values)
  const live = process.stdout.isTTY === true && process.stderr.isTTY === true && !asked.once
  const page = live || values.page === true ? await startPage() : undefined
  try {
    return await runNetwork(asked, live, page)
  } finally {
    await page?.close()
  }
}

/** Loaded by need: a run that nobody looks at starts sooner. */
async function startPage(): Promise<NetPage> {
  const { serveNetPage } = await import('./page.ts')
  const page = await serveNetPage(Date.now())
  console.error(`look at it: ${page.address()}`)
  return page
}

async function runNetwork(
  asked: ReturnType<typeof readNetOptions>,
  live: boolean,
  page: NetPage | undefined,
): Promise<number> {
  const machine = await forThisMachine(asked)
  const { note } = machine
  const echo = machine.options.crowd && (await serveEcho())
  const options = echo === undefined ? machine.options : withDestination(machine.options, echo)
  const startedAt = Date.now()
  // The page shows what an observer of every link sees; one counts what clients send in rounds
  const plan = await planNetwork(
    { ...options, observe: options.observe || options.rounds || page !== undefined },
    startedAt,
  )
  const events: string[] = []
  const happened: HappenedNow[] = []
  const tell = (what: Happened): void => {
    const at = Date.now() - startedAt
    const words = wordsOf(what)
    const line = `${(at / 1000).toFixed(1).padStart(6)} s  ${words}`
    events.push(line)
    happened.push({ at, words, what })
    if (!live) console.error(line)
  }
  if (note !== undefined) tell(note)
  const record = newRecord(plan)
  const passages = new Passages()
  const { comparedDelayMs } = record
  const processes = supervisor(
    ({ name, code, signal }, log) => tell({ event: 'died', name, how: signal ?? `exit code ${code}`, log }),
    beside,
    comparedDelayMs === undefined
      ? undefined
      : { program: watchedMix, heard: (name, told) => passages.heard(name, told) },
  )
  const watch = watchNetwork(plan, processes, record, Date.now)
  const stop = new AbortController()
  const running: Run = { plan, processes, watch, record, now: Date.now, tell, signal: stop.signal }
  const release = onInterrupt(stop, () => processes.abandon())
  const observer = plan.options.observe
    ? await observeAll(plan, options.observe || options.rounds, page)
    : undefined
  const polling = setInterval(
    () => void watch.poll(),
    live || page !== undefined ? pollEveryMs.shown : pollEveryMs.usual,
  )
  let settled: readonly Settled[] | undefined
  const looking = look(running, () => ({ events, claims: settled, page: page?.address() }))
  page?.show(running, looking.now, happened)
  const drawing = live ? draw(looking.now) : undefined
  let failure: unknown
  try {
    try {
      if (echo === undefined) {
        await startAll(running)
        await carryMessages(running, options.ledger === 'bitcoin' ? joinPayments : payEachOther)
      } else await carryCrowd(running, echo)
      await takeAccount(running)
      if (comparedDelayMs !== undefined) await untilSeen(running, passages, comparedDelayMs)
    } finally {
      // Whatever else became of the run: what mixes told stands for itself
      if (comparedDelayMs !== undefined) {
        record.mixes.push(...passages.compare(comparedDelayMs, options.seed))
        record.busyMixes.push(...passages.busy(comparedDelayMs))
      }
    }
    if (options.rounds && observer !== undefined) record.rounds = seenRounds(plan, observer)
    if (live || options.stay) {
      settled = report(record).claims.filter(({ id }) => id !== 'stopped-clean')
      if (!live) for (const line of [...claimLines(settled), ...tryLines(running)]) console.error(line)
      await untilAborted(stop.signal)
    }
  } catch (error) {
    // What comes after a Ctrl-C comes of it.
    if (stop.signal.aborted) record.stopped = true
    else failure = error
  }
  clearInterval(polling)
  looking.close()
  drawing?.close()
  await endAll(running)
  await observer?.close()
  await echo?.close()
  release()
  return conclude(
    running,
    options.observe ? observer : undefined,
    settled === undefined ? failure : undefined,
    startedAt,
  )
}

/** As long as packets go on until enough were seen, where a run was short or its machine slow. */
const seenWithinMs = 30 * second

async function untilSeen({ signal, now }: Run, passages: Passages, delayMs: Ms): Promise<void> {
  for (const until = now() + seenWithinMs; now() < until && !passages.hasEnough(delayMs); )
    await pause(second / 2, undefined, { signal })
}

/** Counts what the observer saw of each client in each round. */
function seenRounds({ options, networkFile, processes }: Plan, { sightings }: Observer): RoundsRecord {
  const network = readNetwork(networkFile)
  const named = (wanted: string): string[] =>
    processes.filter(({ role }) => role === wanted).map(({ name }) => name)
  return countRounds(sightings, {
    ...{ roundMs: roundMsOf(options), packetBytes: geometry(network).packetBytes },
    ...{ clients: named('client'), gateways: named('gateway') },
    ...{ genesis: network.genesis, epochMs: network.epochMs, until: Date.now() },
  })
}

/** A crowd whose members know where to ask. */
function withDestination(options: NetOptions, { url }: Echo): NetOptions {
  const { crowd } = options
  return crowd === undefined
    ? options
    : { ...options, crowd: { ...crowd, destinations: { [echoName]: url } } }
}

/** Lengthens the epochs where this machine is too slow for them and nobody said how long they are to be. */
async function forThisMachine({ choseEpoch, ...options }: ReturnType<typeof readNetOptions>): Promise<{
  readonly options: NetOptions
  readonly note?: Happened
}> {
  if (choseEpoch) return { options }
  const slow = await slowness()
  const epochMs = epochFor(options.epochMs, slow)
  if (epochMs === options.epochMs) return { options }
  const note = { event: 'slow', times: slow, epochMs, usualMs: options.epochMs } as const
  return { options: { ...options, epochMs, slow }, note }
}

/** Prints what is to be printed, removes what is to be removed, and gives the exit code. */
function conclude(
  { plan, record }: Run,
  observer: Observer | undefined,
  failure: unknown,
  startedAt: number,
): number {
  const { options, folder, temporary } = plan
  const done = report(record)
  const holds = failure === undefined && done.claims.every(claim => claim.holds)
  if (failure !== undefined)
    console.error(`chaffinch: ${failure instanceof Error ? failure.message : String(failure)}`)
  if (observer !== undefined) showLedgers(plan, record.messages, observer, startedAt)
  const say = options.json ? console.error : console.log
  for (const line of [...claimLines(done.claims), ...summaryLines(done, options.messages)]) say(line)
  writeFileSync(join(folder, 'messages.json'), JSON.stringify(record.messages, undefined, 1))
  if (temporary && holds) rmSync(folder, { recursive: true, force: true })
  else console.error(`logs and files are in ${folder}`)
  if (options.json) console.log(JSON.stringify(done))
  if (done.stopped) return done.claims.some(({ measured }) => measured) ? 1 : stoppedCode
  return holds ? 0 : 1
}

/** A tap before every port that others dial. @param keeps whether what was seen is wanted in the end */
function observeAll({ processes }: Plan, keeps: boolean, page: NetPage | undefined): Promise<Observer> {
  const names = new Map(processes.map(({ name, dialFrom }) => [dialFrom, name]))
  const taps = tapsOf(processes)
  const nameOf = (address: string): string => names.get(address) ?? 'somebody'
  return observe(taps, nameOf, Date.now, keeps ? undefined : 0, sighting => page?.sights.saw(sighting))
}

/** Prints both ledgers side by side, and draws them on a page; all of the observer's goes to a file. */
function showLedgers(
  { folder, options, temporary }: Plan,
  messages: Run['record']['messages'],
  observer: Observer,
  startedAt: number,
): void {
  const say = options.json ? console.error : console.log
  for (const line of sideBySide(messages, observer.sightings, startedAt)) say(line)
  say('')
  const rows = observer.sightings.map(({ at, from, to, bytes }) => `${at}\t${from}\t${to}\t${bytes}\n`)
  writeFileSync(join(folder, 'observer.tsv'), `time\tfrom\tto\tbytes\n${rows.join('')}`)
  // The folder of a run that went well is removed
  const page = temporary
    ? join(tmpdir(), `chaffinch-ledgers-${process.pid}.xhtml`)
    : join(folder, 'ledgers.xhtml')
  writeFileSync(page, ledgerPage(messages, observer.sightings, startedAt))
  say(`both ledgers as a picture: ${page}`)
}

interface Looking {
  now(): TableState
  close(): void
}

/** Looks at the network for whoever shows it, until it is closed. */
function look(running: Run, shown: () => Pick<Shown, 'events' | 'claims' | 'page'>): Looking {
  const { plan, record } = running
  const network: Network = readNetwork(plan.networkFile)
  let latency: { drawn: number[]; total: number[] } = { drawn: [], total: [] }
  const rates = newRates()
  let file: string | undefined
  const measure = async (): Promise<void> => {
    const measured = latencies(await readLedgers(plan), record.messages)
    latency = { drawn: measured.map(({ drawnMs }) => drawnMs), total: measured.map(({ totalMs }) => totalMs) }
  }
  // A client that is starting or dead has no ledger to show yet.
  const timer = setInterval(() => void measure().catch(() => {}), measureEveryMs)
  return {
    now() {
      file ??= tryFile(running)
      return picture(running, network, { ...shown(), tryFile: file, rates, latency })
    },
    close: () => clearInterval(timer),
  }
}

/** Redraws the table until it is closed. */
function draw(now: () => TableState): { close(): void } {
  const on = screen(process.stderr)
  const redraw = (): void => {
    const { columns, rows } = process.stderr
    on.draw(frame(now(), columns || 80, rows || 24, isColoured(process.stderr)))
  }
  const timer = setInterval(redraw, drawEveryMs)
  process.stderr.on('resize', redraw)
  return {
    close() {
      clearInterval(timer)
      process.stderr.off('resize', redraw)
      redraw()
      on.close()
    },
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return wait<void>({ signal }, () => undefined).catch(() => {})
}
