// Gossip over libp2p: gossipsub 1.2. It is told by us whom it is connected to, because no host here tells others which
// protocols it speaks (no identify), and clients, which are connected too, take no part.

import { createHash } from 'node:crypto'
import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from '@libp2p/gossipsub'
import type { Connection, PeerId, Startable, StreamHandler, Topology } from '@libp2p/interface'
import { hex } from '../../encoding/bytes.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import { within } from '../../world/wait.ts'
import { type GossipInit, gossipBeatMs, largestGossip, Standing, type Verdict } from '../gossip.ts'
import type { LinkLimits } from '../limits.ts'
import type { Peer } from '../link.ts'
import { type Connections, idOf } from './connections.ts'
import { decodeRpcLimits, type GossipGuard, guardGossip } from './gossip-guard.ts'
import type { Gossiping, GossipService, GossipSurroundings, HostGossip } from './gossiping.ts'
import { because } from './streams.ts'

const protocols = ['/meshsub/1.2.0', '/meshsub/1.1.0']
/** Messages of one heartbeat's control traffic and some entries. */
const largestRpc = 512 * 1024
const verdicts: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** gossipsub as a service of libp2p, before anybody uses it: no peer is let in. */
class GossipRouter implements GossipService, Startable {
  lets: (peer: PeerId) => boolean = () => false
  guard: GossipGuard = { spend: () => false, follows: () => false }
  #pubsub: GossipSub & Startable = undefined as never
  #topology: Topology | undefined

  /** For libp2p's `services`. */
  attach(components: GossipSubComponents): this {
    const { privateKey, peerId, peerStore, connectionManager, logger, registrar } = components
    const guarded: GossipSubComponents['registrar'] = Object.assign(Object.create(registrar), {
      handle: async (protocol: string, handler: StreamHandler, options?: object) =>
        await registrar.handle(
          protocol,
          (stream, connection) => this.#admit(handler, stream, connection),
          options,
        ),
      unhandle: async (protocol: string) => await registrar.unhandle(protocol),
      register: async (_protocol: string, topology: Topology) => {
        this.#topology = topology
        return 'gossip'
      },
      unregister: () => {
        this.#topology = undefined
      },
    })
    this.#pubsub = gossipsub({
      protocols,
      globalSignaturePolicy: 'StrictNoSign',
      msgIdFn: message => createHash('sha256').update(message.topic).update(message.data).digest(),
      emitSelf: false,
      doPX: false,
      tagMeshPeers: false,
      fallbackToFloodsub: false,
      floodPublish: true,
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true,
      maxInboundDataLength: largestRpc,
      decodeRpcLimits,
      maxOutboundBufferSize: 4 * largestRpc,
      // Nodes of a test share an address; a network keeps Sybils out by other means.
      scoreParams: { IPColocationFactorWeight: 0 },
    })({ privateKey, peerId, peerStore, connectionManager, logger, registrar: guarded }) as GossipSub &
      Startable
    guardGossip(this.#pubsub, {
      spend: (peer, cost) => this.guard.spend(peer, cost),
      follows: (peer, topic) => this.guard.follows(peer, topic),
    })
    return this
  }

  async start(): Promise<void> {
    await this.#pubsub.start()
  }

  async stop(): Promise<void> {
    await this.#pubsub.stop()
  }

  get pubsub(): GossipSub {
    return this.#pubsub
  }

  /** Tells gossipsub of a peer that takes part. */
  connected(connection: Connection): void {
    const peer = connection.remotePeer
    this.#topology?.onDisconnect?.(peer)
    this.#topology?.onConnect?.(peer, connection)
  }

  gone(peer: PeerId): void {
    this.#topology?.onDisconnect?.(peer)
  }

  #admit(handler: StreamHandler, stream: Parameters<StreamHandler>[0], connection: Connection): void {
    if (this.lets(connection.remotePeer)) void handler(stream, connection)
    else stream.abort(because('takes no part in the gossip'))
  }
}

/** Gives what a node takes part in gossip with. */
export function libp2pGossip(): Gossiping {
  const service = new GossipRouter()
  return { service, join: (init, around) => new Libp2pGossip(init, around, service) }
}

class Libp2pGossip implements HostGossip {
  readonly #init: GossipInit
  readonly #router: GossipRouter
  readonly #connections: Connections
  readonly #clock: Clock
  readonly #limits: LinkLimits
  readonly #standing: Standing
  readonly #dialling = new Set<string>()
  /** Topics of before: who has not heard yet that they are over is not to blame. */
  readonly #followed = new Set<string>()
  readonly #stopping = new AbortController()
  #beat: Timer

