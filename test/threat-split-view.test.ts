// docs/threats.md 3.4: fewer than t authorities give a client a network of their own.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { authorityEntry } from '../directory/authority/keys.ts'
import { nameBody } from '../directory/documents/consensus.ts'
import { verifyConsensus, writeDocument } from '../directory/documents/document.ts'
import { openProofs, writeProofs } from '../directory/documents/evidence.ts'
import type { Network } from '../directory/documents/network.ts'
import type { DirectoryError } from '../directory/error.ts'
import type { FollowedDirectory } from '../directory/follow/follow.ts'
import { HeldDocuments } from '../directory/follow/held-documents.ts'
import { serveDocuments } from '../directory/follow/serve.ts'
import { storedSplits } from '../directory/follow/splits-on-disk.ts'
import { HeldNotes } from '../directory/follow/status-note-held.ts'
import { tally } from '../directory/rounds/tally.ts'
import { signStatement } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import { bodyOf, descriptorsOf, signaturesOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld } from '../simulator/directory-world.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { codeOf } from './refusals.ts'

const random = seededRandom(31)

/** n authorities with threshold t, as everybody is configured with them. */
function configured(n: number, threshold: number): { network: Network; seeds: Uint8Array[] } {
  const seeds = Array.from({ length: n }, () => random(32))
  const network: Network = {
    name: 'test',
    genesis: 0,
    epochMs: 20_000,
    authorities: seeds.map(seed => authorityEntry(seed, [])),
    threshold,
    suite: 'x25519',
    hops: 5,
    userBytes: 2000,
    topology: 'stratified',
    layers: 3,
    minimum: { mixes: 3, gateways: 1 },
  }
  return { network, seeds }
}

/** A document of the adversary's making, signed by the keys it has. */
function forged(network: Network, signers: readonly Uint8Array[], epoch = 4): Uint8Array {
  const named = nameBody(tally({ network, epoch, votes: [] }))
  const signatures = signers.map(seed => {
    const signer = ed25519PublicKey(seed)
    const statement = { kind: 'consensus', epoch, signer, about: named.hash } as const
    return {
      signer,
      signature: signStatement(network.name, statement, message => ed25519Sign(seed, message)),
    }
  })
  return writeDocument(named.bytes, signatures)
}

function refusal(network: Network, bytes: Uint8Array): string {
  return codeOf(() => verifyConsensus(network, bytes))
}

for (const [n, threshold] of [
  [1, 1],
  [3, 2],
  [4, 3],
  [5, 3],
  [7, 4],
  [7, 6],
] as const) {
  test(`${n} authorities, t = ${threshold}: nobody accepts what fewer than t signed`, () => {
    const { network, seeds } = configured(n, threshold)
    for (let corrupt = 0; corrupt < threshold; corrupt++)
      assert.is(refusal(network, forged(network, seeds.slice(0, corrupt))), 'TOO_FEW_SIGNATURES')
    assert.is(refusal(network, forged(network, seeds.slice(0, threshold))), 'ok')
  })
}

test('keys that nobody knows do not count, however many there are', () => {
  const { network, seeds } = configured(3, 2)
  const strangers = Array.from({ length: 20 }, () => random(32))
  assert.is(refusal(network, forged(network, [seeds[0] as Uint8Array, ...strangers])), 'TOO_FEW_SIGNATURES')
})

test('a signature of another network, or under another document, does not count', () => {
  const { network, seeds } = configured(3, 2)
  const elsewhere = forged({ ...network, name: 'elsewhere' }, seeds)
  assert.is(refusal(network, elsewhere), 'WRONG_NETWORK')
  const [one, two] = [forged(network, seeds, 4), forged(network, seeds, 5)]
  const swapped = one.slice()
  const tail = 3 * (32 + 64)
  swapped.set(two.subarray(two.length - tail), one.length - tail)
  assert.is(refusal(network, swapped), 'TOO_FEW_SIGNATURES')
})

test('control: a client that is content with one signature follows the adversary', () => {
  const { network, seeds } = configured(3, 2)
  const trusting = { ...network, threshold: 1 }
  assert.is(refusal(trusting, forged(trusting, seeds.slice(0, 1))), 'ok')
})

/**
 * t authorities sign two documents of one epoch. A client is given the one; of the nodes in it so many hold the
 * other, the rest the same.
 */
