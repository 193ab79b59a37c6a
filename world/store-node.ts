// Stores in Node: on LevelDB, and in memory. The same names in browsers: store-browser.ts.

import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { type Clock, systemClock } from './clock.ts'
import type { Store, StoreOperation, ValueEncoding } from './store-face.ts'
import { turns } from './turns.ts'
import type { Ms } from './units.ts'

type Level = ClassicLevel<string, Uint8Array>

/**
 * LevelDB keeps so much in memory before it writes a table of it: little, for a process may have nothing else that is
 * large.
 */
const writeBufferSize = 1024 * 1024
/** Blocks of tables that it keeps uncompressed. */
const cacheSize = 2 * 1024 * 1024

/**
 * Opens a store on disk, and makes it where there is none.
 *
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
  const level = newLevel(folder, valueEncoding)
  await level.open()
  return healing(level, folder)
}

/** Not open yet. */
export function newLevel(folder: string, valueEncoding: ValueEncoding | 'view' = 'view'): Level {
  return new ClassicLevel(folder, { keyEncoding: 'utf8', valueEncoding, writeBufferSize, cacheSize })
}

/** A store that ends with the process; for tests, and for clients that want to leave nothing behind. */
export function memoryStore(valueEncoding: ValueEncoding | 'view' = 'view'): Store {
  return new MemoryLevel<string, Uint8Array>({ keyEncoding: 'utf8', valueEncoding })
}

const writes: ReadonlySet<PropertyKey> = new Set(['put', 'del', 'batch', 'clear'])
const reads: ReadonlySet<PropertyKey> = new Set(['get', 'getMany', 'has', 'hasMany'])
/** The bytes that a table takes, and as much again for what belongs to it. */
const tableBytes = 2 * writeBufferSize
/** A store that could not be mended refuses for so long, before that is tried again. */
const retryMs = 1000

/** `ill`: a write failed. What comes next has to mend the store first, not before `retryAt` of elapsed time. */
type Health = { readonly at: 'well' } | { readonly at: 'ill'; readonly error: unknown; readonly retryAt: Ms }

/**
 * LevelDB goes on after a write that failed half-way, behind the torn record, and the next start drops what comes
 * after one: writes that had succeeded would be gone. So writes take turns, and after one that failed the next begins
 * with a new log: all that the old one holds goes into a table first. Once a table itself could not be written, LevelDB
 * takes no write any more until it is opened anew; its logs have everything then. Reads wait while that happens.
 */
export function healing(level: Level, folder: string, clock: Clock = systemClock): Store {
  let health: Health = { at: 'well' }
  const inTurn = turns()
  let reopening: Promise<unknown> | undefined
  let closing = false

  async function write(run: () => Promise<unknown>): Promise<unknown> {
    if (health.at === 'ill') await mend(health)
    try {
      return await run()
    } catch (error) {
      health = { at: 'ill', error, retryAt: 0 }
      throw error
    }
  }

  /** @throws the disk's error while it has no room; nothing is tried then before its time */
  async function mend({ error, retryAt }: Extract<Health, { at: 'ill' }>): Promise<void> {
    if (clock.elapsed() < retryAt) throw error
    try {
      await room(folder)
      if (level.status !== 'open' || !(await beginNewLog(level, folder))) await reopen()
      health = { at: 'well' }
    } catch (failure) {
      health = { at: 'ill', error: failure, retryAt: clock.elapsed() + retryMs }
      // who only reads would wait for somebody's write
      if (level.status !== 'open') clock.after(retryMs, mendUnasked)
      throw failure
    }
  }

  function mendUnasked(): void {
    inTurn(async () => {
      if (health.at === 'ill' && level.status !== 'open' && !closing) await mend(health)
    }).catch(() => {})
  }

  async function reopen(): Promise<void> {
    reopening = level.close().then(() => level.open())
    try {
      await reopening
    } finally {
      reopening = undefined
    }
  }

  return new Proxy(level, {
    get(_, name) {
      const value = Reflect.get(level, name, level) as unknown
      if (typeof value !== 'function') return value
      const call = (args: unknown[]): Promise<unknown> =>
        name === 'batch'
          ? writeBatch(level, ...(args as [StoreOperation[], object?]))
          : (Reflect.apply(value, level, args) as Promise<unknown>)
      if (name === 'close') {
        return () => {
          closing = true
          return inTurn(() => level.close())
        }
      }
      if (reads.has(name)) {
        return (...args: unknown[]) =>
          reopening === undefined ? call(args) : reopening.then(() => call(args))
      }
      if (!writes.has(name)) return value.bind(level) as unknown
      return (...args: unknown[]) => inTurn(() => write(() => call(args)))
    },
  })
}

/**
 * Writes operations at once. LevelDB's own chain takes each as it comes; a list would first become a list of copies,
 * of which the addon reads each property by its name: three times the CPU for a page of mail.
 */
async function writeBatch(level: Level, operations: readonly StoreOperation[], options = {}): Promise<void> {
  const chain = level.batch()
  try {
    for (const one of operations) {
      if (one.type === 'put') chain.put(one.key, one.value)
      else chain.del(one.key)
    }
  } catch (error) {
    await chain.close()
    throw error
  }
  await chain.write(options)
}

/** @throws the disk's error while there is less room than a table and what belongs to it take */
async function room(folder: string): Promise<void> {
  const probe = join(folder, 'room')
  try {
    await writeFile(probe, new Uint8Array(tableBytes))
  } finally {
    await rm(probe, { force: true })
  }
}

/** @returns false when the old log is still in use: LevelDB takes no writes any more */
async function beginNewLog(level: Level, folder: string): Promise<boolean> {
  const logs = await logsIn(folder)
  await level.compactRange('', '')
  return (await logsIn(folder)).every(name => !logs.includes(name))
}

async function logsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => name.endsWith('.log'))
}
