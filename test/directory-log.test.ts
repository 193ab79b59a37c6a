// The log of documents (docs/spec/directory-log.md 14): every document goes on from all before it, so that a fork shows
// to whoever comes to hold both sides of it, at any later time.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startAuthority } from '../directory/authority/authority.ts'
import { type ConsensusBody, type NamedBody, nameBody } from '../directory/documents/consensus.ts'
import { writeDocument } from '../directory/documents/document.ts'
import { openProofs } from '../directory/documents/evidence.ts'
import {
  type DirectoryRequest,
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  writeRequest,
} from '../directory/documents/exchange.ts'
import { type LogEntry, LogStretch, pageEntries, readLog } from '../directory/documents/log.ts'
import type { Network } from '../directory/documents/network.ts'
import { DirectoryError } from '../directory/error.ts'
import { HeldDocuments } from '../directory/follow/held-documents.ts'
import { HeldLog } from '../directory/follow/held-log.ts'
import { serveDocuments } from '../directory/follow/serve.ts'
import { HeldNotes } from '../directory/follow/status-note-held.ts'
import { writePointer } from '../directory/follow/table.ts'
import { hex } from '../encoding/bytes.ts'
import { edgeRoot, emptyEdge, leafHash, MerkleTree, sameEdge, type TreeEdge } from '../encoding/merkle.ts'
import type { Link, Peer } from '../link/link.ts'
import { bodyOf, descriptorsOf, signaturesOf } from '../simulator/directory-samples.ts'
import { DirectoryWorld, networkOf, seedOf } from '../simulator/directory-world.ts'
import { silent } from '../world/log.ts'
import { memoryStore } from '../world/store.ts'
import { codeOf } from './refusals.ts'

const entriesOf = (count: number, salt = 0): LogEntry[] =>
  Array.from({ length: count }, (_, i) => ({
    epoch: 2 * i + 1,
    hash: leafHash(Uint8Array.of(salt, i >> 8, i)),
  }))

/** A signed document that follows another one. */
interface Made extends NamedBody {
  readonly signed: Uint8Array
  readonly pointer: Uint8Array
}

function make(
  network: Network,
  epoch: number,
  before?: NamedBody,
  change: Partial<ConsensusBody> = {},
): Made {
  const named = nameBody({ ...bodyOf(network, epoch, descriptorsOf(network, epoch), before), ...change })
  const signatures = signaturesOf(network, epoch, named.hash, 2)
  return {
    ...named,
    signed: writeDocument(named.bytes, signatures),
    pointer: writePointer({ epoch, hash: named.hash, signatures }),
  }
}

/** A chain of documents, the second and later ones with `change` from an epoch on. */
function chain(network: Network, epochs: readonly number[], forkAt = Number.POSITIVE_INFINITY): Made[] {
  const made: Made[] = []
  for (const epoch of epochs)
    made.push(make(network, epoch, made.at(-1), epoch === forkAt ? { mixing: 'pool' } : {}))
  return made
}

/** Asks somebody of a world, and lets time pass until the answer has come. */
async function ask(
  world: DirectoryWorld,
  asker: Link,
  peer: Peer,
  request: DirectoryRequest,
): Promise<Uint8Array> {
  const options = { timeoutMs: 1000, maxBytes: maxAnswerBytes }
  const answer = asker.request(peer, directoryProtocol, writeRequest(request), options)
  await world.clock.advance(500)
  return readAnswer(await answer)
}

/** The end of the log up to the last of these. */
function logOf(documents: readonly Made[]): Uint8Array {
  return LogStretch.of(
    emptyEdge,
    documents.map(({ body, hash }) => ({ epoch: body.epoch, hash })),
  ).write()
}

test('the edge of a log grows to the tree of RFC 6962, from any point on', () => {
  fc.assert(
    fc.property(fc.nat({ max: 300 }), fc.nat({ max: 300 }), (a, b) => {
      const [cut, size] = [Math.min(a, b), Math.max(a, b)]
      const entries = entriesOf(size)
      const whole = LogStretch.of(emptyEdge, entries)
      const from = LogStretch.of(emptyEdge, entries.slice(0, cut)).end
      const rest = LogStretch.of(from, entries.slice(cut))
      assert.ok(sameEdge(rest.end, whole.end))
      const tree = new MerkleTree()
      for (const { epoch, hash } of entries) tree.append(leafHash(readLogEntry(epoch, hash)))
      assert.is(hex(edgeRoot(whole.end)), hex(tree.root()))
      assert.equal(readLog(rest.write()).entries, rest.entries)
    }),
  )
})

