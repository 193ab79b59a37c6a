// A key in a file of its own that lies open in an open folder, and sealed with the folder's key in a locked one
// (docs/spec/payments-keys.md 7.3).

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { boundValues } from '../../client/folder/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { systemRandom } from '../../world/random.ts'
import { diskError, placeKey, readKey, writeNew } from './folder.ts'

/** Describes such a file. */
export interface SealedFile {
  /** Where it lies while the folder is open; with `.sealed` behind it, while it is locked. */
  readonly file: string
  /** Names what it holds, also to the seal: what was sealed as one thing is not opened as another. */
  readonly name: string
  /** Says to a person what it is, in the file that lies open. */
  readonly what: string
  /** Gives what the open file's comment shows. */
  readonly publicKeyOf: (bytes: Uint8Array) => Uint8Array
}

/** Tells whether it is there, open or sealed. */
export function isThere({ file }: SealedFile): boolean {
  return existsSync(file) || existsSync(sealedName(file))
}

/**
 * Reads it. What lies open in a locked folder is sealed first, and removed then: also where a process ended between.
 *
 * @param key 32 bytes: seals it; undefined where the folder is open
 * @returns 32 bytes
 * @throws CommandError FAILED when it is missing, damaged, readable by others, or sealed for a folder that is open now
 */
export function readSealed(of: SealedFile, key: Uint8Array | undefined): Uint8Array {
  const { file, name } = of
  const sealed = sealedName(file)
  if (key === undefined) {
    if (!existsSync(file) && existsSync(sealed))
      throw new CommandError(
        'FAILED',
        `${sealed}: is sealed, and the folder has no lock`,
        'restore it from your copy',
      )
    return readKey(file)
  }
  if (!existsSync(sealed)) return sealNow(of, key, readKey(file))
  const bytes = unseal(sealed, name, key)
  if (existsSync(file)) {
    // Not removed before it is seen to be the same
    if (Buffer.compare(readKey(file), bytes) !== 0)
      throw new CommandError(
        'FAILED',
        `${file}: is another one than ${sealed}`,
        'remove the one that is not yours',
      )
    rmSync(file)
  }
  return bytes
}

/** Writes it where it is not there. Never overwrites one. @throws CommandError FAILED */
export function writeSealed(of: SealedFile, key: Uint8Array | undefined, bytes: Uint8Array): void {
  if (key === undefined) placeKey(of.file, of.what, of.publicKeyOf, bytes)
  else sealNow(of, key, bytes)
}

function sealNow({ file, name }: SealedFile, key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const sealed = boundValues(key, systemRandom).encode(name, bytes)
  writeNew(sealedName(file), `${Buffer.from(sealed).toString('base64')}\n`, 0o600)
  rmSync(file, { force: true })
  return bytes
}

function unseal(file: string, name: string, key: Uint8Array): Uint8Array {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${diskError(error)}`, 'restore it from your copy')
  }
  try {
    return boundValues(key, systemRandom).decode(name, Buffer.from(text.trim(), 'base64'))
  } catch {
    throw new CommandError(
      'FAILED',
      `${file}: was changed, or is of another folder`,
      'restore it from your copy',
    )
  }
}

function sealedName(file: string): string {
  return `${file}.sealed`
}
