// The packets that a client makes: messages, loops, drops, reply blocks (docs/spec/client-delivery.md 6). All look
// alike to everybody but the client itself.

import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { body } from '../../sphinx/body.ts'
import { DROP_RECIPIENT } from '../../sphinx/commands.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { makeReplyBlock, type ReplySecret, useReplyBlock } from '../../sphinx/reply.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { pick, type Random } from '../../world/random.ts'
import type { TaggedBlock } from './content.ts'
import { drawPath, type Path, type PathChoice } from './paths.ts'
import { readPattern, type Way } from './pattern.ts'

/** Holds what stays the same while a client talks through one gateway under one consensus. */
export interface Surroundings {
  readonly g: Geometry
  readonly view: View
  readonly epochAt: (time: number) => number
  /** The client's gateway: its packets enter there, acknowledgements and replies end there. */
  readonly home: NodeEntry
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
  /** g.packetBytes, for the client's gateway */
  readonly packet: Uint8Array
  /** 16 bytes: names what comes back, an acknowledgement or the loop itself. */
  readonly replyId: Uint8Array
  /** The nodes it passes, there and back, lowercase hex. */
  readonly nodes: readonly string[]
  /** Delays drawn until it reaches the far gateway (a loop: until it is back), milliseconds. */
  readonly drawnMs: number
  /** Delays drawn until what comes back is in the mailbox, milliseconds. */
  readonly roundTripMs: number
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

/**
 * A forward packet with its acknowledgement block.
 *
 * @param to where it ends, and the recipient there
 * @param user g.userBytes
 * @param way what a person asks of it; the acknowledgement obeys the filters
 * @throws ClientError NO_PATH, NO_CONSENSUS
 */
export function forwardPacket(
  around: Surroundings,
  to: { readonly gateway: NodeEntry; readonly recipient: Uint8Array },
  user: Uint8Array,
  now: number,
  way?: Way,
): Outbound {
  const { g, view, epochAt, home, mailbox, weight, random } = around
  const choice = way && choiceOf(around, way)
  const there = drawPath(
    { view, first: home, last: to.gateway, at: now, epochAt, weight, delayAtEnd: true, choice },
    random,
  )
  // The acknowledgement sets out when the far gateway's delay is over, with the keys of that time.
  const setsOut = now + there.transitMs + there.endDelayMs
  const back = drawPath(
    {
      view,
      first: to.gateway,
      last: home,
      at: setsOut,
      epochAt,
      weight,
      delayAtEnd: false,
      choice: choice && { ...choice, mixes: undefined },
    },
    random,
  )
  const replyId = random(replyIdBytes)
  const { block } = makeReplyBlock(g, back.hops, { recipient: mailbox, replyId }, random)
  const packet = wrap(g, there.hops, to.recipient, body(g, { flags: 0, ack: block, user }), random)
  return {
    packet,
    replyId,
    nodes: [...there.nodes, ...back.nodes],
    drawnMs: there.transitMs,
    roundTripMs: there.transitMs + there.endDelayMs + back.transitMs,
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

/** A packet to nobody: the gateway where it ends stores nothing, and acknowledges it like any other. */
export function dropPacket(around: Surroundings, now: number): Outbound {
  const { g, view, random } = around
  const gateways = view.gateways.filter(gateway => gateway.running)
  const gateway = pick(random, gateways.length > 0 ? gateways : [around.home])
  return forwardPacket(around, { gateway, recipient: DROP_RECIPIENT }, random(g.userBytes), now)
}

/** A packet to the client itself: a reply block of its own, used at once. */
export function loopPacket(around: Surroundings, now: number): Outbound {
  const { g, view, epochAt, home, mailbox, weight, random } = around
  const path = drawPath(
    { view, first: home, last: home, at: now, epochAt, weight, delayAtEnd: false },
    random,
  )
  const replyId = random(replyIdBytes)
  const { block } = makeReplyBlock(g, path.hops, { recipient: mailbox, replyId }, random)
  const { packet } = useReplyBlock(g, block, new Uint8Array(g.bodyBytes))
  return { packet, replyId, nodes: path.nodes, drawnMs: path.transitMs, roundTripMs: path.transitMs }
}

/**
 * Reply blocks for one correspondent, in the order in which to use those of an epoch: each takes mixes that
 * the ones before it have used least, so that one dead mix breaks as few as can be.
 *
 * @param entries where the correspondent's packets enter: the gateways of its address, in its order
 * @param epochs the epoch of each block; the view has keys for it
 * @throws ClientError NO_PATH, NO_CONSENSUS
 */
export function replyBlocks(
  around: Surroundings,
  entries: readonly NodeEntry[],
  epochs: readonly number[],
): OwnBlock[] {
  const { g, view, home, mailbox, random } = around
  const uses = new Map<string, number>()
  return epochs.map((epoch, i) => {
    const weight = (id: string): number => around.weight(id) * 1000 ** -(uses.get(`${epoch} ${id}`) ?? 0)
    const first = entries[i % entries.length] as NodeEntry
    const path: Path = drawPath(
      { view, first, last: home, at: 0, epochAt: () => epoch, weight, delayAtEnd: false },
      random,
    )
    for (const id of path.nodes.slice(1, -1)) {
      uses.set(`${epoch} ${id}`, (uses.get(`${epoch} ${id}`) ?? 0) + 1)
    }
    const replyId = random(replyIdBytes)
    const { block, secret } = makeReplyBlock(g, path.hops, { recipient: mailbox, replyId }, random)
    return { epoch, block, replyId, secret, nodes: path.nodes, drawnMs: path.transitMs }
  })
}

/**
 * Shares reply blocks out among epochs, the coming ones included, since a reply may be written later.
 *
 * @param epochs those whose keys are known, this one first
 * @param wanted at least one
 */
export function spreadOverEpochs(epochs: readonly number[], wanted: number): number[] {
  const out: number[] = []
  for (const [i, epoch] of epochs.entries()) {
    const share = Math.ceil((wanted - out.length) / (epochs.length - i))
    for (let n = 0; n < share; n++) out.push(epoch)
  }
  return out
}
