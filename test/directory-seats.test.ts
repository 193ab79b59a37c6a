// tier: slow
// Seats (docs/spec/directory-tally.md 7.7): votes and documents keep within their bytes whoever comes, nobody fills a
// network by keeping quiet for a while, and who has a seat is decided by age and lot.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type ConsensusBody,
  maxDocumentBytes,
  nameBody,
  readBody,
  writeBody,
} from '../directory/documents/consensus.ts'
import { type Descriptor, type StablePart, writeDescriptor } from '../directory/documents/descriptor.ts'
import { difference } from '../directory/documents/difference.ts'
import { maxRequestBytes, writeRequest } from '../directory/documents/exchange.ts'
import { type SignedVote, writeMessage } from '../directory/documents/message.ts'
import { readVote, type Vote, writeVote } from '../directory/documents/vote.ts'
import { anyNumber, mostNodeBytes, nodeBytes, type Seating, seatNodes } from '../directory/rounds/seats.ts'
import { beginRound } from '../directory/rounds/state.ts'
import { tally } from '../directory/rounds/tally.ts'
import { castVote } from '../directory/rounds/votes.ts'
import { digest } from '../directory/statement.ts'
import { compare, hex } from '../encoding/bytes.ts'
import { defaultLimits } from '../link/limits.ts'
import { rulesOf } from '../simulator/directory-alone.ts'
import { bodyOf, contentOf, descriptorsOf, idOf } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'

const network = networkOf({ authorities: 3, threshold: 2 })
const numbered = (i: number): Uint8Array => digest(Uint8Array.of(i, i >> 8, i >> 16))

/** The largest descriptor there is. */
function largest(i: number, epoch: number): Descriptor {
  const key = new Uint8Array(32).fill(9)
  const content = contentOf('gateway 0', i % 4 === 0 ? 'gateway' : 'mix', epoch, {
    serial: 2 ** 40,
    keys: [key, key, key],
    stable: {
      id: numbered(i),
      family: `${i}`.padStart(64, 'f'),
      software: 's'.repeat(32),
      services:
        i % 4 === 0
          ? ['a'.repeat(16), 'b'.repeat(16)].map(name => ({ name, sealingKey: key, mailboxKey: key }))
          : [],
      addresses: Array.from({ length: 8 }, (_, k) => `/dns4/${`${i}-${k}.`.padEnd(110, 'a')}/tcp/4001`),
      identity: idOf('operator'),
      certificate: new Uint8Array(64),
      certifiedUntil: 2 ** 50,
    },
  })
  return { ...content, signature: new Uint8Array(64) }
}

const members = 16_384
const crowd = Array.from({ length: members }, (_, i) => largest(i, 1))
const of = (epoch: number): Descriptor[] => crowd.map(descriptor => ({ ...descriptor, epoch }))

/** Makes the vote of an authority when all of them have uploaded, with as much else in the vote as there can be. */
function voted(i: number, epoch: number, before: ConsensusBody | undefined, documents: number): SignedVote {
  const evidence = Array.from({ length: 64 }, () => new Uint8Array(4096))
  const named = before === undefined ? undefined : nameBody(before)
  const signatures = Array.from({ length: 31 }, (_, k) => ({
    signer: numbered(k),
    signature: new Uint8Array(64),
  }))
  const rules = rulesOf(
    i,
    {
      addresses: Array.from({ length: 8 }, () => 'a'.repeat(128)),
      body: () => before,
      newestBefore: () => (named === undefined ? null : { epoch: epoch - 1, hash: named.hash, signatures }),
    },
    network,
  )
  const begun = beginRound(network, { epoch: epoch - 1, bootstrap: documents === 2, now: 0 })
  const descriptors = new Map(
    begun.round.documents.map(document => [document, new Map(of(document).map(d => [hex(d.stable.id), d]))]),
  )
  const [, actions] = castVote(rules, { ...begun, descriptors }, 0)
  const message = actions.flatMap(action =>
    action.do === 'send' && action.message.kind === 'vote' ? [action.message] : [],
  )[0]
  assert.ok(message)
  const bytes = writeVote({ ...message.signed.vote, evidence })
  assert.ok(bytes.length <= maxDocumentBytes, `vote of ${bytes.length} bytes`)
  readVote(bytes)
  const full = { ...message.signed, bytes, signatures }
  const request = writeRequest({ ask: 'voting', message: writeMessage({ ...message, signed: full }) })
  assert.ok(request.length <= maxRequestBytes && maxRequestBytes <= defaultLimits.requestBytesPerPeer)
  return message.signed
}

test('16,384 admitted nodes of the largest descriptors: votes and documents have room, and the network goes on', () => {
  let before: ConsensusBody | undefined
  for (const epoch of [1, 2, 3]) {
    const { vote } = voted(0, epoch, before, epoch === 1 ? 2 : 1)
    const votes: Vote[] = network.authorities.map(({ id }) => ({ ...vote, author: id }))
    const contributions = [{ dealer: idOf('authority 0'), value: new Uint8Array(32).fill(epoch) }]
    const named = before && nameBody(before)
    const body = tally({ network, epoch, votes, contributions, before: named })
    const bytes = writeBody(body)
    assert.ok(bytes.length <= maxDocumentBytes, `document of ${bytes.length} bytes`)
    assert.ok(body.nodes.length > 800, `${body.nodes.length} nodes`)
    readBody(bytes)
    if (named !== undefined) {
      const had = new Set(named.body.nodes.map(({ descriptor }) => hex(descriptor.stable.id)))
      assert.ok(difference(named.bytes, bytes).length <= maxDocumentBytes)
      const stay = body.nodes.filter(({ descriptor }) => had.has(hex(descriptor.stable.id)))
      assert.is(stay.length, had.size, 'who has a seat keeps it')
    }
    before = body
  }
})

