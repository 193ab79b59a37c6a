// Shows where the net comes from: D. Chaum, "The dining cryptographers problem" (Journal of Cryptology 1, 1988). One
// bit among three, and superposed sending of a message among n. docs/spec/payments-net.md 2.6.

import { below, type Random } from '../../world/random.ts'
import { xorInto } from './dcnet.ts'

/** A dinner of three. Coin i was tossed by diners i and i + 1 (the third's and the first's is coin 2). */
export interface Dinner {
  readonly coins: readonly [number, number, number]
  readonly said: readonly [number, number, number]
  /** 1 when one of the diners paid, 0 when somebody else did. */
  readonly paid: number
}

/**
 * Each diner sees the two coins beside them and says whether they differ; who paid says the opposite.
 *
 * @param payer 0 to 2, or null when none of them paid
 */
export function dine(payer: number | null, random: Random): Dinner {
  const coins = [below(random, 2), below(random, 2), below(random, 2)] as const
  const say = (diner: 0 | 1 | 2): number => {
    const before = coins[(diner + 2) % 3] as number
    return coins[diner] ^ before ^ (diner === payer ? 1 : 0)
  }
  const said = [say(0), say(1), say(2)] as const
  return { coins, said, paid: said[0] ^ said[1] ^ said[2] }
}

/** Holds what each of n parties publishes in one round of superposed sending, and what everybody reads. */
export interface Superposition {
  readonly published: readonly Uint8Array[]
  /** The message when one party sent; the exclusive or of all messages when several did; zeros when none did. */
  readonly read: Uint8Array
}

/**
 * Every two parties share a random stream; each party publishes the exclusive or of its streams, and who has a message
 * adds it.
 *
 * @param messages one a party: its message, or null to send nothing. All of them have `length` bytes
 */
export function superpose(
  messages: readonly (Uint8Array | null)[],
  length: number,
  random: Random,
): Superposition {
  const published = messages.map(message => message?.slice() ?? new Uint8Array(length))
  for (const [one, first] of published.entries()) {
    for (const second of published.slice(one + 1)) {
      const shared = random(length)
      xorInto(first, shared)
      xorInto(second, shared)
    }
  }
  const read = new Uint8Array(length)
  for (const part of published) xorInto(read, part)
  return { published, read }
}
