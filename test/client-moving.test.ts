// Gateways come and go (docs/spec/client-clocks.md 9.3, docs/spec/client-contacts.md 17.6): a client has two homes of
// different hands by default; what lies at a former one is read until its time is over; contacts are told where to
// write from now on, by a notice that nobody else can make; reply blocks outlive a home.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey } from '#crypto'
import { Homes } from '../client/folder/homes.ts'
import { chooseHomes } from '../client/incoming/choose-homes.ts'
import { defaultLimits } from '../client/limits.ts'
import { readAddress, writeAddress } from '../client/packets/address.ts'
import { movedAddress, readMoved, writeMoved } from '../client/packets/moved.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { pick, seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { day, minute, second } from '../world/units.ts'
import { app, diskOf } from './client-apps.ts'
import { FakeNetwork, type RunningClient } from './client-network.ts'

type Gateway = FakeNetwork['gateways'][0]

const isAt = ({ client }: RunningClient, gateway: Gateway): boolean =>
  readAddress(client.address, 'fake').gateways.some(id => hex(id) === gateway.name)

const random = seededRandom(5)
const gatewayOf = (family: string): NodeEntry =>
  ({ id: random(32), family, addresses: [], running: true, role: 'gateway' }) as unknown as NodeEntry
const viewOf = (families: readonly string[]): View =>
  ({ gateways: families.map(gatewayOf), parameters: defaultParameters }) as unknown as View
const any = (view: View): Uint8Array | undefined =>
  view.gateways.length === 0 ? undefined : pick(random, view.gateways).id

const networks: readonly (readonly [families: readonly string[], homes: number, wanted?: number])[] = [
  [[''], 1],
  [['', ''], 1],
  [['', '', ''], 2],
  [['', '', '', ''], 3, 3],
  [['a', 'a', 'b'], 1],
  [['a', 'b', 'c'], 2],
  [['a', 'a', 'a'], 2],
]

const slow = { payloadPerMinute: 60, loopPerMinute: 6, dropPerMinute: 6, readPerMinute: 60 }
const quick = { payloadPerMinute: 240, loopPerMinute: 12, dropPerMinute: 12, readPerMinute: 240 }

test('homes are of different hands, and there is always one gateway besides to enter by', () => {
  for (const [families, count, wanted = 2] of networks)
    for (let i = 0; i < 20; i++) {
      const view = viewOf(families)
      const homes = chooseHomes(view, wanted, [], any)
      assert.is(homes.length, count, `${families}`)
      const found = view.gateways.filter(({ id }) => homes.some(home => hex(home) === hex(id)))
      if (new Set(families).size > 1)
        assert.is(new Set(found.map(({ family, id }) => family || hex(id))).size, count, `${families}`)
    }
})

test('those that it has stay, in front', () => {
  const view = viewOf(['', '', '', ''])
  const [, , third] = view.gateways as [NodeEntry, NodeEntry, NodeEntry]
  const homes = chooseHomes(view, 2, [third.id], any)
  assert.is(hex(homes[0] as Uint8Array), hex(third.id))
  assert.is(homes.length, 2)
})

test('a client without configuration has two homes, and mail is kept for two weeks', async () => {
  const net = new FakeNetwork({ seed: 1, gateways: 4 })
  const { client } = await net.client('alice')
  await net.clock.advance(3 * second)
  assert.is(client.gateways.length, 2)
  assert.is(client.status().entry.separation, 'apart')
  assert.is(defaultParameters.mailboxMinutes, (14 * day) / minute)
  assert.is(defaultLimits.inbox.partial.ageMs, 14 * day)
  await client.close()
})

