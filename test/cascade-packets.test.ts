// Packets through a cascade (docs/spec/packets.md): what a batch is, whom a lost packet names, and that what was handed
// in comes out once, whoever drops, changes or stays away (docs/threats.md 3.73).
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  openContent,
  Pieces,
  piecesOf,
  sealContent,
  sealingKey,
  sealingSecret,
} from '../cascade/packets/contents.ts'
import {
  courseOf,
  hasRow,
  isRising,
  makePacket,
  mixPackets,
  openingOf,
  provePacket,
  verifyPacket,
} from '../cascade/packets/packet.ts'
import { packetBytes, pointOf } from '../cascade/packets/suite.ts'
import { contextOf } from '../cascade/records.ts'
import { strict } from '../cascade/rules.ts'
import type { SignedRequest } from '../cascade/signed.ts'
import { signerOf } from '../cascade/signed.ts'
import { concat, fromHex, hex, same } from '../encoding/bytes.ts'
import { group } from '../simulator/cascade-world.ts'
import { PacketWorld, type PacketWorldOptions, packetMixnet } from '../simulator/packet-world.ts'
import { seededRandom } from '../world/random.ts'

const random = seededRandom(77)
const text = (said: string): Uint8Array => new TextEncoder().encode(said)
const form = { hops: 3, body_bytes: 200 }
const secrets = Array.from({ length: 3 }, () => sealingSecret(group, random(32)))
const chain = secrets.map((secret, i) => ({
  peer_id: hex(new Uint8Array(32).fill(i + 1)),
  key_data: hex(
    group.multiples(undefined, {
      base: fromHex('e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76'),
      scalars: secret,
    }),
  ),
}))
const packetFor = (seed: Uint8Array, body = random(form.body_bytes)): Uint8Array =>
  makePacket(group, form, chain, random(32), body, seed)
const none: ReadonlySet<string> = new Set()
const through = (rows: Uint8Array, hop: number, seen = none) =>
  mixPackets(group, form, secrets[hop] as Uint8Array, rows, chain[hop + 1]?.peer_id, seen)

test('a packet is where its sender says, behind every hop, and a batch rises', () => {
  const seeds = Array.from({ length: 5 }, () => random(32))
  const packets = seeds.map(seed => packetFor(seed))
  assert.ok(packets.every(({ length }) => length === packetBytes(form)))
  const courses = seeds.map((seed, i) =>
    courseOf(group, form, chain, packets[i] as Uint8Array, openingOf(group, seed, 3)),
  )
  let rows = concat(packets)
  for (const hop of [0, 1, 2]) {
    const { output, malformed, duplicates } = through(rows, hop)
    assert.equal([malformed, duplicates], [0, 0])
    const size = output.length / packets.length
    assert.ok(isRising(output, size))
    for (const course of courses) assert.ok(hasRow(output, course[hop] as Uint8Array))
    assert.equal(through(rows, hop).output, output, 'the same batch gives the same bytes')
    assert.not(isRising(concat([output.subarray(size), output.subarray(0, size)]), size))
    assert.not(isRising(concat([output.subarray(0, size), output.subarray(0, size)]), size))
    rows = output
  }
})

test('what is no packet, goes elsewhere, or was there before is dropped and counted', () => {
  const [seed, other] = [random(32), random(32)]
  const packet = packetFor(seed)
  const changed = packet.slice()
  changed[100] = (changed[100] as number) ^ 1
  const elsewhere = makePacket(group, form, chain.slice(0, 1), random(32), random(form.body_bytes), other)
  const neutral = packetFor(random(32))
  neutral.fill(0, 2, 34)
  const made = through(concat([packet, packet, elsewhere, random(packet.length), neutral]), 0)
  assert.is(made.output.length, packet.length)
  assert.equal([made.malformed, made.duplicates], [3, 1])
  assert.is(through(changed, 0).malformed, 1, 'a changed byte of the header')
  const before = new Set([hex(pointOf(packet))])
  assert.equal(through(packet, 0, before), { output: new Uint8Array(0), malformed: 0, duplicates: 1 })
  assert.is(through(packet, 0).malformed, 0, 'control')
})

test('a payload that was changed comes out of no chain', () => {
  const packet = packetFor(random(32))
  const changed = packet.slice()
  changed[packet.length - 1] = (changed[packet.length - 1] as number) ^ 1
  const ends = [packet, changed].map(each => through(through(through(each, 0).output, 1).output, 2))
  assert.equal(
    ends.map(({ malformed }) => malformed),
    [0, 1],
  )
})

