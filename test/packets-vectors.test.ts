// test/vectors/packets.json (docs/spec/packets.md): packets, proofs, batches and what is in bodies, byte for byte, with
// either group.

import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openContent, sealingKey, sealingSecret } from '../cascade/packets/contents.ts'
import { courseOf, makePacket, mixPackets, openingOf, verifyPacket } from '../cascade/packets/packet.ts'
import { contextOf } from '../cascade/records.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { nobleGroup } from '../shuffle/index.ts'
import { group } from '../simulator/cascade-world.ts'
import { file } from './packets-vectors.ts'

interface Vectors {
  readonly mixnet: string
  readonly form: { readonly hops: number; readonly body_bytes: number }
  readonly mixers: readonly { readonly seed: string; readonly peer_id: string; readonly key_data: string }[]
  readonly recipient: { readonly seed: string; readonly id: string; readonly sealing_key: string }
  readonly sender: string
  readonly packets: readonly {
    readonly seed: string
    readonly content: Readonly<Record<string, unknown>>
    readonly body: string
    readonly packet: string
    readonly proof: string
    readonly opening: string
    readonly course: readonly string[]
  }[]
  readonly batches: readonly {
    readonly input: string
    readonly output: string
    readonly malformed: number
    readonly duplicates: number
  }[]
}

const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const { form, mixers, mixnet, recipient } = vectors

for (const [name, of] of [
  ['core', group],
  ['noble', nobleGroup()],
] as const)
  test(`keys, packets, proofs and batches are these (${name})`, () => {
    assert.is(hex(sealingKey(of, fromHex(recipient.seed))), recipient.sealing_key)
    for (const { seed, key_data } of mixers) assert.is(hex(sealingKey(of, fromHex(seed))), key_data)
    const context = contextOf(mixnet, 'message', mixers[0]?.peer_id as string)
    const sender = fromHex(vectors.sender)
    for (const { seed, body, packet, proof, opening, course, content } of vectors.packets) {
      const bytes = fromHex(packet)
      const made = makePacket(of, form, mixers, fromHex(recipient.id), fromHex(body), fromHex(seed))
      assert.is(hex(made), packet)
      assert.ok(verifyPacket(of, { context, sender }, bytes, fromHex(proof)))
      assert.not(verifyPacket(of, { context, sender: bytes.subarray(0, 32) }, bytes, fromHex(proof)))
      assert.is(hex(openingOf(of, fromHex(seed), 3)), opening)
      assert.equal(courseOf(of, form, mixers, bytes, fromHex(opening)).map(hex), course)
      const opened = openContent(of, mixnet, sealingSecret(of, fromHex(recipient.seed)), fromHex(body))
      assert.equal(opened?.is === 'piece' ? { ...opened, data: hex(opened.data) } : opened, content)
    }
    for (const [hop, { input, ...wanted }] of vectors.batches.entries()) {
      const secret = sealingSecret(of, fromHex(mixers[hop]?.seed as string))
      const next = mixers[hop + 1]?.peer_id
      const { output, ...dropped } = mixPackets(of, form, secret, fromHex(input), next, new Set())
      assert.equal({ output: hex(output), ...dropped }, wanted)
    }
  })

test.run()