test('what lies at a former home, and comes there later, is read until its time is over', async () => {
  const parameters = { ...slow, mailboxMinutes: 2 }
  const net = new FakeNetwork({ seed: 2, gateways: 4, epochMs: 100 * second, parameters })
  const [old, other, next] = net.gateways as [Gateway, Gateway, Gateway]
  const alice = await net.client('alice', { gateways: [old.id] })
  const bob = await net.client('bob', { gateways: [other.id] })
  await net.clock.advance(3 * second)
  const address = alice.client.address
  await alice.client.send(bob.client.address, 'a question', { replies: true })
  await net.clock.advance(25 * second)
  // Off, while Bob writes and answers
  const disk = await diskOf(alice)
  await alice.client.close()
  await bob.client.send(address, 'a letter')
  const [asked] = await bob.client.inbox()
  const answer = await bob.client.reply(asked?.id as string, 'an answer')
  await net.clock.advance(10 * second)
  const again = await net.client('alice', { store: disk, gateways: [next.id] })
  const got = app(again)
  await net.clock.advance(60 * second)
  assert.equal(got.map(({ text }) => text).toSorted(), ['a letter', 'an answer'])
  assert.ok(['received', 'read'].includes(answer.state), answer.state)
  assert.not.ok(isAt(again, old))
  await bob.client.send(address, 'another letter')
  await net.clock.advance(30 * second)
  assert.is(got.at(-1)?.text, 'another letter')
  const states = (): string[] =>
    again.client.status().gateways.map(({ id, state }) => `${id === old.name} ${state}`)
  assert.equal(states(), ['false open', 'true open'])
  // The mailbox's time and that of the blocks
  for (let i = 0; i < 6; i++) await net.clock.advance(100 * second)
  assert.equal(states(), ['false open', 'true closed'])
  await again.client.close()
  await bob.client.close()
})

async function friends(
  seed: number,
): Promise<{ net: FakeNetwork; alice: RunningClient; bob: RunningClient }> {
  const net = new FakeNetwork({ seed, gateways: 4, epochMs: 600 * second, parameters: slow })
  const [first, second_] = net.gateways as [Gateway, Gateway]
  const alice = await net.client('alice', { gateways: [first.id] })
  const bob = await net.client('bob', { gateways: [second_.id] })
  await net.clock.advance(3 * second)
  await alice.client.contacts.add('bob', bob.client.address)
  await bob.client.contacts.add('alice', alice.client.address)
  return { net, alice, bob }
}

test('contacts learn of a move, and write to the new home, also to the address that they were given', async () => {
  const { net, alice, bob } = await friends(3)
  const [old, , next] = net.gateways as [Gateway, Gateway, Gateway]
  const address = alice.client.address
  const disk = await diskOf(alice)
  await alice.client.close()
  net.kill(old)
  // Under way to a gateway that is gone
  const before = await bob.client.send(address, 'before')
  await net.clock.advance(10 * second)
  const again = await net.client('alice', { store: disk, gateways: [next.id] })
  const got = app(again)
  await net.clock.advance(30 * second)
  assert.is(bob.client.contacts.find('alice')?.address, again.client.address)
  const after = await bob.client.send(address, 'after')
  await net.clock.advance(60 * second)
  assert.equal(got.map(({ text }) => text).toSorted(), ['after', 'before'])
  for (const message of [before, after]) assert.is(message.state, 'stored')
  // Bob's disk knows it too
  const store = await diskOf(bob)
  await bob.client.close()
  const later = await net.client('bob', { store })
  assert.is(later.client.contacts.find('alice')?.address, again.client.address)
  await later.client.close()
  await again.client.close()
})

test('control: who is no contact is told nothing', async () => {
  const { net, alice, bob } = await friends(4)
  const [, , next] = net.gateways as [Gateway, Gateway, Gateway]
  await alice.client.contacts.remove('bob')
  const disk = await diskOf(alice)
  await alice.client.close()
  const again = await net.client('alice', { store: disk, gateways: [next.id] })
  await net.clock.advance(60 * second)
  assert.is.not(bob.client.contacts.find('alice')?.address, again.client.address)
  await again.client.close()
  await bob.client.close()
})

