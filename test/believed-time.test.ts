// The time that a client goes by when a clock jumps or a computer sleeps (docs/spec/client-clocks.md 8.3): nothing is
// lost for a clock that is wrong, and what it says is believed with a document that is fresh by it.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { believedTime } from '../directory/believed-time.ts'
import { type Directory, healthy, type View } from '../directory/documents/view.ts'
import { virtualClock } from '../world/clock.ts'
import { hour, minute, second } from '../world/units.ts'
import { pair } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

const epochMs = 20 * minute
const start = 1000 * epochMs

/** A directory whose documents come when told, and that goes by the machine's clock, as a real one does. */
function world(wrongMs = 0) {
  const clock = virtualClock(start)
  clock.set(wrongMs)
  const handlers = new Set<(view: View) => void>()
  const views: View[] = []
  const directory: Directory = {
    current: () =>
      views.findLast(({ validAfter, validUntil }) => validAfter <= clock.now() && clock.now() < validUntil),
    view: epoch => views.find(view => view.epoch === epoch && clock.now() < view.validUntil),
    onView: handler => {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    health: () => healthy,
    ready: async () => views[0] as View,
    close: async () => {},
  }
  const publish = (epoch: number): void => {
    const validAfter = epoch * epochMs
    const times = { validAfter, freshUntil: validAfter + epochMs, validUntil: validAfter + 3 * epochMs }
    const view = { epoch, ...times } as View
    views.push(view)
    for (const handler of handlers) handler(view)
  }
  const believed = believedTime(clock, { epochMs })
  return { clock, publish, believed: { ...believed, directory: believed.follow(directory) } }
}

const jumps = [-7 * 24, -24, -1, 1, 24, 7 * 24].map(hours => hours * hour)

for (const jump of jumps)
  test(`a jump of ${jump / hour} h is not believed until a document is fresh by it, and documents stay`, async () => {
    const { clock, publish, believed } = world()
    publish(1000)
    await clock.advance(5 * minute)
    const before = believed.directory.current()
    assert.is(before?.epoch, 1000)
    clock.set(jump)
    assert.is(believed.errorMs(), jump)
    assert.is(believed.clock.now(), start + 5 * minute)
    assert.is(believed.directory.current(), before)
    // Time goes on as it goes by
    await clock.advance(10 * minute)
    assert.is(believed.clock.now(), start + 15 * minute)
    assert.is(believed.directory.current(), before)
    // Put right: as if nothing had been
    clock.set(-jump)
    assert.is(believed.errorMs(), 0)
    assert.is(believed.clock.now(), start + 15 * minute)
    // It was right, and the computer slept or had been wrong: a document of that time says so
    clock.set(jump)
    publish(Math.floor(clock.now() / epochMs) + 1)
    assert.is(believed.errorMs(), 0)
    assert.is(believed.clock.now(), clock.now())
  })

test('a document that is not of the time that the clock shows confirms nothing: an old one, or one from the future', async () => {
  for (const epoch of [997, 998, 1000 + 72, 1000 + 75]) {
    const { clock, publish, believed } = world()
    clock.set(24 * hour + 10 * minute)
    publish(epoch)
    const isFresh = epoch === 1072
    assert.is(believed.errorMs() === 0, isFresh, `epoch ${epoch}`)
  }
})

for (const wrong of jumps)
  test(`a clock that is wrong by ${wrong / hour} h at the start and put right is believed by the document that there is`, async () => {
    const { clock, publish, believed } = world(wrong)
    publish(1000)
    assert.is(believed.directory.current(), undefined)
    assert.not(believed.isSure())
    await clock.advance(5 * second)
    clock.set(-wrong)
    assert.is(believed.directory.current()?.epoch, 1000)
    assert.is(believed.errorMs(), 0)
    assert.is(believed.clock.now(), start + 5 * second)
    assert.ok(believed.isSure())
  })

test('seconds, and what a clock runs wrong, are believed as they are; steps that add up are not', async () => {
  const { clock, believed } = world()
  clock.set(5 * second)
  assert.is(believed.errorMs(), 0)
  assert.is(believed.clock.now(), clock.now())
  for (let step = 0; step < 100; step++) {
    clock.set(5 * second)
    await clock.advance(second)
  }
  assert.ok(believed.errorMs() > 8 * minute, `${believed.errorMs()}`)
})

for (const jump of [-24 * hour, 24 * hour, 7 * 24 * hour])
  test(`a jump of ${jump / hour} h neither destroys what waits nor keeps it; packets go on leaving`, async () => {
    const net = new FakeNetwork({ seed: 81, epochMs: hour })
    let skew = 0
    const { clock } = net
    const own = { ...clock, now: () => clock.now() + skew, elapsed: () => clock.elapsed() }
    const alice = await net.client('alice', { clock: { ...own, after: (ms, run) => clock.after(ms, run) } })
    const bob = await net.client('bob')
    await clock.advance(2 * second)
    for (const gateway of net.gateways) net.kill(gateway)
    const message = await alice.client.send(bob.client.address, 'hello')
    await net.clock.advance(second)
    skew = jump
    await clock.advance(5 * second)
    assert.is(message.state, 'queued')
    assert.is(Math.round(alice.client.status().clockErrorMs / hour), jump / hour)
    for (const gateway of net.gateways) net.revive(gateway)
    const before = alice.link.sent
    await net.clock.advance(10 * second)
    assert.ok(alice.link.sent - before > 50, `${alice.link.sent - before} packets in 10 s`)
    skew = 0
    await net.clock.advance(20 * second)
    assert.is(message.state, 'stored')
    assert.is(alice.client.status().clockErrorMs, 0)
    for (const { client } of [alice, bob]) await client.close()
  })

test('after a week of sleep a document says that it was one, and what was to be there by then has failed', async () => {
  const net = new FakeNetwork({ seed: 82, epochMs: hour })
  const [alice, bob] = await pair(net)
  for (const gateway of net.gateways) net.kill(gateway)
  const message = await alice.client.send(bob.client.address, 'hello')
  net.clock.set(7 * 24 * hour)
  await net.clock.advance(5 * second)
  assert.is(message.state, 'queued', 'not on the clock’s word alone')
  net.tellDocument()
  for (const gateway of net.gateways) net.revive(gateway)
  await net.clock.advance(20 * second)
  assert.is(alice.client.status().clockErrorMs, 0)
  assert.is(message.state, 'failed')
  assert.is(message.reason, 'EXPIRED')
  const next = await alice.client.send(bob.client.address, 'again')
  await net.clock.advance(20 * second)
  assert.is(next.state, 'stored')
  for (const { client } of [alice, bob]) await client.close()
})

test.run()
