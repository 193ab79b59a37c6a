// Who may send to a peer (docs/spec/cascade.md 4.3): nobody who is not on the list that all owners agreed on, each
// once, the last message of each, for as many rows as the list says.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Board } from '../cascade/board.ts'
import { CascadeError } from '../cascade/error.ts'
import { contextOf } from '../cascade/records.ts'
import { partsOf, SenderList, sendersInPart, sendersText, turnsAtMost } from '../cascade/senders.ts'
import { type Fields, type Signer, sha256Hex, signerOf } from '../cascade/signed.ts'
import { concat, fromHex, hex } from '../encoding/bytes.ts'
import { makeBallot } from '../shuffle/index.ts'
import { group, mixnet, World } from '../simulator/cascade-world.ts'
import { seededRandom } from '../world/random.ts'

const [alice, bob, eve] = [71, 72, 73].map(seed => signerOf(seededRandom(seed)(32))) as [
  Signer,
  Signer,
  Signer,
]
const senders = new Map([
  [alice.id, 1],
  [bob.id, 3],
])

const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act()
  } catch (error) {
    return (error as Error).message.split(' ')[0] as string
  }
  return 'nothing was thrown'
}

/** A mix-net with one more mix in front, that takes messages of these senders alone. */
async function world(of: ReadonlyMap<string, number> = senders, change: Fields = {}) {
  const made = await World.of({ seed: 7 })
  const parts = partsOf(of)
  const [mixer] = made.signers as [Signer]
  const text = {
    action: 'create peer',
    peer_type: 'MIX',
    name: 'door',
    owners: made.signers.map(({ id }) => id).sort(),
    processor_count: 1,
    processor_1: mixer.id,
    threshold: 1,
    key_data: hex(made.key.key),
    verification: '',
    width: 1,
    size_min: 2,
    size_max: 10,
    quorum: made.signers.length,
    next: made.peers.at(-1) as string,
    senders: sendersText(parts),
    ...change,
  }
  const consensus_id = await made.agree(made.signers, text, made.signers.length)
  const door = await made.say(mixer, { resource: 'peer', operation: 'create', consensus_id })
  await made.say(mixer, { resource: 'cycle', operation: 'create', peer_id: door })
  for (const each of [alice, bob, eve])
    await made.say(each, {
      resource: 'peer',
      operation: 'create',
      name: 'voter',
      peer_type: 'CLIENT',
      key_data: hex(each.keyData),
    })
  const bring = async (part: number, data: Uint8Array): Promise<string> =>
    made.say(eve, {
      resource: 'peer',
      operation: 'action',
      action: 'senders',
      peer_id: door,
      part,
      data: hex(data),
    })
  const ballot = (voter: Signer, said: string): Fields => {
    const about = { context: contextOf(mixnet, 'message', door), voter: fromHex(voter.id), key: made.key.key }
    const { row, proof } = makeBallot(group, about, new TextEncoder().encode(said), 1, made.random)
    return { data: hex(row), proof: hex(proof) }
  }
  const send = async (voter: Signer, of: Fields): Promise<string> =>
    made.say(voter, { resource: 'message', operation: 'create', peer_id: door, cycle_id: 1, box: 0, ...of })
  return { made, door, parts, bring, ballot, send, mixer }
}

test('a stranger is refused, and nothing is taken before the list is there', async () => {
  const { bring, parts, send, ballot } = await world()
  assert.is(await codeOf(() => send(alice, ballot(alice, 'yes'))), 'WRONG_STATE')
  const [part] = parts as [Uint8Array]
  const other = partsOf(new Map([...senders, [eve.id, 1]]))[0] as Uint8Array
  for (const wrong of [other, part.subarray(36), new Uint8Array(0)])
    assert.is(await codeOf(() => bring(1, wrong)), 'BAD_REQUEST')
  assert.is(await codeOf(() => bring(2, part)), 'BAD_REQUEST')
  await bring(1, part)
  assert.is(await codeOf(() => bring(1, part)), 'REPLAYED')
  assert.is(await send(alice, ballot(alice, 'yes')), '1')
  assert.is(await codeOf(() => send(eve, ballot(eve, 'yes'))), 'FORBIDDEN')
  assert.is(await codeOf(() => send(bob, ballot(alice, 'yes'))), 'BAD_SIGNATURE', 'somebody else’s ballot')
})

