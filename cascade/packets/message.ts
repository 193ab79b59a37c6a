// A message of packets on the board (docs/spec/packets.md 4): each is its sender's own, and none comes twice.

import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Group } from '../../shuffle/index.ts'
import { CascadeError } from '../error.ts'
import { contextOf, type Peer } from '../records.ts'
import type { Rules } from '../rules.ts'
import { packetProofBytes } from './packet.ts'
import { packetBytes, pointOf } from './suite.ts'

/**
 * Demands packets of their sender's own.
 *
 * @param rows `each` packets
 * @param proofs 64 bytes a packet
 * @returns their points in hexadecimal, by which each is known again
 * @throws CascadeError BAD_SIGNATURE, REPLAYED
 */
export function wantPackets(
  rules: Rules,
  group: Group,
  mixnet: string,
  sender: string,
  peer: Peer,
  rows: Uint8Array,
  proofs: Uint8Array,
): readonly string[] {
  const size = packetBytes(peer)
  const about = { context: contextOf(mixnet, 'message', peer.peer_id), sender: fromHex(sender) }
  const points = Array.from({ length: peer.each }, (_, i) => {
    const packet = rows.subarray(size * i, size * (i + 1))
    const proof = proofs.subarray(packetProofBytes * i, packetProofBytes * (i + 1))
    if (!rules.isMade(group, about, packet, proof))
      throw new CascadeError('BAD_SIGNATURE', `data: packet ${i + 1} is not shown to be its sender's`)
    return hex(pointOf(packet))
  })
  if (new Set(points).size < points.length) throw new CascadeError('REPLAYED', 'data: has a packet twice')
  return points
}
