// chaffinch demo election: a whole election as processes on this machine. With --json, standard output holds the object
// only.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { castAll, type Demo, type ElectionRecord, runCheat, runDemo } from '../../simulator/election/index.ts'
import { wait } from '../../world/wait.ts'
import type { Settled } from '../network/claim.ts'
import { onInterrupt, stoppedCode } from '../terminal/interrupt.ts'
import { electionLines, settleElection } from './election-claims.ts'

export interface ElectionDemoOptions {
  readonly voters?: string
  readonly once?: true
  readonly dir?: string
  readonly json?: true
  readonly part?: string
}

const usualVoters = '50'
const votersAtMost = 2000
export async function run(options: ElectionDemoOptions): Promise<number> {
  if (options.part !== undefined) return await runPart(options)
  const voters = wholeNumber('voters', options.voters ?? usualVoters, 2, votersAtMost)
  const isTemporary = options.dir === undefined
  const folder = isTemporary
    ? mkdtempSync(join(tmpdir(), 'chaffinch-election-'))
    : emptyFolder(resolve(options.dir as string))
  const stop = new AbortController()
  let abandon = (): void => {}
  const release = onInterrupt(stop, () => abandon())
  const began = Date.now()
  const tell = (what: string): void =>
    console.error(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${what}`)
  try {
    const demo = await runDemo({ folder, voters, tell, signal: stop.signal }, running => {
      abandon = () => running.abandon()
    })
    return await conclude(demo, options, { stop: stop.signal, isTemporary, began })
  } catch (error) {
    if (!stop.signal.aborted) console.error(`logs and files are in ${folder}`)
    else if (isTemporary) rmSync(folder, { recursive: true, force: true })
    if (stop.signal.aborted) return stoppedCode
    throw error instanceof Error && !(error instanceof CommandError)
      ? new CommandError('FAILED', error.message)
      : error
  } finally {
    abandon()
    release()
  }
}

/** One process of the demonstration that is no command of its own. */
async function runPart({ part, dir }: ElectionDemoOptions): Promise<number> {
  if (dir === undefined) throw new CommandError('USAGE', `--part ${part}: want --dir FOLDER`)
  if (part === 'cheat') return await runCheat(dir)
  if (part !== 'voters') throw new CommandError('USAGE', `--part ${part}: want one of voters, cheat`)
  let codes = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) codes += chunk
  await castAll(dir, codes.trim().split('\n'), (ballots, of) => console.log(JSON.stringify({ ballots, of })))
  return 0
}

function emptyFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (readdirSync(folder).length > 0)
    throw new CommandError('USAGE', `--dir ${folder}: is not empty`, 'name a new folder')
  return folder
}

interface Ending {
  readonly stop: AbortSignal
  readonly isTemporary: boolean
  readonly began: number
}

/** Settles the claims, waits where nobody said --once, ends all, prints, and gives the exit code. */
async function conclude(
  demo: Demo,
  options: ElectionDemoOptions,
  { stop, isTemporary, began }: Ending,
): Promise<number> {
  const ms = Date.now() - began
  const say = options.json === true ? console.error : console.log
  const before = settleElection(demo.record)
  if (options.once !== true) {
    for (const line of [...electionLines(before), ...summary(demo.record), ...whereabouts(demo)]) say(line)
    await wait<void>({ signal: stop }, () => undefined).catch(() => {})
  }
  const record = await demo.end()
  const claims = settleElection(record)
  const holds = claims.every(claim => claim.holds)
  const fresh =
    options.once === true ? claims : claims.filter(({ id }) => !before.some(each => each.id === id))
  for (const line of electionLines(fresh)) say(line)
  if (options.once === true) for (const line of summary(record)) say(line)
  if (isTemporary && holds) rmSync(demo.places.folder, { recursive: true, force: true })
  else console.error(`logs and files are in ${demo.places.folder}`)
  if (options.json === true) console.log(JSON.stringify(reportOf(record, claims, ms)))
  return holds ? 0 : 1
}

/** Is printed by --json. */
export interface ElectionReport {
  readonly claims: readonly Settled[]
  readonly voters: number
  /** Ballots in the log, also those that were replaced. */
  readonly ballots: number
  /** Ballots that count. */
  readonly counted: number
  /** Milliseconds of an auditor's check: the middle one of five. */
  readonly verifyMs: number
  readonly foundMs: number
  readonly voteMs: number
  readonly tallyMs: number
  readonly checkMs: number
  readonly ms: number
}

function reportOf(record: ElectionRecord, claims: readonly Settled[], ms: number): ElectionReport {
  const { story, ballots, result } = record
  const { foundMs = 0, voteMs = 0, tallyMs = 0, checkMs = 0 } = story.times
  return {
    claims,
    voters: story.voters,
    ballots,
    counted: result.questions[0]?.ballots ?? 0,
    verifyMs: verifyMsOf(record),
    foundMs,
    voteMs,
    tallyMs,
    checkMs,
    ms,
  }
}

function verifyMsOf({ audits }: ElectionRecord): number {
  const sorted = audits.map(({ ms }) => ms).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

function summary(record: ElectionRecord): string[] {
  const { story, ballots, result } = record
  const counted = result.questions[0]?.ballots ?? 0
  return [
    `${story.voters} voters, ${ballots} ballots, ${counted} counted; an auditor checks all in ${verifyMsOf(record)} ms`,
  ]
}

/** Says where everything is, for whoever wants to look. */
function whereabouts({ places, url }: Demo): string[] {
  const { board, folder } = places
  return [
    '',
    `the Controller answers at ${url} (try ${url}/peers, ${url}/log/checkpoint, ${url}/openapi.json)`,
    `the public folder is ${board}; all processes have their files and logs beside it, in ${folder}`,
    `  chaffinch election verify ${board}`,
    `  chaffinch election result ${board}`,
    `  chaffinch election receipt ${places.receipts} ${board}`,
    `  chaffinch cascade verify --plan ${places.plan}`,
    'Ctrl-C ends all processes',
  ]
}
