// A node's own folder as keys and replay journals see it: on disk, or in memory for networks that live on a
// virtual clock.

import { constants, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../world/clock.ts'
import { NodeError } from './error.ts'

/** A file that only grows, record by record. */
export interface Journal {
  /** Holds what stood in it when it was opened: whole records; a torn last one is cut off. */
  readonly written: Uint8Array
  /**
   * Appends whole records. When it resolves, write(2) has returned for all of them: the system keeps them
   * when the process is killed (not when the machine loses power: see `Files.boot`). One call at a time.
   *
   * On disk the call itself writes: into the system's cache that takes some 10 µs, while a thread of the pool is
   * waited for 200 µs on average and 20 ms now and then on a busy machine, and every packet waits for its tag.
   *
   * @throws NodeError FOLDER; what a failed call wrote in part is overwritten by the next
   */
  append(records: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** A node keeps its keys and its journals of replay tags here: files in one folder, without folders in it. */
export interface Files {
  /** Names the place on disk, for other threads; undefined in memory. */
  readonly folder: string | undefined
  /** A name of this start of the machine. What was not synced may be missing when it has changed. */
  readonly boot: string
  list(): Promise<readonly string[]>
  /**
   * @returns undefined when there is no such file
   * @throws NodeError FOLDER, or BAD_FILE when it holds more than `maxBytes`
   */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>
  /**
   * Reads the start of a file into memory that the caller has: no other memory ever holds what was read.
   *
   * @returns the file's size; undefined when there is no such file. Throws NodeError FOLDER
   */
  readInto(name: string, bytes: Uint8Array): Promise<number | undefined>
  /** Whole and synced when it resolves, or not there at all; mode 0600. Throws NodeError FOLDER. */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** Overwrites with zeros, syncs and removes: what held a secret. A file that is not there is no error. */
  erase(name: string): Promise<void>
  /** Removes. A file that is not there is no error. */
  remove(name: string): Promise<void>
  /** Opens or makes a journal of records of this length. Throws NodeError FOLDER, BAD_FILE over `maxBytes`. */
  journal(name: string, recordBytes: number, maxBytes: number): Promise<Journal>
}

/**
 * Files in a folder of their own (0700).
 *
 * @param clock names the start of the machine where the system does not
 * @throws NodeError FOLDER when the folder cannot be made
 */
export async function folderFiles(folder: string, clock: Clock): Promise<Files> {
  const path = (name: string): string => join(folder, name)
  const guarded = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      if (error instanceof NodeError) throw error
      throw new NodeError('FOLDER', `${path(name)}: ${reason(error)}`)
    }
  }
  await guarded('.', () => mkdir(folder, { recursive: true, mode: 0o700 }))
  return {
    folder,
    boot: await bootName(clock),
    list: () => guarded('.', () => readdir(folder)),
    read: (name, maxBytes) =>
      guarded(name, async () => {
        const file = await openIfThere(path(name), constants.O_RDONLY)
        if (file === undefined) return undefined
        try {
          return await readWhole(file, path(name), maxBytes)
        } finally {
          await file.close()
        }
      }),
    readInto: (name, bytes) =>
      guarded(name, async () => {
        const file = await openIfThere(path(name), constants.O_RDONLY)
        if (file === undefined) return undefined
        try {
          await file.read(bytes, 0, bytes.length, 0)
          return (await file.stat()).size
        } finally {
          await file.close()
        }
      }),
    write: (name, bytes) =>
      guarded(name, async () => {
        const draft = path(`${name}.new`)
        const file = await open(draft, 'w', 0o600)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, path(name))
        await syncFolder(folder)
      }),
    erase: name =>
      guarded(name, async () => {
        const file = await openIfThere(path(name), constants.O_WRONLY)
        if (file === undefined) return
        try {
          await file.write(new Uint8Array((await file.stat()).size), 0, null, 0)
          await file.sync()
        } finally {
          await file.close()
        }
        await rm(path(name), { force: true })
        await syncFolder(folder)
      }),
    remove: name => guarded(name, () => rm(path(name), { force: true })),
    journal: (name, recordBytes, maxBytes) =>
      guarded(name, async () => {
        const file = await open(path(name), constants.O_RDWR | constants.O_CREAT, 0o600)
        try {
          const bytes = await readWhole(file, path(name), maxBytes)
          const whole = bytes.length - (bytes.length % recordBytes)
          return fileJournal(file, bytes.subarray(0, whole), run => guarded(name, run))
        } catch (error) {
          await file.close()
          throw error
        }
      }),
  }
}

/** The end is kept here and not by O_APPEND, so that a write that failed half-way leaves no torn record inside. */
function fileJournal(
  file: FileHandle,
  written: Uint8Array,
  guarded: (run: () => Promise<void>) => Promise<void>,
): Journal {
  let end = written.length
  return {
    written,
    append: records =>
      guarded(async () => {
        for (let done = 0; done < records.length; ) {
          done += writeSync(file.fd, records, done, records.length - done, end + done)
        }
        end += records.length
      }),
    close: () => guarded(() => file.close()),
  }
}

async function readWhole(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
  const { size } = await file.stat()
  if (size > maxBytes) throw tooLong(path, size, maxBytes)
  const bytes = await file.readFile()
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

async function openIfThere(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags)
  } catch (error) {
    if (reason(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A rename is safe against power loss once its folder is synced; some systems do not let one open a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes(reason(error))) throw error
  }
}

/** Linux names each start; elsewhere the minute of it does, which at worst retires a key too early. */
async function bootName(clock: Clock): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    return `up since minute ${Math.round((clock.now() / 1000 - uptime()) / 60)}`
  }
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? String(error)
}

/** Files that end with the process; they outlive a node that is closed and started on them again. */
export function memoryFiles(boot = 'memory'): Files {
  const files = new Map<string, Uint8Array>()
  const journals = new Map<string, Uint8Array[]>()
  return {
    folder: undefined,
    boot,
    list: async () => [...files.keys(), ...journals.keys()].sort(),
    read: async (name, maxBytes) => {
      const bytes = files.get(name)
      if (bytes !== undefined && bytes.length > maxBytes) throw tooLong(name, bytes.length, maxBytes)
      return bytes?.slice()
    },
    readInto: async (name, bytes) => {
      const file = files.get(name)
      if (file !== undefined) bytes.set(file.subarray(0, bytes.length))
      return file?.length
    },
    write: async (name, bytes) => void files.set(name, bytes.slice()),
    erase: async name => {
      files.get(name)?.fill(0)
      files.delete(name)
    },
    remove: async name => {
      files.delete(name)
      journals.delete(name)
    },
    journal: async (name, recordBytes, maxBytes) => {
      const bytes = Buffer.concat(journals.get(name) ?? [files.get(name) ?? new Uint8Array(0)])
      files.delete(name)
      if (bytes.length > maxBytes) throw tooLong(name, bytes.length, maxBytes)
      const written = new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % recordBytes)))
      const parts: Uint8Array[] = [written]
      journals.set(name, parts)
      return { written, append: async records => void parts.push(records.slice()), close: async () => {} }
    },
  }
}

function tooLong(name: string, bytes: number, maxBytes: number): NodeError {
  return new NodeError('BAD_FILE', `${name}: ${bytes} bytes, at most ${maxBytes} expected`)
}
