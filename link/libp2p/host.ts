// The link over libp2p (docs/spec/link.md).

import type { Libp2p, PeerId, Stream, StreamHandler } from '@libp2p/interface'
import { soon } from '#machine'
import { descriptorLimit, gossiping } from '#sockets'
import { hex } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import { stayAlive } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { countHost } from '../../world/resources.ts'
import { guardedClock } from '../../world/timers.ts'
import { sleep } from '../../world/wait.ts'
import type { Certificates } from '../certificates.ts'
import { type Conducts, conducts, type Deed } from '../conduct.ts'
import { descriptorsFor, withinDescriptors } from '../descriptors.ts'
import type { Dht } from '../dht.ts'
import type { Gossip, GossipInit } from '../gossip.ts'
import { publicKeyOf } from '../identity.ts'
import type { LinkLimits } from '../limits.ts'
import { connectionBounds, defaultLimits, requestBounds, requestByteBounds, streamBounds } from '../limits.ts'
import type {
  CellsHandler,
  Host,
  LinkCounters,
  Neighbour,
  Peer,
  RequestEnd,
  RequestHandler,
  RequestOptions,
  Shut,
} from '../link.ts'
import { LinkError, noRequests } from '../link.ts'
import { Outbox, openLoop } from '../outbox.ts'
import { type Holder, type RankOf, Shares } from '../shares.ts'
import { type Crowded, noTraffic, type Refusals, type Refused, type Traffic } from '../traffic.ts'
import { answerRequests } from './answering.ts'
import { Arrivals } from './arrivals.ts'
import { Asking } from './asking.ts'
import { cellProtocol, cellStreams, openCells, receiveCells } from './cells.ts'
import { Connections, idOf } from './connections.ts'
import { KadTable } from './dht-kad.ts'
import type { ReachingHost } from './dialling.ts'
import { Entrance } from './entrance.ts'
import type { Gossiping, HostGossip } from './gossiping.ts'
import { createHost, listenOn } from './libp2p.ts'
import type { NoiseMaker } from './noise.ts'
import { because, writeBytes } from './streams.ts'
import type { ProxyInit } from './transport-init.ts'

/** Holds what a host is made of: its key, its addresses, its limits. */
export interface HostInit {
  /** 32 bytes, the Ed25519 secret; undefined for a throw-away identity, as clients use. */
  readonly seed: Uint8Array | undefined
  /** Multiaddrs; TCP, or WebSocket when they end in /ws. Port 0 takes a free one. */
  readonly listen: readonly string[]
  /** Multiaddrs others are told, when they differ from those. */
  readonly announce?: readonly string[]
  readonly cellBytes: number
  readonly clock: Clock
  readonly log: Log
  readonly random: (length: number) => Uint8Array
  readonly limits?: Partial<LinkLimits>
  /** Says who may send cells; asked for each stream and each batch. */
  readonly admits: (from: Uint8Array) => boolean
  /** A client never listens. */
  readonly role: 'node' | 'authority' | 'client'
  /** Shown where an address of `listen` ends in `/tls/ws` or `/wss`. */
  readonly certificates?: Certificates | undefined
  /** PEM: roots that the certificate of a dialled `/tls/ws` may lead to, besides those that Node knows. */
  readonly trust?: string | undefined
  /** Proxies that say whose connections they pass on. */
  readonly proxies?: ProxyInit | undefined
  /** Source address of outgoing TCP connections, so that a test on one machine can tell hosts apart. */
  readonly localAddress?: string
  /** Other primitives under Noise than those that packets have, for a measurement. */
  readonly noise?: NoiseMaker
  /** Says whether limits of addresses and networks hold for this machine's own, too. */
  readonly countLoopback?: boolean
}

/** Streams of one protocol that a peer may have open on one connection. */
const requestStreams = 32

/**
 * Starts a libp2p host.
 *
 * @throws LinkError LISTEN naming the address, when it cannot be listened on
 */
