// docs/spec/directory-consensus.md 6.5: authorities come and go without a day on which all configurations change.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { successorsOf } from '../directory/documents/authority-set.ts'
import { nameBody, type Successors } from '../directory/documents/consensus.ts'
import { readDocument, writeDocument } from '../directory/documents/document.ts'
import { directoryProtocol, readAnswer, readRequest, writeRequest } from '../directory/documents/exchange.ts'
import { type AuthorityEntry, phaseEnds } from '../directory/documents/network.ts'
import { Succession } from '../directory/documents/succession.ts'
import type { DirectoryError } from '../directory/error.ts'
import { type FollowedDirectory, Follower } from '../directory/follow/follow.ts'
import { type SignatureEntry, signStatement } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import type { Link } from '../link/link.ts'
import { Alone, at, converse } from '../simulator/directory-alone.ts'
import { bodyOf, descriptorsOf, idOf, signer } from '../simulator/directory-samples.ts'
import { DirectoryWorld, entryOf, networkOf } from '../simulator/directory-world.ts'
import { silent } from '../world/log.ts'
import { memoryStore } from '../world/store.ts'
import { codeOf } from './refusals.ts'

const setOf = (...members: number[]): { authorities: AuthorityEntry[]; threshold: number } => ({
  authorities: members.map(entryOf),
  threshold: Math.floor(members.length / 2) + 1,
})

/** Three authorities that work; `more` is the highest number that will be one. */
async function started(): Promise<DirectoryWorld> {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: 8000 })
  await world.startAuthorities()
  await world.startNodes()
  await world.startClient()
  await world.clock.advance(3000)
  assert.is(world.clients[0]?.current()?.epoch, 0)
  return world
}

const signersOf = (directory: FollowedDirectory | undefined, epoch: number): string[] =>
  (directory?.view(epoch)?.signers ?? []).map(hex).sort()
const idsOf = (...members: number[]): string[] => members.map(i => hex(idOf(`authority ${i}`))).sort()

function propose(world: DirectoryWorld, successors: Successors, ...by: number[]): void {
  for (const i of by) world.authorities[i]?.propose(successors)
}

test('add, replace, retire: every epoch has a document, and nodes and clients follow', async () => {
  const world = await started()
  const away = memoryStore()
  await world.startClient({ store: away })
  await world.advanceTo(1, 0.95)
  await world.clients.pop()?.close()

  // A fourth is added by two of the three: as many as make a document.
  const four = successorsOf(4, setOf(0, 1, 2, 3))
  await world.startAuthority(3, { successors: four })
  propose(world, four, 0, 1)
  await world.advanceTo(3, 0.95)
  assert.equal(signersOf(world.clients[0], 3), idsOf(0, 1, 2))
  assert.equal(
    signersOf(world.clients[0], 4),
    idsOf(0, 1, 2, 3),
    'both sets sign the document that hands over',
  )
  await world.advanceTo(5, 0.95)
  assert.equal(signersOf(world.clients[0], 6), idsOf(0, 1, 2, 3))

  // Two of the four are replaced, and one goes without a successor.
  const three = successorsOf(8, setOf(3, 4, 5))
  for (const i of [4, 5]) await world.startAuthority(i, { successors: three })
  propose(world, three, 0, 1, 2)
  await world.advanceTo(8, 0.95)
  assert.equal(signersOf(world.clients[0], 8), idsOf(0, 1, 2, 3, 4, 5))
  assert.equal(signersOf(world.clients[0], 9), idsOf(3, 4, 5))
  for (const i of [0, 1, 2]) await world.killAuthority(i)
  await world.advanceTo(10, 0.95)
  assert.equal(signersOf(world.clients[0], 11), idsOf(3, 4, 5))
  assert.is(world.clients[0]?.current()?.nodes.size, 4)
  for (const { directory } of world.nodes) assert.is(directory.current()?.epoch, 10)
  for (const i of [3, 4, 5]) assert.is(world.authorities[i]?.status().rounds.failed, 0)

  // One that was away through all of it, and one that has the oldest configuration and knows one node only.
  const [node] = world.nodes
  assert.ok(node)
  const sources = [world.peer(node)]
  const returned = await world.startClient({ store: away, sources })
  const late = await world.startClient({ sources })
  await world.clock.advance(4000)
  for (const client of [returned, late]) {
    assert.is(client.current()?.epoch, 11)
    assert.equal(signersOf(client, 11), idsOf(3, 4, 5))
  }
  // What it has learned outlives it.
  await world.clients.splice(world.clients.indexOf(returned), 1)[0]?.close()
  const again = await world.startClient({ store: away })
  assert.is(again.current()?.epoch, 11)
  await world.close()
})

