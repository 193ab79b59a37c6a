// A mix network as the project's third source document describes it, small, to be measured beside ours: three servers,
// clients that each send one message at the end of every round, sealed boxes of libsodium around it for its reader and
// for each server, a server that waits for the messages of all clients, opens them and hands them on in random order,
// and a last one that keeps what is for a client until that asks. Over TCP on loopback, all in this process. It pads
// nothing: what it does not say is not added.

import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import sodium from 'sodium-native'
import { shuffle, systemRandom } from '../../world/random.ts'
import type { Ms } from '../../world/units.ts'

export interface KeyPair {
  readonly publicKey: Buffer
  readonly secretKey: Buffer
}

export function keyPair(): KeyPair {
  const publicKey = Buffer.alloc(sodium.crypto_box_PUBLICKEYBYTES)
  const secretKey = Buffer.alloc(sodium.crypto_box_SECRETKEYBYTES)
  sodium.crypto_box_keypair(publicKey, secretKey)
  return { publicKey, secretKey }
}

/** Seals for a key, without a word of who did. */
export function seal(to: Buffer, message: Uint8Array): Buffer {
  const sealed = Buffer.alloc(message.length + sodium.crypto_box_SEALBYTES)
  sodium.crypto_box_seal(sealed, Buffer.from(message), to)
  return sealed
}

/** @throws Error for what was not sealed for this key */
export function open({ publicKey, secretKey }: KeyPair, sealed: Uint8Array): Buffer {
  const message = Buffer.alloc(sealed.length - sodium.crypto_box_SEALBYTES)
  if (!sodium.crypto_box_seal_open(message, Buffer.from(sealed), publicKey, secretKey))
    throw new Error('a box that is not for this key')
  return message
}

/** Tells what an opened layer is for: a server, or a client whose number is below the number of clients. */
const toServer = 0xffff
const addressBytes = 2

function addressed(to: number, rest: Uint8Array): Buffer {
  const out = Buffer.alloc(addressBytes + rest.length)
  out.writeUInt16BE(to)
  out.set(rest, addressBytes)
  return out
}

/** Wraps a message for a client: its reader's box inside, then one for each server, the last server's first. */
export function wrap(
  message: Uint8Array,
  reader: { readonly number: number; readonly publicKey: Buffer },
  servers: readonly Buffer[],
): Buffer {
  return servers.toReversed().reduce(
    (inner, server, i) => {
      return seal(server, addressed(i === 0 ? reader.number : toServer, inner))
    },
    seal(reader.publicKey, message),
  )
}

/** One server took so long for one round, milliseconds. */
export interface ServerRound {
  /** From the first message until all were there. */
  readonly waited: Ms
  /** From then until all were opened and handed on. */
  readonly mixed: Ms
}

/** The messages of a round so far, and when the first came. */
interface Waiting {
  readonly since: Ms
  readonly messages: Uint8Array[]
}

/** A server: `next` is where the next one listens; the last has none and keeps mail. */
class MixServer {
  readonly keys: KeyPair = keyPair()
  readonly rounds = new Map<number, ServerRound>()
  readonly #server: Server
  readonly #clients: number
  readonly #waiting = new Map<number, Waiting>()
  readonly #mail = new Map<number, Buffer[]>()
  #next: Socket | undefined

  constructor(clients: number) {
    this.#clients = clients
    this.#server = createServer(socket => framed(socket, (round, bytes) => this.#take(socket, round, bytes)))
  }

  listen(): Promise<number> {
    return new Promise(done => {
      this.#server.listen(0, '127.0.0.1', () => done((this.#server.address() as { port: number }).port))
    })
  }

  async handOnTo(port: number): Promise<void> {
    this.#next = await connected(port)
  }

  close(): void {
    this.#next?.destroy()
    this.#server.close()
  }

