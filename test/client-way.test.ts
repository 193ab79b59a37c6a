// docs/spec/client-delivery.md 6.1, A way of one's own: path expressions, filters and copies, and the topologies they
// stand in.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { drawPath, type PathChoice, type PathRequest } from '../client/packets/paths.ts'
import { checkWayTo, readPattern } from '../client/packets/pattern.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { nextHop } from '../node/routes.ts'
import { seededRandom } from '../world/random.ts'
import { app, assertCode, pair } from './client-apps.ts'
import { FakeNetwork } from './client-network.ts'

const view = new FakeNetwork().directory().current() as View
const [first, last] = view.gateways as [NodeEntry, NodeEntry]
const random = seededRandom(1)
const mixId = (layer: number, i: number): string => hex((view.layers.flat()[2 * layer + i] as NodeEntry).id)

function draw(choice: Partial<PathChoice>, more: Partial<PathRequest> = {}): readonly string[] {
  const whole = { blocked: [], allows: () => true, maxLatencyMs: Number.POSITIVE_INFINITY, ...choice }
  const request = { view, first, last, at: 0, epochAt: () => 0, delayAtEnd: true, choice: whole, ...more }
  return drawPath(request, random).nodes
}

function assertRefused(run: () => unknown, code: string, says: RegExp): void {
  assert.throws(
    run,
    (error: unknown) => error instanceof ClientError && error.code === code && says.test(error.message),
  )
}

test('expressions that name the same path read the same', () => {
  const [a, b] = [mixId(0, 0), mixId(1, 0).slice(0, 8)]
  for (const expression of ['?,?,?', '*3', '*1,*2', 'edge,?,*2', 'edge,*3:exit', '*0,*3'])
    assert.equal(readPattern(expression, 3), { mixes: [undefined, undefined, undefined], exit: undefined })
  assert.equal(readPattern(`${a},${b},?`, 3), { mixes: [a, b, undefined], exit: undefined })
  assert.is(readPattern(`*3:${b}`, 3).exit, b)
})

test('what is no expression is refused with what is wrong', () => {
  for (const [expression, says] of [
    ['', /'': want \?, \*N or the first 8 to 64 hex digits/],
    ['?,?', /2 mixes, this network's paths have 3/],
    ['*4', /4 mixes/],
    ['?,edge,?', /'edge': want/],
    ['?,?,abc', /'abc': want/],
    ['?,?,ABCDEF01', /'ABCDEF01': want/],
    ['*3:', /behind the colon/],
    ['*3:exit:exit', /one colon/],
    ['*100', /'\*100': want/],
  ] as const)
    assertRefused(() => readPattern(expression, 3), 'BAD_OPTION', says)
  for (const way of [
    { copies: 0 },
    { copies: 9 },
    { minReliability: 1.1 },
    { maxLatencyMs: 0 },
    { blocked: ['x'] },
  ])
    assertRefused(
      () => checkWayTo(way, { gateways: [] }, 3),
      'BAD_OPTION',
      new RegExp(Object.keys(way)[0] as string),
    )
})

test('a named mix stands at its place in every path, the others are drawn', () => {
  const wanted = mixId(1, 1)
  const seen = new Set<string>()
  for (let i = 0; i < 100; i++) {
    const nodes = draw({ mixes: [undefined, wanted.slice(0, 8), undefined] })
    assert.is(nodes[2], wanted)
    seen.add(nodes.join())
  }
  assert.is(seen.size, 4)
})

test('a mix of another layer, a blocked or an unreliable one: no path, and why', () => {
  const stray = mixId(0, 0)
  assertRefused(
    () => draw({ mixes: [undefined, stray, undefined] }),
    'NO_PATH',
    /mix 2: .* does not run there/,
  )
  assertRefused(
    () => draw({ blocked: [mixId(2, 0), mixId(2, 1)] }),
    'NO_PATH',
    /mix 3: the filters leave none/,
  )
  assertRefused(() => draw({ allows: () => false }), 'NO_PATH', /mix 1: the filters leave none/)
  for (let i = 0; i < 50; i++) assert.is(draw({ blocked: [mixId(2, 0)] })[3], mixId(2, 1))
})

test('delays together stay below the limit, and a limit that no draw meets is said', () => {
  for (let i = 0; i < 50; i++) {
    const request = { view, first, last, at: 0, epochAt: () => 0, delayAtEnd: true } as const
    const choice = { blocked: [], allows: () => true, maxLatencyMs: 150 }
    const { hops } = drawPath({ ...request, choice }, random)
    assert.ok(hops.reduce((sum, { delayMs }) => sum + delayMs, 0) <= 150)
  }
  assertRefused(() => draw({ maxLatencyMs: 1 }), 'NO_PATH', /1 ms together/)
})

test('in a free route any mixes follow each other, each once; nodes pass on what clients draw', () => {
  const free: View = { ...view, topology: 'free' }
  const seen = new Set<string>()
  for (let i = 0; i < 3000; i++) {
    const nodes = draw({}, { view: free })
    assert.is(new Set(nodes.slice(1, 4)).size, 3)
    seen.add(nodes.slice(1, 4).join())
    for (let hop = 0; hop < 4; hop++) {
      const [from, to] = [nodes[hop], nodes[hop + 1]].map(id => free.nodes.get(id as string)) as [
        NodeEntry,
        NodeEntry,
      ]
      assert.ok(nextHop([free], from.id, to.id, 'onward'))
    }
  }
  assert.is(seen.size, 6 * 5 * 4)
  assert.not(nextHop([free], first.id, last.id, 'onward'))
})

test('a message with a way arrives over it, also after its client was killed', async () => {
  const net = new FakeNetwork({ seed: 3 })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  const mixes = (net.directory().current() as View).layers.map(layer => hex((layer[1] as NodeEntry).id))
  const way = { path: `edge,${mixes.map(id => id.slice(0, 12)).join(',')}` }
  const { id } = await alice.client.send(bob.client.address, 'x'.repeat(9000), { way })
  alice.link.dead = true
  await alice.client.close()
  const again = await net.client('alice', { store: alice.store })
  await net.clock.advance(15_000)
  assert.is(again.client.message(id)?.state, 'stored')
  assert.is(got.length, 1)
  const paths = again.client.ledger().flatMap(entry => (entry.event === 'sent' ? [entry.path] : []))
  assert.ok(paths.length >= 5)
  for (const path of paths) assert.equal(path.slice(1, 4), mixes)
  await again.client.close()
  await bob.client.close()
})

test('copies leave at once over paths of their own, and the receiver keeps one', async () => {
  const net = new FakeNetwork({ seed: 4 })
  const [alice, bob] = await pair(net)
  const got = app(bob)
  await alice.client.send(bob.client.address, 'hello', { way: { copies: 4 } })
  await net.clock.advance(10_000)
  const attempts = alice.client.ledger().filter(({ event }) => event === 'sent')
  assert.ok(attempts.length >= 2 && attempts.length <= 4, `${attempts.length} attempts`)
  assert.equal(
    got.map(({ text }) => text),
    ['hello'],
  )
  await alice.client.close()
  await bob.client.close()
})

test('a far gateway that the address does not name is refused before the message is accepted', async () => {
  const net = new FakeNetwork()
  const [alice, bob] = await pair(net)
  const way = { path: `*3:${'0'.repeat(16)}` }
  await assertCode(alice.client.send(bob.client.address, 'hello', { way }), 'BAD_OPTION')
  await alice.client.close()
  await bob.client.close()
})

test.run()
