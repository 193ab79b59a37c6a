// docs/spec/client-sdk.md 14.1, docs/spec/gateway.md 6, docs/spec/directory-nodes.md 5.1: services that gateways
// announce, and what a hostile owner, gateway or node can make of it.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { findService, servicesOf } from '../client/incoming/announcing.ts'
import { ownServices } from '../client/own-services.ts'
import { readAddress } from '../client/packets/address.ts'
import type { AnnouncedService } from '../directory/documents/announced.ts'
import { readDescriptor, writeDescriptor } from '../directory/documents/descriptor.ts'
import { hex } from '../encoding/bytes.ts'
import { readRequest, writeRequest } from '../link/protocol/mailbox.ts'
import { errandBytes } from '../link/protocol/relaying.ts'
import { Announcements, announcedMs } from '../node/announcements.ts'
import { descriptorOf } from '../simulator/directory-samples.ts'
import { localNetwork } from '../simulator/local.ts'
import { second } from '../world/units.ts'
import { assertCode } from './client-apps.ts'
import { FakeLink, FakeNetwork } from './client-network.ts'
import { network as samples } from './directory-vector-form.ts'

class Tap extends FakeLink {
  readonly sizes = new Set<number>()
  override request(to: { readonly id: Uint8Array }, protocol: string, body: Uint8Array): Promise<Uint8Array> {
    this.sizes.add(body.length)
    return super.request(to, protocol, body)
  }
}

const service = (name: string, who = 1): AnnouncedService => ({
  name,
  sealingKey: new Uint8Array(32).fill(9),
  mailboxKey: new Uint8Array(32).fill(who),
})

test('announced, found by name, asked, renewed; on the wire it is a read like others', async () => {
  const net = new FakeNetwork({ seed: 21 })
  const tap = new Tap(net, net.random(32))
  const alice = await net.client('alice')
  const bob = await net.client('bob', { link: tap })
  await net.clock.advance(2 * second)
  const upper = bob.client.serve('upper', ({ text }) => text.toUpperCase(), { announce: true })
  assert.throws(() => bob.client.serve('more', () => '', { announce: true }), /announces one service/)
  assert.throws(() => bob.client.serve('x'.repeat(17), () => '', { announce: true }), /can be announced/)
  await net.clock.advance(22 * second)
  assert.is(bob.client.status().announcement, 'standing')
  assert.is(net.counts.announcements, 1)
  assert.equal([...tap.sizes], [errandBytes])
  const [found] = alice.client.services()
  assert.is(found?.name, 'upper')
  assert.is(found?.address, bob.client.address)
  const asked = alice.client.request(alice.client.service('upper').address, 'upper', 'hello')
  await net.clock.advance(10 * second)
  assert.is(new TextDecoder().decode(await asked), 'HELLO')
  // A gateway that was started anew knows of nothing: it is told again
  net.kill(net.gateways.find(({ name }) => name === found?.gateway) as FakeNetwork['gateways'][0])
  await net.clock.advance(second)
  for (const gateway of net.gateways) net.revive(gateway)
  await net.clock.advance(8 * second)
  assert.is(net.counts.announcements, 2)
  upper.end()
  await net.clock.advance(second)
  assert.is(bob.client.status().announcement, null)
  await alice.client.close()
  await bob.client.close()
})

test('two of one name are told apart by their gateways, and none is guessed', async () => {
  const net = new FakeNetwork({ seed: 22 })
  for (const [i, { name }] of net.gateways.entries()) net.announced.set(name, [service('echo', i + 1)])
  const alice = await net.client('alice')
  const known = servicesOf(alice.client.consensus(), 'fake')
  assert.is(known.length, 2)
  const [one, two] = known as [(typeof known)[0], (typeof known)[0]]
  assert.throws(
    () => findService(known, 'echo'),
    (e: unknown) => e instanceof ClientError && e.code === 'NO_SERVICE',
  )
  assert.throws(
    () => findService(known, 'echo'),
    new RegExp(`${one.gateway.slice(0, 8)}, ${two.gateway.slice(0, 8)}`),
  )
  assert.is(findService(known, 'echo', two.gateway.slice(0, 8)), two)
  assert.is(alice.client.service(`echo@${one.gateway.slice(0, 12)}`).address, one.address)
  await assertCode(
    Promise.resolve().then(() => alice.client.service('nothing')),
    'NO_SERVICE',
  )
  // The address of what is announced leads to who announces it, and nowhere else
  for (const { gateway, address } of known)
    assert.equal(readAddress(address, 'fake').gateways.map(hex), [gateway])
  await alice.client.close()
})

