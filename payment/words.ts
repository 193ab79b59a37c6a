// The 24 words that stand for all of a person's keys (BIP 39), as they are written on paper and typed back.
// docs/spec/payments-keys.md 7.1.

import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { PaymentError } from './error.ts'

/** The bytes that 24 words stand for. */
export const entropyBytes = 32
const wordCount = 24
const known: ReadonlySet<string> = new Set(wordlist)

/** Writes 32 bytes as 24 words. @throws PaymentError BAD_DOCUMENT for another number of bytes */
export function wordsOf(entropy: Uint8Array): readonly string[] {
  if (!(entropy instanceof Uint8Array && entropy.length === entropyBytes))
    throw new PaymentError(
      'BAD_DOCUMENT',
      `words: want ${entropyBytes} bytes, have ${entropy?.length ?? 'none'}`,
    )
  return entropyToMnemonic(entropy, wordlist).split(' ')
}

/**
 * Reads 24 words back, whatever is between them; capital letters are as good as small ones.
 *
 * @returns 32 bytes
 * @throws PaymentError BAD_DOCUMENT, which names the place of a word that is none and never the word itself
 */
export function entropyOf(text: string): Uint8Array {
  if (typeof text !== 'string')
    throw new PaymentError('BAD_DOCUMENT', `words: want ${wordCount} words as text`)
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  const strange = words.findIndex(word => !known.has(word))
  if (strange !== -1)
    throw new PaymentError('BAD_DOCUMENT', `words: word ${strange + 1} is not one of the list of BIP 39`)
  if (words.length !== wordCount)
    throw new PaymentError('BAD_DOCUMENT', `words: want ${wordCount}, have ${words.length}`)
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    throw new PaymentError(
      'BAD_DOCUMENT',
      'words: their checksum does not fit: one of them is another one, or two have changed places',
    )
  }
}

/** Gives the seed that all keys are derived from, 64 bytes (BIP 39, without a passphrase). */
export function seedOf(entropy: Uint8Array): Uint8Array {
  return mnemonicToSeedSync(wordsOf(entropy).join(' '))
}
