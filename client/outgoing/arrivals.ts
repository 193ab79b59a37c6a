// What comes to the own mailbox, as its gateway sees it (docs/spec/client-clocks.md 8.2): messages of the client to
// itself at the rate of one clock, and acknowledgements at that of the others. For each of somebody else's one of its
// own is left out, so that as much comes whether anybody writes or not. No I/O.

import { hex } from '../../encoding/bytes.ts'

/**
 * Names what somebody else's takes the place of: a message of the client to itself, or an acknowledgement; `aside`: a
 * message to itself at another gateway than its home.
 */
export type Arrival = 'message' | 'answer' | 'aside'

/** So many of the own are left out at most for what came before: a flood does not silence a mailbox for long. */
const mostOwed = 64
/** Messages to oneself that are under way, or lost. */
const mostExpected = 1024
/** By so many bytes of it a sealed message is known again: they are an encapsulated key. */
const markBytes = 16

export class Arrivals {
  readonly #owed: Record<Arrival, number> = { message: 0, answer: 0, aside: 0 }
  readonly #expected = new Set<string>()

  /**
   * A message to oneself leaves, with these bytes sealed in it.
   *
   * @returns 16 bytes by which it is known when it comes
   */
  expect(sealed: Uint8Array): Uint8Array {
    const mark = sealed.slice(0, markBytes)
    this.#expected.add(hex(mark))
    const [oldest] = this.#expected
    if (this.#expected.size > mostExpected) this.#expected.delete(oldest as string)
    return mark
  }

  /**
   * Tells by what something that came is known as a message to oneself (lowercase hex), if it is one; it is expected no
   * longer then.
   */
  own(sealed: Uint8Array): string | undefined {
    const mark = hex(sealed.subarray(0, markBytes))
    return this.#expected.delete(mark) ? mark : undefined
  }

  /** Something of somebody else's came. */
  came(what: Arrival): void {
    this.#owed[what] = Math.min(mostOwed, this.#owed[what] + 1)
  }

  /** Tells whether one of the own is to be left out now for something that came; that is settled then. */
  takesPlace(what: Arrival): boolean {
    if (this.#owed[what] === 0) return false
    this.#owed[what]--
    return true
  }
}
