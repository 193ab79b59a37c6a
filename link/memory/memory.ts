// The link in memory: hosts of one process on a virtual clock, with latency, loss, partitions and crashes from
// one seed. Queues, back-off and limits are those of the libp2p host (docs/spec/link.md 12).

import { hex } from '../../encoding/bytes.ts'
import { addressAt, readMultiaddr } from '../../encoding/multiaddr.ts'
import type { Log } from '../../world/log.ts'
import { silent } from '../../world/log.ts'
import { wait } from '../../world/wait.ts'
import { type Conducts, conducts } from '../conduct.ts'
import type { Dht } from '../dht.ts'
import type { Gossip, GossipInit } from '../gossip.ts'
import { publicKeyOf } from '../identity.ts'
import type { LinkLimits } from '../limits.ts'
import { defaultLimits, requestBounds } from '../limits.ts'
import type {
  CellsHandler,
  Host,
  Neighbour,
  Peer,
  RequestEnd,
  RequestHandler,
  RequestOptions,
  Shut,
} from '../link.ts'
import { LinkError, noRequests } from '../link.ts'
import type { CellStream, CellStreamEvents } from '../outbox.ts'
import { Outbox, openLoop } from '../outbox.ts'
import { type RankOf, Shares } from '../shares.ts'
import { noTraffic, type Traffic } from '../traffic.ts'
import { UnderWay } from '../under-way.ts'
import { MemoryGossip } from './gossip-memory.ts'
import { MemoryTable } from './memory-dht.ts'
import type { Connection, Sight, WireInit } from './wire.ts'
import { Wire } from './wire.ts'

export type { Sight } from './wire.ts'

/** Holds what a network in memory is made of. */
export interface MemoryNetworkInit extends WireInit {
  readonly log?: Log
  /** The IP addresses for which names in addresses stand, 4 or 16 bytes each. */
  readonly names?: ReadonlyMap<string, Uint8Array>
}

/** Holds what a host in memory is made of. */
export interface MemoryHostInit {
  /** 32 bytes, or undefined for a throw-away identity. */
  readonly seed?: Uint8Array | undefined
  readonly cellBytes: number
  /** Says who may send cells. */
  readonly admits: (from: Uint8Array) => boolean
  readonly role: 'node' | 'authority' | 'client'
  /** Default: one made of the id; a client has none and cannot be dialled. */
  readonly addresses?: readonly string[]
  readonly limits?: Partial<LinkLimits>
}

/** A network inside one process, on whose hosts nothing waits for a real wire. */
export interface MemoryNetwork {
  /** Starts a host. One that was killed or closed starts again by its seed. @throws LinkError LISTEN while it runs */
  host(init: MemoryHostInit): Host
  /** The process ends without a word: its queues are lost, the others notice a latency later. */
  kill(id: Uint8Array): void
  /** From now on hosts reach only those of their own group; hosts that no group names are one group. */
  partition(groups: readonly (readonly Uint8Array[])[]): void
  /** Ends the partition. */
  heal(): void
  /** Shows everything that leaves a host; the function it returns ends that. */
  tap(handler: (sight: Sight) => void): () => void
  readonly stats: { readonly cells: number; readonly lost: number; readonly requests: number }
}

const framePrefixBytes = 4

/** Makes a network inside this process, in which hosts reach each other by their ids. */
export function memoryNetwork(init: MemoryNetworkInit): MemoryNetwork {
  const log = init.log ?? silent
  const wire = new Wire<MemoryHost>(init)
  return {
    host(hostInit) {
      const seed = hostInit.seed ?? init.random(32)
      const id = publicKeyOf(seed)
      if (wire.find(id) !== undefined) throw new LinkError('LISTEN', `host ${hex(id)} runs already`)
      const host = new MemoryHost({ ...init, ...hostInit, log }, id, wire)
      wire.add(host)
      return host
    },
    kill: id => wire.find(id)?.end(),
    partition: groups => wire.partition(groups),
    heal: () => wire.partition([]),
    tap: handler => wire.tap(handler),
    stats: wire.stats,
  }
}

type Reply = { readonly answer: Uint8Array } | { readonly refused: true }

