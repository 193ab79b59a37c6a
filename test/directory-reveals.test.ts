// Opening what was dealt (docs/spec/directory-voting.md 8.6, docs/spec/randomness.md 8): by the dealer, or by the
// others.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sharingSecretKey } from '../directory/authority/keys.ts'
import { readDocument } from '../directory/documents/document.ts'
import { openMessage, type VotingMessage, writeMessage } from '../directory/documents/message.ts'
import { combineRandomness } from '../directory/randomness/beacon.ts'
import { openShare, secretSharing, sharingOf } from '../directory/randomness/sharing.ts'
import { beginRound, type RevealMessage } from '../directory/rounds/state.ts'
import { hex } from '../encoding/bytes.ts'
import {
  Alone,
  at,
  finish,
  frozen,
  network,
  randomness,
  revealBy,
  reveals,
  round,
  votedBy,
} from '../simulator/directory-alone.ts'
import { dealtBy } from '../simulator/directory-samples.ts'
import { DirectoryWorld, seedOf } from '../simulator/directory-world.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { codeOf } from './refusals.ts'

const ids = network.authorities.map(({ id }) => id)
const dealingOf = (i: number) =>
  secretSharing.readDealing(
    sharingOf(network, round, ids[i] as Uint8Array),
    dealtBy(network, i, round).dealing,
  )
const contributions = [0, 1, 2].map(i => ({
  dealer: ids[i] as Uint8Array,
  value: secretSharing.verifyOpening(dealingOf(i), dealtBy(network, i, round).opening),
}))
/** The randomness that the three votes of the samples make, whoever opens them. */
const want = combineRandomness(network.name, round + 1, new Uint8Array(0), contributions)

function shareOf(i: number, dealer: number): Uint8Array {
  return openShare(dealingOf(dealer), sharingSecretKey(seedOf(`authority ${i}`)))
}

test('every secret is told when the set is frozen, and not before', () => {
  const member = new Alone(0).upload()
  member.tick(0.125)
  member.take({ kind: 'vote', round, signed: votedBy(1) }, at(0.2))
  member.tick(0.3749)
  assert.is(reveals(member), 0)
  member.tick(0.375)
  assert.is(reveals(member), 1)
  assert.equal(member.sent('reveal')?.opened, dealtBy(network, 0, round).opening)
})

test('what a dealer withholds the others open at half of the phase, to the same randomness', () => {
  const group = frozen()
  const told = frozen()
  for (const member of told) {
    member.take(revealBy(2, 2, dealtBy(network, 2, round).opening), at(0.4))
    assert.is(reveals(member), 1)
  }
  finish(told)
  for (const member of group) {
    member.tick(0.437)
    assert.is(reveals(member), 1)
  }
  finish(group)
  assert.is(reveals(group[0]), 2)
  for (const member of [...told, ...group]) assert.is(randomness(member), hex(want))
})

test('a dealer that tells one only: that one tells the others as soon as it sees that they lack it', () => {
  const group = frozen()
  const [a, b] = group
  a.take(revealBy(2, 2, dealtBy(network, 2, round).opening), at(0.43))
  a.tick(0.4375)
  assert.is(reveals(a), 1)
  b.tick(0.4375)
  const share = b.sent('reveal') as VotingMessage
  const said = a.take(share as RevealMessage, at(0.438))
  assert.is(said.length, 1)
  assert.equal(a.take(share as RevealMessage, at(0.438)), [])
  finish(group, [0.44, 0.5, 0.625])
  for (const member of group) assert.is(randomness(member), hex(want))
})

test('a dealer that tells after the others opened it changes nothing', () => {
  const group = frozen()
  finish(group, [0.4375])
  group[1].take(revealBy(2, 2, dealtBy(network, 2, round).opening), at(0.4999))
  finish(group, [0.5, 0.625])
  for (const member of group) assert.is(randomness(member), hex(want))
})

test('forged openings and shares are refused, and hold up nobody', () => {
  const group = frozen()
  const [a] = group
  const other = dealtBy(network, 2, round + 1).opening
  const refused = (message: RevealMessage): string => codeOf(() => a.take(message, at(0.4)))
  assert.is(refused(revealBy(2, 2, other)), 'BAD_PROOF')
  assert.is(refused(revealBy(2, 2, new Uint8Array(3))), 'BAD_DOCUMENT')
  // A share of another dealing, another holder's share, and an opening where a share belongs.
  assert.is(refused(revealBy(2, 1, shareOf(2, 0))), 'BAD_PROOF')
  assert.is(refused(revealBy(2, 1, shareOf(0, 1))), 'BAD_PROOF')
  assert.is(refused(revealBy(2, 1, dealtBy(network, 1, round).opening)), 'BAD_DOCUMENT')
  assert.is(refused(revealBy(2, 1, shareOf(2, 1))), 'ok')
  finish(group)
  for (const member of group) assert.is(randomness(member), hex(want))
})

