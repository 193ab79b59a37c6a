// The bulletin as a client has it (docs/spec/bulletin.md 4, 7): what its gateways show goes to its own copy, and what
// an app publishes goes through the mixnet to a gateway at random, again until it is on the board.

import type { View } from '../../directory/documents/view.ts'
import {
  entryId,
  entryOverheadBytes,
  isEntry,
  type Topic,
  topicNamed,
  topicNumbered,
} from '../../directory/topics.ts'
import { noProof, type Proof } from '../../directory/work.ts'
import { hex } from '../../encoding/bytes.ts'
import { pieceCount, pieceData, readBoard, writePiece } from '../../link/protocol/bulletin.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { Clock, Timer } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import { pick, type Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { type Turns, turns } from '../../world/turns.ts'
import { type Ms, minute, second } from '../../world/units.ts'
import { type Settle, Waiting, wait } from '../../world/wait.ts'
import { ClientError } from '../error.ts'
import type { Posting } from '../outgoing/dispatch.ts'
import type { MessageState } from '../outgoing/queue-state.ts'
import { messageIdBytes } from '../packets/fragments.ts'
import { findNonce, isFull, lookedBackMs, Price, workAt } from './price.ts'
import { BoardReader, type Shown } from './reader.ts'
import { type BoardLimits, BoardStore } from './store.ts'
import { type GatewayRecord, GatewayWatch } from './watch.ts'

/** An entry of the bulletin. */
export interface BulletinEntry {
  /** Larger for what came later to this client; a cursor for `entries`. */
  readonly seq: number
  /** Lowercase hex, 64 digits: names topic and bytes, the same for everybody. */
  readonly id: string
  /** When this client got it, milliseconds since 1970-01-01 UTC. */
  readonly at: number
  readonly bytes: Uint8Array
}

export interface BulletinInit {
  readonly g: Geometry
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly view: () => View | undefined
  /** Hands a posting over to be sent, until `giveUpAt` by elapsed time; throws ClientError. */
  readonly post: (posting: Posting, giveUpAt: Ms) => void
  readonly cancel: (id: string) => void
}

/** The longest that the pieces of an entry may take to be acknowledged, ... */
const sendMs = 20 * second
/** ... and then the entry to turn up on the own gateway's board. */
const showMs = 15 * second
/** An entry that has work behind it may have to wait for its turn. */
const turnMs = 75 * second
/** Gateways that are tried. */
const mostServices = 4
/** Entries that are being published. */
const mostUnderWay = 64

interface UnderWay {
  readonly id: string
  readonly topic: Topic
  readonly data: Uint8Array
  /** Those who asked for it. */
  readonly waiters: Set<Settle<void>>
  /** Hex of the services that were tried, and how many acknowledged. */
  readonly tried: string[]
  /** The step of its price (price.ts). */
  step: number
  /** Ends the search for work behind it. */
  searching: AbortController | undefined
  acknowledged: number
  /** The posting that is on its way. */
  posting: string | undefined
  timer: Timer | undefined
}

export class Bulletin {
  readonly #init: BulletinInit
  readonly #store: BoardStore
  readonly #cursors: ReadonlyMap<string, number>
  readonly #readers = new Map<string, BoardReader>()
  readonly #watch = new GatewayWatch()
  /** By the entry's id. */
  readonly #underWay = new Map<string, UnderWay>()
  readonly #waiting = new Waiting()
  /** By the topic's number. */
  readonly #prices = new Map<number, Price>()
  /** One search for work at a time, so that many together leave the client's clocks as much room as one. */
  readonly #inTurn: Turns = turns()
  readonly counters: Record<'published' | 'unpublished', number> = { published: 0, unpublished: 0 }
  #closed = false