/** [epoch, name] in CBOR, written by hand. */
function readLogEntry(epoch: number, hash: Uint8Array): Uint8Array {
  const number = epoch < 24 ? [epoch] : epoch < 256 ? [0x18, epoch] : [0x19, epoch >> 8, epoch & 255]
  return Uint8Array.of(0x82, ...number, 0x58, 32, ...hash)
}

test('any bytes are a log or one of the folder’s own errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      try {
        readLog(bytes)
      } catch (error) {
        assert.instance(error, DirectoryError)
      }
    }),
  )
})

test('of a log two pages stay, and each that goes is told once, in order', () => {
  const pages: LogStretch[] = []
  const log = new HeldLog(page => pages.push(page))
  const entries = entriesOf(3 * pageEntries + 1)
  let end: TreeEdge = emptyEdge
  let stretch = LogStretch.of(emptyEdge, [])
  for (const [i, { epoch, hash }] of entries.entries()) {
    const previous = entries[i - 1]?.hash ?? new Uint8Array(0)
    const document = { hash, body: { epoch, previous, log: end } }
    stretch = log.before(document) as LogStretch
    assert.ok(stretch !== undefined, `entry ${i}`)
    log.follow(document, stretch)
    end = stretch.with({ epoch, hash }).end
  }
  assert.equal(
    pages.map(({ from, entries: of }) => [from.size, of.length]),
    [
      [0, pageEntries],
      [pageEntries, pageEntries],
    ],
  )
  const told = readLog(log.serve())
  assert.ok(sameEdge(told.end, LogStretch.of(emptyEdge, entries).end))
  assert.ok(told.entries.length <= 2 * pageEntries)
})

test('a document whose log does not go on from the one that it names is refused', () => {
  const network = networkOf()
  const now = network.genesis + 5 * network.epochMs
  const documents = new HeldDocuments(network)
  const four = make(network, 4)
  documents.add(four.signed, now)
  const other = make(network, 4, undefined, { mixing: 'pool' })
  const wrong = make(network, 5, four, { log: bodyOf(network, 5, [], other).log })
  assert.is(
    codeOf(() => documents.add(wrong.signed, now)),
    'BAD_DOCUMENT',
  )
  assert.is(
    codeOf(() => documents.add(make(network, 5, four).signed, now)),
    'ok',
  )
})

/**
 * t authorities sign two documents of epoch 5, one for the network and one for a client, which is let back among the
 * others afterwards.
 */
function lured({ withLog }: { withLog: boolean }) {
  const network = networkOf()
  const at = (epoch: number): number => network.genesis + (epoch + 0.1) * network.epochMs
  const honest = chain(network, [3, 4, 5, 6])
  const trap = make(network, 5, honest[1], { mixing: 'pool' })
  const client = new HeldDocuments(network)
  client.add((honest[1] as Made).signed, at(4))
  client.add(trap.signed, at(4))
  const six = honest[3] as Made
  const code = codeOf(() => client.add(six.signed, at(5), undefined, withLog ? logOf(honest) : undefined))
  return { network, at, honest, trap, client, code }
}

test('who was given another document sees it from the log of the next one, and adopts neither', () => {
  const { client, code, at, trap, honest } = lured({ withLog: true })
  assert.is(code, 'CONFLICT')
  const [split] = client.splits
  assert.is(split?.epoch, 5)
  assert.equal(
    [split?.ours.hash, split?.theirs.hash].map(name => name && hex(name)),
    [hex(trap.hash), hex((honest[2] as Made).hash)],
  )
  assert.is(client.current(at(6))?.view.epoch, 4, 'it goes on with what nothing speaks against')
  assert.equal(client.proofs, [], 'the log alone does not say who signed both')
})

