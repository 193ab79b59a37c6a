// How much of an inbox whose messages may take (docs/spec/client-store.md 10.1): each app that somebody here has
// asked for has a share for messages of strangers, one for those of contacts and one for replies, and all other names
// together have a small one. So what comes for one fills nothing but its own.

import { noApp } from '../app-name.ts'

/** Says what an inbox holds at most, and what it is divided among. */
export interface Room {
  readonly messages: number
  readonly bytes: number
}

/** Names a share: of an app, for one of two things; or of all names that nobody here has asked for. */
export type Share = string

/** The part of an inbox that is for names nobody has asked for: one in so many. */
const strangers = 8
export const unknownShare: Share = '*'

/** Apps that are remembered to have been asked for. */
export const mostApps = 256

/** Says of a message whose share it takes. */
interface Owned {
  readonly app: string
  readonly inReplyTo?: string | undefined
  /** The address of whoever wrote it, checked. */
  readonly from?: string | undefined
}

/** Each app has so many shares: strangers', contacts', replies. */
const sharesOfApp = 3

export class Shares {
  readonly #room: Room
  readonly #isKnown: (from: string) => boolean
  /** Apps that somebody here reads, or has. */
  readonly #known = new Set<string>([noApp])
  readonly #used = new Map<Share, { messages: number; bytes: number }>()

  /** @param isKnown tells whether an address is a contact's */
  constructor(room: Room, isKnown: (from: string) => boolean) {
    this.#room = room
    this.#isKnown = isKnown
  }

  /** Somebody here asks for an app's messages. Returns whether that is new. */
  know(app: string): boolean {
    if (this.#known.has(app) || this.#known.size >= mostApps) return false
    this.#known.add(app)
    return true
  }

  of({ app, inReplyTo, from }: Owned): Share {
    // Whoever answers was asked
    if (inReplyTo !== undefined) return `re ${app}`
    if (!this.#known.has(app)) return unknownShare
    return from !== undefined && this.#isKnown(from) ? `by ${app}` : `to ${app}`
  }

  take(share: Share, bytes: number): void {
    const { messages, bytes: before } = this.#usedBy(share)
    this.#used.set(share, { messages: messages + 1, bytes: before + bytes })
  }

  give(share: Share, bytes: number): void {
    const { messages, bytes: before } = this.#usedBy(share)
    this.#used.set(share, { messages: messages - 1, bytes: before - bytes })
  }

  /** Counts anew: whose share a message takes changes with what is known. */
  count(entries: Iterable<Owned & { readonly length: number }>): void {
    this.#used.clear()
    for (const entry of entries) this.take(this.of(entry), entry.length)
  }

  /** Tells whether a message of so many bytes has room in a share, once that much of it is freed. */
  fits(share: Share, bytes: number, freed: Room = { messages: 0, bytes: 0 }): boolean {
    const used = this.#usedBy(share)
    const most = this.#most(share)
    return used.messages - freed.messages < most.messages && used.bytes - freed.bytes + bytes <= most.bytes
  }

  /** Those that have no room for another message, however short. */
  full(): Share[] {
    return [...this.#used.keys()].filter(share => !this.fits(share, 1))
  }

  #usedBy(share: Share): { readonly messages: number; readonly bytes: number } {
    return this.#used.get(share) ?? { messages: 0, bytes: 0 }
  }

  #most(share: Share): Room {
    const { messages, bytes } = this.#room
    const part =
      share === unknownShare ? 1 / strangers : (1 - 1 / strangers) / (sharesOfApp * this.#known.size)
    // Of a small inbox one message all the same
    return { messages: Math.max(1, Math.floor(messages * part)), bytes: Math.floor(bytes * part) }
  }
}
