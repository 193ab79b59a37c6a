// How a command shows what somebody else wrote.

import { printable, quoted } from '../../encoding/quoted.ts'

/** Puts text behind a bar, in lines that fit into the terminal. */
export function quotedHere(text: string): string {
  return quoted(text, process.stdout.columns ?? 80)
}

/** Prints `{"base64", "text"}` where JSON is wanted; `text` where it is some. */
export function printAnswer(answer: Uint8Array, json: boolean | undefined): void {
  const base64 = Buffer.from(answer).toString('base64')
  const said = textOf(answer)
  if (json === true) console.log(JSON.stringify(said === undefined ? { base64 } : { base64, text: said }))
  else if (said === undefined) process.stdout.write(answer)
  else console.log(printable(said))
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
