// What a kept store stands on: a folder of LevelDB's, and two files beside it (docs/spec/client-store.md 11.5). Node
// only.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openStore, type Store } from '../../world/store.ts'
import { openKeptOn } from './kept.ts'
import type { KeptDisk, Place } from './kept-face.ts'
import type { KeyedValues } from './vault.ts'

/**
 * Opens the store in a place, or makes it where nothing was ever kept. Where only the identity is left
 * (PREFIX.identity, and nothing else), the store begins with that.
 *
 * @param disk default: the disk itself
 * @throws ClientError STORE_DAMAGED; and what the folder says (code LEVEL_LOCKED: another process has it open)
 */
export function openKept(place: Place, values: KeyedValues, disk: KeptDisk = diskAt(place)): Promise<Store> {
  return openKeptOn(disk, place, values)
}

/** LevelDB writes none of these before it has written CURRENT. */
const isRecords = (name: string): boolean => /^\d{6,}\.(log|ldb|sst)$/.test(name)

/** The disk itself. */
export function diskAt({ level, beside }: Place): KeptDisk {
  return {
    found: () => {
      if (existsSync(join(level, 'CURRENT'))) return 'store'
      return existsSync(level) && readdirSync(level).some(isRecords) ? 'remains' : 'nothing'
    },
    open: async () => {
      mkdirSync(level, { recursive: true, mode: 0o700 })
      // A folder is there after a cut of the power once the one that it lies in was synced
      syncFolder(dirname(level))
      return await openStore(level)
    },
    read: name => {
      const file = `${beside}.${name}`
      return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined
    },
    replace: async (name, bytes) => {
      const file = `${beside}.${name}`
      const draft = `${file}.${process.pid}`
      await writeFile(draft, bytes, { mode: 0o600, flush: true })
      await rename(draft, file)
      syncFolder(dirname(file))
    },
  }
}

/** A new name is there after a cut of the power once its folder was synced; some systems do not let one open one. */
export function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes(code)) throw error
  }
}
