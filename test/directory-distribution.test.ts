// How documents travel (docs/spec/directory-travel.md 10): from any node, through the table, past hostile places, and
// with every authority dead.
// tier: slow

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nameBody } from '../directory/documents/consensus.ts'
import { writeDescriptor } from '../directory/documents/descriptor.ts'
import { readDocument, writeDocument } from '../directory/documents/document.ts'
import { directoryProtocol, readAnswer, writeAnswer, writeRequest } from '../directory/documents/exchange.ts'
import type { View } from '../directory/documents/view.ts'
import { followDirectory } from '../directory/follow/follow.ts'
import {
  acceptRecords,
  consensusKey,
  descriptorKey,
  openPointer,
  writePointer,
} from '../directory/follow/table.ts'
import { digest } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import { type DhtCheck, emptyTable } from '../link/dht.ts'
import { startHost } from '../link/libp2p/host.ts'
import type { Link, Peer } from '../link/link.ts'
import { bodyOf, descriptorOf, descriptorsOf, signaturesOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld, type NodeMember, networkOf } from '../simulator/directory-world.ts'
import { localNetwork } from '../simulator/local.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { codeOf } from './refusals.ts'

const test = suite('distribution')
const never = new Promise<Uint8Array>(() => {})

/** A network in the middle of epoch 1 whose authorities have all died. */
async function orphaned(): Promise<DirectoryWorld> {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  await world.advanceTo(1, 0.9)
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  return world
}

const peerOf = ({ link }: NodeMember): Peer => ({ id: link.id, addresses: link.addresses })

/** A host that answers the directory protocol with whatever the test says. */
function hostile(world: DirectoryWorld, answer: () => Promise<Uint8Array>): Link {
  const link = world.host('hostile', 'node')
  link.serve(directoryProtocol, 1000, answer)
  return link
}

test('every node serves documents, differences, pointers and proofs', async () => {
  const world = await orphaned()
  const { network } = world
  const link = world.host('asker', 'node')
  const ask = async (node: NodeMember, request: Parameters<typeof writeRequest>[0]): Promise<Uint8Array> => {
    const options = { timeoutMs: 1000, maxBytes: 1_000_000 }
    const asked = link.request(peerOf(node), directoryProtocol, writeRequest(request), options)
    await world.clock.advance(100)
    return readAnswer(await asked)
  }
  for (const node of world.nodes) {
    const document = readDocument(await ask(node, { ask: 'document', epoch: 1 }))
    const pointer = openPointer(() => network, await ask(node, { ask: 'pointer', epoch: 1 }))
    assert.equal(pointer.hash, document.hash)
    const told = await ask(node, { ask: 'difference', from: document.hash, epoch: 2 })
    assert.ok(told.length < document.bodyBytes.length)
    assert.equal(await ask(node, { ask: 'evidence' }), Uint8Array.of(0x80))
  }
  await world.close()
})

test('who holds a document goes on from node to node when no authority is left', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  const client = await world.startClient()
  await world.advanceTo(1, 0.7)
  assert.is(client.view(2), undefined)
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  await world.advanceTo(2, 0.1)
  assert.is(client.current()?.epoch, 2)
  assert.is(client.health().late, null)
  await world.advanceTo(3, 0.1)
  const { late } = client.health()
  assert.equal(late, {
    since: (client.current() as View).validAfter,
    worksUntil: (client.current() as View).validUntil,
  })
  await world.close()
})

test('a known node that has nothing to give still leads to those who have, through the table', async () => {
  const world = await orphaned()
  const [known] = world.nodes as [NodeMember]
  known.link.serve(directoryProtocol, 1000, () => never)
  const client = await world.startClient({ sources: [peerOf(known)] })
  await world.clock.advance(25_000)
  assert.ok((client.current()?.epoch ?? 0) >= 1)
  await world.close()
})