class MemoryHost implements Host {
  readonly id: Uint8Array
  readonly addresses: readonly string[]
  readonly dht: Dht
  readonly #init: MemoryNetworkInit & MemoryHostInit & { readonly log: Log }
  readonly #limits: LinkLimits
  readonly #wire: Wire<MemoryHost>
  readonly #outbox: Outbox
  readonly #asked: Shares
  readonly #conducts: Conducts
  readonly #served = new Map<string, { maxBytes: number; handler: RequestHandler }>()
  readonly #underWay: UnderWay
  readonly traffic: Traffic = noTraffic()
  readonly #goneHandlers: ((id: Uint8Array) => void)[] = []
  readonly #requests: Record<RequestEnd, number> = noRequests()
  gossiping: MemoryGossip<MemoryHost> | undefined
  #cellsHandler: CellsHandler = () => {}
  #rankOf: RankOf = () => 'stranger'
  #cellsReceived = 0
  #streamsRefused = 0
  #ended = false

  constructor(
    init: MemoryNetworkInit & MemoryHostInit & { readonly log: Log },
    id: Uint8Array,
    wire: Wire<MemoryHost>,
  ) {
    this.id = id
    this.addresses = init.role === 'client' ? [] : (init.addresses ?? [`/memory/${hex(id.subarray(0, 8))}`])
    this.dht = new MemoryTable(this, init.role !== 'client')
    this.#init = init
    this.#limits = { ...defaultLimits, ...init.limits }
    this.#wire = wire
    this.#underWay = new UnderWay(init.clock)
    this.#asked = new Shares(requestBounds(this.#limits))
    this.#conducts = conducts(init.clock, this.#limits.conduct, peer => wire.cut(this, peer))
    const loop = openLoop(init.clock, cells => this.receive(id, cells))
    this.#outbox = new Outbox({
      cellBytes: init.cellBytes,
      cellsPerWrite: Math.max(1, Math.floor(65_507 / init.cellBytes)),
      limits: this.#limits,
      clock: init.clock,
      random: init.random,
      open: (to, events) => (hex(to.id) === hex(id) ? loop(to, events) : this.#open(to, events)),
      soon: queueMicrotask,
    })
  }

  send(to: Peer, cell: Uint8Array): boolean {
    return this.#outbox.send(to, cell)
  }

  onCells(handler: CellsHandler): void {
    this.#cellsHandler = handler
  }

  serve(protocol: string, maxBytes: number, handler: RequestHandler): void {
    this.#served.set(protocol, { maxBytes, handler })
  }

  onGone(handler: (id: Uint8Array) => void): void {
    this.#goneHandlers.push(handler)
  }

  rankPeers(rankOf: RankOf): void {
    this.#rankOf = rankOf
  }

  isConnected(id: Uint8Array): boolean {
    return this.#wire.isConnected(this, id)
  }

  judge(from: Uint8Array, cells: { fitting: number; misfits: number }): boolean {
    const { times } = this.#conducts
    this.#conducts.did(from, { type: 'cells', ...cells })
    return this.#conducts.times > times
  }

  shut(): Shut {
    return { times: this.#conducts.times, out: this.#conducts.out() }
  }

  gossip(init: GossipInit): Gossip {
    if (this.#init.role !== 'node' || this.gossiping !== undefined)
      throw new LinkError('WRONG_STATE', 'gossip: a node takes part once, others never')
    this.gossiping = new MemoryGossip<MemoryHost>(init, this, this.#wire, this.#limits.dialMs)
    return this.gossiping
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

  async close(): Promise<void> {
    this.end()
  }

  counters(): ReturnType<Host['counters']> {
    const { sent, dropped } = this.#outbox.totals()
    return {
      cellsReceived: this.#cellsReceived,
      cellsSent: sent,
      cellsDropped: dropped,
      streamsRefused: this.#streamsRefused,
      remainders: 0,
      requests: { ...this.#requests },
      refusals: { requests: this.#asked.refused },
      crowded: { requests: this.#asked.crowded },
      ...this.traffic,
      connections: this.#wire.connections(this),
      streams: this.#outbox.neighbours().filter(({ state }) => state === 'open').length,
    }
  }

  /** Stops as a process does that is killed. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.gossiping?.stop()
    this.#outbox.close()
    this.#underWay.close()
    this.#wire.remove(this)
  }

  /** The wire: the last connection to a peer has closed. */
  gone(id: Uint8Array): void {
    for (const handler of this.#goneHandlers) this.#guard(() => handler(id))
  }

  /** The wire: may there be a connection with this peer? */
  lets(peer: Uint8Array): boolean {
    return !this.#conducts.isOut(peer)
  }

  /** The wire: may this peer open a stream of cells? */
  admits(from: Uint8Array): boolean {
    if (this.#init.admits(from)) return true
    this.#streamsRefused++
    this.#conducts.did(from, { type: 'stream' })
    return false
  }

  /** The wire: cells have arrived. */
  receive(from: Uint8Array, cells: readonly Uint8Array[]): void {
    if (this.#ended) return
    this.#cellsReceived += cells.length
    this.#guard(() => void this.#cellsHandler(from, cells))
  }

  /** The wire: a request has arrived. Never rejects. */
  async answer(from: Uint8Array, protocol: string, body: Uint8Array): Promise<Reply> {
    const end = (reason: RequestEnd): Reply => {
      this.#requests[reason]++
      return { refused: true }
    }
    const served = this.#served.get(protocol)
    if (served === undefined) return { refused: true }
    if (body.length > served.maxBytes) return end('too-large')
    let giveUp = (): void => {}
    let given = false
    const place = this.#asked.enter({ peer: hex(from), rank: this.#rankOf(from) }, 1, () => {
      given = true
      giveUp()
    })
    if (place === undefined) return end('busy')
    place.whole(true)
    try {
      const answer = await wait<Uint8Array | undefined>({}, ({ resolve, reject }) => {
        giveUp = () => resolve(undefined)
        served.handler(from, body.slice()).then(resolve, reject)
        const timer = this.#init.clock.after(this.#limits.handleMs, () => resolve(undefined))
        return () => timer.cancel()
      })
      if (given) return end('busy')
      if (answer === undefined) return end('too-slow')
      this.#requests.answered++
      return { answer: answer.slice() }
    } catch {
      return end('failed')
    } finally {
      place.leave()
    }
  }

  request(to: Peer, protocol: string, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#underWay.within(options, ({ resolve, reject }) => {
      const sent = body.slice()
      const asked = (connection: Connection<MemoryHost> | undefined): void => {
        if (connection === undefined) {
          reject(new LinkError('UNREACHABLE', 'the peer cannot be reached'))
          return
        }
        giveUp = connection.onBroken(this, () => reject(new LinkError('UNREACHABLE', 'the connection broke')))
        connection.carry(this, 'request', framePrefixBytes + sent.length, other => {
          void other.answer(this.id, protocol, sent).then(reply => {
            const bytes = framePrefixBytes + ('answer' in reply ? reply.answer.length : 0)
            connection.carry(other, 'answer', bytes, () => {
              if ('refused' in reply) return reject(new LinkError('REFUSED', 'closed without an answer'))
              const { length } = reply.answer
              if (length <= options.maxBytes) {
                if (options.dialAnew === true) this.#tell(to, other, options)
                return resolve(reply.answer)
              }
              reject(new LinkError('TOO_LARGE', `answer: at most ${options.maxBytes} bytes, have ${length}`))
            })
          })
        })
      }
      let giveUp = this.#wire.connect(this, to, this.#limits.dialMs, asked, options.dialAnew)
      return () => giveUp()
    })
  }

  /** Opens a stream of cells: a connection if there is none, then one round trip for the peer's consent. */
  #open(to: Peer, events: CellStreamEvents): () => void {
    let close = (): void => {}
    let over = false
    const broken = (): void => {
      if (over) return
      over = true
      close()
      events.broken()
    }
    close = this.#wire.connect(this, to, this.#limits.dialMs, connection => {
      if (connection === undefined) return broken()
      close = connection.onBroken(this, broken)
      connection.carry(this, undefined, 0, other => {
        const admitted = other.admits(this.id)
        connection.carry(other, undefined, 0, () => {
          if (over) return
          if (!admitted) return broken()
          const stream: CellStream = {
            write: cells => {
              const arriving = this.#wire.lose(cells).map(cell => cell.slice())
              connection.carry(this, 'cells', cells.length * this.#init.cellBytes, receiver => {
                if (!receiver.admits(this.id)) return connection.carry(receiver, undefined, 0, broken)
                receiver.receive(this.id, arriving)
              })
              return true
            },
            close: () => {
              over = true
              close()
            },
          }
          events.opened(stream)
        })
      })
    })
    return () => {
      over = true
      close()
    }
  }

  /** At which of the addresses it was: names stand for what the network says. */
  #tell(to: Peer, other: MemoryHost, { reached }: RequestOptions): void {
    const at = to.addresses.find(address => other.addresses.includes(address))
    if (at === undefined) return
    const { kind, host } = readMultiaddr(at) ?? { kind: 'dns', host: '' }
    const ip = this.#init.names?.get(host)
    // What a whole address says besides does not matter here
    const from = kind === 'dnsaddr' ? `/dns/${host}/tcp/4001` : at
    reached?.(ip === undefined ? at : addressAt(from, ip))
  }

  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#init.log.error({ error: error instanceof Error ? error.message : String(error) }, 'handler threw')
    }
  }
}
