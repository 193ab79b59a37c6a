// The disk of a role: an ordered map of bytes, on LevelDB or in memory, with one interface (abstract-level).

import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'

/** Keys are text, values bytes; `batch` is atomic; what was written outlives `kill -9` of the process. */
export type Store = AbstractLevel<string | Buffer | Uint8Array, string, Uint8Array>

/** How a store writes its values (abstract-level's encodings). */
export interface ValueEncoding {
  readonly name: string
  readonly format: 'view'
  readonly encode: (value: Uint8Array) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Uint8Array
}

type Level = ClassicLevel<string, Uint8Array>

/**
 * @param valueEncoding how values stand on disk; default: as they are
 *
 * A write that the disk refuses is an error of that write; those that follow are refused too until there is room again.
 *
 * @throws when the folder cannot be written or another process holds it (code LEVEL_LOCKED)
 */
export async function openStore(
  folder: string,
  valueEncoding: ValueEncoding | 'view' = 'view',
): Promise<Store> {
  const store: Level = new ClassicLevel(folder, { keyEncoding: 'utf8', valueEncoding })
  await store.open()
  return healing(store, folder)
}

/** A store that ends with the process; for tests, and for clients that want to leave nothing behind. */
export function memoryStore(valueEncoding: ValueEncoding | 'view' = 'view'): Store {
  return new MemoryLevel<string, Uint8Array>({ keyEncoding: 'utf8', valueEncoding }) as unknown as Store
}

const writes: ReadonlySet<PropertyKey> = new Set(['put', 'del', 'batch', 'clear'])
/** What LevelDB keeps in memory before it writes a table of it, and as much again for the table's own needs. */
const tableBytes = 8 * 1024 * 1024

/**
 * LevelDB goes on after a write that failed half-way, behind the torn record, and the next start drops what comes
 * after one: writes that had succeeded would be gone. So writes take turns, and after one that failed the next begins
 * with a new log: all that the old one holds goes into a table first.
 */
export function healing(level: Level, folder: string): Store {
  let torn = false
  let last: Promise<unknown> = Promise.resolve()

  async function write(run: () => Promise<unknown>): Promise<unknown> {
    if (torn) await beginNewLog(level, folder)
    torn = true
    const done = await run()
    torn = false
    return done
  }

  return new Proxy(level, {
    get(_, name) {
      const value = Reflect.get(level, name, level) as unknown
      if (typeof value !== 'function') return value
      if (name === 'close') return () => last.then(() => level.close())
      if (!writes.has(name)) return value.bind(level) as unknown
      return (...args: unknown[]) => {
        const mine = last.then(() => write(() => Reflect.apply(value, level, args) as Promise<unknown>))
        last = mine.catch(() => {})
        return mine
      }
    },
  })
}

/** @throws the disk's error while it has no room; the old log stays in use */
async function beginNewLog(level: Level, folder: string): Promise<void> {
  const logs = await logsIn(folder)
  // LevelDB takes no more writes at all once it lacks the room for a table
  const probe = join(folder, 'room')
  try {
    await writeFile(probe, new Uint8Array(tableBytes))
  } finally {
    await rm(probe, { force: true })
  }
  await level.compactRange('', '')
  const kept = (await logsIn(folder)).filter(name => logs.includes(name))
  if (kept.length > 0)
    throw new Error(`${join(folder, kept.join())}: the log could not be replaced; start again`)
}

async function logsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => name.endsWith('.log'))
}
