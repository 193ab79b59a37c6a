// docs/spec/bulletin.md: what is published appears once, whole, everywhere, and survives what happens to nodes and
// clients.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clientRoutes } from '../client/api/daemon.ts'
import type { ClientError } from '../client/index.ts'
import { memoryStore } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, bytes, during, gateways, join, read } from './bulletin-world.ts'
import { same } from './client-apps.ts'

test('what one client publishes all clients read once, long entries whole', async () => {
  const w = await bulletinWorld({ perLayer: 2, gateways: 3 })
  const [a, b, c] = gateways(w)
  const alice = await join(w, [a!])
  const bob = await join(w, [b!])
  const carol = await join(w, [c!])
  const long = w.random(2000)
  const first = await during(w, alice.bulletin('open').publish(bytes('hello')))
  const second_ = await during(w, bob.bulletin('open').publish(long))
  await w.clock.advance(20 * second)
  for (const client of [alice, bob, carol]) {
    const entries = await client.bulletin('open').list()
    assert.equal(entries.map(({ id }) => id).sort(), [first, second_].sort())
    assert.ok(same(entries.find(({ id }) => id === second_)?.bytes, long))
  }
  for (const { node } of w.places) {
    assert.is(node.status().bulletin.entries, 2)
    assert.is(node.status().bulletin.evicted, 0)
  }
  assert.is(
    w.places.reduce((sum, { node }) => sum + node.status().bulletin.published, 0),
    2,
  )
  assert.ok(w.sums().every(({ received, ends }) => received === ends))
  await alice.close()
  await bob.close()
  await carol.close()
  await w.close()
})

test('the same bytes are one entry, whoever publishes them and however often', async () => {
  const w = await bulletinWorld()
  const alice = await join(w, [gateways(w)[0]!])
  const bob = await join(w, [gateways(w)[1]!])
  const all = await during(
    w,
    Promise.all([alice, alice, bob].map(client => client.bulletin('open').publish(bytes('once')))),
  )
  assert.is(new Set(all).size, 1)
  assert.is(await alice.bulletin('open').publish(bytes('once')), all[0], 'it is there already')
  await w.clock.advance(20 * second)
  assert.equal(await read(alice), ['once'])
  assert.equal(await read(bob), ['once'])
  await alice.close()
  await bob.close()
  await w.close()
})

test('an iterator goes on behind its cursor after a restart, without a second copy', async () => {
  const w = await bulletinWorld()
  const [home, other] = gateways(w)
  const store = memoryStore()
  const writer = await join(w, [other!])
  let reader = await join(w, [home!], store)
  await during(w, writer.bulletin('open').publish(bytes('one')))
  const entries = reader.bulletin('open').entries()
  const one = (await during(w, entries.next())).value
  assert.is(new TextDecoder().decode(one?.bytes), 'one')
  await reader.close()
  assert.ok((await entries.next()).done)

  await during(w, writer.bulletin('open').publish(bytes('two')))
  reader = await join(w, [home!], store)
  await w.clock.advance(10 * second)
  assert.equal(await read(reader), ['one', 'two'])
  const after = one?.seq as number
  const next = (await during(w, reader.bulletin('open').entries({ after }).next())).value
  assert.is(new TextDecoder().decode(next?.bytes), 'two')
  await writer.close()
  await reader.close()
  await w.close()
})

test('a gateway that starts again gets what it had and what it missed from the others', async () => {
  const w = await bulletinWorld()
  const [home, other] = gateways(w)
  const writer = await join(w, [other!])
  const reader = await join(w, [home!])
  await during(w, writer.bulletin('open').publish(bytes('before')))
  await w.clock.advance(5 * second)
  w.kill(home!)
  await w.clock.advance(2 * second)
  // its packets may have gone to the dead one first
  await during(w, writer.bulletin('open').publish(bytes('meanwhile')))
  await w.restart(home!)
  await w.clock.advance(20 * second)
  assert.is(home!.node.status().bulletin.entries, 2)
  assert.is(home!.node.status().bulletin.fetched, 2)
  // The reader's way to its mailbox was through the dead gateway; silence is waited out before another is taken.
  await w.clock.advance(minute)
  assert.equal((await read(reader)).sort(), ['before', 'meanwhile'])
  await writer.close()
  await reader.close()
  await w.close()
})