test('a reveal is signed by who opens', () => {
  const open = (message: VotingMessage): string => codeOf(() => openMessage(network, writeMessage(message)))
  const message = revealBy(0, 0, dealtBy(network, 0, round).opening)
  assert.is(open(message), 'ok')
  assert.is(open({ ...message, dealer: ids[1] as Uint8Array }), 'BAD_SIGNATURE')
  assert.is(open({ ...message, signer: ids[1] as Uint8Array }), 'BAD_SIGNATURE')
  assert.is(open({ ...message, signer: new Uint8Array(32) }), 'UNKNOWN_AUTHORITY')
})

test('nobody makes a document without all contributions', () => {
  const [a] = frozen()
  a.tick(0.5)
  assert.equal(a.state.at === 'failed' && a.state.why, 'reveals missing')
})

test('a vote with a dealing that is not good for its author and round is refused whole', () => {
  for (const [dealing, code] of [
    [new Uint8Array(0), 'BAD_DOCUMENT'],
    [dealtBy(network, 1, round + 1).dealing, 'BAD_PROOF'],
    [dealtBy(network, 2, round).dealing, 'BAD_PROOF'],
    [new Uint8Array(3247), 'TOO_LARGE'],
    [dealtBy(network, 1, round).dealing, 'ok'],
  ] as const) {
    const message = { kind: 'vote', round, signed: votedBy(1, { dealing }) } as const
    assert.is(
      codeOf(() => openMessage(network, writeMessage(message))),
      code,
    )
  }
})

test('an authority that was started again opens what it dealt, and deals no second time', () => {
  const before = new Alone(0).upload()
  before.tick(0.125)
  const keep = before.actions.find(action => action.do === 'keep')
  if (keep?.do !== 'keep' || keep.message.kind !== 'vote') throw new Error('no vote was kept')
  const made = { vote: keep.message.signed, opening: keep.opening }
  const again = new Alone(0, {
    deal: () => {
      throw new Error('dealt twice')
    },
  })
  again.state = beginRound(network, { epoch: round, bootstrap: false, now: at(0.3), made })
  again.tick(0.4)
  assert.equal(again.sent('vote')?.signed.hash, made.vote.hash)
  assert.equal(again.sent('reveal')?.opened, keep.opening)
  assert.is(again.sent('set'), undefined)
})

test('who follows the others opens for them too, once the threshold counts the same votes', () => {
  const [a, b] = frozen()
  const away = new Alone(2)
  const made = { vote: votedBy(2), opening: dealtBy(network, 2, round).opening }
  away.state = beginRound(network, { epoch: round, bootstrap: false, now: at(0.2), made })
  for (const i of [0, 1]) away.take({ kind: 'vote', round, signed: votedBy(i) }, at(0.21))
  for (const end of [0.375, 0.4375]) away.tick(end)
  assert.is(reveals(away), 1)
  for (const { actions } of [a, b]) {
    for (const action of actions) {
      if (action.do === 'send' && action.message.kind === 'set') away.take(action.message, at(0.44))
    }
  }
  assert.is(reveals(away), 3)
})

test('the random values of a network: one an epoch, two when it starts, each with the one before', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1, sharing: secretSharing })
  await world.startAuthorities()
  await world.startNodes()
  const client = await world.startClient()
  const values: string[] = []
  for (let epoch = 0; epoch < 3; epoch++) {
    await world.advanceTo(epoch, 0.95)
    assert.is(client.current()?.epoch, epoch)
    const bytes = await (world.stores[0] as Store).get(`document/${String(epoch).padStart(16, '0')}`)
    const [value, last] = readDocument(bytes as Uint8Array).body.randomness
    assert.is(value?.length, 32)
    assert.is(hex(last as Uint8Array), values.at(-1) ?? '')
    values.push(hex(value as Uint8Array))
  }
  assert.is(new Set(values).size, 3)
  await world.close()
})

test('an authority killed and started again in the reveals opens its secret in time', async () => {
  const world = new DirectoryWorld({ authorities: 3, threshold: 3, mixes: 3, gateways: 1 })
  await world.startAuthorities()
  await world.startNodes()
  await world.startClient()
  for (const [epoch, fraction] of [0.38, 0.43, 0.45].entries()) {
    await world.advanceTo(epoch + 1, fraction)
    await world.killAuthority(1)
    await world.clock.advance(200)
    await world.startAuthority(1)
    await world.advanceTo(epoch + 1, 0.95)
    assert.is(world.clients[0]?.view(epoch + 2)?.signers.length, 3, `at ${fraction}`)
  }
  await world.close()
})

test('the opening is on disk with the vote, before the vote is said', async () => {
  const store = memoryStore()
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  world.stores[0] = store
  await world.startAuthorities()
  await world.startNodes()
  await world.startClient()
  await world.advanceTo(1, 0.2)
  const [vote, opening] = await Promise.all(
    ['vote', 'opening'].map(kind => store.get(`own/${kind}/${'1'.padStart(16, '0')}`)),
  )
  assert.ok(vote !== undefined && opening !== undefined)
  await world.close()
})

test.run()