  /** An empty frame asks for a client's mail: the round's place holds the client's number. */
  #take(from: Socket, round: number, bytes: Uint8Array): void {
    if (bytes.length === 0) {
      for (const mail of this.#mail.get(round) ?? []) frame(from, round, mail)
      this.#mail.delete(round)
      return
    }
    const of: Waiting = this.#waiting.get(round) ?? { since: performance.now(), messages: [] }
    this.#waiting.set(round, of)
    if (of.messages.push(bytes) < this.#clients) return
    this.#waiting.delete(round)
    const complete = performance.now()
    for (const opened of shuffle(systemRandom, of.messages).map(message => open(this.keys, message))) {
      const to = opened.readUInt16BE()
      const rest = opened.subarray(addressBytes)
      if (to === toServer && this.#next !== undefined) frame(this.#next, round, rest)
      else this.#mail.set(to, [...(this.#mail.get(to) ?? []), rest])
    }
    this.rounds.set(round, { waited: complete - of.since, mixed: performance.now() - complete })
  }
}

export interface SourceFigures {
  /** Sealing four boxes around the message. */
  readonly prepareMs: Ms
  /** The slowest of the servers took so long to open and hand on all of the round, once all was there. */
  readonly mixMs: Ms
  /** So long did a server wait in the mean, from the first message of the round to the last. */
  readonly waitedMs: Ms
  /** From when the message was there until its reader had it open. */
  readonly endToEndMs: Ms
}

const pollMs = 5
const servers = 3

/**
 * Runs so many clients for one round, in which the first writes to the second and each of the others to itself.
 *
 * @param sentAfter the part of the round that is over when the first has its message, 0 to 1
 * @throws Error when the message did not come, or came changed
 */
export async function runSourceRound(options: {
  readonly clients: number
  readonly bytes: number
  readonly roundMs: Ms
  readonly sentAfter: number
}): Promise<SourceFigures> {
  const { clients, bytes, roundMs, sentAfter } = options
  const mixes = Array.from({ length: servers }, () => new MixServer(clients))
  const ports = await Promise.all(mixes.map(mix => mix.listen()))
  for (const [i, mix] of mixes.entries()) if (i + 1 < servers) await mix.handOnTo(ports[i + 1] as number)
  const keys = Array.from({ length: clients }, keyPair)
  const mixKeys = mixes.map(mix => mix.keys.publicKey)
  const readerOf = (client: number): number => (client === 0 ? 1 : client)
  const wrapOf = (client: number, message: Uint8Array): Buffer => {
    const number = readerOf(client)
    return wrap(message, { number, publicKey: (keys[number] as KeyPair).publicKey }, mixKeys)
  }
  const sockets = await Promise.all(keys.map(() => connected(ports[0] as number)))
  const asking = await connected(ports[servers - 1] as number)
  try {
    const others = Array.from({ length: clients - 1 }, (_, i) => wrapOf(i + 1, systemRandom(bytes)))
    const message = systemRandom(bytes)
    await pause(sentAfter * roundMs)
    const began = performance.now()
    const wrapped = wrapOf(0, message)
    const prepareMs = performance.now() - began
    await pause((1 - sentAfter) * roundMs - prepareMs)
    for (const [i, socket] of sockets.entries())
      frame(socket, 0, i === 0 ? wrapped : (others[i - 1] as Buffer))
    const reader = keys[1] as KeyPair
    const came = await polled(asking, 1, sealed => {
      const opened = open(reader, sealed)
      return opened.equals(Buffer.from(message))
    })
    const seen = mixes.map(mix => mix.rounds.get(0) as ServerRound)
    return {
      prepareMs,
      mixMs: Math.max(...seen.map(({ mixed }) => mixed)),
      waitedMs: seen.reduce((sum, { waited }) => sum + waited, 0) / servers,
      endToEndMs: came - began,
    }
  } finally {
    for (const socket of [...sockets, asking]) socket.destroy()
    for (const mix of mixes) mix.close()
  }
}

const patienceMs = 30_000

/** Asks for a client's mail until what is wanted is there. @returns when it was open */
function polled(socket: Socket, client: number, isWanted: (sealed: Uint8Array) => boolean): Promise<Ms> {
  return new Promise((done, fail) => {
    const asking = setInterval(() => frame(socket, client, Buffer.alloc(0)), pollMs)
    const late = setTimeout(() => end(() => fail(new Error('the message did not come'))), patienceMs)
    const end = (then: () => void): void => {
      clearInterval(asking)
      clearTimeout(late)
      then()
    }
    framed(socket, (_, sealed) => {
      if (isWanted(sealed)) end(() => done(performance.now()))
    })
  })
}

/** length u32, round u32, bytes */
const headBytes = 8

function frame(to: Socket, round: number, bytes: Uint8Array): void {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(bytes.length)
  head.writeUInt32BE(round, 4)
  to.write(head)
  to.write(bytes)
}

function framed(socket: Socket, take: (round: number, bytes: Uint8Array) => void): void {
  let chunks: Buffer[] = []
  let held = 0
  let wanted = headBytes
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    held += chunk.length
    while (held >= wanted) {
      const all = Buffer.concat(chunks)
      const bytes = all.readUInt32BE()
      wanted = headBytes + bytes
      chunks = [all]
      if (held < wanted) break
      take(all.readUInt32BE(4), all.subarray(headBytes, wanted))
      chunks = [all.subarray(wanted)]
      held -= wanted
      wanted = headBytes
    }
  })
  socket.on('error', () => socket.destroy())
}

function connected(port: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = dial({ host: '127.0.0.1', port })
    socket.setNoDelay(true)
    socket.once('connect', () => done(socket))
    socket.once('error', fail)
  })
}

function pause(ms: Ms): Promise<void> {
  return new Promise(done => setTimeout(done, Math.max(0, ms)))
}