test('a notice is taken from its owner alone, and an older one not after a newer one', async () => {
  const { net, alice, bob } = await friends(5)
  const before = readAddress(alice.client.address, 'fake')
  const [, , third, fourth] = net.gateways as [Gateway, Gateway, Gateway, Gateway]
  const seed = random(32)
  const mallory = { seed, key: ed25519PublicKey(seed) }
  const { contacts } = bob.client as unknown as {
    readonly contacts: { moved(notice: ReturnType<typeof readMoved>): { commit(): void } }
  }
  const notice = { serial: 7, sealingKey: before.sealingKey, gateways: [third.id] }
  assert.throws(
    () => contacts.moved(readMoved(writeMoved('fake', mallory, notice))),
    /no contact has signed it/,
  )
  const identity = (alice.client as unknown as { engine?: unknown }).engine
  assert.is(identity, undefined)
  const own = await ownerOf(alice)
  assert.throws(
    () => contacts.moved(readMoved(writeMoved('another', own, notice))),
    /no contact has signed it/,
  )
  const stranger = { ...notice, sealingKey: random(32) }
  assert.throws(
    () => contacts.moved(readMoved(writeMoved('fake', own, stranger))),
    /no contact has signed it/,
  )
  const changed = writeMoved('fake', own, notice)
  changed[45] = (changed[45] as number) ^ 1
  assert.throws(() => contacts.moved(readMoved(changed)), /no contact has signed it/)
  contacts.moved(readMoved(writeMoved('fake', own, notice))).commit()
  const after = writeAddress(movedAddress(before, notice), 'fake')
  assert.is(bob.client.contacts.find('alice')?.address, after)
  contacts.moved(readMoved(writeMoved('fake', own, { ...notice, serial: 6, gateways: [fourth.id] }))).commit()
  assert.is(bob.client.contacts.find('alice')?.address, after)
  await alice.client.close()
  await bob.client.close()
})

async function ownerOf({ store }: RunningClient): Promise<{ seed: Uint8Array; key: Uint8Array }> {
  const { openIdentity } = await import('../client/folder/identity.ts')
  const { hpkeSealing } = await import('../client/packets/sealing.ts')
  const { mailboxSeed, mailboxKey } = await openIdentity(store, hpkeSealing, random)
  return { seed: mailboxSeed, key: mailboxKey }
}

test('a home that has been in no document for three days is given up, whatever ends meanwhile', async () => {
  const store = memoryStore()
  const [one, other] = [random(32), random(32)]
  const away = (id: Uint8Array): boolean => id !== one
  const lostAt = async (at: number, isListed = away): Promise<number> =>
    (await (await Homes.open(store)).lost([one, other], isListed, at)).length
  assert.is(await lostAt(day), 0)
  assert.is(await lostAt(3 * day), 0, 'two days')
  assert.is(await lostAt(3.5 * day, () => true), 0, 'it is back')
  assert.is(await lostAt(5 * day), 0, 'and away anew')
  assert.is(await lostAt(7 * day), 0)
  assert.is(await lostAt(8 * day), 1)
})

test('reply blocks outlive the home at which most of them end', async () => {
  const net = new FakeNetwork({ seed: 7, gateways: 4, epochMs: 600 * second, parameters: quick })
  const [home, standby, other] = net.gateways as [Gateway, Gateway, Gateway]
  const alice = await net.client('alice', { gateways: [home.id, standby.id] })
  const bob = await net.client('bob', { gateways: [other.id] })
  await net.clock.advance(3 * second)
  const got = app(alice)
  await alice.client.send(bob.client.address, 'a question', { replies: true })
  await net.clock.advance(10 * second)
  net.kill(home)
  const [asked] = await bob.client.inbox()
  await bob.client.reply(asked?.id as string, 'an answer')
  for (let i = 0; i < 12 && got.length === 0; i++) await net.clock.advance(10 * second)
  assert.equal(
    got.map(({ text }) => text),
    ['an answer'],
  )
  await alice.client.close()
  await bob.client.close()
})

test.run()