test('two halves of a network have the same board soon after they meet again', async () => {
  const w = await bulletinWorld({ perLayer: 2, gateways: 2 })
  const [here, there] = gateways(w)
  const mixes = w.places.filter(({ role }) => role === 'mix')
  const alice = await join(w, [here!])
  const bob = await join(w, [there!])
  w.links.partition([[there!.link.id, mixes[1]!.link.id]])
  const none = alice.bulletin('open').publish(bytes('from here'))
  none.catch(() => {})
  await w.clock.advance(70 * second)
  const published = (await read(alice)).length
  w.links.heal()
  await during(w, alice.bulletin('open').publish(bytes('from here')))
  await w.clock.advance(40 * second)
  for (const { node } of w.places) assert.is(node.status().bulletin.entries, 1)
  assert.equal(await read(alice), ['from here'])
  assert.equal(await read(bob), ['from here'])
  assert.ok(published <= 1)
  await alice.close()
  await bob.close()
  await w.close()
})

test('entries go when they are too old, and do not come back', async () => {
  const w = await bulletinWorld({ parameters: { bulletinMinutes: 2 } })
  const alice = await join(w, [gateways(w)[0]!])
  await during(w, alice.bulletin('open').publish(bytes('old')))
  await w.clock.advance(3 * minute)
  for (const { node } of w.places) assert.is(node.status().bulletin.entries, 0)
  const late = await join(w, [gateways(w)[1]!])
  await w.clock.advance(20 * second)
  assert.equal(await read(late), [])
  assert.equal(await read(alice), ['old'], 'a client keeps what it has')
  await alice.close()
  await late.close()
  await w.close()
})

test('programs in any language publish and read over HTTP', async () => {
  const w = await bulletinWorld()
  const alice = await join(w, [gateways(w)[0]!])
  const closing = new AbortController().signal
  const app = clientRoutes({ client: alice, clock: w.clock, closing })
  const post = (body: unknown): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const published = await during(w, Promise.resolve(app.request('/bulletin/open', post({ text: 'Grüße' }))))
  assert.is(published.status, 201)
  const { id } = (await published.json()) as { id: string }
  const page = (await (await app.request('/bulletin/open?after=-1')).json()) as {
    entries: { id: string; seq: number; text: string }[]
    next: number
  }
  assert.equal(
    page.entries.map(entry => [entry.id, entry.text]),
    [[id, 'Grüße']],
  )
  assert.is(page.next, page.entries[0]?.seq)
  const behind = await app.request(`/bulletin/open?after=${page.next}`)
  assert.equal(await behind.json(), { entries: [], next: page.next })
  assert.is((await app.request('/bulletin/nothing')).status, 404)
  assert.is((await app.request('/bulletin/payments', post({ text: 'no round' }))).status, 400)
  assert.is((await app.request('/bulletin/heads', post({ text: 'x'.repeat(2000) }))).status, 413)
  await alice.close()
  await w.close()
})

test('what cannot be published says why', async () => {
  const w = await bulletinWorld({ parameters: { headsKiB: 0 } })
  const alice = await join(w, [gateways(w)[0]!])
  const code = async (publishing: Promise<unknown>): Promise<string> => {
    try {
      await publishing
      return 'published'
    } catch (error) {
      return (error as ClientError).code
    }
  }
  assert.throws(
    () => alice.bulletin('gossip'),
    (error: ClientError) => error.code === 'NO_TOPIC',
  )
  assert.is(await code(alice.bulletin('heads').publish(bytes('x'))), 'NO_TOPIC')
  assert.is(await code(alice.bulletin('payments').publish(bytes('no round message'))), 'BAD_ENTRY')
  assert.is(await code(alice.bulletin('open').publish(new Uint8Array(0))), 'BAD_ENTRY')
  assert.is(await code(alice.bulletin('open').publish(new Uint8Array(20_000))), 'TOO_LARGE')
  const stop = new AbortController()
  const called = code(alice.bulletin('open').publish(bytes('x'), { signal: stop.signal }))
  stop.abort()
  assert.is(await called, 'ABORTED')
  const closed = code(alice.bulletin('open').publish(bytes('y')))
  await alice.close()
  assert.is(await closed, 'CLOSED')
  await w.close()
})

test.run()
