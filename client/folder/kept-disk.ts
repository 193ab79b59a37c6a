// What a kept store stands on: a folder of LevelDB's, and two files beside it (docs/spec/client-store.md 11.5). Node
// only.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openStore, type Store } from '../../world/store.ts'

/** Where a store lies, and what lies beside it. */
export interface Place {
  /** LevelDB's folder. */
  readonly level: string
  /** The names of what is written beside it begin with this: PREFIX.json, PREFIX.identity. */
  readonly beside: string
  /** The folder as its owner knows it. */
  readonly named: string
}

/** Names a file beside the store: what of PREFIX.json, PREFIX.identity follows the prefix. */
export type Beside = 'json' | 'identity'

/** Holds what a kept store stands on: by default the disk itself. */
export interface KeptDisk {
  /** Tells whether there is a store. */
  isThere(): boolean
  /** Opens the store, and makes it where there is none. @throws what LevelDB says */
  open(): Promise<Store>
  /** Reads a file beside the store; undefined where there is none. */
  read(name: Beside): Uint8Array | undefined
  /** Writes a file beside it whole, or not at all; once it resolves, it outlives a cut of the power. */
  replace(name: Beside, bytes: Uint8Array): Promise<void>
}

/** The disk itself. */
export function diskAt({ level, beside }: Place): KeptDisk {
  return {
    isThere: () => existsSync(join(level, 'CURRENT')),
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
