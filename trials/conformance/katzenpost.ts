// Katzenpost's KEM Sphinx packets through the construction of sphinx/, with the suite `katzenpost`: every packet
// is peeled and compared with what the next hop got, and then wrapped again from its parts.

import { x25519PublicKey } from '#crypto'
import { concat } from '../../encoding/bytes.ts'
import { writeCommands } from '../../sphinx/commands.ts'
import { type Geometry, layout, nodeIdBytes, recipientBytes, replyIdBytes } from '../../sphinx/geometry.ts'
import { type Destination, type Step, withHeader } from '../../sphinx/header.ts'
import { bodyOf, type Layer, openLayer } from '../../sphinx/peel.ts'
import { openReplyWith, useReplyBlock } from '../../sphinx/reply.ts'
import { newKeys, type Suite } from '../../sphinx/suite.ts'
import { wrapSteps } from '../../sphinx/wrap.ts'
import type { Random } from '../../world/random.ts'
import { type Check, failed, same } from './check.ts'
import { type PacketVector, packetVectors } from './katzenpost-file.ts'
import { katzenpost } from './katzenpost-suite.ts'

/** Kind katzenpost-kemsphinx-x25519. */
export function katzenpostPackets(path: string): readonly Check[] {
  return packetVectors(path).flatMap((vector, i) => {
    const id = `entry ${i} (${vector.packets.length} hops)`
    try {
      return checkVector(vector, id)
    } catch (error) {
      return [failed(id, error instanceof Error ? error.message : String(error))]
    }
  })
}

function checkVector(vector: PacketVector, id: string): readonly Check[] {
  const g = geometryOf(vector)
  const layers = vector.packets.map((packet, i) =>
    openLayer(katzenpost, g, vector.secretKeys[i] as Uint8Array, packet, () => false),
  )
  const checks = layers.map((layer, i) => {
    const next = vector.packets[i + 1]
    if (layer.to === 'next')
      return same(`${id}: packet of hop ${i + 1}`, layer.packet, next ?? new Uint8Array(0))
    return next === undefined
      ? { id: `${id}: hop ${i} is the last`, ok: true, detail: '' }
      : failed(`${id}: hop ${i}`, 'ends there, and the file goes on')
  })
  for (const [i, key] of vector.publicKeys.entries())
    checks.push(same(`${id}: public key ${i}`, x25519PublicKey(vector.secretKeys[i] as Uint8Array), key))
  checks.push(same(`${id}: commands`, joined(layers.map(ownCommands)), vector.commands))

  const last = layers.at(-1) as Layer
  if (last.to === 'next') return [...checks, failed(`${id}: payload`, 'the last hop passes the packet on')]
  const again = remade(vector, g, layers)
  const first = vector.packets[0] as Uint8Array
  if (last.replyId === undefined) {
    checks.push(same(`${id}: payload`, bodyOf(katzenpost, last.payload), vector.payload))
    const { suite, path, destination, random } = again
    const packet = wrapSteps(suite, g, path, destination, vector.payload, random)
    checks.push(same(`${id}: wrapped again`, packet, first))
  } else {
    const { suite, path, destination, random } = again
    const header = withHeader(suite, g, path, destination, random, 'header', made => made.header.slice())
    checks.push(same(`${id}: header made again`, header, first.subarray(0, g.headerBytes)))
    if (vector.reply !== undefined) checks.push(...checkReply(vector.reply, vector, g, last.payload, id))
  }
  return checks
}

/** A published reply block, used and opened. */
function checkReply(
  { block, keys }: NonNullable<PacketVector['reply']>,
  vector: PacketVector,
  g: Geometry,
  payload: Uint8Array,
  id: string,
): readonly Check[] {
  const { packet } = useReplyBlock(g, block, vector.payload, katzenpost)
  const each = katzenpost.keyBytes.payload
  const lastHopFirst = Array.from({ length: keys.length / each }, (_, i) =>
    keys.subarray(i * each, (i + 1) * each),
  )
  const seedKey = lastHopFirst.pop() as Uint8Array
  const body = openReplyWith(katzenpost, g, lastHopFirst.toReversed(), seedKey, payload)
  return [
    same(`${id}: reply block used`, packet, vector.packets[0] as Uint8Array),
    same(`${id}: reply opened`, body, vector.payload),
  ]
}

