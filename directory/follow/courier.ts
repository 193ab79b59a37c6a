// Carries what is said to one authority, again and again until it is taken, refused for good, or worth nothing any
// more. Bounded; what does not fit is dropped and counted.

import { type Link, LinkError, type Peer } from '../../link/link.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import { fraction, type Random } from '../../world/random.ts'
import { type DirectoryRequest, directoryProtocol, readAnswer, writeRequest } from '../documents/exchange.ts'
import { DirectoryError } from '../error.ts'

export interface CourierInit {
  readonly link: Link
  readonly clock: Clock
  readonly random: Random
  readonly to: Peer
  /** Milliseconds for one request. */
  readonly timeoutMs: number
  /** Told of every answer, also of a refusal: the other one lives. */
  readonly onAnswer: () => void
  readonly onRefused: (error: DirectoryError) => void
}

interface Letter {
  readonly bytes: Uint8Array
  /** It is worth nothing later, milliseconds since 1970-01-01 UTC. */
  readonly until: number
  /** The elapsed time from which on it is carried again. */
  nextAt: number
  tries: number
}

/** A round makes some n + 4 letters; two rounds overlap at most. */
const mostLetters = 256
const retryMs = { first: 50, longest: 1000 } as const
const answerBytes = 4096

export class Courier {
  readonly #init: CourierInit
  #letters: Letter[] = []
  #busy = false
  #closed = false
  #timer: Timer | undefined
  /** Letters that found no room. */
  dropped = 0

  constructor(init: CourierInit) {
    this.#init = init
  }

  get waiting(): number {
    return this.#letters.length
  }

  send(request: DirectoryRequest, until: number): void {
    if (this.#closed) return
    if (this.#letters.length >= mostLetters) {
      this.#letters.shift()
      this.dropped++
    }
    const bytes = writeRequest(request)
    this.#letters.push({ bytes, until, nextAt: this.#init.clock.elapsed(), tries: 0 })
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#letters = []
    this.#timer?.cancel()
  }

  #wake(): void {
    if (this.#busy || this.#closed) return
    this.#timer?.cancel()
    this.#timer = undefined
    const { clock } = this.#init
    const date = clock.now()
    this.#letters = this.#letters.filter(({ until }) => until > date)
    const now = clock.elapsed()
    const first = this.#letters.reduce<Letter | undefined>(
      (a, b) => (a === undefined || b.nextAt < a.nextAt ? b : a),
      undefined,
    )
    if (first === undefined) return
    if (first.nextAt > now) {
      this.#timer = clock.after(first.nextAt - now, () => this.#wake())
      return
    }
    this.#busy = true
    void this.#carry(first).finally(() => {
      this.#busy = false
      this.#wake()
    })
  }

  async #carry(letter: Letter): Promise<void> {
    const { link, to, timeoutMs, onAnswer, onRefused } = this.#init
    try {
      const options = { timeoutMs, maxBytes: answerBytes }
      readAnswer(await link.request(to, directoryProtocol, letter.bytes, options))
      onAnswer()
      this.#forget(letter)
    } catch (error) {
      if (error instanceof DirectoryError) {
        onAnswer()
        // Its clock may be a little behind ours; every other refusal stays one.
        if (error.code === 'WRONG_STATE') return this.#postpone(letter)
        onRefused(error)
        return this.#forget(letter)
      }
      // LinkError, or a link that breaks its contract: the message is no less worth for it.
      this.#postpone(letter)
      if (error instanceof LinkError)
        for (const other of this.#letters) other.nextAt = Math.max(other.nextAt, letter.nextAt)
    }
  }

  #postpone(letter: Letter): void {
    const wait = Math.min(retryMs.longest, retryMs.first * 2 ** letter.tries)
    letter.tries++
    letter.nextAt = this.#init.clock.elapsed() + wait * (0.75 + fraction(this.#init.random) / 2)
  }

  #forget(letter: Letter): void {
    this.#letters = this.#letters.filter(other => other !== letter)
  }
}
