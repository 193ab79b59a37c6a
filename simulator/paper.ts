// A network on paper: a consensus that nobody voted on, for programs that run one role of it and measure or attack
// that.

import { epochStart, epochsValid, type Network } from '../directory/documents/network.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import { type Directory, healthy, type NodeEntry, type View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import type { Files } from '../node/files.ts'

/** Without authorities; three layers of mixes and 2000 bytes in a packet unless it is told otherwise. */
export function paperNetwork(of: Pick<Network, 'name' | 'genesis' | 'epochMs'> & Partial<Network>): Network {
  const layers = of.layers ?? 3
  return {
    authorities: [],
    threshold: 1,
    suite: 'x25519',
    hops: layers + 2,
    userBytes: 2000,
    topology: 'stratified',
    layers,
    minimum: { mixes: 1, gateways: 1 },
    ...of,
  }
}

/** @param layer -1 for a gateway, otherwise from 0 */
export function paperNode({ id, addresses }: Pick<NodeEntry, 'id' | 'addresses'>, layer: number): NodeEntry {
  const role = layer < 0 ? 'gateway' : 'mix'
  const usual = { services: [], packetKeys: new Map(), family: '', running: true, reliable: true }
  return { id, addresses, role, layer, ...usual }
}

/**
 * Reads what a descriptor would publish: the public halves (32 bytes) of the packet keys that a node has made for an
 * epoch and the two after it.
 */
export async function paperKeys(files: Files, epoch: number): Promise<Map<number, Uint8Array>> {
  const keys = new Map<number, Uint8Array>()
  for (let e = epoch; e < epoch + epochsValid; e++) {
    const file = await files.read(`packet-${e}.key`, 64)
    if (file !== undefined) keys.set(e, file.slice(32))
  }
  return keys
}

/** The document of an epoch, in which these are all nodes. Nodes send no loops. */
export function paperView(
  network: Network,
  nodes: readonly NodeEntry[],
  { epoch = 0, ...change }: Partial<View> = {},
): View {
  return {
    network: network.name,
    epoch,
    hash: new Uint8Array(32),
    signers: [],
    validAfter: epochStart(network, epoch),
    freshUntil: epochStart(network, epoch + 1),
    validUntil: epochStart(network, epoch + 3),
    parameters: { ...defaultParameters, nodeLoopPerMinute: 0 },
    mixing: 'poisson',
    topology: network.topology,
    layers: Array.from({ length: network.layers }, (_, at) => nodes.filter(({ layer }) => layer === at)),
    gateways: nodes.filter(({ role }) => role === 'gateway'),
    nodes: new Map(nodes.map(node => [hex(node.id), node])),
    ...change,
  }
}

/** One that has this document and never another. */
export function paperDirectory(view: View): Directory {
  return {
    current: () => view,
    view: () => undefined,
    onView: () => () => {},
    health: () => healthy,
    ready: async () => view,
    close: async () => {},
  }
}
