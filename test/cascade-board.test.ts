// What a board refuses (docs/spec/cascade.md 2 to 7): every request that somebody may not make, or not yet, or not
// again.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { CascadeError } from '../cascade/error.ts'
import { checkpointOf, isReceipt, readCheckpoint } from '../cascade/log.ts'
import { consensusId, contribute, contribution, negotiate, wrongWith } from '../cascade/negotiation.ts'
import { type Fields, isSigned, request, type Signer, signerOf } from '../cascade/signed.ts'
import { hex } from '../encoding/bytes.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { mixnet, World } from '../simulator/cascade-world.ts'
import { seededRandom } from '../world/random.ts'

const signers = [1, 2, 3].map(i => signerOf(seededRandom(i)(32))) as [Signer, Signer, Signer]
const [alice, bob, carol] = signers
const id = 'ab'.repeat(32)
const text = { action: 'close', peer_id: id, cycle_id: 1 }

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof CascadeError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

test('canonical JSON is that of RFC 8785: sorted by UTF-16, one text for one value', () => {
  const value = { '\u20ac': 1, '\r': 2, '1': 3, '\ud83d\ude00': 4, '\u0080': 5, ö: [true, null, '"\u000f\n'] }
  assert.is(canonicalJson(value), '{"\\r":2,"1":3,"\u0080":5,"ö":[true,null,"\\"\\u000f\\n"],"€":1,"😀":4}')
  for (const wrong of [1.5, Number.NaN, 2 ** 53, '\ud800', undefined, new Date(0)])
    assert.throws(() => canonicalJson(wrong as Json), RangeError)
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), fields => {
      const turned = Object.fromEntries(Object.entries(fields).reverse())
      return canonicalJson(fields) === canonicalJson(turned)
    }),
  )
})

test('a signature is of one mix-net, one sequence, one operation', () => {
  const said = request(alice, mixnet, 1, { resource: 'cycle', operation: 'create', peer_id: id })
  assert.ok(isSigned(alice.keyData, 'request', said.payload, said.signature))
  for (const change of [
    { mixnet: 'other' },
    { sequence: 2 },
    { operation: 'action' },
    { resource: 'peer' },
    { peer_id: '' },
  ])
    assert.not(isSigned(alice.keyData, 'request', { ...said.payload, ...change }, said.signature))
  assert.not(isSigned(bob.keyData, 'request', said.payload, said.signature))
  assert.not(isSigned(alice.keyData, 'text', said.payload, said.signature))
  assert.not(isSigned(alice.keyData, 'request', said.payload, said.signature.slice(2)))
})

test('a negotiation closes when all have accepted one text, and no sooner', () => {
  let negotiation = negotiate(
    mixnet,
    id,
    signers.map(({ keyData }) => keyData),
  )
  const say = (signer: Signer, said: Fields, accepts = true): void => {
    negotiation = contribute(negotiation, contribution(signer, negotiation, said, accepts))
  }
  say(alice, text)
  say(alice, text)
  assert.is(negotiation.consensus, undefined, 'one signer alone closes nothing')
  say(bob, text)
  say(carol, { ...text, cycle_id: 2 })
  assert.is(negotiation.consensus, undefined, 'another text is no agreement')
  say(carol, text, false)
  assert.is(negotiation.consensus, undefined, 'who does not accept has not agreed')
  say(bob, { ...text, cycle_id: 3 })
  say(carol, text)
  assert.is(negotiation.consensus, undefined, 'the latest word counts')
  say(bob, text)
  const consensus = negotiation.consensus
  assert.ok(consensus && wrongWith(consensus) === undefined)
  assert.is(
    codeOf(() => say(alice, text)),
    'WRONG_STATE',
  )
  if (consensus === undefined) return
  const stranger = signerOf(seededRandom(9)(32))
  const spoilt: Partial<typeof consensus>[] = [
    { mixnet: 'other' },
    { negotiation_id: 'cd'.repeat(32) },
    { least: 1 },
    { text: { ...text, cycle_id: 2 } },
    { signings: { ...consensus.signings, [alice.id]: consensus.signings[bob.id] as string } },
    { signings: { [alice.id]: consensus.signings[alice.id] as string } },
    { signings: { ...consensus.signings, [stranger.id]: stranger.sign('text', text) } },
    { participants: { [alice.id]: hex(alice.keyData) } },
    { participants: { ...consensus.participants, [alice.id]: hex(bob.keyData) } },
  ]
  for (const change of spoilt) {
    assert.ok(wrongWith({ ...consensus, ...change }), JSON.stringify(change))
    assert.is.not(consensusId({ ...consensus, ...change }), consensusId(consensus))
  }
})

