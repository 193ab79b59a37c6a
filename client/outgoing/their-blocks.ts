// Reply blocks that came with messages: what this client can still answer with (docs/spec/client-replies.md 7).

import { epochAt, epochStart, graceMs, type Network } from '../../directory/documents/network.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { type Geometry, nodeIdBytes } from '../../sphinx/geometry.ts'
import { isReplyBlock } from '../../sphinx/reply.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { del, type Operation, put } from '../folder/schema.ts'
import type { TaggedBlock } from '../packets/content.ts'
import { Reader } from '../reader.ts'

export interface TheirBlocksLimits {
  /** Blocks kept for one message. */
  readonly perMessage: number
  /** Messages that can still be answered; the oldest make room. */
  readonly messages: number
}

/** When a block of an epoch may be handed to its first hop, milliseconds since 1970-01-01 UTC. */
export interface BlockWindow {
  readonly from: number
  readonly until: number
}

export interface BlockUse {
  readonly windowOf: (epoch: number) => BlockWindow
  /** Tells whether a block's first hop is a gateway that packets reach now. */
  readonly isReachable: (block: Uint8Array) => boolean
}

/** The blocks of a message's earliest epoch. */
export interface Soonest {
  /** When they are over, milliseconds since 1970-01-01 UTC. */
  readonly until: number
  readonly blocks: number
}

interface Kept extends TaggedBlock {
  readonly key: string
}

export class TheirBlocks {
  readonly #store: Store
  readonly #limits: TheirBlocksLimits
  /** By the id of the message that brought them; each list in the order in which its maker wants them used. */
  readonly #blocks = new Map<string, Kept[]>()
  readonly #expired = new Set<string>()
  /** By message: a block that is gone from the disk and not yet used. */
  readonly #inHand = new Map<string, TaggedBlock>()
  /** Messages of which one is on its way off the disk. */
  readonly #reaching = new Set<string>()
  #nextKey = 0