test('the last message of a sender counts, for as many rows as its weight', async () => {
  const { made, door, bring, parts, send, ballot } = await world()
  await bring(1, parts[0] as Uint8Array)
  await send(bob, ballot(bob, 'no'))
  const first = ballot(alice, 'yes')
  await send(alice, first)
  const last = ballot(bob, 'yes')
  assert.is(await send(bob, last), '3')
  const text = { action: 'close', peer_id: door, cycle_id: 1 }
  const consensus_id = await made.agree(made.signers, text, made.signers.length)
  const closed = { resource: 'cycle', operation: 'action', ...text, consensus_id }
  assert.is(await made.say(made.signers[0] as Signer, closed), 'CLOSED')
  const board = new Board(mixnet, group, () => undefined)
  for (const entry of (await made.controller.log(0)).entries) board.apply(entry)
  const cycle = board.cycle(door, 1)
  assert.is(cycle.count, 4)
  const rows = [first, last, last, last].map(({ data }) => fromHex(data as string))
  assert.is(cycle.input_hash, sha256Hex(concat(rows)))
})

test('size_min counts senders, not rows', async () => {
  const { made, door, bring, parts, send, ballot } = await world()
  await bring(1, parts[0] as Uint8Array)
  await send(bob, ballot(bob, 'no'))
  const text = { action: 'close', peer_id: door, cycle_id: 1 }
  const consensus_id = await made.agree(made.signers, text, made.signers.length)
  const closed = { resource: 'cycle', operation: 'action', ...text, consensus_id }
  assert.is(await made.say(made.signers[0] as Signer, closed), 'ABORTED')
})

test('a sender thinks again so often, and no more', async () => {
  const { bring, parts, send, ballot } = await world()
  await bring(1, parts[0] as Uint8Array)
  for (let i = 0; i < turnsAtMost; i++) await send(alice, ballot(alice, `${i}`))
  assert.is(await codeOf(() => send(alice, ballot(alice, 'again'))), 'FULL')
})

test('lists that are none are refused: too heavy, weightless, twice, or of trustees', async () => {
  const heavy = await world(new Map([[alice.id, 11]]))
  assert.is(await codeOf(() => heavy.bring(1, heavy.parts[0] as Uint8Array)), 'BAD_REQUEST')
  const weightless = await world(new Map([[alice.id, 0]]))
  assert.is(await codeOf(() => weightless.bring(1, weightless.parts[0] as Uint8Array)), 'BAD_REQUEST')
  assert.is(await codeOf(() => world(senders, { senders: '' })), 'BAD_REQUEST')
  const part = partsOf(senders)[0] as Uint8Array
  const hash = sendersText([part])
  const twice = await world(senders, { senders: hash + hash })
  await twice.bring(1, part)
  assert.is(await codeOf(() => twice.bring(2, part)), 'BAD_REQUEST')
})

test('a long list is cut into parts that fit into a payload', async () => {
  const many = new Map(
    Array.from({ length: 2 * sendersInPart + 1 }, (_, i) => [sha256Hex(Uint8Array.of(i, i >> 8)), 2]),
  )
  const parts = partsOf(many)
  assert.equal(
    parts.map(({ length }) => length / 36),
    [sendersInPart, sendersInPart, 1],
  )
  const read = new SenderList(fromHex(sendersText(parts)), 2 * many.size)
  parts.forEach((part, i) => {
    assert.not(read.isWhole)
    read.adding(i + 1, part)()
  })
  assert.ok(read.isWhole && read.size === many.size && read.rows === 2 * many.size)
  for (const [id, weight] of many) assert.is(read.weightOf(id), weight)
  assert.throws(
    () => new SenderList(new Uint8Array(31), 1),
    (error: Error) => error instanceof CascadeError,
  )
})

test.run()
