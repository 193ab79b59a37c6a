// A node's loops to itself through the network: cover for its links, and a measure of its neighbours
// (docs/spec/node.md 4; Piotrowska et al., "The Loopix Anonymity System", USENIX Security 2017, section 4.2).

import { epochAt, type Network } from '../../directory/documents/network.ts'
import { batchWaitMs } from '../../directory/documents/parameters.ts'
import { halfAt } from '../../directory/documents/statistics.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import type { LoopCount } from '../../directory/rounds/reliability.ts'
import { hex } from '../../encoding/bytes.ts'
import { SphinxError } from '../../sphinx/error.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { makeReplyBlock, openReply, type ReplySecret, useReplyBlock } from '../../sphinx/reply.ts'
import type { Hop } from '../../sphinx/wrap.ts'
import { exponential, fraction, pick, type Random } from '../../world/random.ts'
import { minute, second } from '../../world/units.ts'
import { LoopMeasure } from './measure.ts'

/** What queues and links may add to the drawn delays before a loop counts as lost: an eighth of an epoch within */
const patience = { least: 2 * second, most: 10 * second } as const
/** A loop is missing when it is later than half as much again as the latest of so many, and this, milliseconds. */
const lateness = { of: 64, atLeast: 8, factor: 1.5, moreMs: 250 } as const
/** Of all loops, while there are nodes that do not run: those that try one of them. */
const probeShare = 1 / 4

export interface LoopCounts {
  readonly sent: number
  readonly returned: number
}

export interface Loops {
  /** A new loop for the network as this view has it; undefined while the view has no path, or a key that is none. */
  make(view: View): { readonly next: Uint8Array; readonly packet: Uint8Array } | undefined
  /** A packet has come back. Returns false when it is no loop of ours, came too late or was damaged. */
  returned(replyId: Uint8Array, payload: Uint8Array): boolean
  /** Milliseconds until the next loop, drawn from the exponential distribution; undefined at a rate of 0. */
  nextIn(perMinute: number): number | undefined
  readonly counts: LoopCounts
  /** By the loop's first hop, in hex. */
  neighbour(id: string): LoopCounts
  /** What the loops that ended in a half epoch tell about the nodes they passed (measure.ts). */
  measured(half: number): ReadonlyMap<string, LoopCount>
  /** When the next loop will be missing that is not back by then, milliseconds since 1970-01-01 UTC. */
  readonly missingAt: number | undefined
  /** Tells `onFate` of the loops that are missing now. */
  findMissing(): void
  /** Forgets the counts of nodes that are no neighbours any more. */
  keep(neighbours: ReadonlySet<string>): void
}

interface Pending {
  readonly first: string
  /** Hex of the nodes that it measures. */
  readonly measures: readonly string[]
  readonly secret: ReplySecret
  /** When it is back if nothing takes time but the delays; from when on it is missing; and lost. All in milliseconds
   * since 1970-01-01 UTC. */
  readonly dueAt: number
  readonly missingAt: number
  readonly lostAt: number
  isMissing: boolean
}

/**
 * @param options.self 32 bytes: this node's id
 * @param options.limit loops under way at most
 * @param options.onFate told of each loop that is back, also late, and of each that is missing (alarm.ts)
 */
export function nodeLoops(options: {
  network: Network
  geometry: Geometry
  self: Uint8Array
  now: () => number
  random: Random
  limit: number
  onFate?: (returned: boolean) => void
}): Loops {
  const { network, geometry, self, now, random, limit, onFate } = options
  /** How much later than due the last ones were, milliseconds. */
  const late: number[] = []
  const pending = new Map<string, Pending>()
  const total = { sent: 0, returned: 0 }
  const byNeighbour = new Map<string, { sent: number; returned: number }>()

  const countsOf = (id: string): { sent: number; returned: number } => {
    const counts = byNeighbour.get(id) ?? { sent: 0, returned: 0 }
    byNeighbour.set(id, counts)
    return counts
  }

  const measure = new LoopMeasure()
  const forgetLost = (): void => {
    findMissing()
    for (const [id, loop] of pending) {
      if (loop.lostAt >= now()) continue
      pending.delete(id)
      measure.ended(halfAt(network, loop.lostAt), loop.measures, false)
    }
  }

  const waitMs = (): number =>
    late.length < lateness.atLeast
      ? Number.POSITIVE_INFINITY
      : Math.max(...late) * lateness.factor + lateness.moreMs
  const findMissing = (): void => {
    for (const loop of pending.values()) {
      if (loop.isMissing || loop.missingAt > now()) continue
      loop.isMissing = true
      onFate?.(false)
    }
  }

  return {
    make(view) {
      forgetLost()
      if (pending.size >= limit) return undefined
      const drawn = loopPath(view, hex(self), random)
      const path = drawn === undefined ? undefined : hopsOf(network, view, drawn.nodes, now(), random)
      if (drawn === undefined || path === undefined) return undefined
      const replyId = random(16)
      const made = loopPacket(geometry, path, { recipient: self, replyId }, random)
      if (made === undefined) return undefined
      const { first, packet, secret } = made
      const delays = path.reduce((sum, hop) => sum + hop.delayMs, 0)
      const patienceMs = loopPatienceMs(network, view, path.length)
      const dueAt = now() + delays
      const measures = drawn.measures.map(node => hex(node.id))
      pending.set(hex(replyId), {
        first: hex(first),
        measures,
        secret,
        dueAt,
        missingAt: dueAt + Math.min(patienceMs, waitMs()),
        lostAt: dueAt + patienceMs,
        // A loop that tries a node that does not run says nothing about this one.
        isMissing: measures.length < drawn.nodes.length - 1,
      })
      total.sent++
      countsOf(hex(first)).sent++
      return { next: first, packet }
    },
    returned(replyId, payload) {
      forgetLost()
      const loop = pending.get(hex(replyId))
      if (loop === undefined) return false
      pending.delete(hex(replyId))
      const whole = undamaged(geometry, loop.secret, payload)
      measure.ended(halfAt(network, now()), loop.measures, whole)
      if (!whole) return false
      late.push(Math.max(0, now() - loop.dueAt))
      if (late.length > lateness.of) late.shift()
      onFate?.(true)
      total.returned++
      countsOf(loop.first).returned++
      return true
    },
    nextIn: perMinute => (perMinute > 0 ? exponential(random, minute / perMinute) : undefined),
    counts: total,
    neighbour: id => byNeighbour.get(id) ?? { sent: 0, returned: 0 },
    measured(half) {
      forgetLost()
      return measure.counts(half)
    },
    get missingAt() {
      const waiting = [...pending.values()].filter(({ isMissing }) => !isMissing)
      return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ missingAt }) => missingAt))
    },
    findMissing,
    keep(neighbours) {
      for (const id of byNeighbour.keys()) if (!neighbours.has(id)) byNeighbour.delete(id)
    },
  }
}

