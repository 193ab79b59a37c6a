// Cover of the clients of `attack -- gateway`, most of what leaves them: it is not built, mixed and answered. All that
// anybody sees of a drop is that it leaves, and that its acknowledgement comes nine drawn delays later; of a message to
// oneself, that it leaves, and that it comes four delays later, for its acknowledgement comes to nobody.

import { CoverPackets } from '../../client/outgoing/cover-packets.ts'
import type { Outbound, Surroundings } from '../../client/packets/packets.ts'
import { drawPath, type Path } from '../../client/packets/paths.ts'
import type { NodeEntry } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Mail } from '../../node/relay/relay.ts'

/** Tells what comes of a packet of cover. */
export interface Coming {
  /** Lowercase hex: the gateway to which it comes. */
  readonly gateway: string
  readonly mail: Omit<Mail, 'data'> & { readonly data: Uint8Array | undefined }
  /** Delays drawn until then, milliseconds, and the links that are passed. */
  readonly drawnMs: number
  readonly links: number
}

/** Undefined for what comes to no mailbox. */
const coming = new WeakMap<Uint8Array, Coming | undefined>()

/** Tells whether a packet is such cover. */
export function isEasy(packet: Uint8Array): boolean {
  return coming.has(packet)
}

/** Finds what comes of it, if anything does. */
export function comingOf(packet: Uint8Array): Coming | undefined {
  return coming.get(packet)
}

/** Has the clients of this process make such cover. @returns how to have them make real packets again */
export function easyCover(): () => void {
  const { drop, own } = CoverPackets
  CoverPackets.drop = (around, now, comesBack = true) => {
    const { g, home, mailbox: recipient, random } = around
    const there = path(around, around.entry, home, now, true)
    const back = path(around, home, home, now, false)
    const drawnMs = there.transitMs + there.endDelayMs + back.transitMs
    const [packet, replyId] = [new Uint8Array(1), random(16)]
    const mail = { recipient, kind: 'reply', replyId, data: undefined } as const
    coming.set(
      packet,
      comesBack ? { gateway: hex(home.id), mail, drawnMs, links: 2 * g.hops - 1 } : undefined,
    )
    return { packet, replyId, nodes: [], far: hex(home.id), drawnMs: there.transitMs, roundTripMs: drawnMs }
  }
  CoverPackets.own = (around, user, now, at) => {
    const { g, mailbox: recipient } = around
    const { transitMs: drawnMs, nodes } = path(around, around.entry, at, now, true)
    const [packet, far] = [new Uint8Array(1), hex(at.id)]
    const mail = { recipient, kind: 'forward', replyId: new Uint8Array(16), data: user } as const
    coming.set(packet, { gateway: far, mail, drawnMs, links: g.hops })
    return { packet, replyId: new Uint8Array(16), nodes, far, drawnMs, roundTripMs: drawnMs }
  }
  return () => {
    CoverPackets.drop = drop
    CoverPackets.own = own
  }
}

/** Makes a loop over a reply block of one's own that is used at once. */
export function easyLoop(around: Surroundings, now: number): Outbound {
  const { g, home, mailbox: recipient, random } = around
  const { transitMs: drawnMs, nodes } = path(around, home, home, now, false)
  const [packet, replyId] = [new Uint8Array(1), random(16)]
  const mail = { recipient, kind: 'reply', replyId, data: undefined } as const
  coming.set(packet, { gateway: hex(home.id), mail, drawnMs, links: g.hops })
  return { packet, replyId, nodes, far: nodes[0] as string, drawnMs, roundTripMs: drawnMs }
}

function path(
  { view, epochAt, weight, random }: Surroundings,
  first: NodeEntry,
  last: NodeEntry,
  at: number,
  delayAtEnd: boolean,
): Path {
  return drawPath({ view, first, last, at, epochAt, weight, delayAtEnd }, random)
}