test('the other document’s signatures make of it a proof that anybody can check', () => {
  const { client, network, honest } = lured({ withLog: true })
  const five = honest[2] as Made
  const signatures = signaturesOf(network, 5, five.hash, 2)
  assert.ok(client.contradict({ epoch: 5, hash: five.hash, signatures }) !== undefined)
  assert.equal(
    client.proofs.map(({ signer }) => hex(signer)).sort(),
    network.authorities
      .slice(0, 2)
      .map(({ id }) => hex(id))
      .sort(),
  )
})

test('control: without the log the next document is as good as any, and nothing shows', () => {
  const { client, code, at } = lured({ withLog: false })
  assert.is(code, 'ok')
  assert.equal(client.splits, [])
  assert.is(client.current(at(6))?.view.epoch, 6)
})

test('a document that nobody has shown to go on from the one before is suspect', () => {
  const { client } = lured({ withLog: false })
  const six = client.get(6)
  assert.is(six && client.suspect(six), 'no log')
  const network = networkOf()
  const fresh = new HeldDocuments(network)
  const [three, four] = chain(network, [3, 4]) as [Made, Made]
  fresh.add(three.signed, network.genesis + 3 * network.epochMs)
  const { held } = fresh.add(four.signed, network.genesis + 3 * network.epochMs)
  assert.is(fresh.suspect(held), undefined, 'control: one that follows is not')
})

test('a log that is none of the document’s, or of others’ making, tells nothing', () => {
  const { network, at, honest, trap } = lured({ withLog: true })
  const six = honest[3] as Made
  for (const told of [logOf([...honest.slice(0, 2), trap]), new Uint8Array(9), logOf(honest.slice(0, 2))]) {
    const client = new HeldDocuments(network)
    client.add(trap.signed, at(4))
    assert.is(
      codeOf(() => client.add(six.signed, at(5), undefined, told)),
      'ok',
    )
    assert.equal(client.splits, [])
  }
})

test('an epoch that the log passes over accuses nobody: a round may have ended for one alone', () => {
  const network = networkOf()
  const at = network.genesis + 6.1 * network.epochMs
  const [three, four] = chain(network, [3, 4]) as [Made, Made]
  const [five, six] = [make(network, 5, four), make(network, 6, four)]
  const client = new HeldDocuments(network)
  client.add(four.signed, at, undefined, logOf([three, four]))
  client.add(five.signed, at)
  const { held } = client.add(six.signed, at, undefined, logOf([three, four, six]))
  assert.equal(client.splits, [])
  assert.is(client.suspect(held), 'no log', 'others are asked before it is used')
  const other = new HeldDocuments(network)
  other.add(five.signed, at, undefined, logOf([three, four]))
  const late = other.add(six.signed, at, undefined, logOf([three, four, six]))
  assert.equal(other.splits, [])
  assert.is(other.suspect(late.held), 'no log')
  other.confirm(6)
  const seven = other.add(make(network, 7, six).signed, at)
  assert.is(other.suspect(seven.held), undefined, 'control: what follows it needs no more')
})

test('a split is told once, and what was proven stays proven', () => {
  const network = networkOf()
  const documents = new HeldDocuments(network)
  const honest = chain(network, [3, 4, 5, 6, 7, 8, 9])
  const trap = make(network, 4, honest[0], { mixing: 'pool' })
  documents.remember(trap.signed)
  const now = network.genesis + 7.1 * network.epochMs
  const six = documents.add((honest[3] as Made).signed, now)
  assert.is(documents.suspect(six.held), undefined, 'nobody told its log, and nothing valid is held')
  documents.add((honest[4] as Made).signed, now, undefined, logOf(honest))
  const [split] = documents.splits
  assert.is(split?.epoch, 4)
  documents.add((honest[5] as Made).signed, now, undefined, logOf(honest))
  assert.is(documents.splits[0], split, 'the same')
  const four = honest[1] as Made
  const signatures = signaturesOf(network, 4, four.hash, 2)
  assert.ok(documents.contradict({ epoch: 4, hash: four.hash, signatures }) !== undefined)
  documents.add((honest[6] as Made).signed, now, undefined, logOf(honest))
  assert.is(documents.proofs.length, 2)
})

