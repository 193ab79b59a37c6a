// docs/spec/bulletin.md 5.2, 6: what nodes refuse, and that a flood costs its origin and nobody else.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519Sign } from '#crypto'
import type { View } from '../directory/documents/view.ts'
import { entryOverheadBytes, isStamped, quotaBytes, stamp, topicNamed, topics } from '../directory/topics.ts'
import { noProof } from '../directory/work.ts'
import type { Gossip } from '../link/gossip.ts'
import type { Host } from '../link/link.ts'
import {
  boardProtocol,
  largestEntry,
  type Stamped,
  writeCatchRequest,
  writeStamped,
} from '../link/protocol/bulletin.ts'
import { Board } from '../node/bulletin/board.ts'
import { virtualClock } from '../world/clock.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, bytes, during, gateways, join, read } from './bulletin-world.ts'
import type { Place, World } from './node-world.ts'

const open = topicNamed('open')!
const gossipName = '/chaffinch/bulletin/1/test/open'

/** A gateway whose program is another one: it gossips what it likes. */
async function rogue(w: World, place: Place): Promise<{ link: Host; gossip: Gossip; stamp: typeof stampBy }> {
  await place.node.close()
  w.kill(place)
  await w.clock.advance(1 * second)
  const link = w.links.host({
    seed: place.seed,
    cellBytes: w.geometry.packetBytes,
    admits: () => true,
    role: 'node',
  })
  const gossip = link.gossip({
    peers: () => w.places.filter(other => other !== place).map(other => other.link),
    admits: () => true,
    judge: () => 'accept',
  })
  gossip.follow([gossipName])
  await w.clock.advance(3 * second)
  const stampBy = (data: Uint8Array, change: Partial<Stamped> = {}): Uint8Array => {
    const word = { topic: open.number, time: w.clock.now(), origin: link.id, ...noProof, data, ...change }
    return writeStamped({ ...stamp('test', word, message => ed25519Sign(place.seed, message)), ...change })
  }
  return { link, gossip, stamp: stampBy }
}

const refusedAt = ({ node }: Place): Readonly<Record<string, number>> => node.status().bulletin.refused

test('a gateway that floods fills its quota and no more, is expelled, and the others go on', async () => {
  const w = await bulletinWorld({ perLayer: 2, gateways: 3 })
  const [bad, good, other] = gateways(w) as [Place, Place, Place]
  const { gossip, stamp: by } = await rogue(w, bad)
  const quota = quotaBytes(w.directory.current() as View, open)
  for (let n = 0; n < 200; n++) gossip.publish(gossipName, by(bytes(`${n} `.repeat(500))))
  await w.clock.advance(5 * second)
  for (const place of [good, other]) {
    const { bytes: held, entries } = place.node.status().bulletin
    assert.ok(
      entries > 0 && held + entries * entryOverheadBytes <= quota + entries * 256,
      `${held} of ${quota}`,
    )
    assert.ok((refusedAt(place)['OVER_QUOTA'] ?? 0) >= 16)
    assert.is(place.node.status().bulletin.expelled, 1)
  }
  const heard = good.node.status().bulletin.heard
  gossip.publish(gossipName, by(bytes('more'), { time: w.clock.now() + minute }))
  await w.clock.advance(15 * second)
  assert.is(good.node.status().bulletin.heard, heard, 'nobody listens to it any more')
  // the bad one among their own, so that neither enters there: it serves nobody
  const alice = await join(w, [good, bad])
  const bob = await join(w, [other, bad])
  // they read what the flood has left before what is new
  await w.clock.advance(2 * minute)
  await during(w, alice.bulletin('open').publish(bytes('honest')))
  await w.clock.advance(60 * second)
  assert.ok((await read(bob)).includes('honest'))
  await alice.close()
  await bob.close()
  await w.close()
})