test('a negotiation refuses strangers, what is signed for another one, and a least that two texts could reach', () => {
  const keys = signers.map(({ keyData }) => keyData)
  const negotiation = negotiate(mixnet, id, [alice.keyData, bob.keyData])
  const elsewhere = negotiate(mixnet, 'cd'.repeat(32), [alice.keyData, bob.keyData])
  assert.is(
    codeOf(() => contribute(negotiation, contribution(carol, negotiation, text, true))),
    'FORBIDDEN',
  )
  assert.is(
    codeOf(() => contribute(negotiation, contribution(alice, elsewhere, text, true))),
    'BAD_SIGNATURE',
  )
  const others = { ...contribution(alice, negotiation, text, true), signer: bob.id }
  assert.is(
    codeOf(() => contribute(negotiation, others)),
    'BAD_SIGNATURE',
  )
  for (const least of [0, 1, 4, 1.5])
    assert.is(
      codeOf(() => negotiate(mixnet, id, keys, least)),
      'BAD_REQUEST',
    )
  assert.is(
    codeOf(() => negotiate(mixnet, id, [alice.keyData, alice.keyData])),
    'BAD_REQUEST',
  )
  assert.is(
    codeOf(() => negotiate(mixnet, id, [])),
    'BAD_REQUEST',
  )
  let flooded = negotiation
  for (let i = 0; i < 1000; i++) flooded = contribute(flooded, contribution(alice, flooded, text, true))
  assert.is(
    codeOf(() => contribute(flooded, contribution(alice, flooded, text, true))),
    'FULL',
  )
})

test('a checkpoint is read with its key and origin alone, and not with anything changed', () => {
  const seed = seededRandom(4)(32)
  const key = ed25519PublicKey(seed)
  const note = checkpointOf('log.example', { size: 7, root: new Uint8Array(32).fill(3) }, key, m =>
    ed25519Sign(seed, m),
  )
  assert.is(readCheckpoint('log.example', key, note)?.size, 7)
  assert.is(readCheckpoint('other.example', key, note), undefined)
  assert.is(readCheckpoint('log.example', alice.keyData, note), undefined)
  for (let at = 0; at < note.length - 1; at++) {
    const wrong = `${note.slice(0, at)}${note[at] === 'A' ? 'B' : 'A'}${note.slice(at + 1)}`
    if (wrong !== note) assert.is(readCheckpoint('log.example', key, wrong), undefined, `character ${at}`)
  }
  assert.is(readCheckpoint('log.example', key, ''), undefined)
})

const world = await World.of({ seed: 21 })
const [mixer, second] = world.signers as [Signer, Signer]
const first = world.peers.at(-1) as string

/** The code of a refusal, or what was accepted. */
async function tried(
  signer: Signer,
  fields: Fields & { resource: string; operation: string },
): Promise<string> {
  try {
    return await world.say(signer, fields)
  } catch (error) {
    return String((error as Error).message.split(' ')[0])
  }
}