test('a proof is of one packet, sender and peer', () => {
  const seed = random(32)
  const packet = packetFor(seed)
  const about = {
    context: contextOf(packetMixnet, 'message', chain[0]?.peer_id as string),
    sender: random(32),
  }
  const proof = provePacket(group, about, packet, seed, random)
  assert.ok(verifyPacket(group, about, packet, proof))
  assert.not(verifyPacket(group, { ...about, sender: random(32) }, packet, proof), 'a copy by somebody else')
  assert.not(verifyPacket(group, { ...about, context: random(64) }, packet, proof), 'at another peer')
  const changed = packet.slice()
  changed[200] = (changed[200] as number) ^ 1
  assert.not(verifyPacket(group, about, changed, proof), 'a changed packet')
  for (let at = 0; at < 64; at++) {
    const other = proof.slice()
    other[at] = (other[at] as number) ^ 1
    assert.not(verifyPacket(group, about, packet, other), `byte ${at} of the proof`)
  }
  assert.not(verifyPacket(group, about, packet, proof.subarray(1)))
})

test('only the recipient opens what is sealed, in this mix-net; a message is whole once', () => {
  const seed = random(32)
  const [key, secret] = [sealingKey(group, seed), sealingSecret(group, seed)]
  const message = random(1000)
  const pieces = piecesOf(hex(random(16)), message, 127)
  assert.is(pieces.length, 8)
  const sealed = pieces.map(piece => sealContent(group, 'a', key, piece, 200, random))
  assert.ok(sealed.every(({ length }) => length === 200))
  const other = sealingSecret(group, random(32))
  assert.is(openContent(group, 'a', other, sealed[0] as Uint8Array), undefined)
  assert.is(openContent(group, 'b', secret, sealed[0] as Uint8Array), undefined)
  const trap = sealContent(group, 'a', key, { is: 'trap' }, 200, random)
  assert.equal(openContent(group, 'a', secret, trap), { is: 'trap' })
  const together = new Pieces(10)
  const whole = [...sealed, ...sealed].reverse().flatMap(body => {
    const content = openContent(group, 'a', secret, body)
    return content?.is === 'piece' ? (together.take(content) ?? []) : []
  })
  assert.is(whole.length, 1)
  assert.ok(same(whole[0]?.bytes as Uint8Array, message))
})

test('whoever begins messages and ends none keeps no other from being whole', () => {
  const begun = (): void => {
    const [first] = piecesOf(hex(random(16)), random(200), 100)
    if (first?.is === 'piece') assert.is(pieces.take(first), undefined)
  }
  const pieces = new Pieces(10)
  for (let i = 0; i < 25; i++) begun()
  assert.is(pieces.dropped, 15)
  const message = random(300)
  const honest = piecesOf(hex(random(16)), message, 100).flatMap(piece =>
    piece.is === 'piece' ? [piece] : [],
  )
  const whole = honest.flatMap(piece => {
    for (let i = 0; i < 9; i++) begun()
    return pieces.take(piece) ?? []
  })
  assert.equal(
    whole.map(({ bytes }) => bytes),
    [message],
  )
})

/** A world in which so many have said something, and what they said. */
async function spoken(
  options: PacketWorldOptions,
  sizes: readonly number[] = [10, 0, 300],
): Promise<{ readonly world: PacketWorld; readonly said: readonly string[] }> {
  const world = await PacketWorld.of(options)
  await world.run(40)
  const said = sizes.map((size, i) => `${i}${'x'.repeat(size)}`)
  for (const each of said) world.addSender().send(world.recipient(), text(each))
  await world.run(8)
  return { world, said: [...said].sort() }
}

const states = ({ senders }: PacketWorld): string[] => senders.map(sender => sender.progress(0))
const findings = ({ members }: PacketWorld, at = 0): readonly string[] =>
  members[at]?.audit.findings.map(({ who, what }) => `${who} ${what}`) ?? []

test('messages of any size come out once; the sender hears that; what is not sent are traps', async () => {
  const { world, said } = await spoken({ seed: 1, covers: true }, [10, 0, 900, 3])
  assert.equal(states(world), ['accepted', 'accepted', 'queued', 'accepted'], 'a long one is not all there')
  world.closeAt = 0
  await world.run(50)
  assert.equal(world.texts(), said)
  assert.equal(
    states(world),
    said.map(() => 'delivered'),
  )
  assert.equal(findings(world), [])
  const { messages } = world.controller.board.cycle(
    [...world.controller.board.peers.values()].at(-1)?.peer_id as string,
    1,
  )
  assert.is(new Set(messages.map(({ row }) => row.length)).size, 1, 'all send as much')
})

test('the same key is the same message', async () => {
  const { world } = await spoken({ seed: 2 })
  const [sender] = world.senders
  const first = sender?.send(world.recipient(), text('again'), 'key 1')
  assert.is(sender?.send(world.recipient(), text('again'), 'key 1'), first)
  assert.throws(() => sender?.send(world.recipient(), text('other'), 'key 1'), /BAD_REQUEST/)
  world.startSender(0)
  assert.is(world.senders[0]?.send(world.recipient(), text('again'), 'key 1'), first)
})

