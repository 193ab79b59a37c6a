// The file of Katzenpost's KEM Sphinx packets, in the two shapes it goes round in: as published (Nodes, Path), and
// with one list a field (PrivateKeys, PublicKeys, Commands).

import { concat } from '../../encoding/bytes.ts'
import { bytesOf, readJson } from './check.ts'

export interface PacketVector {
  readonly secretKeys: readonly Uint8Array[]
  readonly publicKeys: readonly Uint8Array[]
  /** Commands that the hops were told beside the way on, as encoded, first hop first and joined. */
  readonly commands: Uint8Array
  /** The packet that each hop got. */
  readonly packets: readonly Uint8Array[]
  readonly payload: Uint8Array
  /** For a packet made with a reply block: the block, and the keys that open the reply, last hop first. */
  readonly reply?: { readonly block: Uint8Array; readonly keys: Uint8Array }
}

/** @throws Error that names the entry and field which is not as it should be */
export function packetVectors(path: string): readonly PacketVector[] {
  const file = readJson(path)
  const entries = Array.isArray(file) ? file : record(file, 'file')['tests']
  return list(entries, 'tests').map((entry, i) => packetVector(record(entry, `tests[${i}]`), `tests[${i}]`))
}

function packetVector(entry: Record<string, unknown>, name: string): PacketVector {
  const field = (key: string): readonly unknown[] => list(entry[key], `${name}.${key}`)
  const published = entry['Path'] !== undefined
  const hops = published ? field('Path').map((hop, i) => record(hop, `${name}.Path[${i}]`)) : []
  const nodes = published ? field('Nodes').map((node, i) => record(node, `${name}.Nodes[${i}]`)) : []
  const secretKeys = published ? nodes.map(node => node['PrivateKey']) : field('PrivateKeys')
  const publicKeys = published ? hops.map(hop => hop['PublicKey']) : field('PublicKeys')
  const commands = published
    ? hops.flatMap((hop, i) => list(hop['Commands'], `${name}.Path[${i}].Commands`))
    : field('Commands').flat()
  const block = bytesOf(entry['Surb'] ?? '', `${name}.Surb`)
  const vector = {
    secretKeys: all(secretKeys, `${name}.PrivateKeys`),
    publicKeys: all(publicKeys, `${name}.PublicKeys`),
    commands: concat(all(commands, `${name}.Commands`)),
    // as published, an empty text stands for what the last hop would have passed on
    packets: all(field('Packets'), `${name}.Packets`).filter(packet => packet.length > 0),
    payload: bytesOf(entry['Payload'], `${name}.Payload`),
  }
  const hopCount = vector.packets.length
  if (hopCount < 1 || vector.secretKeys.length !== hopCount || vector.publicKeys.length !== hopCount)
    throw new Error(`${name}: the numbers of packets and keys differ`)
  if (block.length === 0) return vector
  return { ...vector, reply: { block, keys: bytesOf(entry['SurbKeys'], `${name}.SurbKeys`) } }
}

function all(values: readonly unknown[], field: string): readonly Uint8Array[] {
  return values.map((value, i) => bytesOf(value, `${field}[${i}]`))
}

function list(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${field}: want a list`)
  return value
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`${field}: want an object`)
  return value as Record<string, unknown>
}
