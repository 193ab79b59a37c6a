// The door (docs/spec/node.md 1.1): what comes in and from whom, and what becomes of those who send what is of no use.

import { fromHex, hex } from '../encoding/bytes.ts'
import type { NodeId } from '../encoding/ids.ts'
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

/** Opens the door: nodes come in, and clients of a gateway at their rate, while they have not their share inside. */
export function door(
  { admission }: Pick<NodeOptions, 'admission'>,
  { mail, watch, limits }: Pick<Parts, 'mail' | 'watch' | 'limits'>,
  { happen, peeler }: Pick<Pipeline, 'happen' | 'peeler'>,
  life: Readonly<Life>,
): Door {
  const { shares } = peeler
  const clientsAtMost = limits.passing >> 1
  const refuse = (count: number, reason: DropReason): void => {
    if (count > 0) happen({ type: 'refused', count, reason })
  }
  const admit = (name: string, packets: readonly Uint8Array[]): void => {
    if (packets.length > 0) happen({ type: 'arrived', from: name, packets })
  }
  return (from, packets) => {
    if (life.at === 'closed') return undefined
    const name = hex(from)
    if (life.at === 'draining') refuse(packets.length, 'DRAINING')
    else if (admission.isNode(from)) {
      watch.arrived(packets.length)
      admit(name, packets)
    } else if (mail === undefined || admission.views.length === 0) refuse(packets.length, 'NOT_ADMITTED')
    else {
      const lawful = mail.gateway.admit(from, packets.length)
      // what clients together have inside leaves room for nodes' packets, whatever comes
      const taken = Math.max(0, Math.min(lawful, clientsAtMost - shares.ofClients))
      refuse(packets.length - lawful, 'CLIENT_RATE')
      refuse(lawful - taken, 'BUSY')
      admit(name, packets.slice(0, taken))
    }
    return shares.room(name)
  }
}

/**
 * Has the link judge clients by what their packets were worth. A client has built what it sends, so that it could have
 * seen that it is of no use; a node passes on what others built and cannot see into it, so that its packets are
 * counted and nothing is held against it. While a key is missing here nobody is judged: the fault may be this node's.
 */
export function conduct(
  { link, admission, clock }: Pick<NodeOptions, 'link' | 'admission' | 'clock'>,
  { keys, worth }: Pick<Parts, 'keys' | 'worth'>,
): (from: string, fit: Readonly<Fit>) => void {
  return (from, fit) => {
    if (from === '' || !keys.complete(clock.now())) return
    const id = fromHex(from)
    if (admission.isNode(id)) worth.add(from as NodeId, fit)
    else link.judge(id, fit)
  }
}