test('too few messages wait for more, and lose nothing', async () => {
  const { world } = await spoken({ seed: 3, sizeMin: 3 }, [1, 2])
  world.closeAt = 0
  await world.run(20)
  assert.equal(states(world), ['accepted', 'accepted'])
  assert.equal(world.texts(), [])
  world.addSender().send(world.recipient(), text('third'))
  await world.run(60)
  assert.equal(world.texts(), ['0x', '1xx', 'third'])
})

/** Replaces the first row by another, or takes it away. */
const lies: Readonly<Record<string, (rows: Uint8Array[]) => Uint8Array[]>> = {
  drops: rows => rows.slice(1),
  changes: ([first, ...rest]) => [
    (first as Uint8Array).map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
    ...rest,
  ],
  'puts its own in the place of': ([first, ...rest]) => [random((first as Uint8Array).length), ...rest],
}

for (const [name, lie] of Object.entries(lies))
  for (const at of [0, 1, 2])
    test(`mixer ${at + 1} that ${name} a packet is named, and left out; all comes out once`, async () => {
      const { world, said } = await spoken({ seed: 10 + at, showsLost: true })
      world.closeAt = 0
      let lied = false
      for (let i = 0; i < 8; i++) {
        await world.run(3, member => member !== at || lied)
        if (!lied) lied = (await world.lie(at, lie))?.is === 'accepted'
      }
      assert.ok(lied)
      for (const [i] of world.members.entries()) {
        const named = world.members[i]?.audit.findings ?? []
        assert.equal([...new Set(named.map(({ who }) => who))], [world.signers[at]?.id])
        assert.match(named[0]?.what as string, /dropped or changed a packet/)
      }
      await world.run(25)
      const { skipped } = world.controller.board
      assert.is(skipped.length, 1)
      assert.is(
        world.controller.board.peer(skipped[0]?.peer_id as string).processors[0],
        world.signers[at]?.id,
      )
      const kept = world.texts().filter(each => said.includes(each))
      assert.equal(kept, said, 'each once, though a batch went through twice')
      assert.equal(
        states(world),
        said.map(() => 'delivered'),
      )
    })

test('a trap is enough: nothing is shown of a message, and a mixer that drops all is named', async () => {
  const { world } = await spoken({ seed: 20, showsLost: false, each: 4 })
  world.closeAt = 0
  let lied = false
  for (let i = 0; i < 20; i++) {
    await world.run(3, member => member !== 1 || lied)
    if (!lied) lied = (await world.lie(1, rows => rows.slice(0, 1)))?.is === 'accepted'
  }
  assert.ok(lied)
  const [finding] = world.members[0]?.audit.findings ?? []
  assert.is(finding?.who, world.signers[1]?.id)
})

test('control: where nobody looks at complaints, a packet is lost and nobody named', async () => {
  const { world, said } = await spoken({ seed: 21, rules: { ...strict, isHeard: () => false } })
  world.closeAt = 0
  let lied = false
  for (let i = 0; i < 20; i++) {
    await world.run(3, member => member !== 1 || lied)
    if (!lied) lied = (await world.lie(1, rows => rows.slice(1)))?.is === 'accepted'
  }
  await world.run(60)
  assert.ok(lied)
  assert.equal(findings(world), [])
  assert.is(world.controller.board.skipped.length, 0)
  assert.ok(said.length >= world.texts().length)
})

test('a batch whose order could tell something is refused', async () => {
  const { world } = await spoken({ seed: 22 })
  world.closeAt = 0
  let lied = false
  for (let i = 0; i < 20 && !lied; i++) {
    await world.run(3, member => member !== 0)
    // Rows are sorted by `lie`: the second begins with what the first began with
    lied = (await world.lie(0, rows => [...rows.slice(0, -1), rows[0] as Uint8Array]))?.is === 'accepted'
  }
  await world.run(5)
  assert.ok(findings(world).some(each => /do not rise/.test(each)))
})

test('a mixer that stays away is left out, and all is sent again', async () => {
  const { world, said } = await spoken({ seed: 23 })
  world.closeAt = 0
  await world.run(60, member => member !== 1)
  assert.equal(world.texts(), said)
  assert.equal(
    states(world),
    said.map(() => 'delivered'),
  )
  assert.equal(findings(world), [])
  const names = [...world.controller.board.peers.values()].map(({ name }) => name)
  assert.equal(names.slice(3), [`${packetMixnet} packets 2 2`, `${packetMixnet} packets 2 1`])
})

test('where too few mixers are left nothing more is taken, and nothing is lost', async () => {
  const { world } = await spoken({ seed: 24, mixersLeast: 3 })
  world.closeAt = 0
  await world.run(40, member => member !== 2)
  assert.equal(world.texts(), [])
  assert.equal(states(world), ['queued', 'queued', 'queued'])
})

