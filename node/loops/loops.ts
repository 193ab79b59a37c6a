// A node's loops to itself through the network: cover for its links, and a measure of its neighbours
// (docs/spec/node.md 4; Piotrowska et al., "The Loopix Anonymity System", USENIX Security 2017, section 4.2).

import { epochAt, type Network } from '../../directory/documents/network.ts'
import { batchWaitMs } from '../../directory/documents/parameters.ts'
import { halfAt } from '../../directory/documents/statistics.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import type { LoopCount } from '../../directory/rounds/reliability.ts'
import { hex } from '../../encoding/bytes.ts'
import type { NodeId, ReplyId } from '../../encoding/ids.ts'
import { SphinxError } from '../../sphinx/error.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { makeReplyBlock, openReply, type ReplySecret, useReplyBlock } from '../../sphinx/reply.ts'
import type { Hop } from '../../sphinx/wrap.ts'
import type { Clock } from '../../world/clock.ts'
import { exponential, fraction, pick, type Random } from '../../world/random.ts'
import { type Ms, minute, second } from '../../world/units.ts'
import { LoopMeasure } from './measure.ts'

/** Queues and links may add so much to the drawn delays before a loop counts as lost: an eighth of an epoch within. */
const patience = { least: 2 * second, most: 10 * second } as const
/**
 * A loop is missing when it is later than half as much again as usual, and two delays of a hop: of so many loops the
 * latest sixteenth is passed over, and the latest of the rest is usual.
 */
const lateness = { of: 256, passed: 1 / 16, atLeast: 8, factor: 1.5, moreDelays: 2 } as const
/** So many of all loops, while there are nodes that do not run, try one of them. */
const probeShare = 1 / 4

export interface LoopCounts {
  readonly sent: number
  readonly returned: number
}

export interface Loops {
  /**
   * Makes a new loop for the network as this view has it; undefined while the view has no path, or a key that is none.
   */
  make(view: View, use?: LoopUse): { readonly next: Uint8Array; readonly packet: Uint8Array } | undefined
  /** Takes a packet that has come back. Returns false when it is no loop of ours, came too late or was damaged. */
  returned(replyId: Uint8Array, payload: Uint8Array): boolean
  /** Draws the time until the next loop from the exponential distribution; undefined at a rate of 0. */
  nextIn(perMinute: number): Ms | undefined
  readonly counts: LoopCounts & { readonly cover: number }
  /** Counts those whose first hop is this node. */
  neighbour(id: NodeId): LoopCounts
  /** Tells what the loops that ended in a half epoch say about the nodes they passed (measure.ts). */
  measured(half: number): ReadonlyMap<NodeId, LoopCount>
  /** Tells when the next loop will be missing that is not back by then, as `Clock.elapsed` counts. */
  readonly missingAt: Ms | undefined
  /** Tells `onFate` of the loops whose fate is known now. */
  findMissing(): void
  /** Forgets the counts of nodes that are no neighbours any more. */
  keep(neighbours: ReadonlySet<NodeId>): void
}

/** A loop measures, or is nothing but cover: then nobody is told of its fate. */
export type LoopUse = 'measure' | 'cover'

interface Pending {
  readonly first: NodeId
  /** Tells something about these nodes; none of cover. */
  readonly measures: readonly NodeId[]
  /** And is counted for these of them. */
  readonly counted: readonly NodeId[]
  readonly secret: ReplySecret
  /** It is back then if nothing takes time but the delays; later it is missing; and lost. As `Clock.elapsed` counts. */
  readonly dueAt: Ms
  readonly missingAt: Ms
  readonly lostAt: Ms
  at: 'under way' | 'back' | 'missing'
}

/**
 * Begins without loops under way.
 *
 * @param options.self 32 bytes: this node's id
 * @param options.limit loops under way at most
 * @param options.probed true where a client of the node's own measures (record.ts): loops then tell only about nodes
 *   that do not run, which no client's packets pass
 * @param options.onFate told of each loop that is back or missing, in the order in which they were due, so that what is
 *   back soon does not hide what never comes; and at once of one that is back after it was missing (alarm.ts)
 * @param options.onBack told at once of each loop that is back
 */