test('the control: without seats such a vote is larger than anybody reads', () => {
  const candidates = of(2).map(descriptor => ({ descriptor, running: true, reliable: true }))
  const bytes = candidates.reduce((sum, { descriptor }) => sum + writeDescriptor(descriptor).length, 0)
  assert.ok(bytes > 5 * maxDocumentBytes)
})

const stableOf = (i: number, change: Partial<StablePart> = {}): StablePart => ({
  ...contentOf('mix 0', 'mix', 1).stable,
  id: numbered(i),
  addresses: [`/ip4/${20 + (i % 100)}.7.1.1/tcp/4001`],
  ...change,
})

const empty = bodyOf(network, 9, descriptorsOf(network, 9, 0, 0))

/** A document with these nodes, each since an epoch. */
const document = (nodes: readonly StablePart[], since: (i: number) => number): ConsensusBody => ({
  ...empty,
  nodes: nodes
    .map((stable, i) => ({
      descriptor: { stable, epoch: 9, serial: 0, keys: [], signature: new Uint8Array(64) },
      ...{ place: 0, running: true, reliable: true, since: since(i) },
    }))
    .sort((a, b) => compare(a.descriptor.stable.id, b.descriptor.stable.id)),
})

function seats(nodes: readonly StablePart[], change: Partial<Seating> = {}): string[] {
  const seating = {
    nodes,
    before: undefined,
    randomness: numbered(1),
    perNetwork: anyNumber,
    perFamily: anyNumber,
  }
  return [...seatNodes({ ...seating, bytes: mostNodeBytes, ...change })]
}

test('of one network, and of one family, no more than is wanted: the eldest, then by lot', () => {
  const here = Array.from({ length: 13 }, (_, i) => stableOf(i, { addresses: [`/ip4/198.51.${i}.1/tcp/1`] }))
  const before = document(here.slice(4, 7), i => 8 - i)
  const ids = (...nodes: (StablePart | undefined)[]): string[] =>
    nodes.map(node => hex((node as StablePart).id)).sort()
  assert.equal(seats(here, { perNetwork: 2, before }).sort(), ids(here[6], here[5]))
  assert.is(seats(here, { before }).length, 13, 'the control: no limit')
  const drawn = new Set(
    Array.from({ length: 60 }, (_, i) => seats(here, { perNetwork: 1, randomness: numbered(i) }).join()),
  )
  assert.ok(drawn.size > 8, 'who comes together is drawn anew with each randomness')
  const kin = here.map((node, i) => stableOf(i, { id: node.id, family: 'kin' }))
  assert.is(seats(kin, { perFamily: 3 }).length, 3)
  const both = stableOf(50, { addresses: ['/ip4/198.51.1.1/tcp/1', '/ip4/203.0.113.1/tcp/1'] })
  assert.is(
    seats([...here.slice(0, 2), both], { perNetwork: 2, before: document(here.slice(0, 2), () => 1) }).length,
    2,
  )
})

test('room is given in order: a small node finds none where a larger one before it found none', () => {
  const nodes = Array.from({ length: 900 }, (_, i) => stableOf(i))
  const bytes = 500 * nodeBytes(nodes[0] as StablePart)
  const before = document(nodes.slice(0, 480), () => 3)
  const had = new Set(before.nodes.map(({ descriptor }) => hex(descriptor.stable.id)))
  const seated = seats(nodes, { bytes, before })
  assert.ok(seated.length >= 498 && seated.length <= 502, `${seated.length}`)
  assert.is(seated.filter(id => had.has(id)).length, 480)
  const settled = new Set(nodes.slice(480, 520).map(({ id }) => hex(id)))
  const drawn = seats(nodes, { bytes, before, isSettled: id => settled.has(hex(id)) }).filter(
    id => !had.has(id),
  )
  assert.ok(
    drawn.every(id => settled.has(id)),
    'who asked before the lot was known comes first',
  )
})

test('the tally leaves out what is too much of a network, though every vote has it', () => {
  const addresses = (i: number) => [`/ip4/198.51.${i}.1/tcp/1`]
  const descriptors = Array.from({ length: 9 }, (_, i) => ({
    ...contentOf(`mix ${i}`, 'mix', 2, { stable: { addresses: addresses(i) } }),
    signature: new Uint8Array(64),
  })).sort((a, b) => compare(a.stable.id, b.stable.id))
  const count = (wanted: readonly number[]): number => {
    const votes = wanted.map((nodesPerNetwork, i) => ({
      ...voted(i, 2, empty, 1).vote,
      ballots: [
        {
          epoch: 2,
          candidates: descriptors.map(descriptor => ({ descriptor, running: true, reliable: true })),
        },
      ],
      parameters: new Map([['nodesPerNetwork', nodesPerNetwork]]),
    }))
    return tally({ network, epoch: 2, votes }).nodes.length
  }
  assert.is(count([2, 2, 9]), 2)
  assert.is(count([anyNumber, anyNumber, 2]), 9, 'one authority alone wants it')
})

test.run()
