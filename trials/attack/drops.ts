// Drops of the clients of `attack -- gateway`, most of what leaves them: they are not built, mixed and answered, for
// all that anybody sees of one is that it leaves, and that its acknowledgement comes nine drawn delays later.

import { CoverPackets } from '../../client/outgoing/cover-packets.ts'
import { drawPath } from '../../client/packets/paths.ts'
import { hex } from '../../encoding/bytes.ts'

/** Tells what comes of a drop. */
export interface Drop {
  /** Lowercase hex: the gateway of the mailbox to which its acknowledgement comes; undefined when it comes to none. */
  readonly home: string | undefined
  readonly mailbox: Uint8Array
  readonly replyId: Uint8Array
  /** Delays drawn until then, milliseconds. */
  readonly drawnMs: number
}

const drops = new WeakMap<Uint8Array, Drop>()

/** Finds what comes of a packet that is a drop. */
export function dropOf(packet: Uint8Array): Drop | undefined {
  return drops.get(packet)
}

/** Has the clients of this process make such drops. @returns how to have them make real ones again */
export function easyDrops(): () => void {
  const before = CoverPackets.drop
  CoverPackets.drop = (around, now, comesBack = true) => {
    const { view, epochAt, entry, home, mailbox, weight, random } = around
    const way = { view, first: entry, last: home, at: now, epochAt, weight }
    const there = drawPath({ ...way, delayAtEnd: true }, random)
    const back = drawPath({ ...way, first: home, delayAtEnd: false }, random)
    const roundTripMs = there.transitMs + there.endDelayMs + back.transitMs
    const [packet, replyId] = [new Uint8Array(1), random(16)]
    drops.set(packet, { home: comesBack ? hex(home.id) : undefined, mailbox, replyId, drawnMs: roundTripMs })
    return { packet, replyId, nodes: [], far: hex(home.id), drawnMs: there.transitMs, roundTripMs }
  }
  return () => {
    CoverPackets.drop = before
  }
}
