// Contacts: who is told what, who wrote it, and what opens it later (docs/spec/client-contacts.md 17). For each promise
// the attack that fails, and its control.
// tier: slow

import { decode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Acknowledging } from '../client/contacts/acknowledging.ts'
import { safetyWords, wordList } from '../client/contacts/safety-words.ts'
import { isMarked, isProven, markedId, pairKeys, prove } from '../client/contacts/sender.ts'
import { Inbox, type InboxLimits } from '../client/incoming/inbox.ts'
import { defaultLimits } from '../client/limits.ts'
import { readAddress } from '../client/packets/address.ts'
import { proofBytes, writeMessage } from '../client/packets/content.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { hex, same } from '../encoding/bytes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { keysUnder, memoryStore } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { app, assertCode, diskOf, pair } from './client-apps.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const limits = { tellReadMs: 5 * second }
/** Cover has nothing to do with any of this, and takes most of the time. */
const cover = 'off'

async function two(seed: number, options: object = {}): Promise<[FakeNetwork, RunningClient, RunningClient]> {
  const net = new FakeNetwork({ seed })
  const alice = await net.client('alice', { limits, cover, ...options })
  const bob = await net.client('bob', { limits, cover, ...options })
  await net.clock.advance(2 * second)
  return [net, alice, bob]
}

async function meet(...clients: RunningClient[]): Promise<void> {
  for (const { client } of clients)
    for (const other of clients)
      if (other.client !== client) await client.contacts.add(nameOf(clients, other), other.client.address)
}

function nameOf(all: readonly RunningClient[], one: RunningClient): string {
  return `person-${all.indexOf(one)}`
}

test('a contact is told that a message has come whole, with its length of whatever size', async () => {
  const [net, alice, bob] = await two(1)
  await meet(alice, bob)
  const states: string[] = []
  alice.client.on('state', ({ id, state }) => states.push(`${id} ${state}`))
  const short = await alice.client.send(bob.client.address, 'hello', { from: true })
  const long = await alice.client.send(bob.client.address, 'x'.repeat(20_000), { from: true })
  await Promise.all([net.clock.advance(30 * second), short.received(), long.received()])
  for (const { id } of [short, long])
    assert.equal(
      states.filter(line => line.startsWith(id)).map(line => line.split(' ')[1]),
      ['sent', 'stored', 'received'],
    )
  const [got] = await bob.client.inbox()
  assert.is(got?.from, alice.client.address)
  assert.is(got?.contact, 'person-0')
  assert.is(alice.client.status().messages.acknowledged, 2)
  for (const { client } of [alice, bob]) await client.close()
})

test('a stranger is told nothing by itself, and waits apart; the control: who tells everyone tells a stranger', async () => {
  for (const acknowledge of ['contacts', 'everyone', 'nobody'] as const) {
    const [net, alice, bob] = await two(2, { acknowledge })
    // One says who it is and one does not; both ask for all there is
    const sent = await Promise.all(
      [true, false].map(from =>
        alice.client.send(bob.client.address, `from ${from}`, { from, received: true, receipt: true }),
      ),
    )
    await net.clock.advance(10 * second)
    assert.equal((await bob.client.inbox({ senders: 'known' })).length, 0)
    const requests = await bob.client.inbox({ senders: 'strangers' })
    assert.equal(
      requests.map(({ contact }) => contact),
      [undefined, undefined],
    )
    await net.clock.advance(minute)
    const want = acknowledge === 'everyone' ? 'received' : 'stored'
    assert.equal(
      sent.map(({ state }) => state),
      [want, want],
      acknowledge,
    )
    // Nothing of the client's own has left for it
    if (acknowledge !== 'everyone') assert.is((await keysUnder(bob.store, 'owed/')).length, 0)
    // Once they are known, the message that says who wrote it lies with those of contacts
    await bob.client.contacts.add('alice', alice.client.address)
    assert.equal(
      (await bob.client.inbox({ senders: 'known' })).map(({ text }) => text),
      ['from true'],
    )
    for (const { client } of [alice, bob]) await client.close()
  }
})

