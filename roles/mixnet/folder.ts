// What the programs of a cascade keep on disk: the plan, a key, and texts that must be there after a crash.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { CascadeError, type Plan, readPlan, type Shelf } from '../../cascade/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { diskError } from '../files/index.ts'

/** Keeps each text in a file of its own. A file is there as a whole, and on disk, when `put` returns. */
export class FileShelf implements Shelf {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  get(name: string): string | undefined {
    const file = this.#file(name)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }

  put(name: string, text: string): void {
    const file = this.#file(name)
    const draft = `${file}.new`
    const handle = openSync(draft, 'w', 0o600)
    writeSync(handle, text)
    fsyncSync(handle)
    closeSync(handle)
    renameSync(draft, file)
    const folder = openSync(this.#folder, 'r')
    fsyncSync(folder)
    closeSync(folder)
  }

  #file(name: string): string {
    return join(this.#folder, name.replaceAll(/[^a-z0-9]/g, '-'))
  }
}

/** Reads the plan of a mix-net. @throws CommandError CONFIG */
export function readPlanFile(file: string): Plan {
  try {
    return readPlan(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const why = error instanceof CascadeError ? error.detail : diskError(error)
    throw new CommandError('CONFIG', `${file}: ${why}`, "'chaffinch cascade init mixnet' writes it")
  }
}

export const planName = 'mixnet.json'
export const keyName = 'key'