  private constructor(init: BulletinInit, store: BoardStore, cursors: ReadonlyMap<string, number>) {
    this.#init = init
    this.#store = store
    this.#cursors = cursors
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(init: BulletinInit & { store: Store; limits: BoardLimits }): Promise<Bulletin> {
    const store = await BoardStore.open(init.store, init.limits)
    return new Bulletin(init, store, await store.cursors())
  }

  /** Picks what the next page of a gateway should show. */
  wanted(gateway: string): BoardReader['wanted'] {
    return this.#reader(gateway).wanted
  }

  /** The gateway has opened the mailbox. */
  opened(gateway: string): void {
    this.#reader(gateway).reopened()
    this.#watch.opened(gateway, this.#init.clock.elapsed())
  }

  /**
   * Takes what a page shows. Resolves when it is on disk.
   *
   * @throws ClientError BAD_CONTENT, LinkError BAD_MESSAGE for what is no such page; and what the disk says
   */
  async take(gateway: string, board: Uint8Array): Promise<void> {
    const reader = this.#reader(gateway)
    const before = reader.next
    const page = readBoard(board)
    const { clock } = this.#init
    const now = clock.elapsed()
    const good = reader.take(page).flatMap(shown => this.#checked(gateway, shown, now))
    if (!page.more) this.#lookForMissing(gateway, now)
    if (reader.next === before) return
    const added = await this.#store.take(good, gateway, reader.next, clock.now())
    for (const { id } of good) this.#settle(this.#underWay.get(id))
    if (added.length > 0) this.#waiting.wake()
  }

  /** Hears what became of a posting. */
  moved(posting: string, state: MessageState): void {
    for (const one of this.#underWay.values()) {
      if (one.posting !== posting) continue
      if (state === 'stored') this.#isAcknowledged(one)
      if (state === 'failed') this.#next(one)
      return
    }
  }

  /**
   * Publishes an entry: resolves when it is on the board of the own gateway, to the entry's id. The same bytes twice
   * are one entry. What has been called off may still appear.
   *
   * @throws ClientError NO_TOPIC, BAD_ENTRY, TOO_LARGE, NO_CONSENSUS, QUEUE_FULL, NOT_PUBLISHED, ABORTED, CLOSED
   */
  async publish(name: string, data: Uint8Array, signal: AbortSignal | undefined): Promise<string> {
    const topic = this.#topic(name)
    this.#check(topic, data, signal)
    const id = hex(entryId(topic.number, data))
    if (this.#store.has(id)) return id
    await this.#settled(this.#begun(id, topic, data), signal)
    return id
  }

  /** The entry on its way; it sets out when it is not. */
  #begun(id: string, topic: Topic, data: Uint8Array): UnderWay {
    const before = this.#underWay.get(id)
    if (before !== undefined) return before
    if (this.#underWay.size >= mostUnderWay)
      throw new ClientError(
        'QUEUE_FULL',
        `bulletin: ${mostUnderWay} entries are being published; wait for some`,
      )
    const one: UnderWay = {
      id,
      topic,
      data: data.slice(),
      waiters: new Set(),
      tried: [],
      step: 0,
      searching: undefined,
      acknowledged: 0,
      posting: undefined,
      timer: undefined,
    }
    this.#underWay.set(id, one)
    // a turn later, when somebody waits for it
    one.timer = this.#init.clock.after(0, () => this.#next(one))
    return one
  }

  /** When nobody waits for it any more, it is called off. */
  #settled(one: UnderWay, signal: AbortSignal | undefined): Promise<void> {
    const aborted = (): ClientError => new ClientError('ABORTED', 'bulletin: called off by the caller')
    return wait<void>({ signal, aborted }, settle => {
      one.waiters.add(settle)
      return () => {
        one.waiters.delete(settle)
        if (one.waiters.size === 0) this.#end(one)
      }
    })
  }

  #settle(one: UnderWay | undefined, error?: ClientError): void {
    if (one === undefined) return
    this.#end(one)
    if (error === undefined) this.#price(one.topic).worked(one.step)
    this.counters[error === undefined ? 'published' : 'unpublished']++
    for (const { resolve, reject } of [...one.waiters]) error === undefined ? resolve() : reject(error)
  }

  /** Every entry of a topic behind a cursor, once, as it comes. Ends when the signal aborts or the client closes. */
  async *entries(
    name: string,
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<BulletinEntry, void, undefined> {
    let seq = after
    while (!this.#closed && !signal?.aborted) {
      const [entry] = await this.list(name, seq, 1)
      if (entry === undefined) await this.wait(name, seq, signal)
      else {
        seq = entry.seq
        yield entry
      }
    }
  }

  /** Entries of a topic behind a cursor, oldest first. @throws ClientError NO_TOPIC */
  async list(name: string, after: number, most: number): Promise<BulletinEntry[]> {
    const entries: BulletinEntry[] = []
    for (const { seq, id, at } of this.#store.after(this.#topic(name).number, after, most)) {
      const bytes = await this.#store.bytes(seq)
      if (bytes !== undefined) entries.push({ seq, id, at, bytes })
    }
    return entries
  }

  /** Resolves when there is something behind the cursor, or the signal aborts, or the client closes. */
  async wait(name: string, after: number, signal: AbortSignal | undefined): Promise<void> {
    const { number } = this.#topic(name)
    while (!this.#closed && !signal?.aborted && this.#store.after(number, after, 1).length === 0) {
      await this.#waiting.next(signal)
    }
  }

  /** By gateway: what it showed, kept back, made up. */
  record(gateway: string): GatewayRecord {
    return { ...this.#watch.record(gateway) }
  }

  close(): void {
    this.#closed = true
    for (const one of [...this.#underWay.values()])
      this.#settle(one, new ClientError('CLOSED', 'client: closed'))
    this.#waiting.wake()
  }

  #reader(gateway: string): BoardReader {
    const reader = this.#readers.get(gateway) ?? new BoardReader(this.#cursors.get(gateway) ?? 0)
    this.#readers.set(gateway, reader)
    return reader
  }

  #topic(name: string): Topic {
    const topic = topicNamed(name)
    if (topic === undefined) throw new ClientError('NO_TOPIC', `bulletin: no topic ${JSON.stringify(name)}`)
    return topic
  }

  #check(topic: Topic, data: Uint8Array, signal: AbortSignal | undefined): void {
    if (this.#closed) throw new ClientError('CLOSED', 'client: closed')
    if (signal?.aborted) throw new ClientError('ABORTED', 'bulletin: called off by the caller')
    const { name, maxBytes, parameter } = topic
    if (data.length > maxBytes)
      throw new ClientError('TOO_LARGE', `bulletin: ${name}: ${data.length} bytes, at most ${maxBytes}`)
    if (!isEntry(topic, data))
      throw new ClientError('BAD_ENTRY', `bulletin: ${name}: the bytes are no entry of this topic`)
    const view = this.#init.view()
    if (view === undefined)
      throw new ClientError('NO_CONSENSUS', 'bulletin: no consensus yet; wait until it is ready')
    if (view.parameters[parameter] === 0)
      throw new ClientError('NO_TOPIC', `bulletin: this network has no topic ${name}`)
  }

  /** A page is a claim of the gateway: what is no entry of its topic is dropped and held against it. */
  #checked(
    gateway: string,
    { topic, data }: Shown,
    now: number,
  ): { id: string; topic: number; data: Uint8Array }[] {
    const of = topicNumbered(topic)
    if (of === undefined) return []
    const id = hex(entryId(topic, data))
    if (!this.#store.has(id) && !isEntry(of, data)) {
      this.#watch.record(gateway).forged++
      return []
    }
    this.#watch.shown(gateway, id, now)
    return [{ id, topic, data }]
  }

  #lookForMissing(gateway: string, now: number): void {
    const missing = this.#watch.readToEnd(gateway, now)
    if (missing.length > 0)
      this.#init.log.warn({ missing: missing.length }, 'a gateway does not show entries that others show')
  }

  #isAcknowledged(one: UnderWay): void {
    const { clock } = this.#init
    one.acknowledged++
    one.posting = undefined
    this.#watch.published(one.id, clock.elapsed())
    one.timer?.cancel()
    one.timer = clock.after(one.step > 0 ? turnMs : showMs, () => this.#next(one))
  }

  /** Another gateway, drawn from those that were not tried. The bytes stay the same. */
  #next(one: UnderWay): void {
    const { random, view } = this.#init
    this.#callOff(one)
    const running = (view()?.gateways ?? []).filter(gateway => gateway.running)
    const fresh = running.filter(({ id }) => !one.tried.includes(hex(id)))
    const among = fresh.length > 0 ? fresh : running
    if (one.tried.length >= mostServices || among.length === 0) {
      this.#settle(one, unpublished(one))
      return
    }
    const gateway = pick(random, among).id
    one.step = this.#price(one.topic).next(this.#isFull(one.topic), one.tried.length)
    one.tried.push(hex(gateway))
    if (one.step === 0) this.#post(one, gateway, noProof)
    else void this.#work(one, gateway)
  }