const bad: Record<string, readonly [(world: DirectoryWorld) => Promise<Uint8Array>, string]> = {
  'answers nothing': [() => never, 'TIMEOUT'],
  'breaks off': [() => Promise.reject(new Error('no')), 'REFUSED'],
  'serves 10 MiB': [async () => new Uint8Array(10 * 1024 * 1024), 'TOO_LARGE'],
  'serves something else': [async () => writeAnswer(Uint8Array.of(1, 2, 3)), 'BAD_DOCUMENT'],
  'serves what it signed itself': [
    async ({ network }) => {
      const { bytes, hash } = nameBody(bodyOf(network, 5, descriptorsOf(network, 5)))
      return writeAnswer(writeDocument(bytes, signaturesOf(network, 5, hash, 1)))
    },
    'TOO_FEW_SIGNATURES',
  ],
  'serves what is over': [
    async ({ network }) => {
      const { bytes, hash } = nameBody(bodyOf(network, 0, descriptorsOf(network, 0)))
      return writeAnswer(writeDocument(bytes, signaturesOf(network, 0, hash, 3)))
    },
    'OLD_EPOCH',
  ],
}

for (const [what, [answer, code]] of Object.entries(bad)) {
  test(`the only known node ${what}: the client says so`, async () => {
    const world = new DirectoryWorld()
    await world.advanceTo(5)
    const link = hostile(world, () => answer(world))
    const client = await world.startClient({ sources: [{ id: link.id, addresses: link.addresses }] })
    await world.clock.advance(12_000)
    assert.is(client.current(), undefined)
    const trouble = client.health().troubles.find(({ id }) => id === hex(link.id))
    assert.is(trouble?.code, code)
    await world.close()
  })
}

test('an old document, signed by enough authorities, names nodes that have a new one', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  const first = await world.startClient()
  await world.advanceTo(0, 0.5)
  const asker = world.host('asker', 'node')
  const [node] = world.nodes as [NodeMember]
  const request = writeRequest({ ask: 'document', epoch: 0 })
  const asked = asker.request(peerOf(node), directoryProtocol, request, { timeoutMs: 1000, maxBytes: 1e6 })
  await world.clock.advance(100)
  const old = readAnswer(await asked)
  assert.is(first.current()?.epoch, 0)
  await world.advanceTo(4, 0.9)
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  const link = hostile(world, async () => writeAnswer(old))
  const client = await world.startClient({ sources: [{ id: link.id, addresses: link.addresses }] })
  await world.clock.advance(5000)
  assert.ok((client.current()?.epoch ?? 0) >= 4)
  // So does an old document on one's own disk.
  const store = memoryStore()
  await store.put('document/0000000000000000', old)
  const second = await world.startClient({ store })
  await world.clock.advance(5000)
  assert.ok((second.current()?.epoch ?? 0) >= 4)
  await world.close()
})

test('a node that reaches no authority stays in, by its descriptor in the table', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  await world.advanceTo(1, 0.95)
  const [node] = world.nodes as [NodeMember]
  const { request } = node.link
  const authorities = new Set(world.network.authorities.map(({ id }) => hex(id)))
  node.link.request = (to, protocol, body, options) =>
    protocol === directoryProtocol && authorities.has(hex(to.id))
      ? Promise.reject(new Error('blocked'))
      : request.call(node.link, to, protocol, body, options)
  await world.advanceTo(3, 0.9)
  const view = world.nodes[1]?.directory.view(4)
  assert.ok(view?.nodes.has(hex(node.link.id)))
  await world.close()
})

test('a node whose descriptor enough authorities have taken puts it into no table', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  const [node] = world.nodes as [NodeMember]
  const kinds: string[] = []
  const { put } = node.link.dht
  node.link.dht.put = (key, value, options) => {
    kinds.push(key.split('/')[1] ?? '')
    return put.call(node.link.dht, key, value, options)
  }
  await world.advanceTo(4, 0.9)
  assert.ok(world.nodes[1]?.directory.view(4)?.nodes.has(hex(node.link.id)))
  assert.not.ok(kinds.includes('chaffinch-descriptor'))
  await world.close()
})

