// A node's part in the bulletin (docs/spec/bulletin.md): it passes entries on, keeps the newest, fetches what it
// missed, and, as a gateway, publishes what packets bring and shows the board to clients.

import type { NodeEntry, View } from '../../directory/documents/view.ts'
import {
  entryId,
  isEntry,
  quotaBytes,
  stamp,
  type Topic,
  topicNumbered,
  topics,
  topicsOf,
} from '../../directory/topics.ts'
import { type Proof, workOf } from '../../directory/work.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Gossip, Verdict } from '../../link/gossip.ts'
import { LinkError, type NodeLink, type Peer } from '../../link/link.ts'
import {
  boardProtocol,
  catchRequestBytes,
  largestCatch,
  type Piece,
  readCatch,
  readCatchRequest,
  readPiece,
  writeCatch,
  writeCatchRequest,
  writeStamped,
} from '../../link/protocol/bulletin.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import { pick, type Random } from '../../world/random.ts'
import { type Bucket, fullBucket, type Rate, takeTokens } from '../../world/rates.ts'
import { KiB, type Ms, minute, second } from '../../world/units.ts'
import type { Admission } from '../routes.ts'
import { Board } from './board.ts'
import { costOf, Judge, type Refusal } from './judge.ts'
import { type Joined, Pieces } from './pieces.ts'
import { mayStamp } from './room.ts'
import { Sale } from './sale.ts'
import { Showing } from './showing.ts'

export interface BulletinInit {
  readonly network: string
  readonly userBytes: number
  readonly link: NodeLink
  readonly admission: Admission
  /** Ed25519 with the key of the link's identity. */
  readonly sign: (message: Uint8Array) => Uint8Array
  readonly clock: Clock
  readonly random: Random
}

export interface BulletinStatus {
  readonly entries: number
  readonly bytes: number
  /** Nodes it gossips with. */
  readonly peers: number
  /** Published here, taken from others' gossip, fetched because they were missed. */
  readonly published: number
  readonly heard: number
  readonly fetched: number
  /** Entries that were not taken, and packets that were not published, by reason. */
  readonly refused: Readonly<Partial<Record<Refusal, number>>>
  /** Entries that gave way to newer ones before their time, and that found no room on the board. */
  readonly evicted: number
  readonly outbid: number
  /** Peers that were expelled for what they passed on. */
  readonly expelled: number
}

/** A node seeks to gossip with so many. Others seek it, too, so that it has about twice as many. */
const wantedPeers = 6
/** So long is between two nodes that are asked for what was missed. */
const catchUpMs = 10 * second
/** So many nodes are asked at the start, and so many answers taken from one in a row. */
const firstAsked = 3
const mostAnswers = 64
const requestMs = 5 * second
/** One node may ask so often. */
const askRate: Rate = { perMinute: 600, burst: 128 }

/** An entry that is whole, on its way to being published, with the work that its pieces tell of. */
interface Whole extends Proof {
  readonly data: Uint8Array
}

export class Bulletin {
  readonly #init: BulletinInit
  readonly #board: Board
  readonly #judge: Judge
  readonly #pieces: Pieces
  /** By the topic's number: what is whole and waits for room. */
  readonly #sales: ReadonlyMap<number, Sale<Whole>>
  readonly #showing: Showing
  readonly #gossip: Gossip
  /** The cursor at which to go on with each node that was asked. */
  readonly #cursors = new Map<string, number>()
  readonly #asked = new Map<string, Bucket>()
  readonly #refused = new Map<Refusal, number>()
  readonly #counters = { published: 0, heard: 0, fetched: 0 }
  #wanted: readonly NodeEntry[] = []
  #timer: Timer | undefined
  #begun = false
  #stopped = false