/** The longest path, from the length of a packet and of what it carries. */
function geometryOf(vector: PacketVector): Geometry {
  const packetBytes = vector.packets[0]?.length ?? 0
  const one = layout(katzenpost, 1, vector.payload.length)
  const hops = 1 + (packetBytes - one.packetBytes) / one.slotBytes
  return layout(katzenpost, hops, vector.payload.length)
}

/** A hop's commands as encoded, without the way on, which the files leave out. */
function ownCommands(layer: Layer): Uint8Array {
  const slot = new Uint8Array(katzenpost.commandBytes)
  const delayBytes = layer.delayMs === undefined ? 0 : 5
  if (layer.to === 'next') {
    const mac = new Uint8Array(katzenpost.macBytes)
    writeCommands({ ...layer, mac }, slot)
    return slot.subarray(0, delayBytes)
  }
  writeCommands(layer, slot)
  const replyBytes = layer.replyId === undefined ? 0 : 1 + replyIdBytes
  return slot.subarray(0, delayBytes + 1 + recipientBytes + replyBytes)
}

/**
 * Everything that went into a packet, found out by taking it apart: `suite` hands out the KEM ciphertexts and secrets
 * of the published packet, and `random` what stands in the slots that no hop had.
 */
function remade(
  vector: PacketVector,
  g: Geometry,
  layers: readonly Layer[],
): { suite: Suite; path: readonly Step[]; destination: Destination; random: Random } {
  const capsules = vector.packets.map((packet, i) => {
    const ciphertext = packet.subarray(g.adBytes, g.adBytes + g.kemBytes)
    const shared = new Uint8Array(katzenpost.sharedBytes)
    katzenpost.decapsulate(vector.secretKeys[i] as Uint8Array, ciphertext, shared)
    return { ciphertext, shared }
  })
  const lastKeys = newKeys(katzenpost)
  katzenpost.deriveKeys((capsules.at(-1) as (typeof capsules)[number]).shared, lastKeys)
  const routingAt = g.adBytes + g.kemBytes
  const lastPacket = vector.packets.at(-1) as Uint8Array
  const routing = lastPacket.slice(routingAt, routingAt + g.routingBytes)
  katzenpost.headerXor(lastKeys.header, routing)
  const unusedSlots = (g.hops - layers.length) * g.slotBytes
  const rolls = [
    routing.slice(g.slotBytes, g.slotBytes + unusedSlots),
    routing.slice(g.commandBytes, g.slotBytes),
  ]

  const queue = [...capsules]
  const path = layers.map((layer, i): Step => {
    const before = layers[i - 1]
    return {
      // nothing in a packet says who its first hop is
      id: before?.to === 'next' ? before.next : new Uint8Array(nodeIdBytes),
      key: vector.publicKeys[i] as Uint8Array,
      ...(layer.delayMs === undefined ? {} : { delayMs: layer.delayMs }),
    }
  })
  const last = layers.at(-1) as Extract<Layer, { to: 'recipient' }>
  return {
    suite: { ...katzenpost, encapsulate: () => next(queue, 'encapsulation') },
    path,
    destination: {
      recipient: last.recipient,
      ...(last.replyId === undefined ? {} : { replyId: last.replyId }),
    },
    random: length => {
      const roll = next(rolls, 'roll of the dice')
      if (roll.length !== length) throw new Error(`wrapped again: want ${length} random bytes`)
      return roll
    },
  }
}

function next<T>(queue: T[], what: string): T {
  const item = queue.shift()
  if (item === undefined) throw new Error(`wrapped again: one ${what} too many`)
  return item
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return concat(parts)
}