  /** Looks for as much work as the entry is to have behind it, and hands it over then. Never rejects. */
  async #work(one: UnderWay, gateway: Uint8Array): Promise<void> {
    const { view, clock } = this.#init
    const document = view()?.hash
    if (document === undefined) return this.#next(one)
    const { topic, data } = one
    const at = Math.floor(clock.now() / minute)
    const purpose = { document, gateway, minute: at, topic: topic.number, id: entryId(topic.number, data) }
    const wanted = workAt(one.step, data.length + entryOverheadBytes)
    const searching = new AbortController()
    one.searching = searching
    try {
      await this.#inTurn(async () => {
        const nonce = await findNonce(purpose, wanted, clock, searching.signal)
        this.#post(one, gateway, { minute: at, nonce })
      })
    } catch (error) {
      if (!searching.signal.aborted) throw error
    }
  }

  #post(one: UnderWay, gateway: Uint8Array, proof: Proof): void {
    const { random, g, clock, post } = this.#init
    const { topic, data } = one
    const id = entryId(topic.number, data)
    const count = pieceCount(data.length, g.userBytes)
    const piece = (index: number): Uint8Array => {
      const part = pieceData(data, index, g.userBytes)
      return writePiece({ topic: topic.number, id, index, count, ...proof, data: part }, g.userBytes)
    }
    one.posting = hex(random(messageIdBytes))
    try {
      post(
        { id: one.posting, kind: 'bulletin', gateway: hex(gateway), count, piece },
        clock.elapsed() + sendMs,
      )
    } catch (error) {
      this.#settle(one, error as ClientError)
    }
  }

  /** Says whether what came of a topic in the last minute shows that there is hardly room for more. */
  #isFull({ number, parameter }: Topic): boolean {
    const { clock, view } = this.#init
    const bytes = this.#store.since(number, clock.now() - lookedBackMs, entryOverheadBytes)
    return isFull(bytes, view()?.parameters[parameter] ?? 0)
  }

  #price({ number }: Topic): Price {
    const price = this.#prices.get(number) ?? new Price()
    this.#prices.set(number, price)
    return price
  }

  #end(one: UnderWay): void {
    if (this.#underWay.get(one.id) === one) this.#underWay.delete(one.id)
    this.#callOff(one)
  }

  #callOff(one: UnderWay): void {
    const { posting } = one
    one.timer?.cancel()
    one.searching?.abort()
    one.searching = undefined
    one.posting = undefined
    if (posting !== undefined) this.#init.cancel(posting)
  }
}

function unpublished({ tried, acknowledged }: UnderWay): ClientError {
  const why =
    acknowledged === 0
      ? `none of ${tried.length} gateways acknowledged it: wait, and publish it again`
      : `${acknowledged} of ${tried.length} gateways took it and the own one does not show it: name another gateway`
  return new ClientError('NOT_PUBLISHED', `bulletin: ${why}`)
}
