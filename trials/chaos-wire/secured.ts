// Conversations behind a true handshake, by hand: an attacker goes from one to the next on connections that it keeps
// while it is let, and is somebody else once it is not.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { concat } from '../../encoding/bytes.ts'
import { below, seededRandom } from '../../world/random.ts'
import { type Identity, newIdentity } from './handshake.ts'
import { paced } from './pace.ts'
import { Pipe } from './pipe.ts'
import { type Conversation, type Transport, transports } from './plan.ts'
import { type Manner, nameOf, Session } from './session.ts'
import { type RawStream, Streams } from './streams.ts'

export type Secured = Extract<Conversation, { kind: 'secured' }>

/** Longer than the host under attack waits for anything, milliseconds. */
const patienceMs = (): number => paced(1200)

interface Script {
  readonly conversation: Secured
  /** Settles when it has been said; undefined until the host has come. */
  held: Promise<void> | undefined
}

interface Open {
  readonly session: Session
  readonly streams: Streams
}

export class Lane {
  #identity = newIdentity()
  /** By role and transport: those that were dialled. */
  readonly #open = new Map<string, Open>()
  readonly #came = new Set<Session>()
  readonly #servers = new Map<Transport, Server>()
  /** For the next connection or stream that the host under attack opens. */
  #script: Script | undefined

  private constructor() {}

