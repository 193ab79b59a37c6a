// Whoever follows the consensus takes nothing that is not signed by enough known authorities, and keeps the good
// document that it has (docs/spec/directory-consensus.md 6, docs/spec/directory-travel.md 10).
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nameBody, writeBody } from '../directory/documents/consensus.ts'
import { readDocument, writeDocument } from '../directory/documents/document.ts'
import { directoryProtocol, writeAnswer } from '../directory/documents/exchange.ts'
import type { Network } from '../directory/documents/network.ts'
import type { View } from '../directory/documents/view.ts'
import { DirectoryError } from '../directory/error.ts'
import type { FollowedDirectory } from '../directory/follow/follow.ts'
import { digest, type SignatureEntry } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import type { Link } from '../link/link.ts'
import { bodyOf, descriptorsOf, signaturesOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld, networkOf } from '../simulator/directory-world.ts'
import { memoryStore } from '../world/store.ts'

/** @param before the epoch of the document that it follows; none: it is a network's first */
function signed(network: Network, epoch: number, signers = 3, before?: number): Uint8Array {
  const first =
    before === undefined ? undefined : nameBody(bodyOf(network, before, descriptorsOf(network, before)))
  const { bytes, hash } = nameBody(bodyOf(network, epoch, descriptorsOf(network, epoch), first))
  return writeDocument(bytes, signaturesOf(network, epoch, hash, signers))
}

/** A source that gives whatever the test says, and counts how often it was asked. */
class Source {
  readonly link: Link
  asked = 0
  gives: (() => Uint8Array) | undefined

  constructor(world: DirectoryWorld, name = 'source') {
    this.link = world.host(name, 'node')
    this.link.serve(directoryProtocol, 1000, async () => {
      this.asked++
      if (this.gives === undefined) throw new Error('nothing here')
      return this.gives()
    })
  }
}

async function following(world: DirectoryWorld, source: Source): Promise<FollowedDirectory> {
  return world.startClient({ sources: [source.link] })
}

function refusals(client: FollowedDirectory): Record<string, number> {
  const { LINK: _, UNAVAILABLE: __, ...codes } = client.status().refused
  return codes as Record<string, number>
}

const other = (change: Partial<Network>): Network => networkOf({ network: change })
const strangers = networkOf({ authorities: 5 }).authorities.slice(3)

/** Bytes that a source may give for the document of epoch 1, and the code that refuses them. */
const bad: Record<string, readonly [(network: Network) => Uint8Array, string]> = {
  'one signature': [network => signed(network, 1, 1), 'TOO_FEW_SIGNATURES'],
  'signatures of strangers': [
    network => {
      const { bytes, hash } = nameBody(bodyOf(network, 1, descriptorsOf(network, 1)))
      const all = signaturesOf(networkOf({ authorities: 5 }), 1, hash, 5)
      return writeDocument(bytes, [all[0], all[3], all[4]] as SignatureEntry[])
    },
    'TOO_FEW_SIGNATURES',
  ],
  'signatures under another name': [
    network =>
      writeDocument(
        readDocument(signed(network, 1)).bodyBytes,
        signaturesOf(network, 1, digest(new Uint8Array(1)), 3),
      ),
    'TOO_FEW_SIGNATURES',
  ],
  'signatures for another epoch': [
    network => {
      const { bytes, hash } = nameBody(bodyOf(network, 1, descriptorsOf(network, 1)))
      return writeDocument(bytes, signaturesOf(network, 2, hash, 3))
    },
    'TOO_FEW_SIGNATURES',
  ],
  'another network': [() => signed(other({ name: 'elsewhere' }), 1), 'WRONG_NETWORK'],
  'another packet size': [() => signed(other({ userBytes: 1000 }), 1), 'WRONG_GEOMETRY'],
  'another genesis': [() => signed(other({ genesis: 999_999 }), 1), 'WRONG_GEOMETRY'],
  'other authorities': [
    network =>
      signed(
        { ...network, authorities: [...network.authorities.slice(0, 2), ...strangers.slice(0, 1)] },
        1,
        2,
      ),
    'WRONG_AUTHORITIES',
  ],
  'another threshold': [network => signed({ ...network, threshold: 3 }, 1), 'WRONG_AUTHORITIES'],
  'times of another epoch': [
    network => {
      const { bytes, hash } = nameBody({ ...bodyOf(network, 1, descriptorsOf(network, 1)), validUntil: 9e12 })
      return writeDocument(bytes, signaturesOf(network, 1, hash, 3))
    },
    'BAD_DOCUMENT',
  ],
  'a key that the node did not sign': [
    network => {
      const body = bodyOf(network, 1, descriptorsOf(network, 1))
      const nodes = body.nodes.map(node => ({
        ...node,
        descriptor: { ...node.descriptor, keys: node.descriptor.keys.map(() => new Uint8Array(32).fill(9)) },
      }))
      const { bytes, hash } = nameBody({ ...body, nodes })
      return writeDocument(bytes, signaturesOf(network, 1, hash, 3))
    },
    'BAD_SIGNATURE',
  ],
  'nodes out of order': [
    network => {
      const body = bodyOf(network, 1, descriptorsOf(network, 1))
      const bytes = writeBody({ ...body, nodes: [...body.nodes].reverse() })
      return writeDocument(bytes, signaturesOf(network, 1, digest(bytes), 3))
    },
    'NOT_CANONICAL',
  ],
  'an older document': [network => signed(network, 0), 'OLD_EPOCH'],
  'a document of the far future': [network => signed(network, 50), 'FUTURE_EPOCH'],
  'cut short': [network => signed(network, 1).subarray(0, 2000), 'BAD_DOCUMENT'],
  'no document at all': [() => Uint8Array.of(0x82, 0x40, 0x80), 'BAD_DOCUMENT'],
  'a body that is too large': [() => new Uint8Array(4_300_000), 'TOO_LARGE'],
}

