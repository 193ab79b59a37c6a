// A connection behind a true handshake, by hand: Noise, the choice of a muxer, and what is said below the streams.

import { concat } from '../../encoding/bytes.ts'
import { framed, Handshake, type Identity, mostSealedBytes, payloadOf } from './handshake.ts'
import type { End, Pipe } from './pipe.ts'

/** Says how a handshake goes. */
export interface Manner {
  /** Names a muxer within the handshake; otherwise it is agreed on behind it, by its name. */
  readonly early: boolean
  /** Stands, sealed as it should be, in the place of who one is. */
  readonly payload?: Uint8Array
  /** Offers this within the handshake. */
  readonly muxer?: string
  /** Says this in place of a muxer's name, behind the handshake. */
  readonly names?: readonly Uint8Array[]
}

const yamux = '/yamux/1.0.0'

/** A name of multistream-select, shorter than 127 bytes. */
export function nameOf(protocol: string): Uint8Array {
  const name = new TextEncoder().encode(`${protocol}\n`)
  return concat([Uint8Array.of(name.length), name])
}

const multistream = nameOf('/multistream/1.0.0')

/** Keeps bytes that have come until somebody reads them. */
class Inbox {
  #have: Uint8Array = new Uint8Array(0)
  #awaited:
    | { bytes: number; resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }
    | undefined
  #over = false

  push(bytes: Uint8Array): void {
    this.#have = this.#have.length === 0 ? bytes.slice() : concat([this.#have, bytes])
    this.#serve()
  }

  end(): void {
    this.#over = true
    this.#awaited?.reject(new Error('closed'))
  }

  /** @throws Error when it ends before */
  take(bytes: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#over) reject(new Error('closed'))
      this.#awaited = { bytes, resolve, reject }
      this.#serve()
    })
  }

  rest(): Uint8Array {
    const rest = this.#have
    this.#have = new Uint8Array(0)
    return rest
  }

  async name(): Promise<void> {
    const [length = 0] = await this.take(1)
    await this.take(length & 0x7f)
  }

  async message(): Promise<Uint8Array> {
    const [high = 0, low = 0] = await this.take(2)
    return await this.take((high << 8) | low)
  }

  #serve(): void {
    const awaited = this.#awaited
    if (awaited === undefined || this.#have.length < awaited.bytes) return
    this.#awaited = undefined
    const taken = this.#have.subarray(0, awaited.bytes)
    this.#have = this.#have.subarray(awaited.bytes)
    awaited.resolve(taken)
  }
}

export class Session {
  readonly #pipe: Pipe
  readonly #seal: (plain: Uint8Array) => Uint8Array
  readonly #open: (sealed: Uint8Array) => Uint8Array
  /** The beginning of a sealed message that has not come whole. */
  #rest: Uint8Array = new Uint8Array(0)
  /** Bytes that came before somebody heard them. */
  readonly #unread = new Inbox()
  #onBytes: (bytes: Uint8Array) => void = bytes => this.#unread.push(bytes)
  readonly end: End

  private constructor(pipe: Pipe, end: End, shook: Handshake) {
    const [asks, answers] = shook.split()
    const [own, theirs] = end === 'asks' ? [asks, answers] : [answers, asks]
    this.#pipe = pipe
    this.end = end
    this.#seal = plain => own.seal(plain)
    this.#open = sealed => theirs.open(sealed)
  }

  /**
   * Goes through a handshake as `end`, and through the choice of a muxer.
   *
   * @throws Error when the other side ends it
   */
  static async begin(pipe: Pipe, end: End, identity: Identity, manner: Manner): Promise<Session> {
    const inbox = new Inbox()
    let session: Session | undefined
    pipe.hear(bytes => {
      if (session === undefined) inbox.push(bytes)
      else session.#hear(bytes)
    })
    void pipe.closed.then(() => inbox.end())
    const shook = await handshake(pipe, inbox, end, identity, manner)
    session = new Session(pipe, end, shook)
    const unread = session.#unread
    session.#hear(inbox.rest())
    void pipe.closed.then(() => unread.end())
    if (manner.names !== undefined) for (const name of manner.names) session.send(name)
    else if (!manner.early && manner.payload === undefined) await chooseMuxer(session, unread)
    return session
  }

  get closed(): Promise<void> {
    return this.#pipe.closed
  }

  get isClosed(): boolean {
    return this.#pipe.isClosed
  }

  /** Hears what comes from now on, and what has come. */
  hear(onBytes: (bytes: Uint8Array) => void): void {
    this.#onBytes = onBytes
    const rest = this.#unread.rest()
    if (rest.length > 0) onBytes(rest)
  }

  /** Seals it and sends it. */
  send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += mostSealedBytes)
      this.#pipe.send(framed(this.#seal(bytes.subarray(at, at + mostSealedBytes))))
  }

  /** Sends what is not sealed. */
  sendUnsealed(bytes: Uint8Array): void {
    this.#pipe.send(bytes)
  }

  close(how: 'end' | 'reset' | 'hangUp' = 'hangUp'): void {
    this.#pipe[how]()
  }

  #hear(bytes: Uint8Array): void {
    let left = this.#rest.length === 0 ? bytes : concat([this.#rest, bytes])
    for (;;) {
      const length = ((left[0] ?? 0) << 8) | (left[1] ?? 0)
      if (left.length < 2 || left.length < 2 + length) break
      const sealed = left.subarray(2, 2 + length)
      left = left.subarray(2 + length)
      try {
        this.#onBytes(this.#open(sealed))
      } catch {
        this.#pipe.hangUp()
        return
      }
    }
    this.#rest = left.slice()
  }
}

async function handshake(
  pipe: Pipe,
  inbox: Inbox,
  end: End,
  identity: Identity,
  { early, payload, muxer }: Manner,
): Promise<Handshake> {
  const shook = new Handshake(identity.noiseKey)
  const said = payload ?? payloadOf(identity, muxer ?? (early ? yamux : undefined))
  if (end === 'asks') {
    pipe.send(concat([multistream, nameOf('/noise'), framed(shook.first())]))
    await inbox.name()
    await inbox.name()
    shook.readSecond(await inbox.message())
    pipe.send(framed(shook.third(said)))
    return shook
  }
  await inbox.name()
  pipe.send(multistream)
  await inbox.name()
  pipe.send(nameOf('/noise'))
  shook.readFirst(await inbox.message())
  pipe.send(framed(shook.second(said)))
  shook.readThird(await inbox.message())
  return shook
}

async function chooseMuxer(session: Session, inbox: Inbox): Promise<void> {
  if (session.end === 'asks') {
    session.send(concat([multistream, nameOf(yamux)]))
    await inbox.name()
    await inbox.name()
    return
  }
  await inbox.name()
  session.send(multistream)
  await inbox.name()
  session.send(nameOf(yamux))
}
