// What a payload packet costs the client's own code, with the dice that a client has, in networks that exist on paper
// only: of 8, 1,000 and 9,000 nodes.

import { x25519PublicKey } from '#crypto'
import { forwardPacket, type Surroundings } from '../../client/packets/packets.ts'
import { drawPath, type PathRequest } from '../../client/packets/paths.ts'
import { hpkeSealing } from '../../client/packets/sealing.ts'
import { defaultParameters } from '../../directory/documents/parameters.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { paperNetwork, paperNode, paperView } from '../../simulator/paper.ts'
import { type Geometry, geometry } from '../../sphinx/geometry.ts'
import { type Random, seededRandom, systemRandom } from '../../world/random.ts'
import { measure, opensslX25519, sodiumX25519, type Task } from './cpu.ts'

const usual = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const sizes = [8, 1000, 9000]
/** Many and short, so that a slow moment of the machine strikes all alike. */
const rounds = 36
const packets = 15

export interface PayloadPackets {
  /** CPU microseconds of a packet in the smallest network. */
  readonly wrapUs: number
  /** By the number of nodes. */
  readonly payloadPacketX25519: Readonly<Record<string, number>>
}

export function payloadPackets(): PayloadPackets {
  const tasks = Object.fromEntries(sizes.map(size => [`${size}`, packetIn(size, usual)]))
  const x25519 = {
    sodium: { times: 100, run: sodiumX25519() },
    openssl: { times: 100, run: opensslX25519() },
  }
  const cost: Readonly<Record<string, number>> = measure(rounds, { ...x25519, ...tasks })
  const unit = Math.min(cost['sodium'] as number, cost['openssl'] as number)
  const inUnits = (size: number): number => Math.round((10 * (cost[size] as number)) / unit) / 10
  return {
    wrapUs: Math.round(cost[sizes[0] as number] as number),
    payloadPacketX25519: Object.fromEntries(sizes.map(size => [size, inUnits(size)])),
  }
}

/** A fragment sealed, the block of its acknowledgement, both paths, and the layers of the packet. */
export function packetIn(nodes: number, g: Geometry): Task {
  const view = viewOnPaper(nodes, seededRandom(nodes))
  const [home, far] = view.gateways as [NodeEntry, NodeEntry]
  const around: Surroundings = {
    g,
    view,
    epochAt: () => view.epoch,
    entry: far,
    home,
    standby: [],
    asides: [],
    gateway: id => view.nodes.get(id),
    mailbox: systemRandom(32),
    // as of a mix of which nothing bad is known
    weight: () => 1,
    reliability: () => 1,
    random: systemRandom,
  }
  // most nodes have been met before, as some minutes after a document came
  for (let i = 0; i < 3 * nodes; i++) drawPath(pathTo(far, around), systemRandom)
  const sealingKey = x25519PublicKey(systemRandom(32))
  const fragment = systemRandom(g.userBytes - hpkeSealing.overhead)
  const recipient = systemRandom(32)
  const run = (): void => {
    const user = hpkeSealing.seal(sealingKey, fragment, systemRandom)
    forwardPacket(around, { gateway: far, recipient }, user, view.validAfter)
  }
  return { times: packets, run }
}

function pathTo(last: NodeEntry, { view, entry, epochAt, weight }: Surroundings): PathRequest {
  return { view, first: entry, last, at: view.validAfter, epochAt, weight, delayAtEnd: true }
}

/** A quarter of the nodes are gateways, the others mixes of three layers; no two share a family or a network. */
function viewOnPaper(nodes: number, random: Random): View {
  const epoch = 1
  const network = paperNetwork({ name: 'paper', genesis: 0, epochMs: 1 })
  const entries = Array.from({ length: nodes }, (_, i) => ({
    ...paperNode(
      { id: random(32), addresses: [`/ip4/${11 + (i >> 8)}.${i & 255}.0.1/tcp/4001`] },
      (i % 4) - 1,
    ),
    family: `family ${i}`,
    packetKeys: new Map([[epoch, x25519PublicKey(random(32))]]),
  }))
  return paperView(network, entries, { epoch, parameters: defaultParameters })
}
