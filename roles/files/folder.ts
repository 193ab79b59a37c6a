// The files that a role keeps on disk: its folder with a version, its key and the token that guards its loopback port.

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { checkLine, seedIn } from '../../encoding/key-file.ts'
import { systemRandom } from '../../world/random.ts'

/** Raised when an older program could no longer read what a newer one writes. */
const formatVersion = 1

/**
 * Makes a role's folder or checks the one that is there, before anything in it is touched.
 *
 * @throws CommandError FAILED when it cannot be written, belongs to another role or was written by a newer version
 */
export function openFolder(folder: string, role: string): void {
  const versionFile = join(folder, 'version')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.W_OK)
    if (!existsSync(versionFile)) {
      writeWhole(versionFile, `chaffinch ${role} folder, format ${formatVersion}\n`, 0o600)
      return
    }
  } catch (error) {
    throw new CommandError(
      'FAILED',
      `${folder}: ${diskError(error)}`,
      `set 'folder' to one that you may write`,
    )
  }
  const found = /^chaffinch (\w+) folder, format (\d+)$/.exec(readFileSync(versionFile, 'utf8').trim())
  if (found === null) {
    throw new CommandError(
      'FAILED',
      `${versionFile}: is not a version file of chaffinch`,
      `set 'folder' to an empty one`,
    )
  }
  const [, owner, format] = found
  if (Number(format) > formatVersion) {
    throw new CommandError(
      'FAILED',
      `${folder}: was written by a newer version of chaffinch (format ${format}, this one knows ${formatVersion})`,
      'run that version again, or a later one; nothing was changed',
    )
  }
  if (owner !== role) {
    throw new CommandError(
      'FAILED',
      `${folder}: belongs to a ${owner}, not to a ${role}`,
      `set 'folder' to another one`,
    )
  }
}

/**
 * Writes a new 32-byte seed to a file of its own, readable by its owner only. Never overwrites one.
 *
 * @param publicKeyOf derives what the file's comment shows
 */
export function writeKey(
  file: string,
  what: string,
  publicKeyOf: (seed: Uint8Array) => Uint8Array,
): Uint8Array {
  const seed = systemRandom(32)
  placeKey(file, what, publicKeyOf, seed)
  return seed
}

/** Writes a 32-byte seed that there is already. Never overwrites a file. */
export function placeKey(
  file: string,
  what: string,
  publicKeyOf: (seed: Uint8Array) => Uint8Array,
  seed: Uint8Array,
): void {
  const publicKey = hex(publicKeyOf(seed))
  const text = `# chaffinch ${what}: whoever holds this is it. Keep it secret, keep a copy.\n# public: ${publicKey}\n${checkLine(seed)}\n${hex(seed)}\n`
  writeNew(file, text, 0o600)
}

/**
 * @returns the 32-byte seed
 * @throws CommandError FAILED when the file is missing, damaged or readable by others
 */
export function readKey(file: string): Uint8Array {
  let text: string
  try {
    if ((statSync(file).mode & 0o077) !== 0 && process.platform !== 'win32') {
      throw new CommandError('FAILED', `${file}: can be read by others`, `chmod 600 ${file}`)
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(
      'FAILED',
      `${file}: key file: ${diskError(error)}`,
      'restore it from your copy; a new key is a new identity (chaffinch init --help)',
    )
  }
  const seed = seedIn(text)
  if (seed === undefined) {
    throw new CommandError(
      'FAILED',
      `${file}: key file: want a line of 64 hexadecimal digits, the one that '# check:' is of`,
      'restore it from your copy; another key is another identity',
    )
  }
  return seed
}

/** Writes a file that must not be there yet: all of it or nothing, also when the process ends in between. */
export function writeNew(file: string, text: string, mode = 0o644): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    linkWhole(file, text, mode)
  } catch (error) {
    throw new CommandError(
      'FAILED',
      `${file}: ${diskError(error)}`,
      `nothing was overwritten; choose another place`,
    )
  }
}

/** Puts a text in the place of a file. @throws CommandError FAILED */
export function replaceFile(file: string, text: string, mode = 0o644): void {
  try {
    writeWhole(file, text, mode)
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${diskError(error)}`)
  }
}

/** Leaves in a role's folder on which port it answers, for commands that look for it; gives how to take it away. */
export function tellPort(folder: string, port: number): () => Promise<void> {
  const file = join(folder, 'status-port')
  writeWhole(file, `${port}\n`, 0o600)
  return async () => rmSync(file, { force: true })
}

function linkWhole(file: string, text: string, mode: number): void {
  const draft = draftOf(file)
  writeFileSync(draft, text, { mode, flush: true })
  try {
    // Unlike a new name, another link never takes the place of a file
    linkSync(draft, file)
  } catch (error) {
    if (!noLinks.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    writeFileSync(file, text, { flag: 'wx', mode })
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Codes of systems whose disks have no links. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'])

function draftOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.${process.pid}`)
}

/** All of the file or nothing of it, also when the process or the power ends in between, and on disk from then on. */
export function writeWhole(file: string, content: string | Uint8Array, mode: number): void {
  const draft = draftOf(file)
  writeFileSync(draft, content, { mode, flush: true })
  renameSync(draft, file)
  syncFolder(dirname(file))
}

/** A new name is on disk when its folder is; Windows knows no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Tells in words what a failed file operation means. */
export function diskError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const says: Record<string, string> = {
    EACCES: 'permission denied',
    EEXIST: 'is there already',
    EISDIR: 'is a folder',
    ENOENT: 'no such file',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'is not a folder',
    EPERM: 'permission denied',
    EROFS: 'the disk is read-only',
  }
  return says[code ?? ''] ?? message
}
