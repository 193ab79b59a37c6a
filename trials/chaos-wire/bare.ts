// Conversations that are broken before a handshake is over, on sockets and by hand.

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { concat } from '../../encoding/bytes.ts'
import { below, seededRandom } from '../../world/random.ts'
import { paced } from './pace.ts'
import { type End, Pipe } from './pipe.ts'
import type { Conversation, Transport } from './plan.ts'
import { nameOf } from './session.ts'

type Bare = Extract<Conversation, { kind: 'bare' }>

/** Longer than the host under attack waits for anything, milliseconds. */
const patienceMs = (): number => paced(1200)

/** Dials a port of the host under attack and says it all. Never rejects; resolves when the socket is closed. */
export async function talkTo(port: number, conversation: Bare): Promise<void> {
  await say(connect(port, '127.0.0.1'), conversation, 'asks')
}

/** Sockets that wait for the host under attack to dial them. */
export class Decoys {
  readonly #servers: readonly Server[]
  readonly #waiting = new Map<Server, Bare[]>()

  private constructor(servers: readonly Server[]) {
    this.#servers = servers
  }

  /** One of each transport, on ports of their own. */
  static async open(): Promise<Decoys> {
    const listen = (): Promise<Server> =>
      new Promise(resolve => {
        const server = createServer({ pauseOnConnect: true })
        server.listen(0, '127.0.0.1', () => resolve(server))
      })
    const decoys = new Decoys([await listen(), await listen()])
    for (const server of decoys.#servers) {
      decoys.#waiting.set(server, [])
      server.on('connection', socket => {
        const next = decoys.#waiting.get(server)?.shift()
        if (next === undefined) socket.destroy()
        else void say(socket, next, 'answers')
      })
    }
    return decoys
  }

  /** The multiaddr to be dialled for this conversation, which the next socket there gets. */
  expect(conversation: Bare): string {
    const server = this.#servers[conversation.transport === 'tcp' ? 0 : 1] as Server
    this.#waiting.get(server)?.push(conversation)
    const { port } = server.address() as AddressInfo
    return `/ip4/127.0.0.1/tcp/${port}${conversation.transport === 'ws' ? '/ws' : ''}`
  }

  close(): void {
    for (const server of this.#servers) server.close()
  }
}

/** An honest host's first words, before its handshake. */
const beginning = concat([nameOf('/multistream/1.0.0'), nameOf('/noise')])

async function say(socket: Socket, conversation: Bare, end: End): Promise<void> {
  const { stage, transport, chunks, gapMs, ending } = conversation
  const upgraded = stage !== 'socket' && stage !== 'upgrade'
  const late = setTimeout(() => socket.destroy(), patienceMs())
  try {
    const pipe = upgraded ? await Pipe.upgraded(socket, transport, end) : Pipe.bare(socket, end)
    pipe.hear(() => {})
    const send = (bytes: Uint8Array): void => (stage === 'frames' ? pipe.sendBare(bytes) : pipe.send(bytes))
    if (stage === 'handshake') send(beginning)
    const last =
      ending === 'hang-up' ? below(seededRandom(conversation.seed + 1), chunks.length + 1) : chunks.length
    for (const chunk of chunks.slice(0, last)) {
      if (pipe.isClosed) break
      send(chunk)
      if (gapMs > 0) await pause(gapMs)
    }
    if (ending === 'end') pipe.end()
    else if (ending === 'reset') pipe.reset()
    else if (ending === 'hang-up') pipe.hangUp()
    await pipe.closed
  } catch {
    // The host has ended it before
    socket.destroy()
  } finally {
    clearTimeout(late)
  }
}

/** The port of a multiaddr of TCP, with or without `/ws`. */
export function portOf(addresses: readonly string[], transport: Transport): number {
  const found = addresses.find(address => address.endsWith('/ws') === (transport === 'ws'))
  return Number(found?.split('/')[4])
}