export async function startHost(given: HostInit): Promise<Host> {
  const init = { ...given, clock: guardedClock(given.clock, given.log, 'link') }
  const limits = machineLimits(init)
  const seed = init.seed ?? systemRandom(32)
  const listen = init.role === 'client' ? [] : init.listen
  const arrivals = new Arrivals(limits, init.clock, init.countLoopback)
  let host: Libp2pHost | undefined
  // By need: whoever is no node does not load it
  const gossips = init.role === 'node' ? await gossiping() : undefined
  const entrance = new Entrance(arrivals, init.clock, limits)
  const traffic = noTraffic()
  const libp2p = await createHost({
    seed,
    listen,
    announce: init.announce ?? [],
    localAddress: init.localAddress,
    certificates: init.certificates,
    trust: init.trust,
    proxies: init.proxies,
    clock: init.clock,
    limits,
    lets: peer => host?.lets(peer) === true,
    did: (peer, deed) => host?.did(peer, deed),
    traffic,
    entrance,
    noise: init.noise,
    gossip: gossips?.service,
  })
  const networkOf = (address: string): string | undefined => arrivals.networkOf(address)
  const sockets = { traffic, refused: () => entrance.refused, networkOf }
  host = new Libp2pHost(init, limits, seed, libp2p, gossips, sockets)
  try {
    await listenOn(libp2p, listen)
    const own = `/p2p/${libp2p.peerId.toString()}`
    host.addresses = libp2p.getMultiaddrs().map(address => address.toString().replace(own, ''))
  } catch (error) {
    await host.close()
    throw error
  }
  return host
}

/** The bounds that hold on this machine: no more sockets than it lets a process have. */
function machineLimits({ limits, role, log }: HostInit): LinkLimits {
  const wanted: LinkLimits = { ...defaultLimits, ...limits }
  const descriptors = descriptorLimit()
  const lowered = withinDescriptors(wanted, descriptors)
  if (lowered !== wanted && role !== 'client') {
    const need = descriptorsFor(wanted)
    const { connections } = lowered
    log.warn(
      { descriptors: descriptors ?? 0, need, connections },
      `few file descriptors: fewer connections; raise them to ${need} (ulimit -n ${need}, LimitNOFILE=${need})`,
    )
  }
  return lowered
}

/** Tells of sockets before there is a peer: what they carried, who was turned away, and where they come from. */
interface Sockets {
  readonly traffic: Traffic
  readonly refused: () => Refused
  readonly networkOf: (address: string) => string | undefined
}

class Libp2pHost implements Host {
  readonly id: Uint8Array
  addresses: readonly string[] = []
  readonly #table: KadTable
  readonly #init: HostInit
  readonly #limits: LinkLimits
  readonly #libp2p: Libp2p
  readonly #gossips: Gossiping | undefined
  #gossip: HostGossip | undefined
  readonly #connections: Connections
  readonly #asking: Asking
  readonly #outbox: Outbox
  /** A host that does not listen has no socket open between two connections, and its process lives on all the same. */
  readonly #letGo = stayAlive()
  readonly #notCounted: () => void
  readonly #asked: Shares
  readonly #askedBytes: Shares
  readonly #opened: Shares
  readonly #places: Shares
  readonly #sockets: Sockets
  readonly #conducts: Conducts
  readonly #served = new Map<string, { maxBytes: number; handler: RequestHandler }>()
  readonly #goneHandlers: ((id: Uint8Array) => void)[] = []
  readonly #requests: Record<RequestEnd, number> = noRequests()
  readonly #counts = { received: 0, refused: 0, remainder: 0 }
  #rankOf: RankOf = () => 'stranger'
  #cellsHandler: CellsHandler = () => {}
  #closing: Promise<void> | undefined