export function nodeLoops(options: {
  network: Network
  geometry: Geometry
  self: Uint8Array
  clock: Pick<Clock, 'now' | 'elapsed'>
  random: Random
  limit: number
  probed?: boolean
  onFate?: (returned: boolean) => void
  onBack?: () => void
}): Loops {
  const { network, geometry, self, clock, random, limit, probed = false, onFate, onBack } = options
  /** The last ones were so much later than due. */
  const late: Ms[] = []
  const pending = new Map<ReplyId, Pending>()
  /** Those whose fate is to be told, in the order in which they are due. */
  const line: Pending[] = []
  const total = { sent: 0, returned: 0, cover: 0 }
  const byNeighbour = new Map<NodeId, { sent: number; returned: number }>()

  const countsOf = (id: NodeId): { sent: number; returned: number } => {
    const counts = byNeighbour.get(id) ?? { sent: 0, returned: 0 }
    byNeighbour.set(id, counts)
    return counts
  }

  const measure = new LoopMeasure()
  const forgetLost = (): void => {
    findMissing()
    for (const [id, loop] of pending) {
      const lateMs = clock.elapsed() - loop.lostAt
      if (lateMs <= 0) continue
      pending.delete(id)
      if (loop.counted.length > 0) measure.ended(halfAt(network, clock.now() - lateMs), loop.counted, false)
    }
  }

  /** The latest are passed over, so that somebody who holds up some loops for a moment does not teach patience. */
  const waitMs = (hopDelayMs: Ms): Ms => {
    if (late.length < lateness.atLeast) return Number.POSITIVE_INFINITY
    const sorted = [...late].sort((a, b) => b - a)
    const usual = sorted[Math.floor(late.length * lateness.passed)] as Ms
    return usual * lateness.factor + lateness.moreDelays * hopDelayMs
  }
  const findMissing = (): void => {
    for (let [first] = line; first !== undefined; [first] = line) {
      if (first.at === 'under way') {
        if (first.missingAt > clock.elapsed()) return
        first.at = 'missing'
      }
      line.shift()
      onFate?.(first.at === 'back')
    }
  }
  const standInLine = (loop: Pending): void => {
    let at = line.length
    while (at > 0 && (line[at - 1] as Pending).dueAt > loop.dueAt) at--
    line.splice(at, 0, loop)
  }

  return {
    make(view, use = 'measure') {
      forgetLost()
      if (pending.size >= limit || line.length >= 2 * limit) return undefined
      const drawn = loopPath(view, hex(self), random)
      const path = drawn === undefined ? undefined : hopsOf(network, view, drawn.nodes, clock.now(), random)
      if (drawn === undefined || path === undefined) return undefined
      const replyId = random(16)
      const made = loopPacket(geometry, path, { recipient: self, replyId }, random)
      if (made === undefined) return undefined
      const { first, packet, secret } = made
      const delays = path.reduce((sum, hop) => sum + hop.delayMs, 0)
      const patienceMs = loopPatienceMs(network, view, path.length)
      const dueAt = clock.elapsed() + delays
      const measures = use === 'cover' ? [] : drawn.measures.map(node => hex(node.id))
      const isWhole = measures.length === drawn.nodes.length - 1
      const loop: Pending = {
        first: hex(first),
        measures,
        counted: probed && isWhole ? [] : measures,
        secret,
        dueAt,
        missingAt: dueAt + Math.min(patienceMs, waitMs(view.parameters.hopDelayMs)),
        lostAt: dueAt + patienceMs,
        at: 'under way',
      }
      pending.set(hex(replyId), loop)
      // A loop that tries a node that does not run says nothing about this one.
      if (isWhole) standInLine(loop)
      if (use === 'cover') {
        total.cover++
        return { next: first, packet }
      }
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
      const isCover = loop.measures.length === 0
      if (loop.counted.length > 0) measure.ended(halfAt(network, clock.now()), loop.counted, whole)
      if (!whole) return false
      onBack?.()
      if (isCover) return true
      late.push(Math.max(0, clock.elapsed() - loop.dueAt))
      if (late.length > lateness.of) late.shift()
      const wasMissing = loop.at === 'missing'
      loop.at = 'back'
      if (wasMissing) onFate?.(true)
      else findMissing()
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
      return line[0]?.missingAt
    },
    findMissing,
    keep(neighbours) {
      for (const id of byNeighbour.keys()) if (!neighbours.has(id)) byNeighbour.delete(id)
    },
  }
}

/**
 * Computes how long after the sum of its delays a loop counts as lost (docs/spec/node.md 4): what queues and links may
 * add, and what mixing in batches adds at each hop.
 */
export function loopPatienceMs(network: Network, view: View, hops: number): Ms {
  const queues = Math.min(patience.most, Math.max(patience.least, network.epochMs / 8))
  return queues + hops * batchWaitMs(view.mixing, view.parameters)
}

interface LoopPath {
  readonly nodes: readonly NodeEntry[]
  /** Its fate tells something about these of them. */
  readonly measures: readonly NodeEntry[]
}

/**
 * Draws a path once around the layers, from the one behind this node's own back to this node: a gateway's loop passes
 * every layer of mixes; a mix's also passes a gateway, and one mix of every other layer. It passes nodes that run, but
 * now and then one that does not, to learn whether it does again; such a loop measures that node alone. Of a layer in
 * which none runs all are taken: otherwise nobody could learn that one does.
 */
function loopPath(view: View, self: NodeId, random: Random): LoopPath | undefined {
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

/**
 * Draws the delays, and takes for each hop the key of the epoch in which the packet will arrive there.
 *
 * @param start the wall time at which it leaves
 */
function hopsOf(
  network: Network,
  view: View,
  nodes: readonly NodeEntry[],
  start: Ms,
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

/** Makes a reply block of one's own and uses it at once. */
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