test('notes come from nodes, also when everybody who is pinned has gone', async () => {
  const world = await started()
  const three = successorsOf(3, setOf(3, 4, 5))
  for (const i of [3, 4, 5]) await world.startAuthority(i, { successors: three })
  propose(world, three, 0, 1, 2)
  await world.advanceTo(4, 0.1)
  for (const i of [0, 1, 2]) await world.killAuthority(i)
  const asked: string[] = []
  const link = world.host('reader', 'client')
  const known = new Set([0, 1, 2, 3, 4, 5].map(i => hex(entryOf(i).id)))
  const request: Link['request'] = (to, protocol, bytes, options) => {
    const { ask } = readRequest(bytes)
    asked.push(`${ask} ${known.has(hex(to.id)) ? 'authority' : 'node'}`)
    return link.request(to, protocol, bytes, options)
  }
  const heard = new Proxy(link, {
    get: (target, key) => (key === 'request' ? request : Reflect.get(target, key)),
  })
  const [node] = world.nodes
  assert.ok(node)
  const { network, clock, random } = world
  const options = { network, clock, random, log: silent, link: heard, sources: [world.peer(node)] }
  const client = new Follower(options, 'client')
  await client.start()
  await world.advanceTo(5, 0.1)
  asked.splice(0)
  await world.advanceTo(8, 0.95)
  for (const epoch of [7, 8]) assert.ok(client.notes.get(epoch), `note of epoch ${epoch}`)
  assert.equal([...new Set(asked)].sort(), ['difference node', 'head node', 'note node'])
  await client.close()
  await world.close()
})

test('a new authority may be killed and started again at any time, also in the round that hands over', async () => {
  const world = await started()
  const four = successorsOf(3, setOf(0, 1, 2, 3))
  for (const i of [0, 1, 2]) {
    await world.killAuthority(i)
    await world.startAuthority(i, { successors: four })
  }
  await world.startAuthority(3, { successors: four })
  for (const phase of [0.2, 0.4, 0.55]) {
    await world.advanceTo(2, phase)
    await world.killAuthority(3)
    await world.clock.advance(100)
    await world.startAuthority(3, { successors: four })
  }
  await world.advanceTo(4, 0.95)
  assert.equal(signersOf(world.clients[0], 5), idsOf(0, 1, 2, 3))
  await world.close()
})

test('what a new authority dealt and does not open, the new threshold of the new ones opens', async () => {
  const world = await started()
  const four = successorsOf(3, setOf(0, 1, 2, 3))
  await world.startAuthority(3, { successors: four })
  propose(world, four, 0, 1, 2)
  await world.advanceTo(3, 0.95)
  // From the round of epoch 3 on the four vote, of whom three are needed. This one goes between its vote and the
  // reveals.
  await world.advanceTo(4, 0.35)
  await world.killAuthority(3)
  await world.advanceTo(4, 0.95)
  const [place] = world.network.authorities
  const asking = world
    .host('asker', 'client')
    .request(place as AuthorityEntry, directoryProtocol, writeRequest({ ask: 'document', epoch: 5 }), {
      timeoutMs: 1000,
      maxBytes: 100_000,
    })
  await world.clock.advance(200)
  const { body } = readDocument(readAnswer(await asking))
  assert.equal(signersOf(world.clients[0], 5), idsOf(0, 1, 2))
  assert.is(body.threshold, 3)
  const last = body.authorities.find(({ id }) => hex(id) === hex(idOf('authority 3')))
  assert.is(last?.voted, true, 'its vote counts')
  assert.is(body.randomness[0].length, 32)
  await world.close()
})

test('a network that starts hands over to nobody whom its first document alone has named', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1, epochMs: 8000 })
  for (const i of [0, 1, 2]) await world.startAuthority(i, { successors: successorsOf(1, setOf(0, 3, 4)) })
  await world.startNodes()
  await world.startClient()
  await world.advanceTo(0, 0.95)
  assert.equal(signersOf(world.clients[0], 1), idsOf(0, 1, 2))
  await world.close()
})

test('who was away while others took over its office hears of it, and follows', async () => {
  const world = await started()
  const three = successorsOf(3, setOf(1, 2, 3))
  await world.startAuthority(3, { successors: three })
  propose(world, three, 0, 1, 2)
  await world.advanceTo(2, 0.2)
  await world.killAuthority(0)
  await world.advanceTo(4, 0.2)
  const retired = await world.startAuthority(0, { successors: three })
  await world.advanceTo(4, 0.95)
  assert.is(retired.current()?.epoch, 4)
  await world.advanceTo(6, 0.2)
  assert.is(retired.status().state, 'waiting', 'it holds no rounds any more')
  await world.close()
})