test('records pass when they are signed, of their key’s epoch, in time, and of a node that is in', () => {
  const network = networkOf()
  const checks = new Map<string, DhtCheck>()
  const dht = { ...emptyTable, accept: (kind: string, check: DhtCheck) => void checks.set(kind, check) }
  const member = descriptorOf(network, 'mix 0', 'mix', 5)
  const view = { nodes: new Map([[hex(member.stable.id), {}]]) } as unknown as View
  acceptRecords(dht, {
    network,
    networkFor: () => network,
    now: () => network.genesis + 4.5 * network.epochMs,
    view: () => view,
  })
  const codeFor = (key: string, value: Uint8Array): string =>
    codeOf(() => checks.get(key.split('/')[1] as string)?.(key, value))
  const pointer = (epoch: number, signers: number): Uint8Array => {
    const hash = digest(Uint8Array.of(epoch))
    return writePointer({ epoch, hash, signatures: signaturesOf(network, epoch, hash, signers) })
  }
  const at = (epoch: number): string => consensusKey(network.name, epoch)
  assert.is(codeFor(at(5), pointer(5, 2)), 'ok')
  assert.is(codeFor(at(5), pointer(5, 3)), 'ok')
  assert.is(codeFor(at(5), pointer(5, 1)), 'TOO_FEW_SIGNATURES')
  assert.is(codeFor(at(5), pointer(4, 3)), 'BAD_DOCUMENT')
  assert.is(codeFor(at(1), pointer(1, 3)), 'OLD_EPOCH')
  assert.is(codeFor(at(7), pointer(7, 3)), 'FUTURE_EPOCH')
  assert.is(codeFor(consensusKey('other', 5), pointer(5, 3)), 'BAD_DOCUMENT')
  assert.is(codeFor(at(5), new Uint8Array(16_000)), 'TOO_LARGE')
  const under = descriptorKey(network.name, 5, member.stable.id)
  assert.is(codeFor(under, writeDescriptor(member)), 'ok')
  const stranger = descriptorOf(network, 'mix 1', 'mix', 5)
  assert.is(codeFor(under, writeDescriptor(stranger)), 'BAD_DOCUMENT')
  const its = descriptorKey(network.name, 5, stranger.stable.id)
  assert.is(codeFor(its, writeDescriptor(stranger)), 'NOT_ADMITTED')
  const forged = { ...member, signature: stranger.signature }
  assert.is(codeFor(under, writeDescriptor(forged)), 'BAD_SIGNATURE')
})

test('over TCP: a client that knows one node joins with every authority dead', async () => {
  const local = await localNetwork({ mixes: 3, gateways: 1, clients: 0, epochMs: 60_000 })
  const open: (() => Promise<void>)[] = [() => local.stop()]
  const follow = async (sources: readonly Peer[]): Promise<{ view: View; close(): Promise<void> }> => {
    const common = { clock: systemClock, random: systemRandom, log: silent }
    const link = await startHost({
      ...common,
      seed: undefined,
      listen: [],
      cellBytes: 100,
      admits: () => false,
      role: 'client',
    })
    const directory = await followDirectory({ ...common, network: local.network, link, sources })
    open.unshift(async () => {
      await directory.close()
      await link.close()
    })
    return { view: await directory.ready(AbortSignal.timeout(45_000)), close: async () => {} }
  }
  try {
    const { view } = await follow([])
    await local.advance(1500)
    for (const name of local.names) if (name.startsWith('authority')) await local.kill(name)
    const [known] = view.nodes.values()
    const joined = await follow([known as Peer])
    assert.equal(joined.view.hash, view.hash)
  } finally {
    for (const close of open) await close()
  }
})

test.run()
