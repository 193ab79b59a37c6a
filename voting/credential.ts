// Voters' codes (docs/spec/voting.md 4): a voter's signing key comes from a code that the credential authority gives
// out and then forgets. No server ever has one, so that none can vote in anybody's name.

import { sha256 } from '@noble/hashes/sha2.js'
import { type Signer, signerOf } from '../cascade/signed.ts'
import type { Random } from '../world/random.ts'
import { VotingError } from './error.ts'

/** Crockford's base 32: no I, L, O and U, which people take for something else. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Symbols that are drawn, 5 bits each; one more shows mistakes. */
const drawn = 24
const groupOf = 5
const encoder = new TextEncoder()

/** Draws a code of 120 bits: five groups of five symbols, of which the last shows whether it was mistyped. */
export function drawCode(random: Random): string {
  const symbols = [...random(drawn)].map(byte => alphabet.charAt(byte & 31)).join('')
  return written(symbols + checkOf(symbols))
}

/**
 * Reads a code as people type it: small letters, other or no separators, O for 0, I and L for 1.
 *
 * @returns the code as it was given out
 * @throws VotingError BAD_CODE
 */
export function readCode(typed: string): string {
  const symbols = typed
    .toUpperCase()
    .replaceAll(/[\s\-–—_.]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  if (symbols.length !== drawn + 1)
    throw new VotingError('BAD_CODE', `code: want ${drawn + 1} letters and digits, have ${symbols.length}`)
  const unknown = [...symbols].find(each => !alphabet.includes(each))
  if (unknown !== undefined) throw new VotingError('BAD_CODE', `code: has no ${unknown}`)
  if (checkOf(symbols.slice(0, drawn)) !== symbols.at(-1))
    throw new VotingError('BAD_CODE', 'code: is mistyped somewhere')
  return written(symbols)
}

/** Gives the signer of a code in an election: in another election the same code is somebody else. */
export function voterOf(election: string, code: string): Signer {
  return signerOf(sha256(encoder.encode(`chaffinch-election-1 credential\n${election}\n${readCode(code)}`)))
}

function written(symbols: string): string {
  return (symbols.match(new RegExp(`.{${groupOf}}`, 'g')) as string[]).join('-')
}

function checkOf(symbols: string): string {
  return alphabet.charAt((sha256(encoder.encode(`chaffinch-election-1 code\n${symbols}`))[0] as number) & 31)
}
