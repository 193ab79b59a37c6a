// The packets that a client makes: messages, loops, drops, reply blocks (docs/spec/client-delivery.md 6). All look
// alike to everybody but the client itself.

import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { body } from '../../sphinx/body.ts'
import { DROP_RECIPIENT } from '../../sphinx/commands.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { makeReplyBlock, type ReplySecret } from '../../sphinx/reply.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { pick, type Random, shuffle } from '../../world/random.ts'
import type { TaggedBlock } from './content.ts'
import { drawPath, type Path, type PathChoice } from './paths.ts'
import { readPattern, type Way } from './pattern.ts'

/** Holds what stays the same while a client talks through one gateway under one consensus. */
export interface Surroundings {
  readonly g: Geometry
  readonly view: View
  readonly epochAt: (time: number) => number
  /** The gateway by which the client's packets enter. It sees the client's address, and nothing that comes back. */
  readonly entry: NodeEntry
  /** The gateway that keeps its mailbox: acknowledgements and replies end there. */
  readonly home: NodeEntry
  /** The other gateways of its address: some reply blocks end there. */
  readonly standby: readonly NodeEntry[]
  /** The gateways besides the home that keep mail of it and answer: those of its address, and former ones. */
  readonly asides: readonly NodeEntry[]
  /** A gateway by the lowercase hex of its id, also one that just this consensus lacks. */
  readonly gateway: (id: string) => NodeEntry | undefined
  /** 32 bytes: the client's mailbox, the recipient of acknowledgements and replies. */
  readonly mailbox: Uint8Array
  /** Weighs how readily to use a mix. */
  readonly weight: (id: string) => number
  /** The share of this client's packets over a mix that came through, 0 to 1; 1 of one that nothing is known of. */
  readonly reliability: (id: string) => number
  readonly random: Random
}

export interface Outbound {
  /** g.packetBytes, for the client's entry */
  readonly packet: Uint8Array
  /** 16 bytes: names the acknowledgement that comes back. */
  readonly replyId: Uint8Array
  /** The nodes it passes, there and back, lowercase hex. */
  readonly nodes: readonly string[]
  /** The far gateway, lowercase hex. */
  readonly far: string
  /** Delays drawn until it reaches the far gateway, milliseconds. */
  readonly drawnMs: number
  /** Delays drawn until what comes back is in the mailbox, milliseconds. */
  readonly roundTripMs: number
}

/** Where a packet ends. */
export interface Ending {
  readonly gateway: NodeEntry
  /** 32 bytes: a mailbox, or what stands for something else (sphinx/commands.ts). */
  readonly recipient: Uint8Array
}

export interface OwnBlock extends TaggedBlock {
  /** 16 bytes */
  readonly replyId: Uint8Array
  readonly secret: ReplySecret
  /** Lowercase hex of the hops' ids. */
  readonly nodes: readonly string[]
  /** The delays drawn until what is sent with it is in the mailbox, milliseconds. */
  readonly drawnMs: number
}

const replyIdBytes = 16

/** Weighs a mix down for each block of the same message and epoch that passes it already. */
const leastUsed = 1e-6
/**
 * Weighs it down besides for each of those that begins at the same gateway: or a dead mix and a gateway that is away
 * break them all, since both come in turns.
 */
const leastPaired = 1e-3
/** One reply block of so many in a message, and one at least, is for each of the epochs to come. */
const laterShare = 3
/**
 * The power of a mix's own weight beside that: one over which half of the packets come through (a weight of 1/4)
 * waits for a use more of the others, and a dead one (1/256) for four.
 */
const trustOverTurns = 12

/**
 * A forward packet with its acknowledgement block.
 *
 * @param to where it ends, and the recipient there
 * @param user g.userBytes
 * @param way what a person asks of it; the acknowledgement obeys the filters
 * @param back where the acknowledgement ends: default, the client's mailbox
 * @throws ClientError NO_PATH, NO_CONSENSUS
 */
export function forwardPacket(
  around: Surroundings,
  to: Ending,
  user: Uint8Array,
  now: number,
  way?: Way,
  back: Ending = { gateway: around.home, recipient: around.mailbox },
): Outbound {
  const { g, view, epochAt, entry, weight, random } = around
  const choice = way && choiceOf(around, way)
  const there = drawPath(
    { view, first: entry, last: to.gateway, at: now, epochAt, weight, delayAtEnd: true, choice },
    random,
  )
  // The acknowledgement sets out when the far gateway's delay is over, with the keys of that time.
  const setsOut = now + there.transitMs + there.endDelayMs
  const returning = drawPath(
    {
      view,
      first: to.gateway,
      last: back.gateway,
      at: setsOut,
      epochAt,
      weight,
      delayAtEnd: false,
      choice: choice && { ...choice, mixes: undefined },
    },
    random,
  )
  const replyId = random(replyIdBytes)
  const { block } = makeReplyBlock(g, returning.hops, { recipient: back.recipient, replyId }, random)
  const packet = wrap(g, there.hops, to.recipient, body(g, { flags: 0, ack: block, user }), random)
  return {
    packet,
    replyId,
    far: hex(to.gateway.id),
    nodes: [...there.nodes, ...returning.nodes],
    drawnMs: there.transitMs,
    roundTripMs: there.transitMs + there.endDelayMs + returning.transitMs,
  }
}