for (const [name, [make, code]] of Object.entries(bad)) {
  test(`a document that is refused: ${name}: ${code}`, async () => {
    const world = new DirectoryWorld()
    const source = new Source(world)
    const { network } = world
    source.gives = () => writeAnswer(signed(network, 0))
    const client = await following(world, source)
    await world.clock.advance(5000)
    const good = hex((client.current() as View).hash)
    source.gives = () => writeAnswer(make(network))
    await world.advanceTo(0, 0.99)
    assert.equal(Object.keys(refusals(client)), [code])
    assert.is(client.view(1), undefined)
    await world.advanceTo(2, 0.85)
    assert.is(hex((client.current() as View).hash), good)
    // The good one, when it comes at last, is taken at once: in one of two attempts, 1.25 s apart at most, since it
    // asks for the next epoch's in turns
    source.gives = () => writeAnswer(signed(network, 2, 3, 0))
    await world.clock.advance(2700)
    assert.is(client.current()?.epoch, 2)
    await world.close()
  })
}

test('10 MiB of junk, an answer that is none, and a source that breaks off', async () => {
  const world = new DirectoryWorld()
  const source = new Source(world)
  const client = await following(world, source)
  const junk = new Uint8Array(10 * 1024 * 1024).fill(0x82)
  source.gives = () => junk
  await world.clock.advance(2000)
  assert.equal(Object.keys(refusals(client)), ['TOO_LARGE'])
  source.gives = () => Uint8Array.of(1, 2, 3)
  await world.clock.advance(2000)
  source.gives = undefined
  await world.clock.advance(2000)
  assert.equal(Object.keys(refusals(client)).sort(), ['BAD_DOCUMENT', 'TOO_LARGE'])
  assert.ok((client.status().refused.LINK ?? 0) > 0)
  assert.throws(
    () => readDocument(junk),
    (error: DirectoryError) => error.code === 'TOO_LARGE',
  )
  await world.close()
})

test('any node is a source: a client joins with every authority dead', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  await world.advanceTo(1, 0.8)
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  const client = await world.startClient({ sources: world.nodes.slice(0, 1).map(({ link }) => link) })
  await world.advanceTo(1, 0.95)
  assert.is(client.current()?.epoch, 1)
  assert.is(client.view(2)?.epoch, 2)
  await world.close()
})

test('sources without a document do not hide the authorities', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  await world.clock.advance(3000)
  const empty = Array.from({ length: 5 }, (_, i) => new Source(world, `empty ${i}`).link)
  const client = await world.startClient({ sources: empty })
  await world.clock.advance(3000)
  assert.is(client.current()?.epoch, 0)
  await world.close()
})