  constructor(
    init: HostInit,
    limits: LinkLimits,
    seed: Uint8Array,
    libp2p: ReachingHost,
    gossips: Gossiping | undefined,
    sockets: Sockets,
  ) {
    const id = publicKeyOf(seed)
    this.id = id
    this.#init = init
    this.#limits = limits
    this.#libp2p = libp2p
    this.#gossips = gossips
    const { clock } = init
    this.#asked = new Shares(requestBounds(limits))
    this.#askedBytes = new Shares(requestByteBounds(limits))
    this.#opened = new Shares(streamBounds(limits))
    this.#places = new Shares(connectionBounds(limits))
    this.#sockets = sockets
    this.#conducts = conducts(clock, limits.conduct, peer => this.#connections.cut(peer))
    const isOut = (peer: Uint8Array): boolean => this.#conducts.isOut(peer)
    const rankOf: RankOf = peer => this.#rankOf(peer)
    const places = { shares: this.#places, rankOf, networkOf: sockets.networkOf }
    const connections = new Connections({ host: libp2p, clock, limits, isOut, places }, gone => {
      this.#gossip?.gone(gone)
      for (const handler of this.#goneHandlers) this.#guard(() => handler(gone))
    })
    this.#connections = connections
    this.#asking = new Asking(connections, clock, limits)
    this.#notCounted = countHost(() => ({
      listeners: connections.listeners,
      pendingDials: connections.dials,
      bytesIn: sockets.traffic.bytesIn,
      bytesOut: sockets.traffic.bytesOut,
      refusals: this.#refusals(),
      crowded: this.#crowded(),
    }))
    this.#table = new KadTable({ libp2p, clock, seed, connections, rankOf, serves: init.role !== 'client' })
    const loop = openLoop(clock, cells => void this.#receive(id, cells))
    this.#outbox = new Outbox({
      cellBytes: init.cellBytes,
      cellsPerWrite: Math.max(1, Math.floor(writeBytes / init.cellBytes)),
      limits,
      clock,
      random: init.random,
      open: (to, events) =>
        this.#isSelf(to) ? loop(to, events) : openCells({ connections, clock, limits }, to, events),
      soon,
    })
    this.#handle(cellProtocol, cellStreams, (from, stream) =>
      receiveCells(
        {
          cellBytes: init.cellBytes,
          clock,
          limits,
          admits: peer => this.#guard(() => init.admits(peer)) === true,
          receive: (peer, cells) => this.#receive(peer, cells),
          count: what => {
            this.#counts[what]++
            this.#conducts.did(from, { type: 'stream' })
          },
        },
        from,
        stream,
      ),
    )
  }

  get dht(): Dht {
    return this.#table
  }

  send(to: Peer, cell: Uint8Array): boolean {
    return this.#outbox.send(to, cell)
  }

  onCells(handler: CellsHandler): void {
    this.#cellsHandler = handler
  }

  request(to: Peer, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (!this.#isSelf(to)) return this.#asking.request(to, protocol, body, options)
    return this.#asking.within(options, () => this.#askSelf(protocol, body.slice(), options.maxBytes))
  }

  serve(protocol: string, maxBytes: number, handler: RequestHandler): void {
    this.#served.set(protocol, { maxBytes, handler })
    if (this.#libp2p.getProtocols().includes(protocol)) return
    const { clock } = this.#init
    this.#handle(protocol, requestStreams, (from, stream, holder) =>
      answerRequests(
        {
          protocol,
          ...(this.#served.get(protocol) ?? { maxBytes, handler }),
          clock,
          limits: this.#limits,
          requests: this.#asked,
          bytes: this.#askedBytes,
          holder,
          count: end => {
            this.#requests[end]++
            if (end === 'too-large') this.#conducts.did(from, { type: 'stream' })
          },
        },
        from,
        stream,
      ),
    )
  }

  onGone(handler: (id: Uint8Array) => void): void {
    this.#goneHandlers.push(handler)
  }

  rankPeers(rankOf: RankOf): void {
    this.#rankOf = peer => this.#guard(() => rankOf(peer)) ?? 'stranger'
  }

  isConnected(id: Uint8Array): boolean {
    return this.#connections.has(id)
  }

  judge(from: Uint8Array, cells: { fitting: number; misfits: number }): boolean {
    const { times } = this.#conducts
    this.#conducts.did(from, { type: 'cells', ...cells })
    return this.#conducts.times > times
  }

  shut(): Shut {
    return { times: this.#conducts.times, out: this.#conducts.out() }
  }

  gossip(gossip: GossipInit): Gossip {
    if (this.#gossips === undefined || this.#gossip !== undefined)
      throw new LinkError('WRONG_STATE', 'gossip: a node takes part once, others never')
    const judge: GossipInit['judge'] = (from, topic, message) =>
      this.#guard(() => gossip.judge(from, topic, message)) ?? 'ignore'
    this.#gossip = this.#gossips.join(
      { ...gossip, judge },
      {
        connections: this.#connections,
        clock: this.#init.clock,
        limits: this.#limits,
        did: (peer, deed) => this.#conducts.did(peer, deed),
      },
    )
    return this.#gossip
  }

  keepNeighbours(ids: readonly Uint8Array[]): void {
    this.#outbox.keep(ids)
  }

  neighbours(): readonly Neighbour[] {
    return this.#outbox.neighbours()
  }

  flush(timeoutMs: number): Promise<void> {
    return this.#outbox.flush(timeoutMs)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  counters(): LinkCounters {
    const { sent, dropped } = this.#outbox.totals()
    return {
      cellsReceived: this.#counts.received,
      cellsSent: sent,
      cellsDropped: dropped,
      streamsRefused: this.#counts.refused,
      remainders: this.#counts.remainder,
      requests: { ...this.#requests },
      refusals: this.#refusals(),
      crowded: this.#crowded(),
      connections: this.#connections.count,
      streams: this.#connections.streams,
      ...this.#sockets.traffic,
    }
  }

  #refusals(): Refusals {
    return {
      sockets: this.#sockets.refused(),
      connections: this.#places.refused,
      streams: this.#opened.refused,
      requests: this.#asked.refused,
      request_bytes: this.#askedBytes.refused,
    }
  }

  #crowded(): Crowded {
    return {
      connections: this.#places.crowded,
      streams: this.#opened.crowded,
      requests: this.#asked.crowded,
      request_bytes: this.#askedBytes.crowded,
    }
  }

  /** Past the limit only neighbours that this host sends to come in: clients cannot shut nodes out. */
  lets(peer: PeerId): boolean {
    const from = idOf(peer)
    if (from === undefined || this.#conducts.isOut(from)) return false
    this.#connections.makeRoom(from)
    return true
  }

  /** The guards: a peer has done this. */
  did(peer: PeerId, deed: Deed): void {
    const from = idOf(peer)
    if (from !== undefined) this.#conducts.did(from, deed)
  }

  async #close(): Promise<void> {
    this.#gossip?.stop()
    this.#outbox.close()
    this.#asking.close()
    await this.#table.close()
    this.#connections.close(cellProtocol)
    try {
      await this.#libp2p.stop()
    } finally {
      this.#notCounted()
      this.#letGo()
    }
  }

  /** Requests to oneself go round the network; libp2p would refuse the dial. */
  async #askSelf(protocol: string, body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
    await sleep(this.#init.clock, 0)
    const served = this.#served.get(protocol)
    const fits = served !== undefined && body.length <= served.maxBytes
    const place = fits ? this.#asked.enter({ peer: hex(this.id), rank: 'authority' }) : undefined
    if (served === undefined || place === undefined)
      throw new LinkError('REFUSED', 'closed without an answer')
    let answer: Uint8Array
    try {
      answer = await served.handler(this.id, body)
      this.#requests.answered++
    } catch {
      this.#requests.failed++
      throw new LinkError('REFUSED', 'closed without an answer')
    } finally {
      place.leave()
    }
    if (answer.length > maxBytes) {
      throw new LinkError('TOO_LARGE', `answer: at most ${maxBytes} bytes, have ${answer.length}`)
    }
    return answer.slice()
  }

  #handle(
    protocol: string,
    streams: number,
    run: (from: Uint8Array, stream: Stream, holder: () => Holder) => void,
  ): void {
    const handler: StreamHandler = (stream, connection) => {
      const from = idOf(connection.remotePeer)
      if (from === undefined) return stream.abort(because('no Ed25519 key'))
      const [name, network] = [hex(from), this.#sockets.networkOf(connection.remoteAddr.toString())]
      const holder = (): Holder => ({ peer: name, network, rank: this.#rankOf(from) })
      const giveUp = (): void => stream.abort(because('too many streams'))
      const place = this.#opened.enter(holder(), 1, giveUp)
      if (place === undefined) return giveUp()
      stream.addEventListener('close', () => place.leave())
      run(from, stream, holder)
    }
    const options = { maxInboundStreams: streams }
    this.#libp2p.handle(protocol, handler, options).catch((error: unknown) => {
      this.#init.log.error({ protocol, error: (error as Error).message }, 'cannot serve')
    })
  }

  #receive(from: Uint8Array, cells: readonly Uint8Array[]): Promise<void> | void {
    this.#counts.received += cells.length
    return this.#guard(() => this.#cellsHandler(from, cells))
  }

  #isSelf(to: Peer): boolean {
    return hex(to.id) === hex(this.id)
  }

  /** A handler that throws is a fault of the role; it costs what it was working on and nothing else. */
  #guard<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch (error) {
      const { log } = this.#init
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'handler threw')
      return undefined
    }
  }
}
