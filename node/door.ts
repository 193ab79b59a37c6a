// The door (docs/spec/node.md 1.1): what comes in and from whom, and what becomes of those who send what is of no use.

import { fromHex, hex } from '../encoding/bytes.ts'
import type { NodeOptions } from './options.ts'
import type { Parts } from './parts.ts'
import type { Pipeline } from './pipeline.ts'
import type { Fit } from './relay/peeling.ts'
import type { DropReason } from './relay/relay.ts'

/** A node begins as running, drains at most once, and is closed for good. */
export interface Life {
  at: 'running' | 'draining' | 'closed'
}

/** Takes packets from a link. What it returns resolves when more of this neighbour's may come; undefined: at once. */
export type Door = (from: Uint8Array, packets: readonly Uint8Array[]) => Promise<void> | undefined

/** Opens the door: nodes come in, and clients of a gateway at their rate. */
export function door(
  { admission }: Pick<NodeOptions, 'admission'>,
  { mail, watch }: Pick<Parts, 'mail' | 'watch'>,
  { happen, peeler }: Pick<Pipeline, 'happen' | 'peeler'>,
  life: Readonly<Life>,
): Door {
  const refuse = (count: number, reason: DropReason): void => happen({ type: 'refused', count, reason })
  return (from, packets) => {
    if (life.at === 'closed') return undefined
    const name = hex(from)
    if (life.at === 'draining') refuse(packets.length, 'DRAINING')
    else if (admission.isNode(from)) {
      watch.arrived(packets.length)
      happen({ type: 'arrived', from: name, packets })
    } else if (mail === undefined || admission.views.length === 0) refuse(packets.length, 'NOT_ADMITTED')
    else {
      const admitted = mail.gateway.admit(from, packets.length)
      if (admitted < packets.length) refuse(packets.length - admitted, 'CLIENT_RATE')
      if (admitted > 0) happen({ type: 'arrived', from: name, packets: packets.slice(0, admitted) })
    }
    return peeler.room(name)
  }
}

/**
 * Has the link judge who sent packets, hex or empty for this node itself, by what they were worth. Whose packets are of
 * no use pays for it, unless a key is missing here: then the fault may be this node's.
 */
export function conduct(
  { link, admission, clock, log }: Pick<NodeOptions, 'link' | 'admission' | 'clock' | 'log'>,
  { keys }: Pick<Parts, 'keys'>,
): (from: string, fit: Readonly<Fit>) => void {
  return (from, fit) => {
    if (from === '' || !keys.complete(clock.now())) return
    const id = fromHex(from)
    if (link.judge(id, fit) && admission.isNode(id))
      log.warn({ node: from }, 'too many packets of this node do not open: it is shut out for a while')
  }
}
