// Packets for one hop: what a relay opens is a whole packet of the geometry, what it passes on is for nobody. That
// costs a fifth of wrapping for five hops, and the relay cannot tell.

import { writeCommands } from '../../sphinx/commands.ts'
import { type Geometry, suiteOf } from '../../sphinx/geometry.ts'
import { newKeys } from '../../sphinx/suite.ts'
import { type Random, systemRandom } from '../../world/random.ts'

/** Bytes of the number that the relay's output carries where the next hop's MAC belongs. */
const numberBytes = 4

/**
 * Writes packets one after the other, all different, without delay.
 *
 * @param options.key 32 bytes: the relay's packet public key
 * @param options.next 32 bytes: where the relay sends them
 * @param options.first the number of the first; `numberOf` reads it from what the relay sends
 * @param into a multiple of g.packetBytes
 */
export function writePackets(
  g: Geometry,
  options: { key: Uint8Array; next: Uint8Array; first: number; random?: Random },
  into: Uint8Array,
): void {
  const { key, next, first, random = systemRandom } = options
  const suite = suiteOf(g)
  const keys = newKeys(suite)
  const routingAt = g.adBytes + g.kemBytes
  const macAt = routingAt + g.routingBytes
  for (let at = 0; at < into.length; at += g.packetBytes) {
    const packet = into.subarray(at, at + g.packetBytes)
    const { ciphertext, shared } = suite.encapsulate(key, random)
    suite.deriveKeys(shared, keys)
    packet.set(suite.ad)
    packet.set(ciphertext, g.adBytes)
    packet.set(random(g.packetBytes - routingAt), routingAt)
    const mac = random(g.macBytes)
    new DataView(mac.buffer, mac.byteOffset).setUint32(0, first + at / g.packetBytes)
    writeCommands(
      { to: 'next', delayMs: 0, next, mac },
      packet.subarray(routingAt, routingAt + g.commandBytes),
    )
    suite.headerXor(keys.header, packet.subarray(routingAt, macAt))
    suite.mac(keys.mac, packet.subarray(0, macAt), packet.subarray(macAt, g.headerBytes))
  }
}

/** The number of a packet that a relay has peeled. */
export function numberOf(g: Geometry, packet: Uint8Array): number {
  const at = g.headerBytes - g.macBytes
  return new DataView(packet.buffer, packet.byteOffset + at, numberBytes).getUint32(0)
}