test('that something was read is told only where the owner allows it of this contact, and later', async () => {
  const [net, alice, bob] = await two(3)
  await meet(alice, bob)
  const first = await alice.client.send(bob.client.address, 'one', { from: true, receipt: true })
  await net.clock.advance(10 * second)
  assert.is((await bob.client.inbox()).length, 1)
  await net.clock.advance(2 * minute)
  assert.is(first.state, 'received', 'off by default')

  await bob.client.contacts.change('person-0', { read: true })
  const times: number[] = []
  for (let i = 0; i < 12; i++) {
    const message = await alice.client.send(bob.client.address, `two ${i}`, { from: true, receipt: true })
    await net.clock.advance(10 * second)
    await bob.client.inbox()
    const from = net.clock.elapsed()
    for (let waited = 0; waited < 60 && message.state !== 'read'; waited++) await net.clock.advance(second)
    assert.is(message.state, 'read')
    times.push(net.clock.elapsed() - from)
  }
  // Drawn, with a mean of 5 s beside what the way takes: not all at once
  assert.ok(Math.max(...times) - Math.min(...times) >= 3 * second, times.join(' '))

  await bob.client.contacts.change('person-0', { received: false, read: false })
  const last = await alice.client.send(bob.client.address, 'three', { from: true, receipt: true })
  await net.clock.advance(30 * second)
  await bob.client.inbox()
  await net.clock.advance(2 * minute)
  assert.is(last.state, 'stored')
  for (const { client } of [alice, bob]) await client.close()
})

test('what is owed to a contact is told after a crash too', async () => {
  const [net, alice, bob] = await two(4)
  await meet(alice, bob)
  const message = await alice.client.send(bob.client.address, 'hello', { from: true })
  for (let waited = 0; waited < 200 && (await keysUnder(bob.store, 'owed/')).length === 0; waited++)
    await net.clock.advance(50)
  const store = await diskOf(bob)
  assert.is((await keysUnder(store, 'owed/')).length, 1)
  assert.is.not(message.state, 'received')
  await bob.client.close()
  const again = await net.client('bob', { limits, cover, store })
  await net.clock.advance(30 * second)
  assert.is(message.state, 'received')
  assert.is((await keysUnder(store, 'owed/')).length, 0, 'and no more')
  for (const { client } of [alice, again]) await client.close()
})

