// A network in memory for tests of clients alone: every node is a few lines around `peel`, all on one virtual clock.

import * as assert from 'uvu/assert'
import { ed25519Verify, x25519PublicKey } from '#crypto'
import type { Client } from '../client/client.ts'
import { type ClientOptions, openClient } from '../client/connect.ts'
import type { AnnouncedService } from '../directory/documents/announced.ts'
import { epochAt, epochStart, type Network } from '../directory/documents/network.ts'
import { type Directory, healthy, type Parameters, type View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { type Dht, emptyTable } from '../link/dht.ts'
import { type Link, LinkError } from '../link/link.ts'
import {
  type PageSize,
  proofMessage,
  readRequest,
  writeGreeting,
  writePage,
} from '../link/protocol/mailbox.ts'
import { entryProtocol } from '../link/protocol/relaying.ts'
import { channels } from '../node/gateway/channels.ts'
import { entry } from '../node/gateway/entry.ts'
import { paperNode, paperView } from '../simulator/paper.ts'
import { body, readBody } from '../sphinx/body.ts'
import { ANSWER_RECIPIENT, DROP_RECIPIENT } from '../sphinx/commands.ts'
import { SphinxError } from '../sphinx/error.ts'
import { geometry } from '../sphinx/geometry.ts'
import { peel } from '../sphinx/peel.ts'
import { useReplyBlock } from '../sphinx/reply.ts'
import type { VirtualClock } from '../world/clock.ts'
import { virtualClock } from '../world/clock.ts'
import { fraction, type Random, seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { second } from '../world/units.ts'
import { sleep } from '../world/wait.ts'
import type { FakeEntry, FakeNetworkOptions, FakeNode } from './client-nodes.ts'
import { testParameters } from './client-parameters.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const wireMs = 2

export class FakeNetwork {
  readonly clock: VirtualClock
  readonly network: Network
  readonly random: Random
  readonly parameters: Parameters
  readonly nodes: FakeNode[] = []
  readonly counts = { packets: 0, announcements: 0, refused: {} as Record<string, number>, lost: 0 }
  readonly #lossPercent: number
  readonly #keys = new Map<string, { secret: Uint8Array; public: Uint8Array }>()
  readonly #views = new Map<number, View>()
  /** By gateway: what its views say from the next epoch on. */
  readonly announced: Map<string, AnnouncedService[]> = new Map()
  /** Clients that want to know when a connection has closed. */
  readonly goneHandlers: ((id: Uint8Array) => void)[] = []
  /** Takes every packet that a client sends, for tests that keep or change some. */
  onClientPacket: (packet: Uint8Array) => void = () => {}
  /** Changes what an entry brings, there and back, as a hostile one may. */
  onCell: (errand: Uint8Array) => Uint8Array = errand => errand
  onAnswer: (answer: Uint8Array) => Uint8Array = answer => answer

  constructor(options: FakeNetworkOptions = {}) {
    this.clock = virtualClock(1_700_000_000_000)
    this.random = seededRandom(options.seed ?? 1)
    this.#lossPercent = options.lossPercent ?? 0
    this.parameters = { ...testParameters, ...options.parameters }
    this.network = {
      name: 'fake',
      genesis: this.clock.now(),
      epochMs: options.epochMs ?? 20_000,
      authorities: [],
      threshold: 1,
      suite: 'x25519',
      hops: 5,
      userBytes: 2000,
      topology: 'stratified',
      layers: 3,
      minimum: { mixes: 3, gateways: 1 },
    }
    for (let layer = 0; layer < 3; layer++) for (let i = 0; i < 2; i++) this.#add('mix', layer)
    for (let i = 0; i < (options.gateways ?? 2); i++) this.#add('gateway', -1)
  }

  get gateways(): FakeNode[] {
    return this.nodes.filter(node => node.role === 'gateway')
  }

  /** A process ends without a word. */
  kill(node: FakeNode): void {
    node.alive = false
    node.nonces.clear()
    node.open.clear()
    node.relaying = this.#relaying(node)
    this.clock.after(wireMs, () => {
      for (const handler of this.goneHandlers) handler(node.id)
    })
  }

  revive(node: FakeNode): void {
    node.alive = true
  }

  /** Looks into what a gateway holds for somebody. */
  mailbox(gateway: FakeNode, key: Uint8Array): readonly FakeEntry[] {
    return gateway.boxes.get(hex(key)) ?? []
  }

  /** Puts bytes into a mailbox, as anybody can. */
  deliver(gateway: FakeNode, key: Uint8Array, payload: Uint8Array): void {
    const padded = new Uint8Array(g.payloadBytes)
    padded.set(payload)
    this.#store(gateway, key, { kind: 'forward', replyId: new Uint8Array(16), payload: padded })
  }

  readonly #recorders = new Set<(key: Uint8Array, entry: Omit<FakeEntry, 'cursor'>) => void>()
  /** The newest epoch of which there is a document; undefined while they come as they should. */
  #lastEpoch: number | undefined

  /** Sees every entry that a gateway keeps, and for whom. Returns how to stop. */
  record(see: (key: Uint8Array, entry: Omit<FakeEntry, 'cursor'>) => void): () => void {
    this.#recorders.add(see)
    return () => this.#recorders.delete(see)
  }

  readonly #told = new Set<(view: View) => void>()

  /** Every client gets the document of now, as it would from any node. */
  tellDocument(): void {
    for (const handler of this.#told) handler(this.#view())
  }

  /** No further documents are made. */
  stopDocuments(): void {
    this.#lastEpoch = epochAt(this.network, this.clock.now())
  }

  /** Starts a client; its dice are seeded by its name. */
  async client(
    name: string,
    options: Partial<ClientOptions> & { store?: Store } = {},
  ): Promise<RunningClient> {
    const seed = new Uint8Array(32)
    new TextEncoder().encodeInto(name, seed)
    const link = new FakeLink(this, seededRandom(seed)(32))
    const store = options.store ?? memoryStore()
    const client = await openClient({
      network: this.network,
      clock: this.clock,
      directory: this.directory(),
      link,
      random: seededRandom(seed),
      ...options,
      store,
    })
    return { client, link, store }
  }

  directory(): Directory {
    const handlers = new Set<(view: View) => void>()
    let over = false
    const next = (): void => {
      const epoch = epochAt(this.network, this.clock.now())
      this.clock.after(epochStart(this.network, epoch + 1) - this.clock.now(), () => {
        if (over) return
        const view = this.#view()
        for (const handler of handlers) handler(view)
        next()
      })
    }
    next()
    return {
      current: () => this.#view(),
      view: () => this.#view(),
      onView: handler => {
        handlers.add(handler)
        this.#told.add(handler)
        return () => {
          this.#told.delete(handler)
          handlers.delete(handler)
        }
      },
      health: () => healthy,
      ready: async () => this.#view(),
      close: async () => {
        over = true
      },
    }
  }

  /** A packet reaches a node. */
  arrive(to: string, packet: Uint8Array): void {
    const node = this.nodes.find(each => each.name === to)
    this.counts.packets++
    if (node === undefined || !node.alive || fraction(this.random) * 100 < this.#lossPercent) {
      this.counts.lost++
      return
    }
    try {
      this.#peel(node, packet)
    } catch (error) {
      if (!(error instanceof SphinxError)) throw error
      this.counts.refused[error.code] = (this.counts.refused[error.code] ?? 0) + 1
    }
  }

  /** The mailbox protocol, as a gateway serves it. */
  serve(gateway: FakeNode, from: Uint8Array, body: Uint8Array): Uint8Array {
    const request = readRequest(body)
    const peer = hex(from)
    const zeros = new Uint8Array(32)
    if (request.t === 'hello') {
      const nonce = this.random(32)
      gateway.nonces.set(peer, nonce)
      return writeGreeting({ status: 'ok', nonce })
    }
    if (request.t === 'announce') {
      this.counts.announcements++
      const { pageEntries: places, bulletinPageBytes: boardBytes } = this.parameters
      const { name, sealingKey } = request
      const mailboxKey = gateway.open.get(peer)
      if (mailboxKey !== undefined)
        this.announced.set(gateway.name, [{ name, sealingKey, mailboxKey: Buffer.from(mailboxKey, 'hex') }])
      const status = mailboxKey === undefined ? 'not-open' : 'ok'
      return writePage(
        { status, waiting: 0, entries: [], board: new Uint8Array(boardBytes) },
        { places, payloadBytes: g.payloadBytes, boardBytes },
      )
    }
    if (request.t === 'open') {
      const message = proofMessage(gateway.id, from, gateway.nonces.get(peer) ?? zeros)
      if (!ed25519Verify(request.key, message, request.proof)) {
        return writeGreeting({ status: 'bad-proof', nonce: zeros })
      }
      const owner = hex(request.key)
      if (gateway.full && !gateway.owned.has(owner)) return writeGreeting({ status: 'full', nonce: zeros })
      gateway.owned.add(owner)
      gateway.open.set(peer, owner)
      return writeGreeting({ status: 'ok', nonce: zeros })
    }
    const { pageEntries: places, bulletinPageBytes: boardBytes } = this.parameters
    const size = { places, payloadBytes: g.payloadBytes, boardBytes }
    const board = new Uint8Array(boardBytes)
    const owner = gateway.open.get(peer)
    if (owner === undefined) return writePage({ status: 'not-open', waiting: 0, entries: [], board }, size)
    const box = (gateway.boxes.get(owner) ?? []).filter(entry => entry.cursor > request.done)
    gateway.boxes.set(owner, box)
    const found = box.filter(entry => entry.cursor > request.after)
    const entries = found.slice(0, size.places)
    return writePage({ status: 'ok', waiting: found.length - entries.length, entries, board }, size)
  }

  #peel(node: FakeNode, packet: Uint8Array): void {
    const epoch = epochAt(this.network, this.clock.now())
    const grace = this.network.epochMs / 4
    const sinceStart = this.clock.now() - epochStart(this.network, epoch)
    const neighbour = sinceStart < grace ? epoch - 1 : sinceStart > 3 * grace ? epoch + 1 : undefined
    const isReplay = (tag: Uint8Array): boolean => {
      const name = hex(tag)
      if (node.tags.has(name)) return true
      node.tags.add(name)
      return false
    }
    let peeled: ReturnType<typeof peel>
    try {
      peeled = peel(g, this.#key(node, epoch).secret, packet, isReplay)
    } catch (error) {
      if (neighbour === undefined || !(error instanceof SphinxError) || error.code !== 'BAD_MAC') throw error
      peeled = peel(g, this.#key(node, neighbour).secret, packet, isReplay)
    }
    if (peeled.at === 'forward') {
      const { next, packet: onward } = peeled
      this.clock.after(peeled.delayMs + wireMs, () => this.arrive(hex(next), onward))
    } else if (peeled.at === 'reply') {
      const { replyId, payload, recipient } = peeled
      if (hex(recipient) === hex(DROP_RECIPIENT)) return
      this.#store(node, recipient, { kind: 'reply', replyId, payload })
    } else {
      const { ack, user } = readBody(g, peeled.body)
      if (hex(peeled.recipient) === hex(ANSWER_RECIPIENT)) this.#answer(node, user)
      else if (hex(peeled.recipient) !== hex(DROP_RECIPIENT)) this.deliver(node, peeled.recipient, user)
      this.clock.after(peeled.delayMs, () => {
        const { first, packet: back } = useReplyBlock(g, ack, new Uint8Array(g.bodyBytes))
        if (node.alive) this.arrive(hex(first), back)
      })
    }
  }

  #answer(node: FakeNode, carried: Uint8Array): void {
    const user = new Uint8Array(g.userBytes)
    user.set(carried.subarray(g.replyBlockBytes))
    const said = body(g, { flags: 0, ack: new Uint8Array(g.replyBlockBytes), user })
    const { first, packet } = useReplyBlock(g, carried.subarray(0, g.replyBlockBytes), said)
    assert.equal(first, node.id)
    this.arrive(node.name, packet)
  }

  #store(node: FakeNode, key: Uint8Array, entry: Omit<FakeEntry, 'cursor'>): void {
    for (const see of this.#recorders) see(key, entry)
    const box = node.boxes.get(hex(key)) ?? []
    box.push({ ...entry, cursor: node.nextCursor++ })
    node.boxes.set(hex(key), box)
  }

  #add(role: 'mix' | 'gateway', layer: number): void {
    const id = this.random(32)
    const node: FakeNode = {
      id,
      name: hex(id),
      role,
      layer,
      alive: true,
      full: false,
      owned: new Set(),
      tags: new Set(),
      boxes: new Map(),
      nonces: new Map(),
      open: new Map(),
      nextCursor: 1,
      relaying: undefined as never,
    }
    node.relaying = this.#relaying(node)
    this.nodes.push(node)
  }

  /** A gateway's own code for what it carries to other homes, and for what others bring. */
  #relaying(node: FakeNode): FakeNode['relaying'] {
    const { clock, random } = this
    const pageSize = (): PageSize => this.#pageSize()
    const ends = channels({
      id: node.id,
      keys: () => {
        const epoch = epochAt(this.network, clock.now())
        return [epoch, epoch - 1].map(of => {
          const { secret, public: publicKey } = this.#key(node, of)
          return { epoch: of, secret, publicKey }
        })
      },
      gateway: () => ({
        answer: async (from, request) => this.serve(node, from, request),
        gone: () => {},
        isOwner: () => true,
      }),
      pageSize,
      most: 64,
      idleMs: () => 60 * second,
      clock,
      random,
    })
    const carries = entry({
      id: node.id,
      link: { request: (to, _protocol, batch) => this.#batch(node, to.id, batch) },
      home: id => this.#view().nodes.get(hex(id)),
      here: batch => ends.answer(node.id, batch),
      mayAsk: () => 'yes',
      pageSize,
      payloadBytes: g.payloadBytes,
      clock,
    })
    return { entry: carries, channels: ends }
  }

  /** A batch of cells from one gateway to another. */
  async #batch(from: FakeNode, to: Uint8Array, batch: Uint8Array): Promise<Uint8Array> {
    const home = this.gateways.find(each => each.name === hex(to))
    await sleep(this.clock, wireMs)
    if (home?.alive !== true) throw new LinkError('UNREACHABLE', 'nobody there')
    const answer = await home.relaying.channels.answer(from.id, batch)
    await sleep(this.clock, wireMs)
    return answer
  }

  #pageSize(): PageSize {
    const { pageEntries: places, bulletinPageBytes: boardBytes } = this.parameters
    return { places, payloadBytes: g.payloadBytes, boardBytes }
  }

  #key(node: FakeNode, epoch: number): { secret: Uint8Array; public: Uint8Array } {
    const name = `${node.name} ${epoch}`
    let key = this.#keys.get(name)
    if (key === undefined) {
      const secret = seededRandom(node.id)(32 * (epoch + 2)).slice(-32)
      key = { secret, public: x25519PublicKey(secret) }
      this.#keys.set(name, key)
    }
    return key
  }

  #view(): View {
    const now = epochAt(this.network, this.clock.now())
    const epoch = Math.min(now, this.#lastEpoch ?? now)
    let view = this.#views.get(epoch)
    if (view === undefined) {
      view = this.#makeView(epoch)
      this.#views.set(epoch, view)
    }
    return view
  }

  #makeView(epoch: number): View {
    const entries = this.nodes.map(node => ({
      ...paperNode({ id: node.id, addresses: [] }, node.layer),
      services: this.announced.get(node.name) ?? [],
      packetKeys: new Map([0, 1, 2].map(i => [epoch + i, this.#key(node, epoch + i).public])),
    }))
    const hash = new Uint8Array(32).fill(epoch)
    return paperView(this.network, entries, { epoch, hash, parameters: this.parameters })
  }
}

export interface RunningClient {
  readonly client: Client
  readonly link: FakeLink
  readonly store: Store
}

/** A client's link: cells and requests reach gateways that are alive. */
export class FakeLink implements Link {
  readonly id: Uint8Array
  readonly addresses: readonly string[] = []
  readonly dht: Dht = emptyTable
  readonly #network: FakeNetwork
  /** Its process was killed: nothing leaves or comes any more. */
  dead = false
  sent = 0

  constructor(network: FakeNetwork, id: Uint8Array) {
    this.#network = network
    this.id = id
  }

  send(to: { readonly id: Uint8Array }, cell: Uint8Array): boolean {
    if (this.dead) return false
    this.sent++
    this.#network.onClientPacket(cell)
    this.#network.clock.after(wireMs, () => this.#network.arrive(hex(to.id), cell))
    return true
  }

  request(to: { readonly id: Uint8Array }, protocol: string, body: Uint8Array): Promise<Uint8Array> {
    const { clock, gateways } = this.#network
    const gateway = gateways.find(each => each.name === hex(to.id))
    return new Promise((resolve, reject) => {
      if (this.dead) return
      if (gateway === undefined || !gateway.alive) {
        clock.after(wireMs, () => reject(new LinkError('UNREACHABLE', 'nobody there')))
        return
      }
      clock.after(wireMs, () => {
        const answer =
          protocol === entryProtocol
            ? gateway.relaying.entry.carry(this.id, this.#network.onCell(body))
            : Promise.resolve(this.#network.serve(gateway, this.id, body))
        answer.then(
          bytes => clock.after(wireMs, () => resolve(this.#network.onAnswer(bytes))),
          () => reject(new LinkError('REFUSED', 'closed')),
        )
      })
    })
  }

  onCells(): void {}
  serve(): void {}
  onGone(handler: (id: Uint8Array) => void): void {
    this.#network.goneHandlers.push(handler)
  }
  keepNeighbours(): void {}
  neighbours(): [] {
    return []
  }
  async flush(): Promise<void> {}
  async close(): Promise<void> {
    this.dead = true
  }
}