function choiceOf({ g, reliability }: Surroundings, way: Way): PathChoice {
  const { path, blocked = [], minReliability = 0, maxLatencyMs = Number.POSITIVE_INFINITY } = way
  return {
    mixes: path === undefined ? undefined : readPattern(path, g.hops - 2).mixes,
    blocked,
    allows: id => reliability(id) >= minReliability,
    maxLatencyMs,
  }
}

/**
 * A packet to nobody: the gateway where it ends stores nothing, and acknowledges it like any other. To everybody else
 * it is a message.
 *
 * @param comesBack false: the acknowledgement goes to nobody too, for something that came in its place
 */
export function dropPacket(around: Surroundings, now: number, comesBack = true): Outbound {
  const { g, random } = around
  const to = { gateway: someGateway(around), recipient: DROP_RECIPIENT }
  const back = comesBack ? undefined : { gateway: someGateway(around), recipient: DROP_RECIPIENT }
  return forwardPacket(around, to, random(g.userBytes), now, undefined, back)
}

/**
 * A message of the client to its own mailbox, which says nothing. Its acknowledgement goes to nobody: that of a message
 * does not come to the mailbox of whoever gets it.
 *
 * @param user g.userBytes, as a correspondent would have sealed them
 * @param at the gateway whose mailbox it goes to
 * @returns what it passes, and takes, until it is in the mailbox
 */
export function ownPacket(around: Surroundings, user: Uint8Array, now: number, at: NodeEntry): Outbound {
  const { g, mailbox } = around
  const back = { gateway: someGateway(around), recipient: DROP_RECIPIENT }
  const made = forwardPacket(around, { gateway: at, recipient: mailbox }, user, now, undefined, back)
  return { ...made, nodes: made.nodes.slice(0, g.hops), roundTripMs: made.drawnMs }
}

function someGateway({ view, home, random }: Surroundings): NodeEntry {
  const running = view.gateways.filter(gateway => gateway.running)
  return pick(random, running.length > 0 ? running : [home])
}

/**
 * Reply blocks for one correspondent, in the order in which to use those of an epoch: each takes mixes that
 * the ones before it have used least, so that one dead mix breaks as few as can be.
 *
 * They begin at gateways at random, to each of which a packet that is like a message brings what is answered.
 *
 * @param epochs the epoch of each block; the view has keys for it
 * @throws ClientError NO_PATH, NO_CONSENSUS
 */
export function replyBlocks(around: Surroundings, epochs: readonly number[]): OwnBlock[] {
  const { g, view, home, mailbox, random } = around
  const running = view.gateways.filter(gateway => gateway.running)
  const entries = shuffle(random, running.length > 0 ? running : [home])
  const uses = new Map<string, number>()
  return epochs.map((epoch, i) => {
    const first = entries[i % entries.length] as NodeEntry
    const keysOf = (id: string): [used: string, paired: string] => [
      `${epoch} ${id}`,
      `${epoch} ${id} ${hex(first.id)}`,
    ]
    const weight = (id: string): number => {
      const [used, paired] = keysOf(id).map(key => uses.get(key) ?? 0) as [number, number]
      return around.weight(id) ** trustOverTurns * leastUsed ** used * leastPaired ** paired
    }
    const last = isSpare(i) ? (around.standby[i % around.standby.length] ?? home) : home
    const path: Path = drawPath(
      { view, first, last, at: 0, epochAt: () => epoch, weight, delayAtEnd: false },
      random,
    )
    for (const id of path.nodes.slice(1, -1)) {
      for (const key of keysOf(id)) uses.set(key, (uses.get(key) ?? 0) + 1)
    }
    const replyId = random(replyIdBytes)
    const { block, secret } = makeReplyBlock(g, path.hops, { recipient: mailbox, replyId }, random)
    return { epoch, block, replyId, secret, nodes: path.nodes, drawnMs: path.transitMs }
  })
}

/** One block of three ends at another gateway than the home, so that the home's end is not that of a reply. */
function isSpare(i: number): boolean {
  return i % 3 === 2
}

/**
 * Shares reply blocks out among epochs, the coming ones included, since a reply may be written later.
 *
 * @param epochs those whose keys are known, this one first
 * @param wanted at least one
 */
export function spreadOverEpochs(epochs: readonly number[], wanted: number): number[] {
  const each = Math.max(1, Math.floor((wanted - 1) / laterShare))
  const later = epochs.slice(1, wanted).flatMap(epoch => Array<number>(each).fill(epoch))
  return [...Array<number>(wanted - later.length).fill(epochs[0] as number), ...later]
}
