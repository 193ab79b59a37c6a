// Who may use a page (docs/spec/pages.md 2): whoever hands in a code that the owner of the token asked for, once and
// soon, gets a token for as long as the page is used. Nothing of it outlives the process.

import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { type Bucket, fullBucket, takeTokens } from '../rates.ts'
import { hour, type Ms, second } from '../units.ts'

/** Bytes of a code, which stands in an address for a moment. */
const codeBytes = 16
/** Bytes of a session's token. */
const tokenBytes = 32
/** A code that nobody hands in so soon is none any more. */
export const codeLivesMs: Ms = 60 * second
/** A page that asks for nothing so long must be opened again. */
const idleMs: Ms = 12 * hour
/** With more of them the oldest goes. */
const mostCodes = 8
const mostSessions = 16
/** Wrong codes a minute; nobody guesses 16 bytes, and nobody is to try. */
const tries = { perMinute: 30, burst: 30 }

export class Sessions {
  readonly #clock: Clock
  readonly #random: Random
  /** Until when, by digest: whoever reads the memory finds no code. */
  readonly #codes = new Map<string, Ms>()
  /** When each was used last, by digest of its token. */
  readonly #sessions = new Map<string, Ms>()
  readonly #tries: Bucket

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
    this.#tries = fullBucket(tries, clock.elapsed())
  }

  /** Makes a code: 22 letters of base64url. */
  code(): string {
    const code = textOf(this.#random(codeBytes))
    keep(this.#codes, digestOf(code), this.#clock.elapsed() + codeLivesMs, mostCodes)
    return code
  }

  /**
   * Takes a code, which is none from then on.
   *
   * @returns the token of a new session; undefined for what is no code, and while too many wrong ones come
   */
  open(code: string): string | undefined {
    const digest = digestOf(code)
    const until = this.#codes.get(digest)
    this.#codes.delete(digest)
    const now = this.#clock.elapsed()
    if (until === undefined || until < now) {
      takeTokens(this.#tries, tries, 1, now)
      return undefined
    }
    const token = textOf(this.#random(tokenBytes))
    keep(this.#sessions, digestOf(token), now, mostSessions)
    return token
  }

  /** Tells whether one more code may be tried. */
  get mayTry(): boolean {
    const { tokens, at } = this.#tries
    return takeTokens({ tokens, at }, tries, 1, this.#clock.elapsed()) === 1
  }

  /** Tells whether a token is that of a session, which counts as used now. */
  has(token: string | undefined): boolean {
    if (token === undefined) return false
    const digest = digestOf(token)
    const used = this.#sessions.get(digest)
    const now = this.#clock.elapsed()
    if (used === undefined) return false
    if (now - used > idleMs) {
      this.#sessions.delete(digest)
      return false
    }
    keep(this.#sessions, digest, now, mostSessions)
    return true
  }

  /** Ends the session of a token. */
  end(token: string | undefined): void {
    if (token !== undefined) this.#sessions.delete(digestOf(token))
  }
}

/** Keeps the newest of them: a map lists its entries in the order in which they were added. */
function keep(map: Map<string, Ms>, key: string, value: Ms, most: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** Makes the digest that is looked up, so that the time that it takes tells nothing of a code or token. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