test('a board refuses what is not of its shape, not allowed, too early or too late', async () => {
  const action = { resource: 'cycle', operation: 'action', peer_id: first, cycle_id: 1 }
  const close = (consensus_id: string): Fields & { resource: string; operation: string } => ({
    ...action,
    action: 'close',
    consensus_id,
  })
  assert.is(await tried(mixer, { resource: 'cycle', operation: 'burn' }), 'BAD_REQUEST')
  assert.is(await tried(mixer, { ...action, action: 'close', consensus_id: id }), 'UNKNOWN')
  assert.is(await tried(mixer, { ...action, action: 'close', consensus_id: 5 }), 'BAD_REQUEST')
  assert.is(await tried(mixer, { resource: 'cycle', operation: 'create', peer_id: first }), 'WRONG_STATE')
  assert.is(
    await tried(mixer, { resource: 'cycle', operation: 'create', peer_id: first, more: 1 }),
    'BAD_REQUEST',
  )
  assert.is(
    await tried(mixer, { resource: 'cycle', operation: 'create', peer_id: world.peers[0] as string }),
    'FORBIDDEN',
  )
  assert.is(
    await tried(signerOf(seededRandom(31)(32)), { resource: 'cycle', operation: 'create', peer_id: first }),
    'UNKNOWN',
  )
  const hashes = { outbox_hash: id, proof_hash: id }
  assert.is(await tried(mixer, { ...action, action: 'process', ...hashes }), 'WRONG_STATE')
  assert.is(await tried(second, { ...action, action: 'process', ...hashes }), 'FORBIDDEN')
  const said = { action: 'close', peer_id: first, cycle_id: 1 }
  const all = world.signers
  const fewer = await world.agree(all.slice(0, 3), said, 3, all.slice(0, 3))
  assert.is(await tried(mixer, close(fewer)), 'FORBIDDEN', 'not all owners were asked')
  const other = await world.agree(all, { ...said, cycle_id: 2 }, 4)
  assert.is(await tried(mixer, close(other)), 'FORBIDDEN', 'another cycle')
  const more = await world.agree(all, { ...said, also: 'this' }, 4)
  assert.is(await tried(mixer, close(more)), 'FORBIDDEN', 'it says more than just that')
  const five = await world.agree(all, said, 5)
  assert.is(await tried(mixer, close(five)), 'FORBIDDEN', 'another number than was agreed')
  const right = await world.agree(all, said, 4)
  assert.is(await tried(mixer, close(right)), 'ABORTED', 'nobody has said anything yet')
  assert.is(await tried(mixer, close(right)), 'WRONG_STATE', 'a consensus is of one use')
})

test('what is said again has the same answer once, and is refused when something later was said', async () => {
  const one = request(alice, mixnet, 1, {
    resource: 'peer',
    operation: 'create',
    name: 'alice',
    peer_type: 'CLIENT',
    key_data: hex(alice.keyData),
  })
  const reply = await world.controller.post(one)
  const size = world.controller.size
  assert.ok(reply.is === 'accepted' && isReceipt(mixnet, world.controller.keyData, one, reply.receipt))
  const again = await world.controller.post(one)
  assert.ok(again.is === 'accepted' && again.id === (reply as { id: string }).id)
  assert.is(world.controller.size, size, 'it is in the log once')
  const nonce = 'ef'.repeat(32)
  const two = request(alice, mixnet, 2, {
    resource: 'negotiation',
    operation: 'create',
    participants: [alice.id],
    least: 1,
    nonce,
  })
  assert.is((await world.controller.post(two)).is, 'accepted')
  const late = await world.controller.post(one)
  assert.ok(late.is === 'refused' && late.code === 'REPLAYED')
  const forged = await world.controller.post({
    ...two,
    signature: one.signature,
    payload: { ...two.payload, sequence: 3 },
  })
  assert.ok(forged.is === 'refused' && forged.code === 'BAD_SIGNATURE')
  const moved = await world.controller.post(
    request(alice, 'other', 3, { resource: 'cycle', operation: 'create' }),
  )
  assert.ok(moved.is === 'refused' && moved.code === 'BAD_REQUEST')
})

test('nothing that is handed in ends a Controller', async () => {
  const anything = fc.record({ payload: fc.object(), signature: fc.string() })
  await fc.assert(
    fc.asyncProperty(anything, async thing => (await world.controller.post(thing as never)).is === 'refused'),
    { numRuns: 200 },
  )
  for (const thing of [
    null,
    1,
    {},
    { payload: null },
    { payload: { mixnet, signer: alice.id, sequence: 9 } },
  ])
    assert.is((await world.controller.post(thing as never)).is, 'refused')
})

test.run()
