// The demonstration: an election on a mix-net of processes, through kills, a mixer that cheats and a trustee that stays
// away, to auditors who check everything and copies of the board that they must refuse.

import { cpSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { readPlanFile } from '../../roles/mixnet/folder.ts'
import { minute, second } from '../../world/units.ts'
import { type Supervisor, supervisor } from '../processes/process.ts'
import { copyChanged } from './forged.ts'
import {
  absentName,
  auditors,
  type Change,
  changes,
  cheatName,
  copyName,
  killedNames,
  mixers,
  type Places,
  placesIn,
  trustees,
  type Way,
  ways,
} from './places.ts'
import { prepare } from './prepare.ts'
import { command, inPairs, must, writeJson } from './program.ts'
import { type ElectionRecord, readRecord, type Story, votersIn } from './record.ts'

export interface DemoOptions {
  readonly folder: string
  readonly voters: number
  /** Is told what happens, in words. */
  readonly tell: (what: string) => void
  readonly signal: AbortSignal
}

/** A demonstration under way. */
export interface Demo {
  readonly places: Places
  /** The mix-net's address. */
  readonly url: string
  readonly record: ElectionRecord
  /** Ends all processes. @returns what is left to read then */
  end(): Promise<ElectionRecord>
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** So long is waited for anything that must come. */
const withinMs = 10 * minute
const lookMs = 250
/** A process that was killed is away for so long. */
const awayMs = second
const graceMs = 20 * second
/** Parts of all ballots after which the Controller, and a trustee, are killed. */
const killAt = { controller: 0.4, trustee: 0.7 } as const

/** Ends processes at once, however the demonstration ends. */
export interface Abandon {
  abandon(): void
}

/** Runs a demonstration up to the account of it; its processes go on. @param begun is given how to end all at once */
export async function runDemo(options: DemoOptions, begun: (running: Abandon) => void): Promise<Demo> {
  const story: Mutable<Story> & { died: string[] } = {
    ...{ election: '', voters: options.voters, kills: [], audits: [], copies: [], died: [], times: {} },
  }
  const processes = supervisor(({ name, code, signal }, lines) => {
    story.died.push(name)
    options.tell(`${name} ended by itself (${signal ?? `exit code ${code}`}): ${lines}`)
  })
  begun(processes)
  const run = new DemoRun(options, processes, story)
  try {
    await run.found()
    await run.vote()
    await run.count()
    await run.check()
  } catch (error) {
    await processes.stopAll(graceMs)
    throw error
  }
  const { places } = run
  const account = (): ElectionRecord => {
    writeJson(places.story, story)
    return readRecord(places)
  }
  const record = account()
  return {
    ...{ places, url: run.url, record },
    async end() {
      await processes.stopAll(graceMs)
      const told = processes.endings.filter(({ asked }) => asked !== 'SIGKILL')
      story.endings = told.map(({ name, code }) => ({ name, code }))
      writeJson(places.story, story)
      return { ...record, story: { ...record.story, endings: story.endings } }
    },
  }
}

class DemoRun {
  readonly places: Places
  url = ''
  readonly #options: DemoOptions
  readonly #processes: Supervisor
  readonly #story: Mutable<Story>
  #began = Date.now()
  /** Ballots that have a receipt. */
  #ballots = 0

  constructor(options: DemoOptions, processes: Supervisor, story: Mutable<Story>) {
    this.#options = options
    this.#processes = processes
    this.#story = story
    this.places = placesIn(options.folder)
  }

  /** Keys, plan, definition and codes; then all members found the mix-net and the election on it. */
  async found(): Promise<void> {
    const { tell, signal, voters } = this.#options
    const { places } = this
    tell(`preparing keys, a plan, a definition and ${voters} codes`)
    this.#story.election = await prepare(places, voters, signal)
    this.url = readPlanFile(places.plan).url
    this.#start('controller', ['cascade', 'controller', places.of('controller')], 2)
    for (const name of [...mixers, ...trustees]) this.#start(name, this.#memberArgs(name), 1)
    tell('started a Controller, 3 mixers and 3 trustees: they make a key and found the election')
    await this.#until('the election is open', async () => (await this.#door())?.status === 'OPEN')
    this.#took('foundMs')
    await this.#processes.stop(absentName)
    tell(`voting is open at ${this.url}; ${absentName} has gone, and stays away`)
  }

  /** All vote, while the Controller and a trustee are killed and come back. */
  async vote(): Promise<void> {
    const { folder, voters, signal, tell } = this.#options
    const { places } = this
    const due = { ...killAt } as Partial<Record<'controller' | 'trustee', number>>
    const back: Promise<void>[] = []
    const line = (text: string): void => {
      const { ballots, of } = JSON.parse(text) as { ballots: number; of: number }
      this.#ballots = ballots
      for (const role of ['controller', 'trustee'] as const) {
        if (ballots < (due[role] ?? Number.POSITIVE_INFINITY) * of) continue
        delete due[role]
        back.push(this.#killAndRestart(role))
      }
      if (ballots % Math.max(1, Math.floor(of / 4)) === 0) tell(`${ballots} of ${of} ballots have a receipt`)
    }
    const codes = votersIn(places.codes).map(known => known[2])
    const args = ['demo', 'election', '--part', 'voters', '--dir', folder]
    const input = `${codes.join('\n')}\n`
    await must(args, { folder: places.of('voters'), input, line, signal })
    await Promise.all(back)
    this.#took('voteMs')
    tell(`all ${voters} voters have voted`)
  }

  /** Closes; a mixer that is away then comes back and does its work; one that cheats is left out. */
  async count(): Promise<void> {
    const { signal, tell } = this.#options
    const { places, url } = this
    const { mixer } = killedNames
    await this.#kill('mixer')
    const present = [...mixers, ...trustees].filter(name => name !== absentName)
    await inPairs(present, async name => {
      const args = ['election', 'close', places.board, '--member', places.of(name)]
      await must(args, { folder: places.of('administrator'), signal })
    })
    await this.#until('voting is closed', async () => (await this.#door())?.status === 'CLOSED')
    this.#restart(mixer)
    tell(`voting is closed by consensus; ${cheatName} is about to cheat`)
    const args = ['election', 'tally', places.board, '--controller', url, '--wait']
    await must(args, { folder: places.of('administrator'), signal })
    this.#took('tallyMs')
    tell('mixed, decrypted and counted')
  }

  /** Auditors check copies of the board, and copies in which something was changed. */
  async check(): Promise<void> {
    const { signal, tell } = this.#options
    const { places } = this
    const { election } = this.#story
    this.#story.audits = await inPairs(auditors, async name => {
      const copy = places.of(name, 'board')
      cpSync(places.board, copy, { recursive: true })
      const args = ['election', 'verify', copy, '--id', election, '--json']
      const { code, out } = await command(args, { folder: places.of(name), signal })
      writeFileSync(places.of(name, 'verified.json'), out)
      return { name, code }
    })
    const args = ['election', 'receipt', places.receipts, places.board, '--json']
    const receipts = await command(args, { folder: places.of(auditors[0] as string), signal })
    writeFileSync(places.fates, receipts.out)
    tell(`${auditors.length} auditors have checked the board, and one of them all receipts`)
    const codes = votersIn(places.codes).map(known => known[2] as string)
    const copies: [Change | 'nothing', Way][] = [['nothing', 'signed']]
    for (const change of changes) for (const way of ways) copies.push([change, way])
    this.#story.copies = await inPairs(copies, async ([change, way]) => {
      const folder = places.of(copyName(change, way))
      const board = places.of(copyName(change, way), 'board')
      copyChanged(places, board, change, way, codes)
      const { code, err } = await command(['election', 'verify', board], { folder, signal })
      return { change, way, code, says: err.trim().split('\n').at(-1) ?? '' }
    })
    this.#took('checkMs')
    tell(
      `${copies.length} changed copies of the board have been handed to auditors; now all files are searched`,
    )
  }

  #memberArgs(name: string): string[] {
    const { folder } = this.#options
    const { places } = this
    if (name === cheatName) return ['demo', 'election', '--part', 'cheat', '--dir', folder]
    const what = mixers.includes(name) ? 'mixer' : 'trustee'
    return ['cascade', what, places.of(name), '--plan', places.plan, '--election', places.board]
  }

  #start(name: string, args: readonly string[], place: number): void {
    this.#processes.run(name, args, this.places.of(name, 'log'), place)
  }

  /** SIGKILL, after the Controller has said what its log is. */
  async #kill(role: keyof typeof killedNames): Promise<void> {
    const name = killedNames[role]
    const checkpoint = await (await this.#ask('/log/checkpoint')).text()
    await this.#processes.kill(name)
    this.#story.kills = [...this.#story.kills, { role, name, ballots: this.#ballots, checkpoint }]
    this.#options.tell(`${name} killed`)
  }

  #restart(name: string): void {
    this.#processes.restart(name)
    this.#options.tell(`${name} started again`)
  }

  async #killAndRestart(role: keyof typeof killedNames): Promise<void> {
    await this.#kill(role)
    await pause(awayMs, undefined, { signal: this.#options.signal })
    this.#restart(killedNames[role])
  }

  async #ask(path: string): Promise<Response> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(10 * second) })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return response
  }

  /** Gives the last cycle of the peer that takes ballots. */
  async #door(): Promise<{ readonly status: string } | undefined> {
    const name = encodeURIComponent(`${this.#story.election} 1 0`)
    const peers = (await (await this.#ask(`/peers?name=${name}`)).json()) as { peer_id: string }[]
    const [peer] = peers
    if (peer === undefined) return undefined
    const cycles = await (await this.#ask(`/peers/${peer.peer_id}/cycles`)).json()
    return (cycles as { status: string }[]).at(-1)
  }

  async #until(what: string, look: () => Promise<boolean>): Promise<void> {
    const { signal } = this.#options
    for (const end = Date.now() + withinMs; !(await look().catch(() => false)); ) {
      if (Date.now() > end) throw new Error(`not within ${withinMs / minute} minutes: ${what}`)
      await pause(lookMs, undefined, { signal })
    }
  }

  #took(what: string): void {
    const now = Date.now()
    this.#story.times = { ...this.#story.times, [what]: now - this.#began }
    this.#began = now
  }
}