test('long after, one that has been away sees that what it followed then is not in the log', () => {
  const network = networkOf()
  const documents = new HeldDocuments(network)
  const honest = chain(network, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  const trap = make(network, 5, honest[1], { mixing: 'pool' })
  documents.remember(trap.signed)
  const last = honest.at(-1) as Made
  const now = network.genesis + 12.1 * network.epochMs
  documents.add(last.signed, now, undefined, logOf(honest))
  assert.is(documents.current(now)?.view.epoch, 12, 'it goes on: a newcomer would, too')
  assert.is(documents.splits[0]?.epoch, 5, 'and says so')
  const other = new HeldDocuments(network)
  other.remember((honest[2] as Made).signed)
  other.add(last.signed, now, undefined, logOf(honest))
  assert.equal(other.splits, [], 'control: one that followed what the others did')
})

test('two clients of two worlds: the heads that they carry meet at one node, and it has the proof', () => {
  const network = networkOf()
  const now = network.genesis + 8.1 * network.epochMs
  const honest = chain(network, [5, 6, 7, 8])
  const trapped = chain(network, [5, 6, 7, 8], 5)
  const node = new HeldDocuments(network)
  for (const { signed } of honest.slice(1)) node.add(signed, now)
  assert.is(node.hear((honest[3] as Made).pointer), undefined, 'control: the same head')
  assert.is(node.splits.length, 0)
  assert.ok(node.hear((trapped[3] as Made).pointer) !== undefined)
  assert.is(node.proofs.length, 2)
  const forged = (trapped[2] as Made).pointer.slice()
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  assert.is(
    codeOf(() => void node.hear(forged)),
    'BAD_SIGNATURE',
  )
})

test('a client shows its head to whom it asks, and an authority accuses who signed both', async () => {
  const world = new DirectoryWorld()
  const { network, clock } = world
  await world.advanceTo(5, 0.2)
  const honest = chain(network, [4, 5])
  const trap = make(network, 5, honest[0], { mixing: 'pool' })
  const store = memoryStore()
  await store.put('document/0000000000000005', (honest[1] as Made).signed)
  const link = world.host('authority 2', 'authority', ['/memory/authority-2'])
  const authority = await startAuthority({
    ...{ network, link, clock, random: world.random, log: silent, store },
    seed: seedOf('authority 2'),
  })
  assert.is(authority.current()?.epoch, 5)
  const held = new HeldDocuments(network)
  held.add(trap.signed, clock.now())
  const liar = world.host('liar', 'node')
  serveDocuments(liar, held, new HeldNotes(held.succession, () => undefined, clock), clock.now)
  const client = await world.startClient({ sources: [{ id: liar.id, addresses: liar.addresses }] })
  await world.advanceTo(5, 0.9)
  assert.is(client.health().splits[0]?.epoch, 5)
  const asker = world.host('asker', 'node')
  const peer = { id: link.id, addresses: link.addresses }
  assert.equal(
    openProofs(network, await ask(world, asker, peer, { ask: 'evidence' })).map(({ kind, epoch }) => [
      kind,
      epoch,
    ]),
    [
      ['consensus', 5],
      ['consensus', 5],
    ],
  )
  await authority.close()
  await world.close()
})

test('a network keeps its log whole: authorities, nodes and who came late have the same', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  await world.startAuthorities()
  await world.startNodes()
  await world.advanceTo(2, 0.2)
  await world.killAuthority(1)
  const late = await world.startNode('late', 'mix')
  await world.advanceTo(4, 0.2)
  await world.startAuthority(1)
  const client = await world.startClient()
  await world.advanceTo(6, 0.05)
  const asker = world.host('asker', 'node')
  const logs: LogStretch[] = []
  const peers = [...world.network.authorities, ...world.nodes.map(node => world.peer(node)), world.peer(late)]
  for (const peer of peers) {
    logs.push(readLog(await ask(world, asker, peer, { ask: 'log', page: null })))
  }
  assert.ok((logs[0]?.entries.length ?? 0) >= 6)
  assert.equal(new Set(logs.map(({ end }) => hex(edgeRoot(end)))).size, 1)
  assert.is(logs[0]?.entries.at(-1)?.epoch, 6)
  assert.equal(client.health().splits, [])
  await world.close()
})

test.run()