  constructor(init: BulletinInit) {
    const { admission, clock, link } = init
    this.#init = init
    const ageMs = (): Ms => (this.#view?.parameters.bulletinMinutes ?? 1) * minute
    const topicBytes = (): number => (this.#view?.parameters.bulletinKiB ?? 1) * KiB
    this.#board = new Board(clock, () => ({ ageMs: ageMs(), topicBytes: topicBytes() }))
    this.#judge = new Judge({
      network: init.network,
      views: () => admission.views,
      isKnown: (id, { origin, topic, ...proof }) =>
        this.#showing.isKnown(id, this.#work(origin, { ...proof, topic, id: fromHex(id) })),
      now: clock.now,
      ageMs,
    })
    this.#pieces = new Pieces(clock, init.userBytes)
    this.#sales = new Map(topics.map(topic => [topic.number, this.#saleOf(topic)]))
    this.#showing = new Showing({ board: this.#board, clock, random: init.random, view: () => this.#view })
    this.#gossip = link.gossip({
      peers: () => this.#wanted,
      admits: admission.isNode,
      judge: (from, topic, message) => this.#hear(from, topic, message),
    })
    link.serve(boardProtocol, catchRequestBytes, async (from, body) => this.#answer(from, body))
  }

  /** Takes over a new view, or that another one is current. */
  adopt(): void {
    const view = this.#view
    if (view === undefined || this.#stopped) return
    this.#gossip.follow(topicsOf(view.parameters).map(topic => this.#gossipName(topic)))
    this.#choosePeers(view)
    for (const name of this.#cursors.keys()) if (!view.nodes.has(name)) this.#cursors.delete(name)
    for (const name of this.#asked.keys()) if (!view.nodes.has(name)) this.#asked.delete(name)
    if (this.#begun) return
    this.#begun = true
    for (let i = 0; i < firstAsked; i++) void this.#catchUp()
    this.#catchUpLater()
  }

  /**
   * Publishes what a packet brought, once all pieces of it are here.
   *
   * @param user the packet's user data
   * @returns false when it is refused; its sender then gets no acknowledgement
   */
  publish(user: Uint8Array): boolean {
    let piece: Piece
    try {
      piece = readPiece(user)
    } catch (error) {
      if (!(error instanceof LinkError)) throw error
      return this.#refuse('MALFORMED')
    }
    const topic = topicNumbered(piece.topic)
    if (topic === undefined || (this.#view?.parameters[topic.parameter] ?? 0) === 0)
      return this.#refuse('NO_TOPIC')
    const work = this.#work(this.#init.link.id, piece)
    if (this.#showing.isKnown(hex(piece.id), work)) return true
    const joined = this.#pieces.add(piece, work)
    if (joined.at === 'refused') return this.#refuse('BAD_ENTRY')
    if (joined.at === 'outbid') return this.#refuse('OUTBID')
    return joined.at === 'waiting' || this.#enter(topic, joined)
  }

  /** Gives what a page shows a client. */
  page(cursor: number, offset: number, boardBytes: number): Uint8Array {
    return this.#board.page(cursor, offset, boardBytes)
  }

  status(): BulletinStatus {
    return {
      entries: this.#board.entries,
      bytes: this.#board.bytes,
      peers: this.#gossip.peers.length,
      ...this.#counters,
      refused: Object.fromEntries(this.#refused),
      evicted: this.#board.evicted,
      outbid: this.#showing.outbid,
      expelled: this.#gossip.counters.expelled,
    }
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    for (const sale of this.#sales.values()) sale.stop()
    this.#showing.stop()
    this.#gossip.stop()
  }

  get #view(): View | undefined {
    return this.#init.admission.views[0]
  }

  #gossipName({ name }: Topic): string {
    return `/chaffinch/bulletin/1/${this.#init.network}/${name}`
  }

  /** Keeps those that are still in the network, so that a new epoch costs few connections. */
  #choosePeers({ nodes }: View): void {
    const { link, random } = this.#init
    const self = hex(link.id)
    const stay = this.#wanted.flatMap(({ id }) => nodes.get(hex(id)) ?? [])
    const names = new Set(stay.map(({ id }) => hex(id)))
    const others = [...nodes].filter(([name]) => name !== self && !names.has(name)).map(([, node]) => node)
    while (stay.length < wantedPeers && others.length > 0) {
      const next = pick(random, others)
      others.splice(others.indexOf(next), 1)
      stay.push(next)
    }
    this.#wanted = stay
  }

  /** Counts the work behind an entry, by the documents that its author may go by. */
  #work(gateway: Uint8Array, entry: Proof & { readonly topic: number; readonly id: Uint8Array }): number {
    const { admission, clock } = this.#init
    const documents = admission.views.map(({ hash }) => hash)
    const { topic, id } = entry
    return workOf(entry, { gateway, topic, id }, documents, clock.now())
  }

  /** Has what is whole wait for room: there is some at once unless others wait that have more work behind them. */
  #saleOf(topic: Topic): Sale<Whole> {
    const { clock, random, link } = this.#init
    return new Sale({
      clock,
      random,
      most: () => (this.#view === undefined ? 0 : quotaBytes(this.#view, topic)),
      hasRoom: cost => {
        const [view, now] = [this.#view, clock.now()]
        if (view === undefined) return false
        const quota = quotaBytes(view, topic)
        return mayStamp(quota, quota - this.#judge.left(link.id, topic, now, [view]), cost, now)
      },
      sell: whole => this.#publish(topic, whole),
      outbid: () => this.#refuse('OUTBID'),
    })
  }

  #enter(topic: Topic, { id, work, entry, ...proof }: Extract<Joined, { at: 'whole' }>): boolean {
    if (!isEntry(topic, entry)) return this.#refuse('BAD_ENTRY')
    const bid = { id, work, cost: costOf({ data: entry }), entry: { data: entry, ...proof } }
    return this.#sales.get(topic.number)?.offer(bid) === true
  }

  /** Gives this gateway's word that the entry is there (docs/spec/bulletin.md 4.2). */
  #publish(topic: Topic, { data, minute, nonce }: Whole): void {
    const { network, link, clock, sign } = this.#init
    const time = Math.floor(clock.now())
    const id = entryId(topic.number, data)
    const word = { topic: topic.number, time, origin: link.id, minute, nonce, data }
    const work = this.#work(link.id, { ...word, id })
    if (this.#showing.isKnown(hex(id), work)) return
    const entry = stamp(network, word, sign)
    this.#judge.own(entry)
    this.#showing.show(hex(id), entry, work)
    this.#gossip.publish(this.#gossipName(topic), writeStamped(entry))
    this.#counters.published++
  }

  #hear(from: Uint8Array, gossipName: string, message: Uint8Array): Verdict {
    const topic =
      this.#view && topicsOf(this.#view.parameters).find(one => this.#gossipName(one) === gossipName)
    if (topic === undefined) return 'ignore'
    const judgement = this.#judge.take(from, topic.number, message)
    if ('why' in judgement) this.#refuse(judgement.why)
    else {
      const { id, entry } = judgement
      this.#showing.show(id, entry, this.#work(entry.origin, { ...entry, id: fromHex(id) }))
      this.#counters.heard++
    }
    return judgement.verdict
  }

  /** Another node asks for what it missed. */
  #answer(from: Uint8Array, body: Uint8Array): Uint8Array {
    const { admission, clock } = this.#init
    const name = hex(from)
    if (!admission.isNode(from)) throw new LinkError('REFUSED', 'bulletin: not a node')
    const now = clock.elapsed()
    const bucket = this.#asked.get(name) ?? fullBucket(askRate, now)
    this.#asked.set(name, bucket)
    if (takeTokens(bucket, askRate, 1, now) === 0)
      throw new LinkError('REFUSED', 'bulletin: too many questions')
    return writeCatch(this.#board.since(readCatchRequest(body), largestCatch - 9))
  }

  #catchUpLater(): void {
    this.#timer = this.#init.clock.after(catchUpMs, () => {
      this.#board.expire()
      this.#judge.expire()
      void this.#catchUp()
      this.#catchUpLater()
    })
  }

  /** Asks a node at random for what came to it since the last time. Never rejects. */
  async #catchUp(): Promise<void> {
    const { link, random } = this.#init
    const others = [...(this.#view?.nodes.values() ?? [])].filter(
      ({ id, role }) => role !== 'member' && hex(id) !== hex(link.id),
    )
    if (others.length === 0) return
    const peer = pick(random, others)
    try {
      for (let answers = 0; answers < mostAnswers && !this.#stopped; answers++) {
        if (!(await this.#ask(peer))) return
      }
    } catch {
      // Another one is asked soon.
    }
  }

  /** @returns whether there is more */
  async #ask(peer: Peer): Promise<boolean> {
    const name = hex(peer.id)
    const bytes = await this.#init.link.request(
      peer,
      boardProtocol,
      writeCatchRequest(this.#cursors.get(name) ?? 0),
      { timeoutMs: requestMs, maxBytes: largestCatch },
    )
    const { more, next, entries } = readCatch(bytes)
    for (const entry of entries) {
      const judgement = this.#judge.take(peer.id, undefined, entry)
      if (!('why' in judgement)) {
        this.#showing.showMissed(judgement.id, judgement.entry)
        this.#counters.fetched++
      } else if (judgement.why !== 'KNOWN') this.#refuse(judgement.why)
    }
    this.#cursors.set(name, next)
    return more && entries.length > 0
  }

  #refuse(why: Refusal): false {
    this.#refused.set(why, (this.#refused.get(why) ?? 0) + 1)
    return false
  }
}
