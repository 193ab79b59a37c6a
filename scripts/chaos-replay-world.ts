// The network around the node of `npm run chaos -- replay`, as its directory shows it, and packets for the node.

import { x25519PublicKey } from '#crypto'
import type { Network } from '../directory/network.ts'
import { defaultParameters } from '../directory/parameters.ts'
import type { NodeEntry, View } from '../directory/view.ts'
import { body } from '../sphinx/body.ts'
import { geometry } from '../sphinx/geometry.ts'
import { below, type Random } from '../sphinx/random.ts'
import { wrap } from '../sphinx/wrap.ts'
import type { Life } from './chaos-replay-child.ts'

export interface ReplayWorld {
  /** What the node is told. */
  readonly about: Pick<Life, 'network' | 'view' | 'id' | 'from'>
  /** A new packet that the node passes on. @param key the node's packet key, 32 bytes */
  packet(key: Uint8Array): Uint8Array
}

/** A network of two mixes, one behind the other, and the sender of packets for the first. */
export function replayWorld(random: Random, genesis: number): ReplayWorld {
  const network: Network = {
    name: 'replay',
    genesis,
    epochMs: 20 * 60_000,
    authorities: [],
    threshold: 1,
    suite: 'x25519',
    hops: 4,
    userBytes: 200,
    topology: 'stratified',
    layers: 2,
    minimum: { mixes: 2, gateways: 1 },
  }
  const entry = (role: NodeEntry['role'], layer: number): NodeEntry => ({
    id: random(32),
    role,
    layer,
    addresses: [],
    services: [],
    packetKeys: new Map(),
    family: '',
    running: true,
    reliable: true,
  })
  const [mix, behind, gateway] = [entry('mix', 0), entry('mix', 1), entry('gateway', -1)]
  const view: View = {
    network: network.name,
    epoch: 0,
    hash: random(32),
    signers: [],
    validAfter: genesis,
    freshUntil: genesis,
    validUntil: genesis,
    parameters: { ...defaultParameters, nodeLoopPerMinute: 0 },
    mixing: 'poisson',
    topology: 'stratified',
    layers: [[mix], [behind]],
    gateways: [gateway],
    nodes: new Map(),
  }
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
