// Documents told as differences (docs/spec/directory-consensus.md 6.4): any change is told exactly, hostile bytes give
// only the folder's own error, and whoever follows takes a difference where it can and the whole document where it
// cannot.

import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type ConsensusBody,
  type ConsensusNode,
  nameBody,
  nodeForm,
  readBody,
  writeBody,
} from '../directory/documents/consensus.ts'
import { type StablePart, stableForm } from '../directory/documents/descriptor.ts'
import { applyDifference, difference, wholeDocument, writeTold } from '../directory/documents/difference.ts'
import { readDocument, writeDocument } from '../directory/documents/document.ts'
import {
  directoryProtocol,
  readAnswer,
  readRequest,
  writeAnswer,
  writeRefusal,
  writeRequest,
} from '../directory/documents/exchange.ts'
import type { Network } from '../directory/documents/network.ts'
import { DirectoryError } from '../directory/error.ts'
import type { FollowedDirectory } from '../directory/follow/follow.ts'
import { digest } from '../directory/statement.ts'
import { compare, hex, same } from '../encoding/bytes.ts'
import type { Peer } from '../link/link.ts'
import { anyBody, bodyOf, descriptorsOf, signaturesOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld, networkOf } from '../simulator/directory-world.ts'
import { codeOf } from './refusals.ts'

const network = networkOf()

/** A signed document. @param before the one that it goes on from; without it, it passes over all that were */
function signed(of: Network, epoch: number, before?: Uint8Array): Uint8Array {
  const earlier = before && readDocument(before)
  const { bytes, hash } = nameBody(bodyOf(of, epoch, descriptorsOf(of, epoch), earlier))
  return writeDocument(bytes, signaturesOf(of, epoch, hash, 3))
}

/** The documents of epochs 0 and 1, the second one going on from the first. */
function firstTwo(of: Network): readonly [Uint8Array, Uint8Array] {
  const first = signed(of, 0)
  return [first, signed(of, 1, first)]
}

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

/** Draws what becomes of a node from one document to the next. */
const fate = fc.record({
  leaves: fc.boolean(),
  serial: fc.nat(),
  signature: bytesOf(64),
  key: bytesOf(32),
  keepsKeys: fc.boolean(),
  address: fc.option(fc.constantFrom('/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.2/tcp/2')),
  place: fc.option(fc.nat({ max: 14 })),
  reliable: fc.option(fc.boolean()),
  since: fc.option(fc.constant(0)),
})
type Fate = typeof fate extends fc.Arbitrary<infer F> ? F : never

function later(node: ConsensusNode, change: Fate, epoch: number): ConsensusNode {
  const { stable, keys } = node.descriptor
  const known = change.keepsKeys ? keys.slice(Math.min(3, epoch - node.descriptor.epoch)) : []
  const descriptor = {
    epoch,
    serial: change.serial,
    signature: change.signature,
    keys: [...known, change.key, change.key, change.key].slice(0, 3),
    stable: change.address === null ? stable : { ...stable, addresses: [change.address] },
  }
  return {
    descriptor,
    place: change.place ?? node.place,
    running: node.running,
    reliable: change.reliable ?? node.reliable,
    since: change.since ?? node.since,
  }
}

/** Two bodies, the second some epochs later: nodes have left, changed, and come. */
const pairs: fc.Arbitrary<{ before: ConsensusBody; after: ConsensusBody }> = fc
  .tuple(anyBody, anyBody, fc.array(fate, { minLength: 5, maxLength: 5 }), fc.integer({ min: 1, max: 4 }))
  .map(([before, other, fates, epochs]) => {
    const epoch = before.epoch + epochs
    const fateOf = (i: number): Fate => fates[i] as Fate
    const stayed = before.nodes.filter((_, i) => !fateOf(i).leaves)
    const ids = new Set(stayed.map(({ descriptor }) => hex(descriptor.stable.id)))
    const arrived = other.nodes.filter(({ descriptor }) => !ids.has(hex(descriptor.stable.id)))
    const nodes = [
      ...stayed.map(node => later(node, fateOf(before.nodes.indexOf(node)), epoch)),
      ...arrived.map(node => ({ ...node, descriptor: { ...node.descriptor, epoch } })),
    ]
    const keptStay = before.kept.filter((_, i) => !fateOf(i).leaves)
    const identities = new Set(keptStay.map(({ identity }) => hex(identity)))
    const kept = [...keptStay, ...other.kept.filter(({ identity }) => !identities.has(hex(identity)))]
    const after = {
      ...other,
      epoch,
      nodes: nodes.sort((a, b) => compare(a.descriptor.stable.id, b.descriptor.stable.id)),
      kept: kept.sort((a, b) => compare(a.identity, b.identity)),
    }
    return { before, after }
  })