test('entries that break a rule are refused where they first arrive, each for its reason', async () => {
  const w = await bulletinWorld({ gateways: 3 })
  const [bad, good] = gateways(w) as [Place, Place]
  const { gossip, stamp: by } = await rogue(w, bad)
  const mix = w.places.find(({ role }) => role === 'mix') as Place
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['MALFORMED', new Uint8Array(50)],
    ['OUT_OF_TIME', by(bytes('early'), { time: w.clock.now() + 3 * minute })],
    ['OUT_OF_TIME', by(bytes('late'), { time: w.clock.now() - 3 * minute })],
    ['TOO_LARGE', by(new Uint8Array(0))],
    ['MALFORMED', by(new Uint8Array(largestEntry + 1))],
    ['NO_GATEWAY', by(bytes('a mix'), { origin: mix.link.id })],
    ['NO_GATEWAY', by(bytes('nobody'), { origin: new Uint8Array(32) })],
    ['BAD_STAMP', by(bytes('not by it'), { origin: good.link.id })],
    ['BAD_STAMP', by(bytes('changed'), { signature: new Uint8Array(64) })],
    ['NO_TOPIC', by(bytes('of another topic'), { topic: 2 })],
  ]
  for (const [reason, message] of cases) {
    const before = refusedAt(good)[reason] ?? 0
    const heard = good.node.status().bulletin.heard
    gossip.publish(gossipName, message)
    await w.clock.advance(500)
    assert.is(refusedAt(good)[reason], before + 1, reason)
    assert.is(good.node.status().bulletin.heard, heard)
  }
  for (const place of w.places.filter(other => other !== bad)) {
    assert.is(place.node.status().bulletin.entries, 0)
    const total = Object.values(refusedAt(place)).reduce((sum, count) => sum + count, 0)
    assert.is(total, cases.length, 'nothing was passed on')
  }
  gossip.publish(gossipName, by(bytes('good')))
  await w.clock.advance(500)
  assert.is(good.node.status().bulletin.entries, 1)
  await w.close()
})

test('only nodes may ask for entries, and not without end', async () => {
  const w = await bulletinWorld()
  const [gate, other] = gateways(w) as [Place, Place]
  const options = { timeoutMs: 1000, maxBytes: 100_000 }
  const ask = async (link: Pick<Host, 'request'>): Promise<string> => {
    let answer = 'none'
    link.request(gate.link, boardProtocol, writeCatchRequest(0), options).then(
      () => {
        answer = 'answer'
      },
      (error: { code: string }) => {
        answer = error.code
      },
    )
    await w.clock.advance(10)
    return answer
  }
  assert.is(await ask(w.client()), 'REFUSED')
  assert.is(await ask(other.link), 'answer')
  for (let n = 0; n < 200; n++) await ask(other.link)
  assert.is(await ask(other.link), 'REFUSED')
  await w.close()
})

test('on a full board a flood drives itself out, not the others', async () => {
  const clock = virtualClock()
  const board = new Board(clock, () => ({ topicBytes: 10_000, ageMs: minute }))
  const entry = (origin: number, n: number): Stamped => ({
    topic: 1,
    time: n,
    origin: new Uint8Array(32).fill(origin),
    ...noProof,
    signature: new Uint8Array(64),
    data: new Uint8Array(100).fill(n),
  })
  for (let n = 0; n < 5; n++) board.put(`quiet ${n}`, entry(1, n), n)
  for (let n = 0; n < 1000; n++) board.put(`loud ${n}`, entry(2, n), n)
  assert.ok(board.bytes <= 10_000)
  for (let n = 0; n < 5; n++) assert.ok(board.has(`quiet ${n}`))
  assert.is(board.evicted, 1005 - board.entries)
  const kept = board.since(0, 1e6).entries.filter(bytes => bytes[9] === 1)
  assert.is(kept.length, 5)
  await clock.advance(10 * minute)
  board.expire()
  assert.is(board.entries, 0)
  assert.is(board.bytes, 0)
})

test('a quota is four times the even share, at least one entry, at most the whole', () => {
  const view = (kib: number, count: number): View =>
    ({ parameters: { openKiB: kib }, gateways: Array(count) }) as unknown as View
  const least = largestEntry + entryOverheadBytes
  assert.is(quotaBytes(view(0, 4), open), 0)
  assert.is(quotaBytes(view(64, 1), open), 65_536)
  assert.is(quotaBytes(view(64, 4), open), 65_536)
  assert.is(quotaBytes(view(64, 8), open), 32_768)
  assert.is(quotaBytes(view(64, 1000), open), least)
  assert.is(quotaBytes(view(1, 1), open), least)
})

test('topics differ in number and name, and no entry is larger than a message of gossip', () => {
  assert.is(new Set(topics.map(({ number }) => number)).size, topics.length)
  assert.is(new Set(topics.map(({ name }) => name)).size, topics.length)
  for (const { maxBytes } of topics) assert.ok(maxBytes <= largestEntry)
  const seed = new Uint8Array(32).fill(7)
  const word = { topic: 1, time: 5, origin: new Uint8Array(32), ...noProof, data: bytes('x') }
  assert.not(
    isStamped(
      'test',
      new Uint8Array(32),
      stamp('test', word, message => ed25519Sign(seed, message)),
    ),
  )
})

test.run()
