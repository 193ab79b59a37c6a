// Text as bytes. A JavaScript string may hold half a character (a lone surrogate), which no encoding of Unicode has.

import { ClientError } from '../error.ts'

const halves = /\p{Surrogate}/u

/**
 * Encodes text.
 *
 * @param what names it, for the error
 * @throws ClientError BAD_TEXT for a lone surrogate: an encoder would put U+FFFD in its place
 */
export function utf8Of(text: string, what: string): Uint8Array {
  const at = text.search(halves)
  if (at >= 0)
    throw new ClientError('BAD_TEXT', `${what}: half a character (a lone surrogate) at place ${at}`)
  return new TextEncoder().encode(text)
}