test('what was told is made again, byte for byte', () => {
  fc.assert(
    fc.property(pairs, ({ before, after }) => {
      const [from, to] = [writeBody(before), writeBody(after)]
      assert.equal(applyDifference(from, difference(from, to)), to)
    }),
    { numRuns: 150 },
  )
})

test('of a node that stays one key, the serial and the signature are told', () => {
  const bodies = [1, 2].map(epoch => writeBody(bodyOf(network, epoch, descriptorsOf(network, epoch, 60, 20))))
  const [from, to] = bodies as [Uint8Array, Uint8Array]
  // `since` is the first document's, in a network that goes on.
  const told = difference(from, writeBody(goOn(from, to)))
  assert.ok(told.length < 80 * 110 + 1000, `${told.length} bytes`)
})

/** The later body with `since` as in the body before. */
function goOn(from: Uint8Array, to: Uint8Array): ConsensusBody {
  const [before, after] = [from, to].map(bytes => readDocument(writeDocument(bytes, [])).body)
  const { nodes } = before as ConsensusBody
  const next = after as ConsensusBody
  return { ...next, nodes: next.nodes.map((node, i) => ({ ...node, since: nodes[i]?.since ?? 0 })) }
}

const from = writeBody(bodyOf(network, 1, descriptorsOf(network, 1)))
const to = writeBody(bodyOf(network, 2, descriptorsOf(network, 2, 7)))
const told = difference(from, to)

test('a difference is of a later document, and from the one it names', () => {
  assert.is(
    codeOf(() => difference(to, from)),
    'BAD_DOCUMENT',
  )
  assert.is(
    codeOf(() => difference(from, from)),
    'BAD_DOCUMENT',
  )
  assert.throws(() => applyDifference(to, told), /^difference: from: told from another document$/)
})

type Told = [
  from: Uint8Array,
  to: Uint8Array,
  frame: Uint8Array,
  gone: number[],
  stayed: unknown[][],
  ...unknown[][],
]

/** Other ways to say the same, which a reader refuses. */
const secondForms: Record<string, (told: Told) => void> = {
  'known keys told again': ({ 4: stayed }) => {
    const all = readBody(to).nodes.find(({ descriptor }) => same(descriptor.stable.id, firstId))
    ;(stayed[0] as unknown[])[1] = new Uint8Array(all?.descriptor.keys.flatMap(key => [...key]) ?? [])
  },
  'a stable part told again': ({ 4: stayed }) => {
    const [node] = readBody(from).nodes
    ;(stayed[0] as unknown[])[3] = stableForm(node?.descriptor.stable as StablePart)
  },
  'a node that stays as gone and come': told => {
    told[3].push(0)
    told[4].shift()
    const [node] = readBody(to).nodes.filter(({ descriptor }) => same(descriptor.stable.id, firstId))
    told[5] = [...(told[5] as unknown[]), nodeForm(node as ConsensusNode)].sort((a, b) =>
      compare(idIn(a), idIn(b)),
    )
  },
}
const firstId = readBody(from).nodes[0]?.descriptor.stable.id as Uint8Array
const idIn = (node: unknown): Uint8Array => (node as [[Uint8Array]])[0][0]

for (const [name, change] of Object.entries(secondForms)) {
  test(`one form only: ${name}`, () => {
    const form = dagCbor.decode(told) as Told
    change(form)
    assert.is(
      codeOf(() => applyDifference(from, dagCbor.encode(form))),
      'NOT_CANONICAL',
    )
  })
}

test('any bytes give a body of the name they give, or a DirectoryError', () => {
  const answer = writeTold(told, signaturesOf(network, 2, digest(to), 2))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      assert.not.equal(
        codeOf(() => applyDifference(from, bytes)),
        'ok',
      )
      codeOf(() => wholeDocument(from, bytes))
    }),
    { numRuns: 200, examples: [[new Uint8Array(0)]] },
  )
  fc.assert(
    fc.property(fc.nat({ max: told.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = told.slice()
      changed[at] = byte
      // No byte of a difference is free: the name of what it makes covers them all.
      const isSame = told[at] === byte
      assert.is(codeOf(() => applyDifference(from, changed)) === 'ok', isSame)
      assert.not.equal(
        codeOf(() => applyDifference(from, told.subarray(0, at))),
        'ok',
      )
    }),
    { numRuns: 400 },
  )
  fc.assert(
    fc.property(fc.nat({ max: answer.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = answer.slice()
      changed[at] = byte
      codeOf(() => wholeDocument(from, changed))
    }),
    { numRuns: 200 },
  )
  assert.is(
    codeOf(() => applyDifference(from, new Uint8Array([...told, 0]))),
    'BAD_DOCUMENT',
  )
  assert.is(
    codeOf(() => applyDifference(from, new Uint8Array(5_000_000))),
    'TOO_LARGE',
  )
})