test('clients fetch a document spread over their window, nodes before them', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  for (let i = 0; i < 10; i++) await world.startClient()
  await world.advanceTo(1, 0.1)
  const times: { who: 'node' | 'client'; at: number }[] = []
  const place = (): number => (world.clock.now() - world.network.genesis) / world.network.epochMs - 1
  for (const { directory } of world.nodes) directory.onView(() => times.push({ who: 'node', at: place() }))
  for (const client of world.clients) client.onView(() => times.push({ who: 'client', at: place() }))
  await world.advanceTo(1, 0.99)
  const of = (who: string): number[] => times.filter(time => time.who === who).map(({ at }) => at)
  assert.is(of('node').length, 8)
  assert.is(of('client').length, 10)
  assert.ok(Math.min(...of('node')) > 5 / 8 && Math.max(...of('node')) < 0.76)
  assert.ok(Math.min(...of('client')) > 6 / 8 && Math.max(...of('client')) < 0.9)
  assert.ok(Math.max(...of('client')) - Math.min(...of('client')) > 0.04)
  await world.close()
})

test('the newest documents outlive the process in its store; a damaged one is passed over', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  const store = memoryStore()
  const first = await world.startClient({ store })
  await world.advanceTo(2, 0.95)
  await first.close()
  for (let i = 0; i < 3; i++) await world.killAuthority(i)
  const second = await world.startClient({ store })
  assert.is(second.current()?.epoch, 2)
  assert.is(second.view(3)?.epoch, 3)
  await second.close()
  await store.put('document/0000000000000002', new Uint8Array(100))
  const third = await world.startClient({ store })
  assert.is(third.view(2), undefined)
  assert.is(third.view(3)?.epoch, 3)
  assert.ok((await store.keys().all()).length <= 4)
  await world.close()
})

test('ready resolves with the first current view, and rejects when called off or closed', async () => {
  const world = new DirectoryWorld()
  const client = await world.startClient()
  const abort = new AbortController()
  const outcomes: string[] = []
  const note = (name: string, promise: Promise<View>): void => {
    promise.then(
      view => outcomes.push(`${name} ${view.epoch}`),
      (error: DirectoryError) => outcomes.push(`${name} ${error.code ?? error.message}`),
    )
  }
  note('first', client.ready())
  note('second', client.ready(abort.signal))
  abort.abort(new Error('no more'))
  await world.clock.advance(100)
  assert.equal(outcomes, ['second no more'])
  await world.startAuthorities()
  await world.startNodes()
  await world.clock.advance(3000)
  assert.equal(outcomes, ['second no more', 'first 0'])
  const lone = await new DirectoryWorld().startClient()
  note('third', lone.ready())
  await lone.close()
  await world.clock.advance(1)
  note('fourth', lone.ready())
  await world.clock.advance(1)
  assert.equal(outcomes.slice(2), ['third CLOSED', 'fourth CLOSED'])
  await world.close()
})

test('a handler that throws harms nobody', async () => {
  const world = new DirectoryWorld()
  await world.startAuthorities()
  await world.startNodes()
  const client = await world.startClient()
  const seen: number[] = []
  client.onView(() => {
    throw new Error('mine')
  })
  const stop = client.onView(view => seen.push(view.epoch))
  await world.advanceTo(1, 0.95)
  stop()
  await world.advanceTo(2, 0.95)
  assert.equal(seen, [0, 1, 2])
  await world.close()
})

test('a configuration that contradicts itself is refused with the field', async () => {
  const world = new DirectoryWorld()
  for (const [change, field] of [
    [{ threshold: 1 }, 'threshold'],
    [{ name: '' }, 'name'],
    [{ epochMs: 10 }, 'epochMs'],
    [{ authorities: [] }, 'authorities'],
    [{ layers: 2 }, 'layers'],
    [{ genesis: 1.5 }, 'genesis'],
  ] as const) {
    const client = world.startClient({ network: { ...world.network, ...change } })
    const error = await client.catch((thrown: unknown) => thrown as DirectoryError)
    assert.instance(error, DirectoryError)
    assert.is((error as DirectoryError).code, 'BAD_NETWORK')
    assert.match((error as DirectoryError).message, `network: ${field}:`)
  }
})

test.run()