  static async open(): Promise<Lane> {
    const lane = new Lane()
    for (const transport of transports) {
      const server = createServer({ pauseOnConnect: true }, socket => void lane.#connected(socket, transport))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      lane.#servers.set(transport, server)
    }
    return lane
  }

  get id(): Uint8Array {
    return this.#identity.id
  }

  /** Where it can be dialled. */
  address(transport: Transport): string {
    const server = this.#servers.get(transport) as Server
    const { port } = server.address() as AddressInfo
    return `/ip4/127.0.0.1/tcp/${port}${transport === 'ws' ? '/ws' : ''}`
  }

  /**
   * Waits for the host under attack, and says it when that comes.
   *
   * @param dial has the host dial an address
   * @returns false when it did not come
   */
  async hear(conversation: Secured, dial: (to: string, id: Uint8Array) => Promise<void>): Promise<boolean> {
    // A connection that there is would be used, and how it began is what is asked about
    if (beginsAnew(conversation)) this.#becomeAnother()
    const script: Script = { conversation, held: undefined }
    for (let tries = 0; tries < 2; tries++) {
      this.#script = script
      await dial(this.address(conversation.transport), this.id)
      if (script.held !== undefined) {
        await script.held
        return true
      }
      this.#becomeAnother()
    }
    return false
  }

  /**
   * Dials the host under attack, or uses the connection there is, and says it all.
   *
   * @returns false when it was not let in
   */
  async talkTo(port: number, conversation: Secured): Promise<boolean> {
    const key = `${conversation.role} ${conversation.transport}`
    const known = this.#open.get(key)
    if (known !== undefined && !known.session.isClosed && !beginsAnew(conversation)) {
      await hold(known, conversation)
      return true
    }
    known?.session.close()
    this.#open.delete(key)
    // Most of those who come again are somebody else: who is remembered is not heard to the end
    const identity = conversation.seed % 4 === 0 ? this.#identity : newIdentity()
    const open =
      (await this.#dial(port, conversation, identity)) ??
      (await this.#dial(port, conversation, newIdentity()))
    if (open === undefined) return false
    this.#open.set(key, open)
    await hold(open, conversation)
    return true
  }

  close(): void {
    this.hangUp()
    for (const server of this.#servers.values()) server.close()
  }

  /** Ends every connection that it has. */
  hangUp(): void {
    for (const { session } of this.#open.values()) session.close()
    for (const session of this.#came) session.close()
    this.#open.clear()
  }

  #becomeAnother(): void {
    this.hangUp()
    this.#identity = newIdentity()
  }

  #dial(port: number, conversation: Secured, identity: Identity): Promise<Open | undefined> {
    const socket = connect(port, '127.0.0.1')
    return begin(socket, 'asks', identity, conversation, (stream, open) => this.#answered(stream, open))
  }

  #connected(socket: Socket, transport: Transport): void {
    const script = this.#script
    if (script === undefined) {
      socket.destroy()
      return
    }
    const conversation = { ...script.conversation, transport }
    const began = begin(socket, 'answers', this.#identity, conversation, (stream, open) =>
      this.#answered(stream, open),
    ).then(open => this.#keep(open))
    if (beginsAnew(conversation))
      script.held ??= began.then(open => (open === undefined ? undefined : hold(open, conversation)))
    else if (conversation.stage !== 'protocol' && conversation.stage !== 'stream')
      void began.then(open => {
        if (open !== undefined) script.held ??= hold(open, conversation)
      })
  }

  #keep(open: Open | undefined): Open | undefined {
    const session = open?.session
    if (session !== undefined) {
      this.#came.add(session)
      void session.closed.then(() => this.#came.delete(session))
    }
    return open
  }

  #answered(stream: RawStream, open: Open): void {
    const script = this.#script
    if (script === undefined || script.held !== undefined) {
      stream.reset()
      return
    }
    const { conversation } = script
    if (conversation.stage === 'protocol') script.held = speak(stream, conversation, 'agrees')
    else if (conversation.stage === 'stream') script.held = speak(stream, conversation, 'says nothing first')
    else script.held = hold(open, conversation)
  }
}

async function hold({ session, streams }: Open, conversation: Secured): Promise<void> {
  switch (conversation.stage) {
    case 'stream':
      return await speak(streams.open(), conversation, 'says nothing first')
    case 'protocol':
      return await speak(streams.open(), conversation, 'asks')
    case 'yamux':
      return await sayBelow(session, conversation, bytes => session.send(bytes))
    case 'sealed':
      return await sayBelow(session, conversation, bytes => session.sendUnsealed(bytes))
    case 'identity':
    case 'muxer':
      return await sayBelow(session, conversation, () => {})
  }
}

function beginsAnew({ stage }: Secured): boolean {
  return stage === 'identity' || stage === 'muxer'
}

/** Draws how an attacker goes through the handshake before: half of each kind one way, half the other. */
function mannerOf({ stage, seed, protocol, chunks }: Secured): Manner {
  const early = seed % 2 === 0
  if (stage === 'identity') return { early, payload: concat(chunks) }
  if (stage === 'muxer') return early ? { early, muxer: protocol } : { early, names: chunks }
  return { early }
}

/** @returns undefined when the other side ends it before it has begun */
async function begin(
  socket: Socket,
  end: 'asks' | 'answers',
  identity: Identity,
  conversation: Secured,
  onStream: (stream: RawStream, open: Open) => void,
): Promise<Open | undefined> {
  const late = setTimeout(() => socket.destroy(), patienceMs())
  try {
    const pipe = await Pipe.upgraded(socket, conversation.transport, end)
    const session = await Session.begin(pipe, end, identity, mannerOf(conversation))
    const open: Open = { session, streams: new Streams(session) }
    open.streams.start(stream => onStream(stream, open))
    return open
  } catch {
    socket.destroy()
    return undefined
  } finally {
    clearTimeout(late)
  }
}

const multistream = nameOf('/multistream/1.0.0')

/** Says it on a stream, at whose beginning a protocol is agreed on or not. */
async function speak(
  stream: RawStream,
  { chunks, gapMs, ending, seed, protocol }: Secured,
  beginning: 'asks' | 'agrees' | 'says nothing first',
): Promise<void> {
  if (beginning !== 'says nothing first') {
    const names = concat([multistream, nameOf(protocol)])
    stream.send(names)
    // Half of them wait for an answer, or for what is asked; the others say all at once
    if (seed % 4 < 2) await atMost(stream.said(beginning === 'asks' ? 1 : names.length + 1))
  }
  const last = ending === 'hang-up' ? below(seededRandom(seed + 1), chunks.length + 1) : chunks.length
  for (const chunk of chunks.slice(0, last)) {
    if (chunk.length > 0) stream.send(chunk)
    if (gapMs > 0) await pause(gapMs)
  }
  if (ending === 'reset' || ending === 'hang-up') {
    stream.reset()
    return
  }
  if (ending === 'end') stream.end()
  await atMost(stream.closed)
  stream.reset()
}

/** Says it below the streams: nothing is right after it, and the connection ends. */
async function sayBelow(
  session: Session,
  { chunks, gapMs, ending, seed }: Secured,
  send: (bytes: Uint8Array) => void,
): Promise<void> {
  const last = ending === 'hang-up' ? below(seededRandom(seed + 1), chunks.length + 1) : chunks.length
  for (const chunk of chunks.slice(0, last)) {
    if (session.isClosed) break
    if (chunk.length > 0) send(chunk)
    if (gapMs > 0) await pause(gapMs)
  }
  if (ending === 'reset') session.close('reset')
  else if (ending === 'hang-up') session.close()
  else if (ending === 'end') session.close('end')
  await atMost(session.closed)
  session.close()
}

async function atMost(event: Promise<void>): Promise<void> {
  const late = new AbortController()
  await Promise.race([event, pause(patienceMs(), undefined, { signal: late.signal }).catch(() => {})])
  late.abort()
}