test('nobody else can write in the name of a contact, or prove to others what one wrote', async () => {
  const keys = [1, 2, 3].map(seed => hpkeSealing.key(seededRandom(seed)(32)))
  const [alice, bob, mallory] = keys as [Key, Key, Key]
  const id = seededRandom(4)(16)
  const address = { sealingKey: alice.public, mailboxKey: id.slice(0, 16), gateways: [] }
  const content = (text: string): Uint8Array =>
    writeMessage(g, {
      wantsRead: false,
      wantsReceived: false,
      from: {
        address: { ...address, mailboxKey: new Uint8Array(32), gateways: [new Uint8Array(32)] },
        keys: [],
        proof: new Uint8Array(proofBytes),
      },
      app: '',
      blocks: [],
      bytes: new TextEncoder().encode(text),
    })
  const forBob = pairKeys(hpkeSealing, bob, alice.public, 'from')
  const written = content('pay 10')
  prove(pairKeys(hpkeSealing, alice, bob.public, 'to'), id, written)
  assert.ok(isProven(forBob, id, written))
  // Another's key, another message, another id, another byte, the other direction
  const forged = content('pay 99')
  prove(pairKeys(hpkeSealing, mallory, bob.public, 'to'), id, forged)
  assert.not.ok(isProven(forBob, id, forged))
  assert.not.ok(isProven(forBob, seededRandom(5)(16), written))
  fc.assert(
    fc.property(fc.nat({ max: written.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = written.slice()
      changed[at] = (changed[at] as number) ^ change
      assert.not.ok(isProven(forBob, id, changed))
    }),
  )
  assert.not.ok(isProven(pairKeys(hpkeSealing, bob, alice.public, 'to'), id, written))
  // Deniable: the receiver can write whatever the sender could
  const madeUp = content('pay 1000')
  prove(forBob, id, madeUp)
  assert.ok(isProven(forBob, id, madeUp))
  // Ids tell the receiver alone whose message it is
  const pairAB = pairKeys(hpkeSealing, alice, bob.public, 'to')
  const marked = markedId(pairAB, seededRandom(6))
  assert.ok(isMarked(forBob, marked))
  assert.not.ok(isMarked(pairKeys(hpkeSealing, mallory, alice.public, 'from'), marked))
})

type Key = ReturnType<typeof hpkeSealing.key>

test('a message in the name of somebody who did not write it is no message', async () => {
  const [net, alice, bob] = await two(6)
  const mallory = await net.client('mallory', { limits, cover })
  await net.clock.advance(2 * second)
  await meet(alice, bob)
  // Mallory says that it is Alice; the control: the same message with Mallory's own address arrives
  const honest = await mallory.client.send(bob.client.address, 'mine', { from: true })
  const lying = await net.client('liar', { limits, sealing: lyingSealing(alice) })
  await net.clock.advance(2 * second)
  const forged = await lying.client.send(bob.client.address, 'alice here', { from: true })
  await net.clock.advance(20 * second)
  assert.is(honest.state, 'stored')
  assert.is(forged.state, 'stored')
  assert.equal(
    (await bob.client.inbox()).map(({ text }) => text),
    ['mine'],
  )
  assert.is(bob.client.status().entries['badContent'], 1)
  for (const { client } of [alice, bob, mallory, lying]) await client.close()
})

/** Says that its key is another's. */
function lyingSealing(victim: RunningClient): typeof hpkeSealing {
  const { sealingKey } = readAddress(victim.client.address, 'fake')
  return { ...hpkeSealing, key: secret => ({ secret, public: sealingKey }) }
}

const inboxLimits: InboxLimits = {
  ...defaultLimits.inbox,
  partial: { messages: 64, bytes: 1024 * 1024, ageMs: 1e9 },
}

/** A message of which one fragment is still to come, while others send as many halves as they like. */
async function survives(isKnown: boolean): Promise<boolean> {
  const victim = seededRandom(1)(16)
  const people = {
    ofMessage: (id: Uint8Array) => (isKnown && hex(id) === hex(victim) ? 'alice' : undefined),
    isKnown: () => isKnown,
  }
  const inbox = await Inbox.open(memoryStore(), inboxLimits, 0, people)
  const part = (id: Uint8Array, index: number, count: number) =>
    ({ kind: 'message', id, index, count, attempt: 1, data: new Uint8Array(1000) }) as const
  await inbox.takePage([part(victim, 0, 2)], [], 0)
  const dice = seededRandom(2)
  for (let n = 1; n <= 300; n++) await inbox.takePage([part(dice(16), 0, 3), part(dice(16), 1, 4)], [], n)
  const { whole } = await inbox.takePage([part(victim, 1, 2)], [], 1000)
  return whole.length === 1
}

test('strangers push out no message of a contact that is not whole; the control: a stranger’s goes', async () => {
  assert.is(await survives(true), true)
  assert.is(await survives(false), false)
})

test('of several contacts, one that presses pushes out its own', async () => {
  const owners = new Map<string, string>()
  const people = { ofMessage: (id: Uint8Array) => owners.get(hex(id)), isKnown: () => true }
  const inbox = await Inbox.open(memoryStore(), inboxLimits, 0, people)
  const dice = seededRandom(3)
  const part = (owner: string, index: number, id = dice(16)) => {
    owners.set(hex(id), owner)
    return { kind: 'message', id, index, count: 2, attempt: 1, data: new Uint8Array(100) } as const
  }
  const quiet = part('quiet', 0)
  await inbox.takePage([quiet], [], 0)
  for (let n = 1; n <= 300; n++) await inbox.takePage([part('loud', 0)], [], n)
  const { whole } = await inbox.takePage([part('quiet', 1, quiet.id)], [], 1000)
  assert.is(whole.length, 1)
})

/** Somebody who records all packets for a while seizes the receiver's device later: what of the record do they open? */
async function opened(seed: number, meets: boolean): Promise<{ recorded: number; opened: number }> {
  const short = { ...limits, periodMs: minute }
  const net = new FakeNetwork({ seed, parameters: { mailboxMinutes: 1 } })
  const alice = await net.client('alice', { limits: short, cover })
  const bob = await net.client('bob', { limits: short, cover })
  await net.clock.advance(2 * second)
  if (meets) await meet(alice, bob)
  // The first message goes to the key of the address; what comes back brings keys of their time
  await alice.client.send(bob.client.address, 'first', { from: true, replies: true })
  app(bob, () => 'hello')
  await net.clock.advance(20 * second)
  const { mailboxKey } = readAddress(bob.client.address, 'fake')
  const record = new Map<string, Uint8Array>()
  const stop = net.record((key, { kind, payload }) => {
    if (kind === 'forward' && hex(key) === hex(mailboxKey))
      record.set(hex(payload.slice(0, 32)), payload.slice())
  })
  for (let i = 0; i < 5; i++) await alice.client.send(bob.client.address, `secret ${i}`)
  await net.clock.advance(20 * second)
  stop()
  await net.clock.advance(4 * minute)
  const disk = await diskOf(bob)
  const secrets = [(await readIdentity(disk)).sealing]
  for (const name of await keysUnder(disk, 'receiving/')) secrets.push((await disk.get(name)) as Uint8Array)
  const isOpen = (payload: Uint8Array): boolean =>
    secrets.some(secret => {
      try {
        hpkeSealing.open(hpkeSealing.key(secret), payload.subarray(0, g.userBytes))
        return true
      } catch {
        return false
      }
    })
  await alice.client.close()
  await bob.client.close()
  const payloads = [...record.values()]
  return { recorded: payloads.length, opened: payloads.filter(isOpen).length }
}

test('a seized device does not open what contacts wrote in a period before; the control: without them it does', async () => {
  const known = await opened(8, true)
  assert.ok(known.recorded >= 5, `${known.recorded} recorded`)
  assert.is(known.opened, 0)
  const unknown = await opened(8, false)
  assert.ok(unknown.recorded >= 5)
  assert.is(unknown.opened, unknown.recorded)
})

async function readIdentity(store: ReturnType<typeof memoryStore>): Promise<{ sealing: Uint8Array }> {
  const { decode } = await import('@ipld/dag-cbor')
  return decode((await store.get('identity')) as Uint8Array)
}

test('a clock that is wrong erases no key: only signed documents tell the time', async () => {
  const short = { ...limits, periodMs: minute }
  const net = new FakeNetwork({ seed: 9 })
  const bob = await net.client('bob', { limits: short, cover })
  await net.clock.advance(5 * second)
  const before = await keysUnder(bob.store, 'receiving/')
  assert.ok(before.length >= 4)
  const day = 24 * 60 * minute
  const wall = net.clock.now()
  net.stopDocuments()
  net.clock.set(wall + day)
  await net.clock.advance(10 * second)
  assert.equal(await keysUnder(bob.store, 'receiving/'), before)
  await bob.client.close()
})

test('both ends show the same words, and others when somebody stands between them', async () => {
  const [, alice, bob] = await two(10)
  await meet(alice, bob)
  const words = alice.client.safetyWords('person-1')
  assert.is(words.length, 12)
  assert.equal(words, bob.client.safetyWords(alice.client.address))
  const between = hpkeSealing.key(seededRandom(11)(32)).public
  const real = readAddress(alice.client.address, 'fake')
  const bobs = readAddress(bob.client.address, 'fake')
  assert.not.equal(safetyWords({ ...real, sealingKey: between }, bobs), words)
  assert.is(wordList.length, 256)
  assert.is(new Set(wordList.map(word => word.slice(0, 4))).size, 256)
  for (const { client } of [alice, bob]) await client.close()
})

test('contacts outlive their client, are bound to their keys, and names are one person’s', async () => {
  const [net, alice, bob] = await two(12)
  const carol = await net.client('carol', { limits, cover })
  await net.clock.advance(2 * second)
  await alice.client.contacts.add('bob', bob.client.address, { read: true })
  await assertCode(alice.client.contacts.add('bob', carol.client.address), 'BAD_OPTION')
  await assertCode(alice.client.contacts.add('two words', carol.client.address), 'BAD_OPTION')
  await assertCode(alice.client.contacts.change('carol', {}), 'NO_CONTACT')
  await alice.client.contacts.add('robert', bob.client.address)
  assert.equal(alice.client.contacts.list(), [
    { name: 'robert', address: bob.client.address, read: true, received: true },
  ])
  const store = await diskOf(alice)
  await alice.client.close()
  const again = await net.client('alice', { limits, cover, store })
  assert.equal(
    again.client.contacts.list().map(({ name }) => name),
    ['robert'],
  )
  await again.client.close()
  // One that is moved to another's key is damage
  const [name] = await keysUnder(store, 'contact/')
  const record = (await store.get(name as string)) as Uint8Array
  const other = hex(readAddress(carol.client.address, 'fake').sealingKey)
  await store.batch([{ type: 'put', key: `contact/${other}`, value: record }])
  await assertCode(net.client('alice', { limits, cover, store }), 'STORE_DAMAGED')
  for (const { client } of [bob, carol]) await client.close()
})

test('a reply says that it was received, and brings keys where that costs no packet', async () => {
  const net = new FakeNetwork({ seed: 13 })
  const [alice, bob] = await pair(net)
  await alice.client.contacts.add('bob', bob.client.address)
  const states: string[] = []
  bob.client.on('state', ({ state }) => states.push(state))
  app(bob, () => 'an answer')
  const asked = await alice.client.send(bob.client.address, 'a question', { replies: true })
  await net.clock.advance(15 * second)
  assert.is(asked.state, 'read')
  assert.equal(states, ['sent', 'received'])
  const [record] = await alice.store.values({ gt: 'contact/', lt: 'contact0' }).all()
  const { decode } = await import('@ipld/dag-cbor')
  assert.is((decode(record as Uint8Array) as { keys: unknown[] }).keys.length, 4)
  for (const { client } of [alice, bob]) await client.close()
})

test('a message that comes again is acknowledged again, three times at most and not at once', async () => {
  const clock = virtualClock()
  const store = memoryStore()
  const posted: string[] = []
  const open = (): Promise<Acknowledging> =>
    Acknowledging.open(
      {
        store,
        clock,
        random: seededRandom(1),
        log: silent,
        tellReadMs: second,
        left: () => 3,
        keys: () => [],
        post: (word, id) => {
          posted.push(word)
          return `${id} ${posted.length}`
        },
      },
      'everyone',
    )
  let acknowledging = await open()
  const tell = async (): Promise<void> => {
    await acknowledging.tell()
    await acknowledging.over(`aa ${posted.length}`)
  }
  await acknowledging.again('aa')
  assert.is(posted.length, 0, 'nobody was told of it')
  const owed = acknowledging.arrived({ id: 'aa', wantsReceived: true, blocks: 3, contact: undefined })
  await store.batch(owed.operations)
  owed.commit()
  await tell()
  await acknowledging.again('aa')
  await tell()
  assert.is(posted.length, 1, 'too soon')
  for (let i = 0; i < 5; i++) {
    await clock.advance(11 * second)
    // A process that ends in between has not forgotten
    acknowledging = await open()
    await clock.advance(11 * second)
    await acknowledging.again('aa')
    await acknowledging.again('aa')
    await tell()
  }
  assert.equal(posted, ['received', 'received', 'received', 'received'])
})

test('who writes to a contact whose word was lost is told again when something of the message comes again', async () => {
  const [net, alice, bob] = await two(31)
  await bob.client.contacts.add('alice', alice.client.address)
  const came: Uint8Array[] = []
  const { mailboxKey } = readAddress(bob.client.address, 'fake')
  const stop = net.record((key, { kind, payload }) => {
    if (kind === 'forward' && same(key, mailboxKey)) came.push(payload)
  })
  const message = await alice.client.send(bob.client.address, 'again and again', { from: true })
  await Promise.all([net.clock.advance(10 * second), message.received()])
  stop()
  const told = async (): Promise<number> => {
    const found = await bob.store.get(`told/${message.id}`)
    return found === undefined ? -1 : (decode(found) as { readonly again: number }).again
  }
  assert.is(await told(), 3)
  await net.clock.advance(11 * second)
  const home = net.gateways.find(
    ({ name }) => name === bob.client.status().gateway,
  ) as (typeof net.gateways)[0]
  for (const payload of came) net.deliver(home, mailboxKey, payload)
  await net.clock.advance(8 * second)
  assert.is(await told(), 2)
  await alice.client.close()
  await bob.client.close()
})

test.run()
