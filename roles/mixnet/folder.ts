// What the programs of a cascade keep on disk: the plan, a key, and texts that must be there after a crash.

import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CascadeError, type Plan, readPlan, type Shelf, sha256Hex } from '../../cascade/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { diskError, writeWhole } from '../files/index.ts'

const checkDigits = 16

/**
 * Keeps each text in a file of its own, behind a line that shows whether it is what was written. A file is there as a
 * whole, and on disk, when `put` returns.
 */
export class FileShelf implements Shelf {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** @throws CommandError FAILED for a file that cannot be read, or that is not what was written */
  get(name: string): string | undefined {
    const file = this.#file(name)
    if (!existsSync(file)) return undefined
    let kept: string
    try {
      kept = readFileSync(file, 'utf8')
    } catch (error) {
      throw damaged(file, diskError(error))
    }
    const end = kept.indexOf('\n')
    const text = kept.slice(end + 1)
    if (end !== checkDigits || kept.slice(0, end) !== checkOf(text))
      throw damaged(file, 'is not what was written there')
    return text
  }

  /** @throws CommandError FAILED where the disk does not take it: then what was there before stays */
  put(name: string, text: string): void {
    const file = this.#file(name)
    try {
      writeWhole(file, `${checkOf(text)}\n${text}`, 0o600)
    } catch (error) {
      throw new CommandError('FAILED', `${file}: ${diskError(error)}`, 'see to the disk')
    }
  }

  #file(name: string): string {
    return join(this.#folder, name.replaceAll(/[^a-z0-9]/g, '-'))
  }
}

function checkOf(text: string): string {
  return sha256Hex(new TextEncoder().encode(text)).slice(0, checkDigits)
}

function damaged(file: string, why: string): CommandError {
  return new CommandError('FAILED', `${file}: ${why}`, 'restore the folder from a copy: nothing was changed')
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
