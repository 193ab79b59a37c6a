// An election's public folder on a disk.

import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { CommandError } from '../../encoding/command-line.ts'
import {
  type Definition,
  type FolderFiles,
  fileNames,
  parseDefinition,
  type Roll,
  readRoll,
} from '../../voting/index.ts'
import { writeWhole } from '../files/index.ts'

/** Files of a folder are so many bytes at most, all together: they are checked in memory. */
const bytesAtMost = 2 ** 31

/** Reads all files of a folder, by their names with `/` between. @throws CommandError CONFIG */
export function readFolder(folder: string): FolderFiles {
  const entries = attempt(folder, () => readdirSync(folder, { recursive: true, withFileTypes: true }))
  const files = new Map<string, Uint8Array>()
  let left = bytesAtMost
  for (const entry of entries.filter(each => each.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const bytes = attempt(path, () => readFileSync(path))
    left -= bytes.length
    if (left < 0) throw new CommandError('CONFIG', `${folder}: holds more than ${bytesAtMost} bytes`)
    files.set(path.slice(join(folder, sep).length).split(sep).join('/'), new Uint8Array(bytes))
  }
  return files
}

/** Reads an election's definition from its folder. @throws CommandError CONFIG, VotingError BAD_DEFINITION */
export function definitionIn(folder: string): Definition {
  return parseDefinition(textOf(join(folder, fileNames.definition)))
}

/** Reads an election's roll from its folder. @throws CommandError CONFIG, VotingError BAD_VOTERS */
export function rollIn(folder: string): Roll {
  const file = join(folder, fileNames.roll)
  return readRoll(new Uint8Array(attempt(file, () => readFileSync(file))))
}

/** Reads a file as text. @throws CommandError CONFIG */
export function textOf(file: string): string {
  return attempt(file, () => readFileSync(file, 'utf8'))
}

/** Reads a file's bytes. @throws CommandError CONFIG */
export function bytesOf(file: string): Uint8Array {
  return new Uint8Array(attempt(file, () => readFileSync(file)))
}

/** Writes a file in the place of what was there: all of it or nothing, and on disk. @throws CommandError CONFIG */
export function replaceBytes(file: string, bytes: Uint8Array): void {
  attempt(file, () => writeWhole(file, bytes, 0o644))
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new CommandError('CONFIG', `${path}: ${(error as Error).message.split(',')[0]}`)
  }
}
