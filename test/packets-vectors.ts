// Makes test/vectors/packets.json: what docs/spec/packets.md says, as bytes. Run as a program it writes the file anew;
// packets-vectors.test.ts holds the code to what stands there.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealContent, sealingKey, sealingSecret } from '../cascade/packets/contents.ts'
import { courseOf, makePacket, mixPackets, openingOf, provePacket } from '../cascade/packets/packet.ts'
import { contextOf } from '../cascade/records.ts'
import { concat, fromHex, hex } from '../encoding/bytes.ts'
import { group } from '../simulator/cascade-world.ts'
import { seededRandom } from '../world/random.ts'

export const file: string = join(import.meta.dirname, 'vectors/packets.json')
const mixnet = 'packets.example'
const form = { hops: 3, body_bytes: 128 }

/** Makes all vectors. */
export function vectors(): object {
  const random = seededRandom(2026)
  const mixers = Array.from({ length: 3 }, (_, i) => {
    const seed = random(32)
    const peer_id = hex(new Uint8Array(32).fill(0x11 * (i + 1)))
    return { seed: hex(seed), peer_id, key_data: hex(sealingKey(group, seed)) }
  })
  const recipient = random(32)
  const recipientId = random(32)
  const sender = random(32)
  const context = contextOf(mixnet, 'message', mixers[0]?.peer_id as string)
  const packets = [0, 1, 2].map(part => {
    const seed = random(32)
    const piece = { is: 'piece' as const, id: hex(new Uint8Array(16).fill(7)), part, parts: 3 }
    const content =
      part === 2 ? { is: 'trap' as const } : { ...piece, data: new TextEncoder().encode(`part ${part}`) }
    const plain =
      part === 2 ? { is: 'trap' } : { ...piece, data: hex((content as { data: Uint8Array }).data) }
    const body = sealContent(group, mixnet, sealingKey(group, recipient), content, form.body_bytes, random)
    const packet = makePacket(group, form, mixers, recipientId, body, seed)
    const proof = provePacket(group, { context, sender }, packet, seed, random)
    const opening = openingOf(group, seed, 3)
    const course = courseOf(group, form, mixers, packet, opening).map(hex)
    return {
      seed: hex(seed),
      content: plain,
      body: hex(body),
      packet: hex(packet),
      proof: hex(proof),
      opening: hex(opening),
      course,
    }
  })
  const damaged = fromHex(packets[0]?.packet as string)
  damaged[300] = (damaged[300] as number) ^ 1
  let rows = concat([
    ...packets.map(({ packet }) => fromHex(packet)),
    fromHex(packets[1]?.packet as string),
    damaged,
  ])
  const batches = mixers.map(({ seed }, hop) => {
    const input = hex(rows)
    const secret = sealingSecret(group, fromHex(seed))
    const { output, malformed, duplicates } = mixPackets(
      group,
      form,
      secret,
      rows,
      mixers[hop + 1]?.peer_id,
      new Set(),
    )
    rows = output
    return { input, output: hex(output), malformed, duplicates }
  })
  return {
    about: 'docs/spec/packets.md; bytes in hexadecimal. Randomness is the ChaCha20 key stream of each seed.',
    mixnet,
    form,
    mixers,
    recipient: { seed: hex(recipient), id: hex(recipientId), sealing_key: hex(sealingKey(group, recipient)) },
    sender: hex(sender),
    packets,
    batches,
  }
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(file, `${JSON.stringify(vectors(), undefined, 1)}\n`)
