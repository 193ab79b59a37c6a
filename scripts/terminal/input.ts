// What a command is given to send: its text, or else standard input. An empty text is one; an empty input is a mistake.

import { concat } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'

/** @throws CommandError USAGE when there is no text, and standard input ends before anything came */
export async function contentGiven(command: string, text: string | undefined): Promise<Uint8Array> {
  if (text !== undefined) return new TextEncoder().encode(text)
  const bytes = await standardInput()
  if (bytes.length > 0) return bytes
  throw new CommandError(
    'USAGE',
    `${command}: standard input is empty`,
    "give a text; '' sends an empty message",
  )
}

/** Reads all of it, to its end; a person at a terminal is asked. */
async function standardInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY) console.error('write the message, end it with Ctrl-D')
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return concat(chunks)
}