async function shownTwo({ others, seed = 1 }: { others: number; seed?: number }): Promise<{
  world: DirectoryWorld
  client: FollowedDirectory
  store: Store
}> {
  const world = new DirectoryWorld({ seed })
  const { network, clock } = world
  await world.advanceTo(5)
  const descriptors = descriptorsOf(network, 5)
  const body = bodyOf(network, 5, descriptors)
  const sign = (change: Partial<typeof body>): Uint8Array => {
    const { bytes, hash } = nameBody({ ...body, ...change })
    return writeDocument(bytes, signaturesOf(network, 5, hash, 2))
  }
  const [one, two] = [sign({}), sign({ mixing: 'pool' })]
  const names = [...Array.from({ length: 6 }, (_, i) => `mix ${i}`), 'gateway 0', 'gateway 1']
  for (const [i, name] of names.entries()) {
    const documents = new HeldDocuments(network)
    documents.add(i < others ? two : one, clock.now())
    serveDocuments(
      world.host(name, 'node', ['/ip4/127.0.0.1/tcp/4001']),
      documents,
      new HeldNotes(documents.succession, () => undefined, clock),
      clock.now,
    )
  }
  const liar = world.host('liar', 'node')
  const documents = new HeldDocuments(network)
  documents.add(one, clock.now())
  serveDocuments(liar, documents, new HeldNotes(documents.succession, () => undefined, clock), clock.now)
  const store = memoryStore()
  const client = await world.startClient({
    store,
    sources: [{ id: liar.id, addresses: liar.addresses }],
  })
  await clock.advance(100)
  assert.is(client.current()?.epoch, 5)
  await world.advanceTo(5, 0.9)
  return { world, client, store }
}

test('a client that was given another document than the nodes have uses neither, and keeps the proof', async () => {
  const { world, client, store } = await shownTwo({ others: 8 })
  const { network } = world
  assert.is(client.current(), undefined)
  assert.is(client.view(5), undefined)
  const [split] = client.health().splits
  assert.is(split?.epoch, 5)
  assert.is(new Set(split?.documents).size, 2)
  assert.equal(
    split?.signers,
    network.authorities
      .slice(0, 2)
      .map(({ id }) => hex(id))
      .sort(),
  )
  const [stored] = await storedSplits(store, () => network)
  const names = stored?.documents.map(bytes => hex(verifyConsensus(network, bytes).hash))
  assert.equal(names, split?.documents)
  // Started again it remembers, whoever shows it which.
  await client.close()
  const again = await world.startClient({ store })
  assert.is(again.current(), undefined)
  assert.is(again.health().splits.length, 1)
  await world.close()
})

test('a node among them proves it to anybody who asks', async () => {
  const world = new DirectoryWorld()
  const { network } = world
  const body = bodyOf(network, 5, descriptorsOf(network, 5))
  const documents = new HeldDocuments(network)
  await world.advanceTo(5)
  const refusals = [{}, { mixing: 'pool' }].map(change => {
    const { bytes, hash } = nameBody({ ...body, ...change })
    try {
      documents.add(writeDocument(bytes, signaturesOf(network, 5, hash, 2)), world.clock.now())
      return 'ok'
    } catch (error) {
      return (error as DirectoryError).code
    }
  })
  assert.equal(refusals, ['ok', 'CONFLICT'])
  assert.is(documents.current(world.clock.now()), undefined)
  const proofs = openProofs(network, writeProofs(documents.proofs))
  assert.equal(
    proofs.map(({ signer }) => hex(signer)),
    network.authorities
      .slice(0, 2)
      .map(({ id }) => hex(id))
      .sort(),
  )
})

test('half of the nodes are the adversary’s: three clients of four find it out', async () => {
  let found = 0
  for (let seed = 1; seed <= 20; seed++) {
    const { world, client } = await shownTwo({ others: 4, seed })
    found += client.health().splits.length
    await world.close()
  }
  // 1 - (4/8 * 3/7) = 79 %; fewer than 10 of 20 would happen once in 400 times.
  assert.ok(found >= 10, `found ${found} of 20`)
})

test('control: whom every node tells the same believes it', async () => {
  const { world, client } = await shownTwo({ others: 0 })
  assert.is(client.current()?.epoch, 5)
  assert.ok(client.status().agreed >= 2)
  await world.close()
})

test.run()