  private constructor(store: Store, limits: TheirBlocksLimits) {
    this.#store = store
    this.#limits = limits
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(store: Store, limits: TheirBlocksLimits): Promise<TheirBlocks> {
    const theirs = new TheirBlocks(store, limits)
    for (const [key, value] of await entriesUnder(store, 'block/')) {
      const [, id, n] = key.split('/') as [string, string, string]
      const read = new Reader(value, 'store: reply block', 'STORE_DAMAGED')
      const epoch = read.u32('epoch')
      theirs.#append(id, [{ epoch, block: read.take(read.left, 'block').slice(), key }])
      theirs.#nextKey = Math.max(theirs.#nextKey, Number(n) + 1)
    }
    return theirs
  }

  /** Keeps blocks, up to the limit; they can be taken once the operations are on disk and `commit` was called. */
  add(id: string, blocks: readonly TaggedBlock[]): { operations: Operation[]; commit(): void } {
    const room = Math.max(0, this.#limits.perMessage - this.left(id))
    const kept = blocks.slice(0, room).map(({ epoch, block }) => {
      const key = `block/${id}/${(this.#nextKey++).toString().padStart(10, '0')}`
      return { epoch, block: block.slice(), key }
    })
    const operations = kept.map(({ key, epoch, block }) =>
      put(key, new FieldWriter(4 + block.length).u32(epoch).put(block).bytes),
    )
    if (!this.#blocks.has(id) && this.#blocks.size >= this.#limits.messages) {
      const [oldest] = this.#blocks.keys()
      operations.push(...this.#drop(oldest as string))
    }
    return { operations, commit: () => this.#append(id, kept) }
  }

  /** Tells whether a message ever brought blocks that are not forgotten yet, used up or not. */
  knows(id: string): boolean {
    return this.#blocks.has(id)
  }

  left(id: string): number {
    return (this.#blocks.get(id)?.length ?? 0) + (this.#inHand.has(id) ? 1 : 0)
  }

  /** Tells whether some of its blocks went unused because their epoch was over. */
  expiredSome(id: string): boolean {
    return this.#expired.has(id)
  }

  /** Counts those of its blocks that may be used now. */
  usable(id: string, now: number, use: BlockUse): number {
    const inHand = this.#inHand.get(id)
    return this.#usable(id, now, use).length + (inHand !== undefined && isUsable(inHand, now, use) ? 1 : 0)
  }

  /** Tells until when its blocks of the earliest epoch may be used, and how many those are; undefined for none. */
  soonest(id: string, now: number, use: BlockUse): Soonest | undefined {
    const inHand = this.#inHand.get(id)
    const blocks: TaggedBlock[] = this.#usable(id, now, use)
    if (inHand !== undefined && isUsable(inHand, now, use)) blocks.push(inHand)
    if (blocks.length === 0) return undefined
    const epoch = Math.min(...blocks.map(block => block.epoch))
    return { until: use.windowOf(epoch).until, blocks: blocks.filter(block => block.epoch === epoch).length }
  }

  /**
   * Hands out a block that may be used now, if one is in hand: nothing waits for the disk at the tick of a clock.
   * What is handed out is gone for good.
   */
  draw(id: string, now: number, use: BlockUse): TaggedBlock | undefined {
    const block = this.#inHand.get(id)
    if (block === undefined) return undefined
    this.#inHand.delete(id)
    return isUsable(block, now, use) ? block : undefined
  }

  /**
   * Takes the next block that may be used now in hand, the earliest epoch's first, and of those what came last: who
   * made it knew more of what has died. It is gone from the disk before it can be drawn: one that is used twice is
   * dropped as a replay and shows that it was. A process that ends meanwhile has lost it.
   *
   * @throws what the disk says; the block is there still
   */
  async reach(id: string, now: number, use: BlockUse): Promise<void> {
    if (this.#inHand.has(id) || this.#reaching.has(id)) return
    let best: Kept | undefined
    for (const block of this.#usable(id, now, use)) {
      if (best === undefined || block.epoch <= best.epoch) best = block
    }
    if (best === undefined) return
    this.#reaching.add(id)
    try {
      await this.#store.batch([del(best.key)])
      const list = this.#blocks.get(id) ?? []
      const at = list.indexOf(best)
      if (at < 0) return
      list.splice(at, 1)
      this.#inHand.set(id, best)
    } finally {
      this.#reaching.delete(id)
    }
  }

  /** When a block of this message can be used next; undefined when there is none. */
  nextWindow(id: string, use: BlockUse): number | undefined {
    const starts = (this.#blocks.get(id) ?? [])
      .filter(({ block }) => use.isReachable(block))
      .map(({ epoch }) => use.windowOf(epoch).from)
    return starts.length === 0 ? undefined : Math.min(...starts)
  }

  /** Forgets blocks whose window is over. */
  async expire(now: number, windowOf: BlockUse['windowOf']): Promise<void> {
    const operations: Operation[] = []
    for (const [id, list] of this.#blocks) {
      const over = list.filter(({ epoch }) => windowOf(epoch).until < now)
      if (over.length === 0) continue
      this.#expired.add(id)
      for (const block of over) {
        list.splice(list.indexOf(block), 1)
        operations.push(del(block.key))
      }
    }
    if (operations.length > 0) await this.#store.batch(operations)
  }

  #usable(id: string, now: number, use: BlockUse): Kept[] {
    return (this.#blocks.get(id) ?? []).filter(block => isUsable(block, now, use))
  }

  #append(id: string, blocks: readonly Kept[]): void {
    const list = this.#blocks.get(id) ?? []
    list.push(...blocks)
    this.#blocks.set(id, list)
  }

  #drop(id: string): Operation[] {
    const list = this.#blocks.get(id) ?? []
    this.#blocks.delete(id)
    this.#expired.delete(id)
    this.#inHand.delete(id)
    return list.map(({ key }) => del(key))
  }
}

/**
 * Shares what is left of an epoch among the blocks that are left for it, for each fragment that is not receipted: so
 * long one may wait for its receipt that none is over unused.
 */
export function turnMs({ until, blocks }: Soonest, now: number, fragments: number): Ms {
  return Math.max(0, until - now) / (1 + blocks / Math.max(1, fragments))
}

function isUsable({ epoch, block }: TaggedBlock, now: number, { windowOf, isReachable }: BlockUse): boolean {
  const { from, until } = windowOf(epoch)
  return now >= from && now <= until && isReachable(block)
}

/**
 * The time in which a block of an epoch can be used: hops open with an epoch's key for a grace period around it
 * (a quarter of an epoch, at most a minute); half of that is left for the clocks' skew, and the packet must have
 * passed all hops before the rest is over.
 *
 * @param transitMs how long a packet takes through all hops, at the very most
 */
export function blockWindow(network: Network, epoch: number, transitMs: number): BlockWindow {
  const grace = graceMs(network)
  return {
    from: epochStart(network, epoch) - grace / 2,
    until: epochStart(network, epoch + 1) + grace / 2 - transitMs,
  }
}

/**
 * The blocks of a message that this client is willing to use: those that a packet can be made with, for epochs about
 * now. Where they begin is their maker's affair: what goes there is a packet like any other. What is kept never fails
 * when its turn has come.
 */
export function acceptable(
  g: Geometry,
  blocks: readonly TaggedBlock[],
  network: Network,
  now: number,
): TaggedBlock[] {
  const epoch = epochAt(network, now)
  return blocks.filter(({ block, epoch: of }) => of >= epoch - 1 && of <= epoch + 3 && isReplyBlock(g, block))
}

/** Reads the node that a block is handed to, 32 bytes. */
export function firstHop(g: Geometry, block: Uint8Array): Uint8Array {
  return block.subarray(g.headerBytes, g.headerBytes + nodeIdBytes)
}