test('a descriptor with too many services, a name that is none, one twice, or of a mix, is no descriptor', () => {
  const of = (role: 'mix' | 'gateway', services: readonly AnnouncedService[]): Uint8Array =>
    writeDescriptor(descriptorOf(samples, `${role} 0`, role, 8, { stable: { services } }))
  const code = (bytes: Uint8Array): string => {
    try {
      readDescriptor(bytes)
      return 'ok'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  assert.is(code(of('gateway', [service('a'), service('b')])), 'ok')
  assert.is(code(of('gateway', [service('a'), service('b'), service('c')])), 'TOO_LARGE')
  assert.is(code(of('gateway', [service('x'.repeat(17))])), 'TOO_LARGE')
  for (const name of ['', 'A', 'a b', 'a\u001b[2J', 'a\n', '\u202eb', '-a'])
    assert.is(code(of('gateway', [service(name)])), 'BAD_DOCUMENT', JSON.stringify(name))
  assert.is(code(of('gateway', [service('b'), service('a')])), 'NOT_CANONICAL')
  assert.is(code(of('gateway', [service('a'), service('a', 2)])), 'NOT_CANONICAL')
  assert.is(code(of('mix', [service('a')])), 'BAD_DOCUMENT')
})

test('a gateway takes one service of an owner, one owner of a name, two in all, and none for good', () => {
  let now = 0
  const announcements = new Announcements({ elapsed: () => now })
  assert.ok(announcements.announce(service('echo', 1)))
  assert.not.ok(announcements.announce(service('echo', 2)), 'the name is taken')
  assert.ok(announcements.announce(service('ping', 2)))
  for (let who = 3; who < 200; who++) assert.not.ok(announcements.announce(service(`s${who}`, who)), 'full')
  assert.equal(
    announcements.list().map(({ name }) => name),
    ['echo', 'ping'],
  )
  now = announcedMs - 1
  assert.ok(announcements.announce(service('echo', 1)), 'renewed')
  const before = announcements.list()
  now = announcedMs
  assert.equal(announcements.list(), before.slice(0, 1), 'what was not renewed is over')
  assert.ok(announcements.announce(service('other', 1)), 'an owner has another instead')
  assert.equal(
    announcements.list().map(({ name }) => name),
    ['other'],
  )
})

test('strangers take no place where an operator names who may announce, and every place where not', () => {
  const squatters = Array.from({ length: 50 }, (_, i) => service(`s${i}`, 100 + i))
  const own = service('echo', 1)
  const namesAt = (announcements: Announcements): string[] => announcements.list().map(({ name }) => name)

  const open = new Announcements({ elapsed: () => 0 })
  for (const squatter of squatters) open.announce(squatter)
  assert.not.ok(open.announce(own), 'control: anyone may, and the places are gone')
  assert.equal(namesAt(open), ['s0', 's1'])

  let named = [own.mailboxKey]
  const closed = new Announcements({ elapsed: () => 0 }, key => named.some(one => hex(one) === hex(key)))
  for (const squatter of squatters) assert.not.ok(closed.announce(squatter))
  assert.ok(closed.announce(own))
  assert.equal(namesAt(closed), ['echo'])
  named = []
  assert.equal(namesAt(closed), [], 'one who is named no longer goes at once')
})

test('an announcement is read back as it was written, and a name with other characters is none', () => {
  const sealingKey = new Uint8Array(32).fill(7)
  for (const name of ['a', 'echo', 'x'.repeat(16)])
    assert.equal(readRequest(writeRequest({ t: 'announce', name, sealingKey })), {
      t: 'announce',
      name,
      sealingKey,
    })
  for (const name of ['', 'a b', 'a\u001b', 'é']) {
    const bytes = writeRequest({ t: 'announce', name, sealingKey })
    assert.throws(() => readRequest(bytes), /mailbox request: name/)
  }
})

test('through real gateways and authorities: by name, two epochs later', async () => {
  const local = await localNetwork({
    link: 'memory',
    seed: 5,
    mixes: 3,
    gateways: 1,
    clients: 2,
    parameters: {
      hopDelayMs: 10,
      payloadPerMinute: 120,
      loopPerMinute: 5,
      dropPerMinute: 5,
      readPerMinute: 120,
    },
  })
  const [alice, bob] = local.clients as [(typeof local.clients)[0], (typeof local.clients)[0]]
  const { handler, options } = ownServices.ping
  bob.serve('ping', handler, { ...options, announce: true })
  await local.advance(60 * second)
  assert.is(bob.status().announcement, 'standing')
  assert.equal(
    alice.services().map(({ name, address }) => [name, address]),
    [['ping', bob.address]],
  )
  const asked = alice.request(alice.service('ping').address, 'ping', 'there?')
  await local.advance(20 * second)
  assert.is(new TextDecoder().decode(await asked), 'there?')
  await local.stop()
})

test.run()