test('who signed that others take over does not sign as before, until it knows that nobody did', () => {
  const machine = new Alone(0).upload()
  const others = { from: 9, ...setOf(1, 2, 3) }
  const signs = (pending: Successors | undefined, of: Successors | undefined): boolean => {
    const change = {
      pendingChange: () => pending,
      ...(of === undefined ? {} : { network: { ...machine.rules.network, incoming: of } }),
    }
    const group = [0, 1, 2].map(i => new Alone(i, i === 0 ? change : {}).upload())
    for (const end of Object.values(phaseEnds)) {
      for (const member of group) member.tick(end)
      converse(group, at(end))
    }
    return group[0]?.sent('signature') !== undefined
  }
  assert.is(signs(undefined, undefined), true)
  assert.is(signs(others, undefined), false)
  assert.is(signs({ ...others, ...setOf(0, 1, 2) }, undefined), true, 'the document is of those very ones')
})

test('a minority that proposes changes nothing; nor do new ones who are not there', async () => {
  const world = await started()
  const foreign = successorsOf(3, setOf(0, 6, 7))
  propose(world, foreign, 0)
  await world.advanceTo(4, 0.95)
  assert.equal(signersOf(world.clients[0], 5), idsOf(0, 1, 2))
  // A majority does; but the successors' threshold never signs, and the old set withdraws.
  const absent = successorsOf(7, setOf(0, 6, 7))
  propose(world, absent, 0, 1, 2)
  await world.advanceTo(6, 0.95)
  assert.is(world.clients[0]?.view(7), undefined, 'nobody hands over to those who do not sign')
  for (const i of [0, 1, 2]) world.authorities[i]?.propose(null)
  await world.advanceTo(8, 0.95)
  assert.equal(signersOf(world.clients[0], 8), idsOf(0, 1, 2))
  await world.close()
})

// Forged chains

const network = networkOf()
const descriptors = descriptorsOf(network, 5)

/** A document in which the authorities of `network` hand over to 6, 7 and 8, signed by these. */
function handover(...signers: number[]): Uint8Array {
  const to = setOf(6, 7, 8)
  const successors = successorsOf(5, to)
  const authorities = successors.authorities.map(({ id }) => ({ id, addresses: [], voted: false }))
  const body = { ...bodyOf(network, 5, descriptors), authorities, threshold: 2, successors }
  const { bytes, hash } = nameBody(body)
  const signatures = signers.map((i): SignatureEntry => {
    const statement = { kind: 'consensus', epoch: 5, signer: idOf(`authority ${i}`), about: hash } as const
    const signature = signStatement(network.name, statement, signer(`authority ${i}`))
    return { signer: statement.signer, signature }
  })
  return writeDocument(bytes, signatures)
}

test('a chain holds with both thresholds, and with neither alone', () => {
  const learned = (bytes: Uint8Array): string => codeOf(() => new Succession(network).learn(bytes))
  assert.is(learned(handover(0, 1, 6, 7)), 'ok')
  assert.is(learned(handover(0, 6, 7, 8)), 'TOO_FEW_SIGNATURES', 'a minority of the old ones')
  assert.is(learned(handover(0, 1, 2, 6)), 'TOO_FEW_SIGNATURES', 'a minority of the new ones')
  assert.is(learned(handover(6, 7, 8)), 'TOO_FEW_SIGNATURES')
  const plain = nameBody(bodyOf(network, 5, descriptors)).bytes
  assert.is(learned(writeDocument(plain, [])), 'BAD_DOCUMENT', 'hands over to nobody')
})

test('who has followed a change goes back for nobody: the old ones sign in vain', () => {
  const succession = new Succession(network)
  const now = handover(0, 1, 6, 7)
  succession.learn(now)
  assert.equal(
    succession.networkFor(5).authorities.map(({ id }) => hex(id)),
    idsOfNetwork(),
  )
  assert.equal(
    succession.networkFor(6).authorities.map(({ id }) => hex(id)),
    idsOf(6, 7, 8),
  )
  const body = { ...bodyOf(network, 6, descriptorsOf(network, 6)) }
  const { bytes, hash } = nameBody(body)
  const signatures = [0, 1, 2].map(i => {
    const statement = { kind: 'consensus', epoch: 6, signer: idOf(`authority ${i}`), about: hash } as const
    return {
      signer: statement.signer,
      signature: signStatement(network.name, statement, signer(`authority ${i}`)),
    }
  })
  const old = readDocument(writeDocument(bytes, signatures))
  assert.throws(
    () => succession.verify(old),
    (error: DirectoryError) => error.code === 'WRONG_AUTHORITIES',
  )
  // The control: whoever has not followed takes it.
  new Succession(network).verify(old)
  assert.throws(
    () => succession.learn(now),
    (error: DirectoryError) => error.code === 'OLD_EPOCH',
  )
})

const idsOfNetwork = (): string[] => network.authorities.map(({ id }) => hex(id))

test.run()
