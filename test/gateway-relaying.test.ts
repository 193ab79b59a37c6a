// docs/spec/gateway.md 7: mail is read at a home through an entry. What each of the two sees, what a hostile entry can
// do, and what either is asked at most. Each attack with its control.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { x25519PublicKey } from '#crypto'
import { openClient } from '../client/index.ts'
import { hex } from '../encoding/bytes.ts'
import { LinkError } from '../link/link.ts'
import { writeRequest } from '../link/protocol/mailbox.ts'
import {
  cellBytes,
  channelPrologue,
  errandBytes,
  readBatchAnswer,
  readErrandAnswer,
  sealedBytes,
  writeBatch,
  writeCell,
  writeErrand,
} from '../link/protocol/relaying.ts'
import { channels } from '../node/gateway/channels.ts'
import { entry, mostChannels } from '../node/gateway/entry.ts'
import { beginChannel, type Channel, handshakeBytes } from '../sphinx/channel.ts'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { app } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'
import { type Place, world } from './node-world.ts'

const pageSize = { places: 2, payloadBytes: 100, boardBytes: 10 }
const random = seededRandom(5)

/** A home whose gateway answers every request with what it was asked. */
function home(most = 100) {
  const clock = virtualClock()
  const id = random(32)
  const secret = random(32)
  const key = { epoch: 3, secret, publicKey: x25519PublicKey(secret) }
  const gone: string[] = []
  const ends = channels({
    id,
    keys: () => [key],
    gateway: () => ({
      async answer(_from, request) {
        if (request[0] === 9) throw new LinkError('BAD_MESSAGE', 'no request')
        return request.slice(0, 33)
      },
      gone: binding => void gone.push(hex(binding)),
      isOwner: () => true,
    }),
    pageSize: () => pageSize,
    most,
    idleMs: () => minute,
    clock,
    random,
  })
  const begin = async (at: Uint8Array, name: Uint8Array): Promise<Channel | undefined> => {
    const filling = new Uint8Array(sealedBytes - handshakeBytes)
    const opening = beginChannel(key.publicKey, channelPrologue(id, name, 3), random, filling)
    const cell = writeCell({ kind: 'begin', number: 3, sealed: opening.message })
    const [answer] = readBatchAnswer(await ends.answer(at, writeBatch([{ channel: name, cell }])), 1)
    return answer?.status === 'ok' ? opening.finish(answer.answer)?.channel : undefined
  }
  return { id, clock, ends, begin, gone }
}

const request = writeRequest({ t: 'hello' })
const sealed = (channel: Channel | undefined, number: number, plain = request): Uint8Array =>
  writeCell({ kind: 'sealed', number, sealed: (channel as Channel).seal(number, plain) })

test('cells that come again, out of order or changed are answered at most once, and the others go on', async () => {
  const { ends, begin } = home()
  const [at, name, other] = [random(32), random(16), random(16)]
  const [one, two] = [await begin(at, name), await begin(at, other)]
  const ask = async (...errands: [Uint8Array, Uint8Array][]) =>
    readBatchAnswer(
      await ends.answer(at, writeBatch(errands.map(([channel, cell]) => ({ channel, cell })))),
      errands.length,
    )
  const first = sealed(one, 0)
  const [answer] = await ask([name, first])
  assert.equal(
    one?.open(0, answer?.answer as Uint8Array)?.slice(0, 97),
    (() => {
      const page = new Uint8Array(97)
      page.set(request.slice(0, 33))
      return page
    })(),
  )
  assert.is((await ask([name, first]))[0]?.status, 'no-channel', 'again')
  assert.is(ends.counters.repeated, 1)
  // A later one overtakes; what was sealed to one channel is nothing in another
  assert.equal(
    (await ask([name, sealed(one, 5)], [name, sealed(one, 4)], [other, sealed(one, 6)])).map(a => a.status),
    ['ok', 'ok', 'no-channel'],
  )
  const changed = sealed(one, 7)
  changed[20] = (changed[20] as number) ^ 1
  // One client's nonsense, sealed well, spoils nothing of another's
  const nonsense = sealed(two, 0, new Uint8Array(97).fill(9))
  assert.equal(
    (await ask([name, changed], [other, nonsense], [name, sealed(one, 7)])).map(a => a.status),
    ['no-channel', 'no-channel', 'ok'],
  )
  assert.is(ends.open, 1, 'whoever seals nonsense has no channel any more')
})

