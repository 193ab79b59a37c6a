// A whole mix-net (docs/spec/cascade.md) on a virtual clock: messages go in, are mixed with proofs and decrypted,
// whatever is lost on the way, whoever is away or stopped, and whoever lies.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Audit } from '../cascade/audit.ts'
import type { Controller } from '../cascade/controller.ts'
import { type Cycle, contextOf } from '../cascade/records.ts'
import { type Fields, request, type Signer, sha256Hex, signerOf } from '../cascade/signed.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { decryptionShare, proofBytes } from '../shuffle/index.ts'
import { group, mixnet, World } from '../simulator/cascade-world.ts'
import { seededRandom } from '../world/random.ts'

const texts = ['one', 'two', 'three', 'four']
const sorted = [...texts].sort()

async function filled(options: Parameters<typeof World.of>[0]): Promise<World> {
  const world = await World.of(options)
  for (const text of texts) world.addClient(text)
  return world
}

const audits = (world: World): Audit[] => [...world.members, ...world.clients].map(({ audit }) => audit)

/** Posts as a member would that does not keep to the rules. */
async function lie(world: World, at: number, fields: Fields, blobs: readonly Uint8Array[]): Promise<string> {
  const signer = world.signers[at] as Signer
  const sequence = Number(world.shelf(`member ${at}`).get('sequence')) + 1
  world.shelf(`member ${at}`).put('sequence', String(sequence))
  const said = request(signer, mixnet, sequence, { resource: 'cycle', operation: 'action', ...fields })
  const reply = await world.controller.post(said, blobs)
  return reply.is === 'accepted' ? reply.id : reply.code
}

/** Finds the cycle of a peer that is closed now, by what a member has seen. */
function closed(world: World, peer: number): Cycle {
  const cycles = (world.members[0] as (typeof world.members)[number]).audit.board.cycles
  const cycle = cycles.get(world.peers[peer] as string)?.find(({ status }) => status === 'CLOSED')
  assert.ok(cycle, `a closed cycle of peer ${peer}`)
  return cycle as Cycle
}

test('what goes in comes out, and every client sees how far its message has come', async () => {
  const world = await filled({ seed: 1 })
  assert.is(world.clients[0]?.progress(0), 'queued')
  await world.run(4)
  assert.is(world.clients[0]?.progress(0), 'accepted')
  await world.run(25)
  assert.equal(world.result(), sorted)
  for (const client of world.clients) assert.is(client.progress(0), 'delivered')
  for (const audit of audits(world)) assert.equal(audit.findings, [])
})

test('requests and answers that are lost cost time: nothing is lost, and nothing comes twice', async () => {
  const dice = seededRandom(99)
  const isLost = (): boolean => (dice(1)[0] as number) < 80
  const world = await filled({
    seed: 2,
    post: async (_, send) => (isLost() ? undefined : isLost() ? void (await send()) : await send()),
  })
  world.closeAt = 400
  await world.run(110)
  assert.equal(world.result(), sorted)
  for (const audit of audits(world)) assert.equal(audit.findings, [])
})

test('whoever is stopped goes on from what it had written down, also when no answer had come', async () => {
  const dice = seededRandom(31)
  const isLost = (): boolean => (dice(1)[0] as number) < 60
  const world = await filled({
    seed: 3,
    post: async (_, send) => (isLost() ? void (await send()) : await send()),
  })
  for (let i = 0; i < 40; i++) {
    await world.run(1)
    await world.restart()
  }
  await world.run(1)
  assert.equal(world.result(), sorted)
  for (const client of world.clients) assert.is(client.progress(0), 'delivered')
})

test('a mixer that is away is left out by the others, and the next takes its place', async () => {
  const world = await filled({ seed: 4 })
  await world.run(60, member => member !== 1)
  assert.equal(world.result(), sorted)
  const skipped = (world.members[0] as (typeof world.members)[number]).audit.board.cycles.get(
    world.peers[2] as string,
  )
  assert.is(skipped?.[0]?.status, 'SKIPPED')
})

test('the first mixer can be away as well: those behind it take what it had been handed', async () => {
  const world = await filled({ seed: 14 })
  await world.run(60, member => member !== 0)
  assert.equal(world.result(world.members[1]), sorted)
})

test('a mixer that lies is named by everybody and left out, and what it made is void', async () => {
  const world = await filled({ seed: 5 })
  await world.run(18, member => member !== 1)
  const cycle = closed(world, 2)
  const input = (await world.controller.blob(cycle.input_hash)) as Uint8Array
  const output = input.slice()
  output.set(input.subarray(0, 64), 64) // a message counted twice, in the place of another
  const proof = seededRandom(5)(proofBytes(texts.length, 1)).map((byte, i) => (i % 32 === 31 ? 0 : byte))
  const hashes = { outbox_hash: sha256Hex(output), proof_hash: sha256Hex(proof) }
  const named = { action: 'process', peer_id: cycle.peer_id, cycle_id: cycle.id }
  assert.is(await lie(world, 1, { ...named, ...hashes }, [output, proof]), 'PROCESSED')
  await world.run(45, member => member !== 1)
  assert.equal(world.result(), sorted)
  for (const { findings } of audits(world).filter((_, i) => i !== 1)) {
    assert.is(findings.length, 1)
    assert.is(findings[0]?.who, world.signers[1]?.id)
  }
})

