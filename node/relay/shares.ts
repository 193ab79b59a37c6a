// The shares that neighbours have of what can be peeled (docs/spec/node.md 1.3), the same with and without threads:
// packets wait by whom they came from and are taken in turns, half of them from nodes while both nodes and clients
// have some; who has many inside is read no further until there are fewer.

import { fairQueue } from './fair-queue.ts'

/** One neighbour may have so many taken before the next has its turn. */
const share = 8
/** Packets of one neighbour inside, from which on no more of its are read, until there are half as many. */
const mostOfOne = 256

/** Packets of one neighbour that are taken together. */
export interface Portion {
  readonly from: string
  readonly items: readonly Uint8Array[]
}

/** Those wait on it who have to until there are fewer packets of a neighbour inside. */
interface Gate {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

interface Inside {
  readonly isNode: boolean
  packets: number
  room: Gate | undefined
}

export class Shares {
  readonly #isNode: (from: string) => boolean
  readonly #nodes = fairQueue<Uint8Array>(share)
  readonly #clients = fairQueue<Uint8Array>(share)
  readonly #inside = new Map<string, Inside>()
  #ofClients = 0
  /** Counts how often reading from a neighbour was put off because it had its share inside. */
  heldBack = 0

  /** @param isNode tells nodes, and this node itself, from clients, by hex */
  constructor(isNode: (from: string) => boolean) {
    this.#isNode = isNode
  }

  /** Packets that wait to be taken. */
  get waiting(): number {
    return this.#nodes.size + this.#clients.size
  }

  /** Packets of clients inside: that wait, or are being peeled. */
  get ofClients(): number {
    return this.#ofClients
  }

  /** Packets have come inside; they wait until they are taken. */
  push(from: string, packets: readonly Uint8Array[]): void {
    const { isNode } = this.#enter(from, packets.length)
    const queue = isNode ? this.#nodes : this.#clients
    queue.push(from, packets)
  }

  /** Takes up to `count` in turns: half from nodes and half from clients, or more of the ones where few others wait. */
  take(count: number): readonly Portion[] {
    const ofClients = Math.min(this.#clients.size, Math.max(count >> 1, count - this.#nodes.size))
    return [...this.#nodes.take(count - ofClients), ...this.#clients.take(ofClients)]
  }

  /** So many packets of this neighbour have been peeled. */
  left(from: string, packets: number): void {
    const inside = this.#inside.get(from)
    if (inside === undefined) return
    inside.packets -= packets
    if (!inside.isNode) this.#ofClients -= packets
    if (inside.packets * 2 <= mostOfOne) {
      inside.room?.resolve()
      inside.room = undefined
    }
    if (inside.packets === 0) this.#inside.delete(from)
  }

  /** Resolves when more of this neighbour's may come; undefined: at once. */
  room(from: string): Promise<void> | undefined {
    const inside = this.#inside.get(from)
    if (inside === undefined || inside.packets < mostOfOne) return undefined
    if (inside.room === undefined) this.heldBack++
    inside.room ??= gate()
    return inside.room.promise
  }

  /** Nobody waits any more. */
  close(): void {
    for (const { room } of this.#inside.values()) room?.resolve()
  }

  /** Asks whether a neighbour is a node when its first packet comes inside; that holds until its last has left. */
  #enter(from: string, packets: number): Inside {
    const inside = this.#inside.get(from) ?? { isNode: this.#isNode(from), packets: 0, room: undefined }
    this.#inside.set(from, inside)
    inside.packets += packets
    if (!inside.isNode) this.#ofClients += packets
    return inside
  }
}

function gate(): Gate {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}
