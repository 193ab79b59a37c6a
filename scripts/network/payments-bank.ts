// The ledger of a local network's persons: a folder and a process of `chaffinch ledger`, which answers at one of the
// clients.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readPublic, type Seen } from '../../payment/anonymity/index.ts'
import type { PlannedProcess } from '../../simulator/processes/index.ts'
import { beside } from '../../simulator/processes/index.ts'
import { readLog } from '../roles/ledger.ts'

const run = promisify(execFile)

export class Bank {
  readonly #folder: string
  readonly #clerk: PlannedProcess
  #serving: ChildProcess | undefined

  /** @param clerk the client at whose address it answers */
  constructor(folder: string, clerk: PlannedProcess) {
    this.#folder = folder
    this.#clerk = clerk
  }

  /** Makes the folder. @returns the genesis, hex */
  async found(): Promise<string> {
    return await this.#chaffinch('init', this.#folder, '--name', 'local')
  }

  /** A note of this amount for each key; not while it serves. */
  async mint(amount: number, keys: readonly string[]): Promise<void> {
    const to = keys.flatMap(key => ['--to', key])
    await this.#chaffinch('mint', this.#folder, '--each', '--amount', String(amount), ...to)
  }

  async #chaffinch(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [...beside, 'ledger', ...args])
    return stdout.trim()
  }

  /** Answers from now on, until it is closed. */
  serve(): void {
    const log = openSync(join(this.#clerk.folder, 'ledger.log'), 'a', 0o600)
    const args = [...beside, 'ledger', 'run', this.#folder, '--config', this.#clerk.configFile]
    // The channel carries nothing: its end tells the child that we are gone, however we went.
    this.#serving = spawn(process.execPath, args, { stdio: ['ignore', log, log, 'ipc'], detached: true })
    closeSync(log)
  }

  async close(): Promise<void> {
    const serving = this.#serving
    this.#serving = undefined
    if (serving === undefined || serving.exitCode !== null) return
    const ended = new Promise(resolve => serving.once('exit', resolve))
    serving.kill('SIGTERM')
    await ended
  }

  /** Every transaction that it has, as anybody can read them; not while it serves. */
  async public(): Promise<Seen[]> {
    const { id, entries } = await readLog(this.#folder)
    return readPublic(id, entries.slice(1))
  }
}
