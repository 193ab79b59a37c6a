// A node's counts as it publishes them (docs/spec/counts.md): looked at by a timer, each told once and kept on disk
// before anybody is told, so that no restart tells one a second time.

import { countForm, type PublishedCount, readCount } from '../../directory/documents/count.ts'
import { mechanism, periodEpochs, samplesInPeriod } from '../../directory/documents/counting.ts'
import type { Network } from '../../directory/documents/network.ts'
import type { Parameters, RelayRole } from '../../directory/documents/view.ts'
import { DirectoryError } from '../../directory/error.ts'
import { Reader } from '../../directory/reader.ts'
import { write } from '../../encoding/cbor.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import type { Timers } from '../../world/timers.ts'
import { turns } from '../../world/turns.ts'
import type { Disk } from '../disk.ts'
import { NodeError } from '../error.ts'
import type { Files } from '../files.ts'
import { discreteLaplace } from './noise.ts'
import { PeriodCount, type Reading } from './period-count.ts'

const fileName = 'count'
const mostFileBytes = 64
/** A count is published until so many later ones are over. */
const publishedFor = 2

/** Opens with `openCounts`. */
export class Counts {
  readonly #options: CountsOptions
  readonly #periodMs: number
  readonly #machine: PeriodCount
  readonly #turn = turns()
  #told: PublishedCount | undefined
  #read: (() => Reading) | undefined

  constructor(options: CountsOptions, told: PublishedCount | undefined, toldUntil: number) {
    const { network, random } = options
    this.#options = options
    this.#told = told
    this.#periodMs = periodEpochs(network) * network.epochMs
    this.#machine = new PeriodCount({
      periodMs: this.#periodMs,
      noise: scale => discreteLaplace(random, scale),
      told: toldUntil,
    })
  }

  /** Begins to look, by these timers. @param read what is counted, as it is */
  start(timers: Timers, read: () => Reading): void {
    if (!this.#options.isOn) return
    this.#read = read
    timers.every(this.#periodMs / samplesInPeriod, () => void this.#look())
    void this.#look()
  }

  /** Gives the newest count that may be told, once it is on disk; undefined where there is none. */
  async newest(): Promise<PublishedCount | undefined> {
    if (!this.#options.isOn) return undefined
    await this.#look()
    return this.current
  }

  /** The newest count that is on disk and not old. */
  get current(): PublishedCount | undefined {
    const told = this.#told
    return told !== undefined && this.#period() <= told.period + 1 + publishedFor ? told : undefined
  }

  #period(): number {
    const { network, clock } = this.#options
    return Math.floor((clock.now() - network.genesis) / this.#periodMs)
  }

  async #look(): Promise<void> {
    const { network, role, parameters, clock, isSure } = this.#options
    if (this.#read === undefined) return
    const moment = {
      sinceGenesis: clock.now() - network.genesis,
      elapsed: clock.elapsed(),
      isSure: isSure(),
    }
    const count = this.#machine.look(moment, this.#read(), mechanism(role, network, parameters()))
    // Also who finds nothing new waits for what is being written
    await this.#turn(async () => {
      if (count !== undefined) await this.#keep(count)
    })
  }

  /** A count that the disk does not take is told nobody. */
  async #keep(count: PublishedCount): Promise<void> {
    const { files, network, disk } = this.#options
    try {
      await files.write(fileName, write([network.name, countForm(count)]))
      disk.wrote('count')
      this.#told = count
    } catch (error) {
      disk.wrote('count', error)
    }
  }
}

export interface CountsOptions {
  readonly role: RelayRole
  readonly network: Network
  readonly files: Files
  /** Its wall time is what is believed. */
  readonly clock: Pick<Clock, 'now' | 'elapsed'>
  readonly isSure: () => boolean
  readonly random: Random
  readonly parameters: () => Parameters
  readonly disk: Disk
  readonly log: Log
  /** False: nothing is counted and nothing published. */
  readonly isOn: boolean
}

/**
 * Reads what was told before.
 *
 * @throws NodeError FOLDER
 */
export async function openCounts(options: CountsOptions): Promise<Counts> {
  const { files, network, clock, log } = options
  const nobodyKnows = Math.floor((clock.now() - network.genesis) / (periodEpochs(network) * network.epochMs))
  try {
    const bytes = await files.read(fileName, mostFileBytes + network.name.length * 4)
    if (bytes === undefined) return new Counts(options, undefined, -1)
    const read = new Reader(bytes, fileName)
    read.tuple(2)
    // Of another network it says nothing about this one
    if (read.item('network').text(256) !== network.name) return new Counts(options, undefined, -1)
    const told = readCount(read)
    read.end()
    return new Counts(options, told, told.period)
  } catch (error) {
    if (!(error instanceof DirectoryError) && !isBadFile(error)) throw error
    log.warn({ why: String(error) }, 'what was counted last cannot be read: the period of now is not counted')
    return new Counts(options, undefined, nobodyKnows)
  }
}

function isBadFile(error: unknown): boolean {
  return error instanceof NodeError && error.code === 'BAD_FILE'
}