/**
 * How long after the sum of its delays a loop counts as lost, milliseconds: what queues and links may add, and what
 * mixing in batches adds at each hop.
 */
export function loopPatienceMs(network: Network, view: View, hops: number): number {
  const queues = Math.min(patience.most, Math.max(patience.least, network.epochMs / 8))
  return queues + hops * batchWaitMs(view.mixing, view.parameters)
}

interface LoopPath {
  readonly nodes: readonly NodeEntry[]
  /** Those of them that its fate tells something about. */
  readonly measures: readonly NodeEntry[]
}

/**
 * Once around the layers, from the one behind this node's own back to this node: a gateway's loop passes every
 * layer of mixes; a mix's also passes a gateway, and one mix of every other layer. It passes nodes that run, but now
 * and then one that does not, to learn whether it does again; such a loop measures that node alone. Of a layer in
 * which none runs all are taken: otherwise nobody could learn that one does.
 */
function loopPath(view: View, self: string, random: Random): LoopPath | undefined {
  const me = view.nodes.get(self)
  if (me === undefined || (me.role === 'mix' && me.layer < 0)) return undefined
  const rings = [view.gateways, ...view.layers]
  const own = me.role === 'gateway' ? 0 : me.layer + 1
  const others = [...rings.slice(own + 1), ...rings.slice(0, own)]
  if (others.some(ring => ring.length === 0)) return undefined
  const usable = others.map(ring => (ring.some(node => node.running) ? ring.filter(runs) : ring))
  const nodes = usable.map(ring => pick(random, ring))
  const out = others.flatMap((ring, i) =>
    usable[i] === ring ? [] : ring.filter(node => !node.running).map(node => ({ node, i })),
  )
  if (out.length === 0 || fraction(random) >= probeShare) return { nodes: [...nodes, me], measures: nodes }
  const { node, i } = pick(random, out)
  return { nodes: [...nodes.with(i, node), me], measures: [node] }
}

function runs(node: NodeEntry): boolean {
  return node.running
}

/** Draws the delays, and takes for each hop the key of the epoch in which the packet will arrive there. */
function hopsOf(
  network: Network,
  view: View,
  nodes: readonly NodeEntry[],
  start: number,
  random: Random,
): readonly Hop[] | undefined {
  const { hopDelayMs, maxHopDelayMs } = view.parameters
  const hops: Hop[] = []
  let arrival = start
  for (const node of nodes) {
    const key = node.packetKeys.get(epochAt(network, arrival))
    if (key === undefined) return undefined
    const last = hops.length === nodes.length - 1
    const delayMs = last ? 0 : Math.min(maxHopDelayMs, Math.round(exponential(random, hopDelayMs)))
    hops.push({ id: node.id, key, delayMs })
    arrival += delayMs
  }
  return hops
}

/** A reply block of one's own, used at once. */
function loopPacket(
  geometry: Geometry,
  path: readonly Hop[],
  to: { readonly recipient: Uint8Array; readonly replyId: Uint8Array },
  random: Random,
): { first: Uint8Array; packet: Uint8Array; secret: ReplySecret } | undefined {
  try {
    const { block, secret } = makeReplyBlock(geometry, path, to, random)
    return { ...useReplyBlock(geometry, block, new Uint8Array(geometry.bodyBytes)), secret }
  } catch (error) {
    if (error instanceof SphinxError) return undefined
    throw error
  }
}

function undamaged(geometry: Geometry, secret: ReplySecret, payload: Uint8Array): boolean {
  try {
    openReply(geometry, secret, payload)
    return true
  } catch (error) {
    if (error instanceof SphinxError) return false
    throw error
  }
}