/** A source that answers everything from these documents, and keeps which of them it was asked for. */
function source(
  world: DirectoryWorld,
  answer: (ask: string, from: Uint8Array | undefined, epoch: number | null) => Uint8Array,
): { peer: Peer; asks: string[] } {
  const link = world.host('source', 'node')
  const asks: string[] = []
  link.serve(directoryProtocol, 64, async (_, bytes) => {
    const request = readRequest(bytes)
    // Followers ask for notes and pointers too, which it does not have.
    if (request.ask !== 'document' && request.ask !== 'difference') {
      return writeRefusal(new DirectoryError('UNAVAILABLE', 'a source of documents only'))
    }
    asks.push(request.ask)
    const name = request.ask === 'difference' ? request.from : undefined
    return writeAnswer(answer(request.ask, name, request.epoch))
  })
  return { peer: link, asks }
}

async function follow(world: DirectoryWorld, peer: Peer): Promise<FollowedDirectory> {
  const client = await world.startClient({ sources: [peer] })
  await world.advanceTo(0, 0.5)
  return client
}

/** Follows the first of two documents, and is told the second as a difference. */
async function toldSecond(
  world: DirectoryWorld,
  documents: readonly [Uint8Array, Uint8Array],
): Promise<FollowedDirectory> {
  const [first, second] = [readDocument(documents[0]), readDocument(documents[1])]
  const { peer, asks } = source(world, (ask, name, epoch) => {
    if (ask === 'document') return documents[epoch === 1 ? 1 : 0]
    assert.equal(name, first.hash)
    return writeTold(difference(first.bodyBytes, second.bodyBytes), second.signatures)
  })
  const client = await follow(world, peer)
  await world.advanceTo(0, 0.99)
  assert.equal(asks, ['document', 'difference'])
  assert.is(client.status().accepted, 2)
  return client
}

test('who holds the document before asks for the difference, and holds the same document then', async () => {
  const world = new DirectoryWorld()
  const documents = firstTwo(world.network)
  const client = await toldSecond(world, documents)
  assert.equal(client.view(1)?.hash, readDocument(documents[1]).hash)
  await world.close()
})

test('a difference to a document that passes over the one before is as suspect as the whole', async () => {
  const world = new DirectoryWorld()
  const client = await toldSecond(world, [signed(world.network, 0), signed(world.network, 1)])
  assert.is(client.view(1), undefined, 'nobody confirms it')
  assert.is(client.current()?.epoch, 0)
  await world.close()
})

for (const [name, useless] of [
  ['told from another document', () => writeTold(told, [])],
  ['no difference at all', () => Uint8Array.of(0x83, 0x61, 0x61, 0x40, 0x80)],
  ['a code of another version', () => Uint8Array.of(1, 2, 3)],
] as const) {
  test(`a difference of no use costs one more question: ${name}`, async () => {
    const world = new DirectoryWorld()
    const documents = firstTwo(world.network)
    const { peer, asks } = source(world, (ask, _, epoch) =>
      ask === 'document' ? documents[epoch === 1 ? 1 : 0] : useless(),
    )
    const client = await follow(world, peer)
    await world.advanceTo(0, 0.99)
    assert.equal(asks, ['document', 'difference', 'document'])
    assert.is(client.view(1)?.epoch, 1)
    await world.close()
  })
}

test('authorities and nodes serve differences, and the whole where they lack the document before', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  await world.startAuthorities()
  await world.startNodes()
  const client = await world.startClient({ sources: world.nodes.map(node => world.peer(node)) })
  await world.advanceTo(3, 0.95)
  assert.is(client.view(4)?.epoch, 4)
  const held = [3, 4].map(epoch => client.view(epoch)?.hash as Uint8Array)
  const asker = world.host('asker', 'client')
  const ask = async (place: Peer, name: Uint8Array): Promise<Uint8Array> => {
    const request = writeRequest({ ask: 'difference', from: name, epoch: 4 })
    const limits = { timeoutMs: 2000, maxBytes: 100_000 }
    const answer = asker.request(place, directoryProtocol, request, limits)
    await world.clock.advance(200)
    return readAnswer(await answer)
  }
  for (const place of [...world.nodes.map(node => world.peer(node)), ...world.network.authorities]) {
    const whole = await ask(place, new Uint8Array(32))
    assert.equal(readDocument(whole).hash, held[1])
    const short = await ask(place, held[0] as Uint8Array)
    assert.ok(short.length < whole.length)
    assert.is(short[0], 0x83)
  }
  await world.close()
})

test.run()
