// `chaffinch demo dcnet`: from three diners and one bit to a net in which everybody gets a slot that nobody else knows.

import { x25519PublicKey } from '#crypto'
import { hex } from '../../encoding/bytes.ts'
import { type Random, shuffle } from '../../world/random.ts'
import { messages, messageVector, type Pairs, slotOf, slotSums, slotVector } from '../net/dcnet.ts'
import { dine, superpose } from '../net/dining.ts'
import { fromStream } from '../net/field.ts'
import { pairKeys } from '../net/pads.ts'
import { solve } from '../net/roots.ts'

const names = ['Ada', 'Ben', 'Cem', 'Dina', 'Eli']
const text = { encode: new TextEncoder(), decode: new TextDecoder() }
const messageLength = 32

/** Text for a terminal, of at most 100 columns. */
export function demoDcnet(random: Random): string {
  return [
    ...diners(random),
    '',
    ...superposed('one sends', [null, 'meet at noon', null, null], random),
    '',
    ...superposed('two send at once', ['buy', null, 'sell', null], random),
    '',
    ...slots(random),
    '',
  ].join('\n')
}

function diners(random: Random): string[] {
  const lines = [
    'The dining cryptographers (Chaum 1988): did one of us pay, or somebody else?',
    'Each two toss a coin. Each says whether the two coins they see differ; who paid says the opposite.',
    '',
    '  paid      coins   said    sum',
  ]
  for (const payer of [0, 1, 2, null]) {
    const { coins, said, paid } = dine(payer, random)
    const who = payer === null ? 'nobody' : (names[payer] as string)
    const meaning = paid === 1 ? 'one of the three paid' : 'somebody else paid'
    lines.push(`  ${who.padEnd(8)}  ${coins.join(' ')}   ${said.join(' ')}   ${paid}: ${meaning}`)
  }
  return lines
}

function superposed(title: string, sent: readonly (string | null)[], random: Random): string[] {
  const padded = sent.map(word => (word === null ? null : pad(word)))
  const { published, read } = superpose(padded, messageLength, random)
  return [
    `Superposed sending, the same with whole messages: ${title}`,
    '',
    ...published.map((part, i) => `  ${(names[i] as string).padEnd(5)} publishes ${hex(part).slice(0, 24)}…`),
    `  the sum is      ${hex(read).slice(0, 24)}…  ${JSON.stringify(plain(read))}`,
  ]
}

/** Shows what the payment rounds do: every peer reserves a slot first, so that nothing collides. */
function slots(random: Random): string[] {
  const secrets = names.map(() => random(32))
  const session = random(32)
  const pairs = secrets.map(
    (secret, me): Pairs =>
      secrets.map((other, i) => (i === me ? null : pairKeys(secret, x25519PublicKey(other), session))),
  )
  const numbers = names.map(() => fromStream(random(16)))
  const found = solve(slotSums(pairs.map((pair, i) => slotVector(numbers[i] as bigint, pair))))
  const sent = shuffle(random, ['an apple', 'a boat', 'a candle', 'a drum', 'an egg'])
  const vectors = pairs.map((pair, i) =>
    messageVector(slotOf(numbers[i] as bigint, found) as number, pad(sent[i] as string), pair),
  )
  return [
    'A slot for everybody (DiceMix): each draws a number and publishes its powers under the pads that it',
    'shares with the others. The sums of the powers give all the numbers, and nobody learns whose is which.',
    '',
    ...vectors.map((vector, i) => {
      const name = (names[i] as string).padEnd(5)
      return `  ${name} sends ${JSON.stringify(sent[i]).padEnd(11)} by publishing ${hex(vector).slice(0, 24)}…`
    }),
    '',
    ...messages(vectors).map((message, slot) => `  slot ${slot}: ${JSON.stringify(plain(message))}`),
  ]
}

function pad(word: string): Uint8Array {
  const out = new Uint8Array(messageLength)
  text.encode.encodeInto(word, out)
  return out
}

function plain(message: Uint8Array): string {
  return text.decode.decode(message).replace(/\0+$/, '')
}