test('a home keeps so many channels, takes them from the entry that has most, and closes what is not used', async () => {
  const { clock, ends, begin, gone } = home(4)
  const [greedy, modest] = [random(32), random(32)]
  const mine = random(16)
  await begin(modest, mine)
  for (let i = 0; i < 10; i++) await begin(greedy, random(16))
  assert.is(ends.open, 4)
  const again = await begin(modest, random(16))
  assert.ok(again !== undefined)
  const [answer] = readBatchAnswer(
    await ends.answer(modest, writeBatch([{ channel: mine, cell: sealed(again, 0) }])),
    1,
  )
  assert.is(answer?.status, 'no-channel')
  assert.is(ends.counters.unknown, 0, 'the modest one still has its first channel: the cell was not for it')
  assert.is(gone.length, 8)
  await clock.advance(2 * minute)
  ends.sweep()
  assert.is(ends.open, 0)
})

test('an entry carries no more channels of a client than it may have, to gateways alone, and refuses what is no cell', async () => {
  const clock = virtualClock()
  const there = random(32)
  let batches = 0
  const carries = entry({
    id: random(32),
    link: {
      async request() {
        batches++
        throw new LinkError('UNREACHABLE', 'nobody there')
      },
    },
    home: id => (hex(id) === hex(there) ? { id, addresses: [] } : undefined),
    here: async batch => batch,
    mayAsk: () => 'yes',
    pageSize: () => pageSize,
    payloadBytes: pageSize.payloadBytes,
    clock,
  })
  const client = random(32)
  const cell = writeCell({ kind: 'sealed', number: 0, sealed: random(sealedBytes) })
  const status = async (to: Uint8Array, channel: Uint8Array): Promise<string> =>
    readErrandAnswer(await carries.carry(client, writeErrand(to, { channel, cell }))).status
  assert.is(await status(random(32), random(16)), 'no-home')
  assert.is(batches, 0)
  const names = Array.from({ length: mostChannels }, () => random(16))
  for (const name of names) assert.is(await status(there, name), 'no-home')
  assert.is(await status(there, random(16)), 'full')
  assert.is(await status(there, names[0] as Uint8Array), 'no-home', 'those it has go on')
  assert.is(carries.isClient(client), false, 'no home has answered it')
  await clock.advance(2 * minute)
  assert.is(await status(there, random(16)), 'no-home', 'one was not used for long')
  carries.gone(client)
  assert.is(carries.channels, 0)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: errandBytes + 2 }), async bytes => {
      try {
        await carries.carry(client, bytes)
      } catch (error) {
        assert.is((error as LinkError).code, 'BAD_MESSAGE')
      }
    }),
    { numRuns: 100, seed: 3 },
  )
  assert.equal(carries.counters, { carried: 0, refused: 0, crowded: 1, homeless: 11, dropped: 0 })
})