test('a trustee with a wrong share is named and left out; any others suffice', async () => {
  const world = await filled({ seed: 6 })
  await world.run(20, member => member !== 3 && member !== 4)
  const cycle = closed(world, 0)
  const audit = (world.members[0] as (typeof world.members)[number]).audit
  const decryption = audit.decryptionOf(cycle)
  assert.ok(decryption)
  const share = world.key.shares[0] as Uint8Array
  const true1 = decryptionShare(group, decryption as never, { index: 1, share }, world.random)
  const points = true1.points.slice()
  points.set(true1.points.subarray(32, 64), 0)
  const named = { action: 'share', peer_id: cycle.peer_id, cycle_id: cycle.id, index: 1 }
  const fields = { ...named, points_hash: sha256Hex(points), proof: hex(true1.proof) }
  assert.is(await lie(world, 3, fields, [points]), 'PROCESSED')
  await world.run(1, member => member === 0)
  assert.is(world.result(), undefined, 'one true share of two')
  await world.run(8, member => member !== 3)
  assert.equal(world.result(), sorted)
  assert.equal(
    audit.findings.map(({ who }) => who),
    [world.signers[3]?.id],
  )
})

test('who agrees with nobody but itself that a cycle is closed does not keep the others from it', async () => {
  const world = await filled({ seed: 15 })
  await world.run(3)
  const text = { action: 'close', peer_id: world.peers.at(-1) as string, cycle_id: 1 }
  await world.agree([world.signers[2] as Signer], text, 1)
  await world.run(40, member => member !== 2)
  assert.equal(world.result(), sorted)
})

test('nobody decrypts what nobody has mixed', async () => {
  const world = await filled({ seed: 7, mixers: 1, trustees: 4 })
  await world.run(60, member => member > 0)
  const trustee = world.members[3] as (typeof world.members)[number]
  const cycles = trustee.audit.board.cycles.get(world.peers[0] as string)
  assert.is(cycles?.length, 1, 'its only mixer was left out')
  assert.is(cycles?.[0]?.shares.length, 0)
  assert.is(world.result(trustee), undefined)
})

test('a cycle with too few messages is given up, and they go into the next', async () => {
  const world = await World.of({ seed: 8, sizeMin: 4 })
  for (const text of texts.slice(0, 2)) world.addClient(text)
  world.closeAt = 60
  await world.run(14)
  world.closeAt = Number.POSITIVE_INFINITY
  for (const text of texts.slice(2)) world.addClient(text)
  await world.run(8)
  world.closeAt = 0
  await world.run(40)
  assert.equal(world.result(), sorted)
})

test('a Controller that shows different logs, or not what it signed, is found out', async () => {
  const hidden = (controller: Controller) => ({
    log: async (from: number) => {
      const { entries, checkpoint } = await controller.log(from)
      return { entries: entries.filter(({ payload }) => payload.resource !== 'message'), checkpoint }
    },
    blob: (hash: string) => controller.blob(hash),
  })
  const world = await filled({
    seed: 9,
    source: (who, controller) => (who === 'member 2' ? hidden(controller) : honest(controller)),
  })
  await world.run(16)
  const findings = world.members.map(({ audit }) => audit.findings.map(({ who }) => who))
  assert.equal(findings, [[], [], ['controller'], [], [], []])

  // Two logs that are each signed: only who compares finds it.
  const other = await World.of({ seed: 9 })
  await other.run(1)
  const [a, b] = [
    world.members[0] as (typeof world.members)[number],
    other.members[0] as (typeof other.members)[number],
  ]
  a.audit.compare(b.audit.checkpoint)
  assert.equal(a.audit.findings, [], 'a log that is the beginning of another is no fork')
  other.addClient('another')
  await other.run(4)
  a.audit.compare(b.audit.checkpoint)
  assert.is(a.audit.findings[0]?.what, 'shows different logs')
})

function honest(controller: Controller): ReturnType<World['source']> {
  return { log: from => controller.log(from), blob: hash => controller.blob(hash) }
}

test('a copy of somebody else’s message is refused, and so is one said for another peer', async () => {
  const world = await filled({ seed: 10 })
  await world.run(4)
  const { entries } = await world.controller.log(0)
  const [entry] = entries.filter(({ payload }) => payload.resource === 'message')
  const thief = signerOf(seededRandom(77)(32))
  const key_data = hex(thief.keyData)
  await world.say(thief, {
    resource: 'peer',
    operation: 'create',
    name: 'thief',
    peer_type: 'CLIENT',
    key_data,
  })
  assert.ok(entry)
  const { peer_id, cycle_id, data, proof } = (entry as { payload: unknown }).payload as Record<string, string>
  const copy = { resource: 'message', operation: 'create', peer_id, cycle_id, box: 0, data, proof } as never
  assert.match(String(await world.say(thief, copy).catch(String)), /BAD_SIGNATURE/)
  assert.is.not(
    hex(contextOf(mixnet, 'message', world.peers[0] as string)),
    hex(contextOf(mixnet, 'message', world.peers[1] as string)),
  )
  assert.is(fromHex(data as string).length, 64)
})

test.run()