  constructor(init: GossipInit, around: GossipSurroundings, router: GossipRouter) {
    const { connections, clock, limits, did } = around
    this.#init = init
    this.#router = router
    this.#connections = connections
    this.#clock = clock
    this.#limits = limits
    this.#standing = new Standing(clock, id => this.#expel(id))
    router.guard = {
      spend: (peer, cost) => {
        const id = idOf(peer)
        if (id === undefined || this.#standing.isExpelled(id)) return false
        if (this.#standing.spend(id, cost)) return true
        did(id, { type: 'frame' })
        return false
      },
      follows: (peer, topic) => {
        if (router.pubsub.topicValidators.has(topic)) return true
        const id = idOf(peer)
        if (id === undefined || this.#followed.has(topic)) return false
        did(id, { type: 'stream' })
        this.#standing.note(id, 'reject')
        return false
      },
    }
    router.lets = peer => {
      const id = idOf(peer)
      return id !== undefined && init.admits(id) && !this.#standing.isExpelled(id)
    }
    this.#beat = clock.after(0, () => this.#connect())
  }

  get peers(): readonly Uint8Array[] {
    const { pubsub } = this.#router
    const subscribers = pubsub.getTopics().flatMap(topic => pubsub.getSubscribers(topic))
    const ids = subscribers.flatMap(peer => idOf(peer) ?? [])
    return [...new Map(ids.map(id => [hex(id), id])).values()]
  }

  get counters(): Readonly<Record<Verdict | 'expelled', number>> {
    return this.#standing.counters
  }

  follow(topics: readonly string[]): void {
    const { pubsub } = this.#router
    for (const topic of pubsub.getTopics()) {
      if (topics.includes(topic)) continue
      pubsub.topicValidators.delete(topic)
      this.#followed.add(topic)
      pubsub.unsubscribe(topic)
    }
    for (const topic of topics) {
      pubsub.topicValidators.set(topic, (peer, message) => this.#judge(peer, message))
      pubsub.subscribe(topic)
    }
  }

  publish(topic: string, message: Uint8Array): void {
    if (this.#stopping.signal.aborted || message.length > largestGossip) return
    // What cannot be passed on now is found by those who ask for what they missed.
    this.#router.pubsub.publish(topic, message).catch(() => {})
  }

  /** The last connection to a peer has closed. */
  gone(id: Uint8Array): void {
    const peer = this.#router.pubsub
      .getPeers()
      .find(other => hex(idOf(other) ?? new Uint8Array()) === hex(id))
    if (peer !== undefined) this.#router.gone(peer)
  }

  stop(): void {
    this.#beat.cancel()
    this.#stopping.abort()
    this.#router.lets = () => false
    for (const peer of this.#router.pubsub.getPeers()) this.#router.gone(peer)
  }

  /** gossipsub would go on reading what it sends. */
  #expel(id: Uint8Array): void {
    this.gone(id)
    this.#connections.abort(id, protocols, 'expelled from the gossip')
  }

  #judge(peer: PeerId, { topic, data }: Message): TopicValidatorResult {
    const from = idOf(peer)
    if (from === undefined) return TopicValidatorResult.Reject
    const verdict = data.length > largestGossip ? 'reject' : this.#init.judge(from, topic, data.slice())
    this.#standing.note(from, verdict)
    return verdicts[verdict]
  }

  #connect(): void {
    this.#beat = this.#clock.after(gossipBeatMs, () => this.#connect())
    for (const peer of this.#init.peers()) {
      if (!this.#standing.isExpelled(peer.id)) void this.#meet(peer)
    }
  }

  /** Never rejects. */
  async #meet(peer: Peer): Promise<void> {
    const name = hex(peer.id)
    if (this.#dialling.has(name)) return
    this.#dialling.add(name)
    try {
      const connection = await within(this.#clock, this.#limits.dialMs, [this.#stopping.signal], signal =>
        this.#connections.connect(peer, signal),
      )
      if (!this.#stopping.signal.aborted && !speaksGossip(connection)) this.#router.connected(connection)
    } catch {
      // It is asked again at the next beat.
    } finally {
      this.#dialling.delete(name)
    }
  }
}

/** Says whether we have a stream of gossip to this peer. */
function speaksGossip({ streams }: Connection): boolean {
  return streams.some(({ direction, protocol }) => direction === 'outbound' && protocols.includes(protocol))
}
