// A passphrase or a key, from where a person keeps it: a file, or the keyboard.

import { readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Unlock } from '../../client/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { diskError, readKey } from './folder.ts'

export interface SecretFiles {
  /** A file with a key as `chaffinch identity key` writes it. */
  readonly keyFile?: string | undefined
  /** A file whose first line is a passphrase. */
  readonly passphraseFile?: string | undefined
}

/** @throws CommandError USAGE for both, FAILED for a file that cannot be read or that others can */
export function secretFromFiles({ keyFile, passphraseFile }: SecretFiles): Unlock | undefined {
  if (keyFile !== undefined && passphraseFile !== undefined)
    throw new CommandError('USAGE', 'want a key file or a passphrase file, not both')
  if (keyFile !== undefined) return { key: readKey(keyFile) }
  if (passphraseFile === undefined) return undefined
  try {
    if ((statSync(passphraseFile).mode & 0o077) !== 0 && process.platform !== 'win32')
      throw new CommandError(
        'FAILED',
        `${passphraseFile}: can be read by others`,
        `chmod 600 ${passphraseFile}`,
      )
    return { passphrase: readFileSync(passphraseFile, 'utf8').split(/\r?\n/)[0] as string }
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError('FAILED', `${passphraseFile}: passphrase file: ${diskError(error)}`)
  }
}

/**
 * Asks at the terminal, without showing what is typed.
 *
 * @throws CommandError FAILED where there is no terminal
 */
export async function askPassphrase(question: string): Promise<Unlock> {
  if (!process.stdin.isTTY)
    throw new CommandError(
      'FAILED',
      `${question}: there is no terminal to ask at`,
      'name a file with --passphrase-file or --key-file, or passphrase_file or key_file in client.toml',
    )
  process.stderr.write(`${question}: `)
  const silent = new Writable({ write: (_, __, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return { passphrase: await terminal.question('') }
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

/** Asks twice, for a passphrase that is new. @throws CommandError FAILED when the two differ */
export async function askNewPassphrase(): Promise<Unlock> {
  const first = await askPassphrase('new passphrase')
  const second = await askPassphrase('the same again')
  if (JSON.stringify(first) !== JSON.stringify(second))
    throw new CommandError('FAILED', 'the two passphrases differ: nothing was changed')
  return first
}
