// The network around the node of `npm run chaos -- replay`, as its directory shows it, and packets for the node.

import { x25519PublicKey } from '#crypto'
import type { NodeEntry } from '../../directory/documents/view.ts'
import { paperNetwork, paperNode, paperView } from '../../simulator/paper.ts'
import { body } from '../../sphinx/body.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { below, type Random } from '../../world/random.ts'
import type { Life } from './child.ts'

export interface ReplayWorld {
  /** Facts that the node is told. */
  readonly about: Pick<Life, 'network' | 'view' | 'id' | 'from'>
  /** A new packet that the node passes on. @param key the node's packet key, 32 bytes */
  packet(key: Uint8Array): Uint8Array
}

/** A network of two mixes, one behind the other, and the sender of packets for the first. */
export function replayWorld(random: Random, genesis: number): ReplayWorld {
  const network = paperNetwork({
    name: 'replay',
    genesis,
    epochMs: 20 * 60_000,
    layers: 2,
    userBytes: 200,
    minimum: { mixes: 2, gateways: 1 },
  })
  const [mix, behind, gateway] = [0, 1, -1].map(layer =>
    paperNode({ id: random(32), addresses: [] }, layer),
  ) as [NodeEntry, NodeEntry, NodeEntry]
  const view = paperView(network, [mix, behind, gateway], { hash: random(32), nodes: new Map() })
  const g = geometry(network)
  /** The second hop is never peeled: any key does. */
  const nobodys = x25519PublicKey(random(32))
  const plain = body(g, {
    flags: 0,
    ack: new Uint8Array(g.replyBlockBytes),
    user: new Uint8Array(g.userBytes),
  })
  return {
    about: { network, view, id: mix.id, from: gateway.id },
    packet: key =>
      wrap(
        g,
        [
          { id: mix.id, key, delayMs: below(random, 20) },
          { id: behind.id, key: nobodys, delayMs: 0 },
        ],
        random(32),
        plain,
        random,
      ),
  }
}
