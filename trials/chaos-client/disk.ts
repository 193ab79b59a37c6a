// The disk of a process in `npm run chaos -- client`. What was written and not synced is there while the power is, also
// after the process was killed; when the power goes, some of it is lost, not always the end. Blocks of it may go bad.

import type { Beside, KeptDisk } from '../../client/folder/kept-face.ts'
import { concat } from '../../encoding/bytes.ts'
import type { Files } from '../../node/files.ts'
import { below, pick, type Random } from '../../world/random.ts'
import { memoryStore, type Store } from '../../world/store.ts'

/** Writes in a block of LevelDB's log, 32 KiB. */
const mostLost = 12

type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/** A store as LevelDB keeps it: a log of writes, of which those are certain that were synced or followed by one. */
export interface LevelDisk {
  readonly store: Store
  /** The power goes, with no process on it. */
  cut(): Promise<void>
  /** A block of the log goes bad: as many writes that follow each other as it holds are not there any more. */
  loseBlock(): Promise<void>
  /** A bit of a record changes. */
  flipBit(): Promise<void>
}

/** @param random says what a cut of the power leaves */
export function levelDisk(random: Random): LevelDisk {
  const level = memoryStore()
  let log: (readonly Operation[])[] = []
  let synced = 0

  async function write(
    operations: readonly Operation[],
    options?: { readonly sync?: boolean },
  ): Promise<void> {
    await level.batch([...operations])
    log.push(operations)
    if (options?.sync === true) synced = log.length
  }

  /** Has the store hold what the log says. */
  async function replay(): Promise<void> {
    synced = log.length
    await level.clear()
    for (const operations of log) await level.batch([...operations])
  }

  const faces: Readonly<Record<string, unknown>> = {
    put: (key: string, value: Uint8Array, options?: object) => write([{ type: 'put', key, value }], options),
    del: (key: string, options?: object) => write([{ type: 'del', key }], options),
    batch: (operations: readonly Operation[], options?: object) => write(operations, options),
    clear: async (range: object = {}) =>
      write((await level.keys(range).all()).map(key => ({ type: 'del', key }))),
    // Its next life opens it again
    close: async () => {},
  }
  return {
    store: new Proxy(level, {
      get(_, name) {
        if (typeof name === 'string' && Object.hasOwn(faces, name)) return faces[name]
        const value = Reflect.get(level, name, level) as unknown
        return typeof value === 'function' ? (value.bind(level) as unknown) : value
      },
    }),
    async cut() {
      const unsure = log.slice(synced)
      const end = below(random, unsure.length + 1)
      // A block in the middle may have missed the disk while one behind it did not
      const hole = pick(random, [-1, below(random, end + 1)])
      log = [...log.slice(0, synced), ...unsure.slice(0, end).filter((_, i) => i !== hole)]
      await replay()
    },
    async loseBlock() {
      log.splice(below(random, log.length), 1 + below(random, mostLost))
      await replay()
    },
    async flipBit() {
      const records = await level.iterator().all()
      const full = records.filter(([, { length }]) => length > 0)
      if (full.length === 0) return
      const [key, value] = pick(random, full)
      await write([{ type: 'put', key, value: withFlip(random, value) }], { sync: true })
    },
  }
}

function withFlip(random: Random, value: Uint8Array): Uint8Array {
  const flipped = new Uint8Array(value)
  const at = below(random, flipped.length)
  flipped[at] = (flipped[at] as number) ^ (1 << below(random, 8))
  return flipped
}

/** A client's folder: its store, and the files beside it. */
export interface FolderDisk extends KeptDisk {
  readonly level: LevelDisk
  /** A bit of a file beside the store changes. */
  flipBeside(): void
  /** Removes all but the identity, as its owner is told to do where it is damaged. */
  keepIdentity(): void
}

/** @param random says what a cut of the power leaves, and what goes bad */
export function folderDisk(random: Random): FolderDisk {
  const files = new Map<Beside, Uint8Array>()
  let level = levelDisk(random)
  let isThere = false
  return {
    get level() {
      return level
    },
    found: () => (isThere ? 'store' : 'nothing'),
    open: async () => {
      isThere = true
      return level.store
    },
    read: name => files.get(name)?.slice(),
    replace: async (name, bytes) => void files.set(name, bytes.slice()),
    flipBeside() {
      const names = [...files.keys()].sort()
      if (names.length === 0) return
      const name = pick(random, names)
      files.set(name, withFlip(random, files.get(name) as Uint8Array))
    },
    keepIdentity() {
      files.delete('json')
      level = levelDisk(random)
      isThere = false
    },
  }
}

/** A node's folder: a machine that starts anew has another name for it, and may lack what was not synced. */
export interface NodeDisk extends Files {
  cut(): Promise<void>
}

export function nodeDisk(random: Random): NodeDisk {
  const files = new Map<string, Uint8Array>()
  /** Counts the bytes of a journal that are certain. */
  const certain = new Map<string, number>()
  /** Removed, which the folder may not know yet. */
  const removed = new Map<string, Uint8Array>()
  let boots = 0
  const read = (name: string): Uint8Array | undefined => files.get(name)?.slice()
  const drop = (name: string): void => {
    files.delete(name)
    certain.delete(name)
  }
  return {
    folder: undefined,
    get boot() {
      return `start ${boots}`
    },
    list: async () => [...files.keys()].sort(),
    read: async name => read(name),
    readInto: async (name, bytes) => {
      const file = files.get(name)
      if (file !== undefined) bytes.set(file.subarray(0, bytes.length))
      return file?.length
    },
    write: async (name, bytes) => {
      files.set(name, bytes.slice())
      certain.set(name, bytes.length)
      removed.clear()
    },
    erase: async name => {
      drop(name)
      removed.clear()
    },
    remove: async name => {
      const file = files.get(name)
      if (file !== undefined) removed.set(name, file)
      drop(name)
    },
    journal: async (name, recordBytes) => {
      const before = read(name) ?? new Uint8Array(0)
      const written = before.subarray(0, before.length - (before.length % recordBytes))
      files.set(name, written)
      return {
        written,
        append: async records => void files.set(name, concat([files.get(name) ?? written, records])),
        close: async () => {},
      }
    },
    async cut() {
      boots++
      for (const [name, file] of files) {
        const least = Math.min(file.length, certain.get(name) ?? 0)
        files.set(name, file.subarray(0, least + below(random, file.length - least + 1)))
      }
      for (const [name, file] of removed) if (below(random, 2) === 0) files.set(name, file)
      removed.clear()
    },
  }
}