test('the entry sees cells of one size and the home no connection; a message is read through both', async () => {
  const w = await world({ layers: 1, userBytes: 2000, epochMs: 5 * minute, gateways: 3 })
  const [a, b] = w.places.filter(({ role }) => role === 'gateway') as [Place, Place]
  const join = async (at: Place) => {
    const link = w.client()
    const client = await openClient({
      network: w.network,
      link,
      directory: w.directory,
      store: memoryStore(),
      clock: w.clock,
      random: seededRandom(w.random(32)),
      gateways: [at.link.id],
    })
    return { link, client }
  }
  const requests = new Map<string, Set<number>>()
  const alice = await join(a)
  const bob = await join(b)
  w.links.tap(({ from, to, bytes, what }) => {
    for (const { link } of [alice, bob])
      if (hex(from) === hex(link.id) && what !== 'cells')
        requests.set(hex(to), (requests.get(hex(to)) ?? new Set()).add(bytes))
  })
  await w.clock.advance(3 * second)
  const entryOf = alice.client.status().entry
  assert.is(entryOf.separation, 'apart')
  assert.is.not(entryOf.id, hex(a.link.id))
  assert.not.ok(a.link.isConnected(alice.link.id), 'its home does not know its address')
  const message = await alice.client.send(bob.client.address, 'through both')
  await w.clock.advance(5 * second)
  assert.is(message.state === 'stored' || message.state === 'read', true, message.state)
  const [got] = await bob.client.inbox()
  assert.is(got?.text, 'through both')
  for (const sizes of requests.values()) assert.is(sizes.size, 1, `${[...sizes]}`)
  assert.ok((a.node.status().mail?.channels.answered ?? 0) > 3)
  await alice.client.close()
  await bob.client.close()
  await w.close()
})

/** A client whose entry is hostile in some way; what it made of it. */
async function hostile(change: (net: FakeNetwork) => void) {
  const net = new FakeNetwork({ seed: 61, gateways: 5, epochMs: 600 * second })
  const alice = await net.client('alice')
  const bob = await net.client('bob')
  const got = app(bob)
  await net.clock.advance(3 * second)
  change(net)
  const sent: string[] = []
  for (let i = 0; i < 8; i++) {
    sent.push(`letter ${i}`)
    await alice.client.send(bob.client.address, `letter ${i}`)
    await net.clock.advance(second)
  }
  await net.clock.advance(20 * second)
  net.onAnswer = answer => answer
  net.onCell = errand => errand
  await net.clock.advance(40 * second)
  const { entry: told } = bob.client.status()
  const texts = got.map(({ text }) => text).toSorted()
  await alice.client.close()
  await bob.client.close()
  return { texts, sent, told }
}

for (const [name, change] of [
  [
    'changes answers',
    (net: FakeNetwork) => {
      net.onAnswer = answer => {
        const changed = answer.slice()
        changed[50] = (changed[50] as number) ^ 1
        return changed
      }
    },
  ],
  [
    'changes cells',
    (net: FakeNetwork) => {
      let n = 0
      net.onCell = errand => {
        const changed = errand.slice()
        if (n++ % 3 === 0) changed[80] = (changed[80] as number) ^ 1
        return changed
      }
    },
  ],
  [
    'gives old answers again',
    (net: FakeNetwork) => {
      const old: Uint8Array[] = []
      net.onAnswer = answer => {
        old.push(answer)
        return old.length > 5 ? (old[old.length - 5] as Uint8Array) : answer
      }
    },
  ],
] as const)
  test(`an entry that ${name} loses nothing and doubles nothing`, async () => {
    const { texts, sent, told } = await hostile(change)
    assert.equal(texts, sent)
    if (name !== 'changes cells') assert.ok(told.spoilt >= 3 && told.left >= 1, JSON.stringify(told))
  })

test('control: an honest entry is kept, and nothing is counted against it', async () => {
  const { texts, sent, told } = await hostile(() => {})
  assert.equal(texts, sent)
  assert.equal([told.spoilt, told.left, told.separation], [0, 0, 'apart'])
})

test('an entry is kept over a restart, and left for another when it is dead', async () => {
  const net = new FakeNetwork({ seed: 62, gateways: 4, epochMs: 600 * second })
  const alice = await net.client('alice')
  await net.clock.advance(3 * second)
  const { id } = alice.client.status().entry
  const store = alice.store
  await alice.client.close()
  const again = await net.client('alice', { store })
  await net.clock.advance(3 * second)
  assert.is(again.client.status().entry.id, id)
  net.kill(net.gateways.find(({ name }) => name === id) as FakeNetwork['gateways'][0])
  await net.clock.advance(40 * second)
  const { entry: next, ready } = again.client.status()
  assert.ok(ready)
  assert.is.not(next.id, id)
  assert.is(next.separation, 'apart')
  assert.is(cellBytes, 122)
  await again.client.close()
})

test.run()
