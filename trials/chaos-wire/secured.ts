// Conversations behind a true handshake: libp2p without a host's manners, one lane of it for each that goes on at a
// time.

import { setTimeout as pause } from 'node:timers/promises'
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { WebSocket } from 'ws'
import { paced } from './pace.ts'
import { type Conversation, protocols, type Transport } from './plan.ts'

// libp2p alone dials with the global one, which Node 20 lacks
Object.assign(globalThis, { WebSocket })

type Secured = Extract<Conversation, { kind: 'secured' }>

/** Longer than the host under attack waits for anything, milliseconds. */
const patienceMs = (): number => paced(1200)

/** @param muxer the name of the one muxer it offers */
async function rude(listen: readonly string[], muxer?: string): Promise<Libp2p> {
  const host = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: [...listen] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      () => {
        const factory = yamux()()
        if (muxer !== undefined) factory.protocol = muxer
        return factory
      },
    ],
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false },
    connectionManager: { inboundConnectionThreshold: 1e6, reconnectRetries: 0, dialTimeout: patienceMs() },
  })
  return host
}

/** An attacker that goes from conversation to conversation on connections that it keeps. */
export class Lane {
  readonly #host: Libp2p
  /** The conversation of the next stream, or connection, that the host under attack opens. */
  #script: Secured | undefined
  /** Conversations of this lane. */
  said = 0

  private constructor(host: Libp2p) {
    this.#host = host
  }

  static async open(): Promise<Lane> {
    const host = await rude(['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'])
    const lane = new Lane(host)
    for (const protocol of protocols)
      await host.handle(protocol, stream => lane.#answered(stream), { maxInboundStreams: 1000 })
    host.addEventListener('connection:open', ({ detail }) => {
      if (detail.direction === 'inbound') lane.#connected(detail)
    })
    return lane
  }

  get id(): Uint8Array {
    return this.#host.peerId.type === 'Ed25519' ? this.#host.peerId.publicKey.raw : new Uint8Array(32)
  }

  /** Where it can be dialled. */
  address(transport: Transport): string {
    const own = this.#host.getMultiaddrs().map(address => address.toString().split('/p2p/')[0] as string)
    return own.find(address => address.endsWith('/ws') === (transport === 'ws')) as string
  }

  /** Takes down what is said when the host under attack comes. */
  expect(conversation: Secured): void {
    this.said++
    this.#script = conversation
  }

  /**
   * Dials the host under attack, or uses the connection there is, and says it all.
   *
   * @returns false when it is let in no more
   */
  async talkTo(address: string, conversation: Secured): Promise<boolean> {
    this.said++
    if (conversation.stage === 'muxer') {
      await strange(address, conversation)
      return true
    }
    try {
      const signal = AbortSignal.timeout(patienceMs())
      const known = this.#host
        .getConnections()
        .find(
          c =>
            c.status === 'open' && c.direction === 'outbound' && c.remoteAddr.toString().startsWith(address),
        )
      const connection = known ?? (await this.#host.dial(multiaddr(address), { signal, force: true }))
      if (conversation.stage === 'yamux') await below(connection, conversation)
      else if (conversation.stage === 'stream') await say(await raw(connection), conversation)
      else await say(await connection.newStream(conversation.protocol, { signal }), conversation)
      return true
    } catch {
      return false
    }
  }

  async close(): Promise<void> {
    await Promise.race([this.#host.stop(), pause(1000)])
  }

  #answered(stream: Stream): void {
    const script = this.#script
    if (script?.stage !== 'protocol') stream.abort(new Error('nothing to say'))
    else void say(stream, script)
  }

  #connected(connection: Connection): void {
    const script = this.#script
    if (script?.stage === 'yamux' || script?.stage === 'muxer') void below(connection, script)
    if (script?.stage !== 'stream') return
    const { muxer } = connection as unknown as { muxer: { onRemoteStream(stream: Stream): void } }
    muxer.onRemoteStream = stream => void say(stream, script)
  }
}

/** Offers a muxer that there is not. */
async function strange(address: string, conversation: Secured): Promise<void> {
  const host = await rude([], conversation.protocol)
  try {
    await host.dial(multiaddr(address), { signal: AbortSignal.timeout(patienceMs()) })
  } catch {
    // As it should be
  }
  await Promise.race([host.stop(), pause(300)])
}

/** A stream on which nothing has been agreed on. */
async function raw(connection: Connection): Promise<Stream> {
  const { muxer } = connection as unknown as { muxer: { createStream(): Promise<Stream> | Stream } }
  return await muxer.createStream()
}

async function say(stream: Stream, { chunks, gapMs, ending }: Secured): Promise<void> {
  const closed = new Promise<void>(resolve =>
    stream.addEventListener('close', () => resolve(), { once: true }),
  )
  stream.addEventListener('message', () => {})
  try {
    for (const chunk of chunks) {
      if (chunk.length > 0) stream.send(chunk)
      if (gapMs > 0) await pause(gapMs)
    }
    if (ending === 'end') await stream.close()
    else if (ending !== 'silence') stream.abort(new Error('hung up'))
  } catch {
    // The host has ended it before
  }
  await Promise.race([closed, pause(ending === 'silence' ? patienceMs() : 50)])
  if (stream.status === 'open') stream.abort(new Error('over'))
}

/** Below the streams, inside the handshake's encryption. */
async function below(connection: Connection, { chunks, gapMs, ending }: Secured): Promise<void> {
  const { muxer } = connection as unknown as { muxer: { maConn: { send(bytes: Uint8Array): void } } }
  try {
    for (const chunk of chunks) {
      if (chunk.length > 0) muxer.maConn.send(chunk)
      if (gapMs > 0) await pause(gapMs)
    }
    if (ending === 'silence') await pause(100)
  } catch {
    // The host has ended it before
  }
  connection.abort(new Error('over'))
}