test('whoever complains without cause, or takes what is not there, names itself', async () => {
  const { world } = await spoken({ seed: 25 })
  world.closeAt = 0
  await world.run(60)
  const { board } = world.controller
  const [last, , entry] = [...board.peers.keys()] as [string, string, string]
  const eve = signerOf(world.senderSeeds[0] as Uint8Array)
  const opening = hex(concat([1, 2, 3].map(() => group.reduce(random(64)))))
  const about = { resource: 'cycle', operation: 'action', cycle_id: 1 }
  const complaint = { ...about, action: 'complain', peer_id: entry, packet: 1, opening }
  assert.is((await world.say(eve, complaint)).is, 'accepted')
  const again = await world.say(eve, complaint)
  assert.ok(again.is === 'refused' && again.code === 'REPLAYED')
  const stranger = await world.say(world.signers[0] as ReturnType<typeof signerOf>, complaint)
  assert.ok(stranger.is === 'refused' && stranger.code === 'FORBIDDEN')
  const taken = { ...about, action: 'consume', peer_id: last, taken: 1 }
  assert.is((await world.say(eve, taken)).is, 'accepted')
  await world.run(10)
  assert.equal(
    world.members[0]?.audit.findings.map(({ who, what }) => [who, what.split(' ')[0]]),
    [
      [eve.id, 'complained'],
      [eve.id, 'took'],
    ],
  )
  assert.is(board.skipped.length, 0)
})

test('a copy of a packet, by somebody else or in a later cycle, is refused', async () => {
  const { world } = await spoken({ seed: 26 })
  const { entries } = await world.controller.log(0)
  const message = entries.find(({ payload }) => payload.resource === 'message') as SignedRequest
  const { mixnet: _, signer: __, sequence: ___, ...said } = message.payload
  const fields = said as unknown as { resource: string; operation: string }
  const codeOf = async (who: number, change: object = {}): Promise<string> => {
    const reply = await world.say(signerOf(world.senderSeeds[who] as Uint8Array), { ...fields, ...change })
    return reply.is === 'refused' ? reply.code : reply.is
  }
  const owner = world.senderSeeds.findIndex(seed => signerOf(seed).id === message.payload.signer)
  assert.is(await codeOf((owner + 1) % 3), 'BAD_SIGNATURE')
  assert.is(await codeOf(owner), 'REPLAYED', 'even by its own sender')
  world.closeAt = 0
  await world.run(30)
  const open = world.controller.board.cycles.get(message.payload['peer_id'] as string)?.at(-1)
  assert.is(open?.status, 'OPEN')
  assert.is(await codeOf(owner, { cycle_id: open?.id }), 'REPLAYED')
})

test('a sender that is started again while nobody answers goes on when somebody does', async () => {
  let isAway = false
  const { world, said } = await spoken({ seed: 28, isAway: () => isAway })
  world.closeAt = 0
  await world.run(3)
  isAway = true
  world.senders.forEach((_, at) => {
    world.startSender(at)
  })
  await world.run(3)
  isAway = false
  await world.run(30)
  assert.equal(world.texts(), said)
})

test('everybody is stopped at every point, and everything comes out once', async () => {
  const { world, said } = await spoken({ seed: 27 })
  world.closeAt = 0
  for (let i = 0; i < 25; i++) {
    await world.run(1)
    await world.reopen()
    world.members.forEach((_, at) => {
      world.startMember(at)
    })
    world.senders.forEach((_, at) => {
      world.startSender(at)
    })
    world.startRecipient(0)
  }
  await world.run(60)
  assert.equal(world.texts(), said)
  assert.equal(
    states(world),
    said.map(() => 'delivered'),
  )
  assert.equal(findings(world), [])
})

test('nothing says which of the packets of a sender are traps, not even their order', async () => {
  const world = await PacketWorld.of({ seed: 51 })
  const count = 32
  for (let i = 0; i < count; i++) world.addSender().send(world.recipient(), text(`message ${i}`))
  for (let i = 0; i < 30 && !world.shelves.get(`sender ${count - 1}`)?.get('batch 0'); i++) await world.run(1)
  const first = Array.from({ length: count }, (_, i) => {
    const kept = world.shelves.get(`sender ${i}`)?.get('batch 0') as string
    const { packets } = JSON.parse(kept) as { packets: { of?: object }[] }
    assert.is(packets.filter(({ of }) => of !== undefined).length, 1)
    return packets[0]?.of === undefined
  })
  const traps = first.filter(isTrap => isTrap).length
  assert.ok(traps > 4 && traps < count - 4, `${traps} of ${count} have the trap first`)
})

test.run()
