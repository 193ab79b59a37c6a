// chaffinch pay backup and restore: 24 words on paper, and back. The words go to a terminal and come from one, or from
// standard input; never to a file, a log or the command line, which others can read. docs/spec/payments-keys.md 7.3.

import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { text as allOf } from 'node:stream/consumers'
import type { Unlock } from '../../client/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { entropyOf, PaymentError } from '../../payment/index.ts'
import { exportFrom, openFolder, restoreInto, wordsIn, writeNew } from '../../roles/files/index.ts'

/** A place where a person reads and types. */
export interface Terminal {
  /** Says whether nobody else reads what is shown. */
  readonly isPrivate: boolean
  readonly show: (text: string) => void
  /** Takes away what was shown, as far back as it goes. */
  readonly clear: () => void
  readonly ask: (question: string) => Promise<string>
}

const mostTries = 3
const wordsInRow = 6

/**
 * Shows the words of a folder, and has them typed back.
 *
 * @throws CommandError FAILED where there is no terminal, or the words did not come back
 */
export async function backUp(folder: string, terminal: Terminal, unlock?: Unlock): Promise<void> {
  if (!terminal.isPrivate)
    throw new CommandError(
      'FAILED',
      'pay backup: the words are shown on a terminal only: standard output is none',
      'run it in a terminal, without a pipe or a file',
    )
  const words = await wordsIn(folder, unlock)
  terminal.show(
    `write these ${words.length} words on paper, in this order: whoever has them has the money\n\n${rows(words)}\n`,
  )
  await terminal.ask('then press return: they go, and are asked for')
  terminal.clear()
  for (let tries = 0; tries < mostTries; tries++) {
    const typed = (await terminal.ask(`type all ${words.length} words: `)).trim().toLowerCase().split(/\s+/)
    const wrong = words.findIndex((word, i) => typed[i] !== word)
    if (wrong === -1 && typed.length === words.length) {
      terminal.clear()
      terminal.show('they are right: the paper restores every key of these payments (chaffinch pay restore)')
      return
    }
    terminal.show(wrong === -1 ? 'there are more of them' : `word ${wrong + 1} is another one on the screen`)
  }
  throw new CommandError(
    'FAILED',
    'pay backup: the words did not come back as they were shown',
    'begin again: chaffinch pay backup',
  )
}

function rows(words: readonly string[]): string {
  const cells = words.map((word, i) => `${String(i + 1).padStart(2)} ${word.padEnd(10)}`)
  const lines: string[] = []
  for (let i = 0; i < cells.length; i += wordsInRow) lines.push(cells.slice(i, i + wordsInRow).join(' '))
  return lines.join('\n')
}

/**
 * Has the notes of the words looked for in a folder.
 *
 * @param typed the words
 * @throws CommandError FAILED
 */
export async function bringBack(
  folder: string,
  typed: string,
  gap: number,
  importFile?: string,
  unlock?: Unlock,
): Promise<void> {
  openFolder(folder, 'client')
  const exported = importFile === undefined ? undefined : readExport(importFile)
  try {
    await restoreInto(folder, entropyOf(typed), gap, exported, unlock)
  } catch (error) {
    if (error instanceof PaymentError) throw new CommandError('FAILED', `pay restore: ${error.message}`)
    throw clientRuns(error, 'restore')
  }
}

/** Writes the keys that no words bring back, sealed. Says whether there are any. */
export async function exportOld(folder: string, file: string, unlock?: Unlock): Promise<boolean> {
  if (existsSync(file)) throw new CommandError('FAILED', `pay backup: ${file}: is there already`)
  const sealed = await exportFrom(folder, unlock).catch(error => {
    throw clientRuns(error, 'backup')
  })
  if (sealed === null) return false
  writeNew(file, `${Buffer.from(sealed).toString('base64')}\n`, 0o600)
  return true
}

function readExport(file: string): Uint8Array {
  try {
    return new Uint8Array(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64'))
  } catch (error) {
    throw new CommandError('FAILED', `pay restore: ${file}: ${(error as Error).message}`)
  }
}

function clientRuns(error: unknown, action: string): unknown {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  if (code !== 'LEVEL_LOCKED' && cause?.code !== 'LEVEL_LOCKED') return error
  return new CommandError(
    'FAILED',
    `pay ${action}: the client of this folder is running, and holds its payments`,
    'stop it first',
  )
}

/** The terminal that this process was started in. Asks on standard error, so that a pipe does not take the question. */
export function ownTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  return {
    isPrivate: stdin.isTTY === true && stdout.isTTY === true,
    show: text => void stdout.write(`${text}\n`),
    clear: () => void stdout.write('\u001b[2J\u001b[3J\u001b[H'),
    async ask(question) {
      const terminal = createInterface({ input: stdin, output: stderr, historySize: 0 })
      try {
        return await terminal.question(question)
      } finally {
        terminal.close()
      }
    },
  }
}

/** Gives what a person types, or what a program pipes in. */
export async function typedWords(): Promise<string> {
  if (process.stdin.isTTY) return await ownTerminal().ask('the 24 words: ')
  return await allOf(process.stdin)
}
