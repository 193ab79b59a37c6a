// Paths: uniform where nothing is suspected, never one family twice, keys of the epoch of arrival, and a dead mix
// avoided by what a client's own losses have in common.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClientError } from '../client/error.ts'
import { Returns } from '../client/outgoing/returns.ts'
import { Suspicion } from '../client/outgoing/suspicion.ts'
import { replyBlocks, type Surroundings, spreadOverEpochs } from '../client/packets/packets.ts'
import { drawPath, type PathRequest } from '../client/packets/paths.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { hex } from '../encoding/bytes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { fraction, type Random, seededRandom } from '../world/random.ts'
import { FakeNetwork } from './client-network.ts'

const view = new FakeNetwork().directory().current() as View
const [first, last] = view.gateways as [NodeEntry, NodeEntry]

function request(more: Partial<PathRequest> = {}): PathRequest {
  return { view, first, last, at: 0, epochAt: () => 0, delayAtEnd: true, ...more }
}

function mixOf(of: View, layer: number, i: number): NodeEntry {
  return of.layers[layer]![i]!
}

/** The view with some mixes changed. */
function changed(change: (mix: NodeEntry, layer: number, i: number) => Partial<NodeEntry>): View {
  const layers = view.layers.map((layer, l) => layer.map((mix, i) => ({ ...mix, ...change(mix, l, i) })))
  return { ...view, layers }
}

function surroundings(random: Random, more: Partial<Surroundings> = {}): Surroundings {
  return {
    g: geometry({ suite: 'x25519', hops: 5, userBytes: 2000 }),
    view,
    epochAt: () => 0,
    entry: last,
    home: first,
    standby: [],
    asides: [],
    gateway: () => undefined,
    mailbox: random(32),
    weight: () => 1,
    reliability: () => 1,
    random,
    ...more,
  }
}

test('a path is the entry gateway, one mix of each layer, the far gateway; all eight alike', () => {
  const random = seededRandom(1)
  const seen = new Map<string, number>()
  const draws = 4000
  for (let i = 0; i < draws; i++) {
    const { nodes, hops } = drawPath(request(), random)
    assert.is(hops.length, 5)
    assert.equal([nodes[0], nodes[4]], [hex(first.id), hex(last.id)])
    for (const layer of [0, 1, 2]) {
      assert.ok(view.layers[layer]?.some(mix => hex(mix.id) === nodes[layer + 1]))
    }
    const name = nodes.join()
    seen.set(name, (seen.get(name) ?? 0) + 1)
  }
  assert.is(seen.size, 8)
  // Chi-squared with 7 degrees of freedom: 24.3 is passed once in a thousand times, and the dice are seeded
  const expected = draws / 8
  const chi = [...seen.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
  assert.ok(chi < 24.3, `chi-squared ${chi}`)
})

test('no network twice, unless the consensus lets networks be', () => {
  const random = seededRandom(5)
  const at = (i: number): readonly string[] => [`/ip4/${i === 0 ? '198.51.100.1' : `203.${i}.0.1`}/tcp/4001`]
  const near = changed((_, layer, i) => ({ addresses: at(i === 0 ? 0 : 10 * layer + i) }))
  const drawn = (of: View): number => {
    const seen = new Set<string>()
    for (let i = 0; i < 400; i++) seen.add(drawPath(request({ view: of }), random).nodes.join())
    return seen.size
  }
  assert.is(drawn(near), 4)
  assert.is(drawn({ ...near, parameters: { ...near.parameters, networksApart: 0 } }), 8)
})

test('no family twice, uniform over what is left; the gateways are excepted from each other only', () => {
  const random = seededRandom(2)
  // One family has the first mix of every layer
  const families = changed((_, __, i) => ({ family: i === 0 ? 'a' : '' }))
  const seen = new Map<string, number>()
  for (let i = 0; i < 4000; i++) {
    const name = drawPath(request({ view: families }), random).nodes.join()
    seen.set(name, (seen.get(name) ?? 0) + 1)
  }
  assert.is(seen.size, 4)
  for (const count of seen.values()) assert.ok(Math.abs(count - 1000) < 120, `${count}`)

  const sameGateways = { first: { ...first, family: 'g' }, last: { ...last, family: 'g' } }
  assert.ok(drawPath(request(sameGateways), random))
  const gatewayFamily = changed((_, layer, i) => ({ family: layer === 1 && i === 0 ? 'g' : '' }))
  for (let i = 0; i < 200; i++) {
    const { nodes } = drawPath(request({ view: gatewayFamily, ...sameGateways }), random)
    assert.not(nodes.includes(hex(mixOf(gatewayFamily, 1, 0).id)))
  }
  assert.throws(
    () => drawPath(request({ view: changed(() => ({ family: 'one' })) }), random),
    hasCode('NO_PATH'),
  )
})

test("with weights a path is as likely as the product of its mixes' weights, however small they are", () => {
  const random = seededRandom(11)
  const chi = (weights: readonly number[]): number => {
    const weightOf = new Map(view.layers.flat().map((mix, i) => [hex(mix.id), weights[i] as number]))
    const weight = (id: string): number => weightOf.get(id) as number
    const seen = new Map<string, number>()
    const draws = 4000
    for (let i = 0; i < draws; i++) {
      const mixes = drawPath(request({ weight }), random).nodes.slice(1, -1).join()
      seen.set(mixes, (seen.get(mixes) ?? 0) + 1)
    }
    // the slow way: every path there is, and its share of all weight
    const [a, b, c] = view.layers.map(layer => layer.map(({ id }) => hex(id))) as [
      string[],
      string[],
      string[],
    ]
    const paths = a.flatMap(one => b.flatMap(two => c.map(three => [one, two, three])))
    const product = (path: readonly string[]): number => path.reduce((all, id) => all * weight(id), 1)
    const whole = paths.reduce((sum, path) => sum + product(path), 0)
    return paths.reduce((sum, path) => {
      const expected = (draws * product(path)) / whole
      return sum + ((seen.get(path.join()) ?? 0) - expected) ** 2 / expected
    }, 0)
  }
  // 24.3 is passed once in a thousand times
  for (const weights of [
    [1, 0.5, 0.3, 0.9, 1, 1],
    [0.02, 0.05, 1, 0.3, 0.01, 0.01],
    [1e-6, 2e-6, 3e-9, 1e-9, 1, 0.2],
  ])
    assert.ok(chi(weights) < 24.3, `chi-squared ${chi(weights)} with ${weights}`)
})

test('what a path costs does not grow with the network', () => {
  const cost = (mixesPerLayer: number): { asked: number; dice: number } => {
    const layers = [0, 1, 2].map(l =>
      Array.from({ length: mixesPerLayer }, (_, i) => ({
        ...mixOf(view, l, 0),
        id: seededRandom(1000 * l + i)(32),
      })),
    )
    const spent = { asked: 0, dice: 0 }
    const dice = seededRandom(12)
    const random = (length: number): Uint8Array => {
      spent.dice++
      return dice(length)
    }
    const weight = (): number => {
      spent.asked++
      return 0.9
    }
    for (let i = 0; i < 100; i++) drawPath(request({ view: { ...view, layers }, weight }), random)
    return spent
  }
  const [few, many] = [cost(3), cost(900)]
  assert.ok(few.asked < 500 && many.asked < 500, `${few.asked} and ${many.asked} weights asked for 100 paths`)
  assert.ok(few.dice < 1600 && many.dice < 1600, `${few.dice} and ${many.dice} dice`)
})

test('mixes that do not run are not used, unreliable ones only where there is no other', () => {
  const random = seededRandom(3)
  const partly = changed((_, layer, i) => ({
    running: !(layer === 0 && i === 0),
    reliable: layer === 2 || i === 1,
  }))
  for (let i = 0; i < 200; i++) {
    const { nodes } = drawPath(request({ view: partly }), random)
    assert.is(nodes[1], hex(mixOf(partly, 0, 1).id))
    assert.is(nodes[2], hex(mixOf(partly, 1, 1).id))
  }
  const unreliable = changed(() => ({ reliable: false }))
  assert.ok(drawPath(request({ view: unreliable }), random))
  assert.throws(
    () => drawPath(request({ view: changed(() => ({ running: false })) }), random),
    hasCode('NO_PATH'),
  )
})

test('each hop gets the key of the epoch in which the packet reaches it', () => {
  const random = seededRandom(4)
  for (let i = 0; i < 100; i++) {
    const { hops, nodes, transitMs } = drawPath(
      request({ at: 900, epochAt: time => Math.floor(time / 1000) }),
      random,
    )
    let at = 900
    for (const [n, hop] of hops.entries()) {
      const key = view.nodes.get(nodes[n] as string)?.packetKeys.get(Math.floor(at / 1000))
      assert.equal(hop.key, key)
      if (n < 4) at += hop.delayMs
    }
    assert.is(at, 900 + transitMs)
  }
  assert.throws(() => drawPath(request({ epochAt: () => 7 }), random), hasCode('NO_CONSENSUS'))
})

test('delays are exponential around the mean, whole, capped, and none at the end of a reply', () => {
  const random = seededRandom(5)
  const capped = { ...view, parameters: { ...view.parameters, hopDelayMs: 100, maxHopDelayMs: 300 } }
  let sum = 0
  let over = 0
  const n = 3000
  for (let i = 0; i < n; i++) {
    const { hops, endDelayMs } = drawPath(request({ view: capped, delayAtEnd: false }), random)
    assert.is(endDelayMs, 0)
    const delayMs = (hops[0] as { delayMs: number }).delayMs
    assert.ok(Number.isInteger(delayMs) && delayMs <= 300)
    sum += delayMs
    if (delayMs > 100) over++
  }
  // Mean of an exponential cut at three times its mean: 1 - e^-3; its median part above the mean: e^-1
  assert.ok(Math.abs(sum / n - 95) < 4, `${sum / n}`)
  assert.ok(Math.abs(over / n - Math.exp(-1)) < 0.03, `${over / n}`)
})

test('a dead mix is found out by what lost packets have in common, and forgiven with time', () => {
  const random = seededRandom(6)
  const suspicion = new Suspicion(60_000)
  const dead = hex(mixOf(view, 1, 0).id)
  const weight = (id: string): number => suspicion.weight(id, 1000)
  let through = 0
  for (let i = 0; i < 200; i++) {
    const { nodes } = drawPath(request({ weight }), random)
    const lost = nodes.includes(dead)
    if (lost && i >= 100) through++
    if (lost) suspicion.lost(nodes, 1000, 'far')
    else suspicion.acknowledged(nodes, 1000, 'far')
  }
  assert.ok(through <= 2, `${through} of the last hundred packets went through the dead mix`)
  const others = view.layers.flat().filter(mix => hex(mix.id) !== dead)
  for (const mix of others) assert.ok(weight(hex(mix.id)) > 0.7)
  assert.ok(weight(dead) < 0.1)
  assert.ok(suspicion.weight(dead, 1000 + 20 * 60_000) > 0.9)
})

test('a mix that dies after a long good life is found out as soon', () => {
  const random = seededRandom(8)
  const suspicion = new Suspicion(60_000)
  const dead = hex(mixOf(view, 1, 0).id)
  let through = 0
  for (let i = 0; i < 700; i++) {
    const { nodes } = drawPath(request({ weight: id => suspicion.weight(id, 1000) }), random)
    const lost = i >= 500 && nodes.includes(dead)
    if (lost && i >= 600) through++
    if (lost) suspicion.lost(nodes, 1000, 'far')
    else suspicion.acknowledged(nodes, 1000, 'far')
  }
  assert.ok(through <= 5, `${through} of the last hundred packets went through the dead mix`)
})

test('who withholds acknowledgements moves no path; loops that are lost do', () => {
  const weights = (what: 'fragment' | 'drop' | 'loop', honestFar = false): number[] => {
    const suspicion = new Suspicion(60_000_000)
    const returns = new Returns(suspicion, () => 1000)
    // With another far gateway they are looked after one by one, as a client does; so a streak ends
    const apart = honestFar ? 4000 : 1
    for (let i = 0; i < 100; i++) {
      returns.sweep(honestFar ? i * apart : 0)
      const replyId = seededRandom(i)(16)
      const sent = what === 'fragment' ? { what, id: 'm', index: i, attempt: 1 } : { what }
      const nodes = [i % 2 === 0 ? 'theirs' : 'honest']
      const far = honestFar && (i >> 1) % 2 === 0 ? 'honest gateway' : 'their gateway'
      returns.expect(sent, { packet: replyId, replyId, far, nodes, drawnMs: 10, roundTripMs: 10 }, i * apart)
      // The far gateway lets through what came by a mix of its own alone
      if (i % 2 === 0 || (honestFar && i % 4 === 1)) returns.returned(hex(replyId), i * apart)
    }
    returns.sweep(1_000_000)
    return ['theirs', 'honest'].map(id => suspicion.weight(id, 1_000_000))
  }
  assert.equal(
    [weights('fragment'), weights('drop')],
    [
      [1, 1],
      [1, 1],
    ],
  )
  // The control, and the cap: no loss makes a path certain
  const [theirs, honest] = weights('loop') as [number, number]
  assert.ok(theirs === 1 && honest === 1 / 256)
  // Where half of the loops turn at another gateway, one that withholds is believed little
  const [, spared] = weights('loop', true) as [number, number]
  assert.ok(spared > 0.4, `${spared}`)
})

test('without losses no mix is preferred, however much was sent', () => {
  const suspicion = new Suspicion(60_000)
  suspicion.acknowledged(['a', 'b'], 0, 'far')
  suspicion.acknowledged(['a'], 5, 'far')
  assert.equal([suspicion.weight('a', 10), suspicion.weight('b', 10), suspicion.weight('c', 10)], [1, 1, 1])
})

test('the reply blocks of an epoch use different mixes, so that one dead mix leaves half of them', () => {
  const around = surroundings(seededRandom(7))
  for (let i = 0; i < 20; i++) {
    const blocks = replyBlocks(around, [0, 0, 0, 0, 1, 1])
    assert.equal(
      blocks.map(({ epoch }) => epoch),
      [0, 0, 0, 0, 1, 1],
    )
    for (const mix of view.layers.flat()) {
      const uses = blocks.slice(0, 4).filter(({ nodes }) => nodes.includes(hex(mix.id))).length
      assert.is(uses, 2)
    }
  }
})

test('a dead mix and a gateway that is away do not break all reply blocks of an epoch between them', () => {
  const gateways = view.gateways.map(({ id }) => hex(id))
  for (let i = 0; i < 20; i++) {
    const blocks = replyBlocks(surroundings(seededRandom(100 + i)), [0, 0, 0, 0])
    for (const away of gateways) {
      for (const mix of view.layers.flat()) {
        const left = blocks.filter(({ nodes }) => nodes[0] !== away && !nodes.includes(hex(mix.id)))
        assert.ok(left.length >= 1)
      }
    }
  }
})

test('no reply block goes by a mix that is known to be dead, however often the others are used', () => {
  const dead = hex(mixOf(view, 1, 0).id)
  const around = surroundings(seededRandom(14), { weight: id => (id === dead ? 1 / 256 : 1) })
  for (let i = 0; i < 20; i++) {
    const through = replyBlocks(around, [0, 0, 0, 0]).filter(({ nodes }) => nodes.includes(dead))
    assert.is(through.length, 0)
  }
})

test('blocks are spread over the epochs whose keys are known, the first ones first', () => {
  assert.equal(spreadOverEpochs([5, 6, 7], 8), [5, 5, 5, 5, 6, 6, 7, 7])
  assert.equal(spreadOverEpochs([5, 6, 7], 10), [5, 5, 5, 5, 6, 6, 6, 7, 7, 7])
  assert.equal(spreadOverEpochs([5, 6, 7], 3), [5, 6, 7])
  assert.equal(spreadOverEpochs([5, 6, 7], 1), [5])
  assert.equal(spreadOverEpochs([5], 3), [5, 5, 5])
})

test('slack follows what round trips really take', () => {
  const random = seededRandom(8)
  const returns = new Returns(new Suspicion(1000), () => 12_000)
  const before = returns.slackMs
  const send = (extra: number, at: number): void => {
    const replyId = random(16)
    const packet = { packet: random(1), replyId, far: 'b', nodes: ['a'], drawnMs: 100, roundTripMs: 200 }
    returns.expect({ what: 'loop' }, packet, at)
    const sent = { what: 'loop' }
    assert.equal(returns.returned(hex(replyId), at + 200 + extra), { sent, far: 'b', sentAt: at })
    assert.is(returns.returned(hex(replyId), at + 200 + extra), undefined)
  }
  for (let i = 0; i < 100; i++) send(5000 + 1000 * fraction(random), i * 1000)
  assert.ok(returns.slackMs > 5500 && returns.slackMs < 9000, `${returns.slackMs}`)
  for (let i = 0; i < 100; i++) send(20, 1e6 + i * 1000)
  assert.ok(returns.slackMs < before)
  assert.equal(returns.loops, { sent: 200, returned: 200 })
  for (let i = 0; i < 20; i++) send(40_000, 2e6 + i * 1000)
  assert.is(returns.slackMs, 12_000)
  for (let i = 0; i < 50; i++) send(20, 3e6 + i * 1000)
  assert.ok(returns.slackMs < before, 'an outage is forgotten as fast as it came')
})

test('what left before the home answered says nothing of the way: it is not measured, and blames no node', () => {
  for (const openSince of [undefined, 5000, 0]) {
    const random = seededRandom(9)
    const suspicion = new Suspicion(60_000)
    const fates: boolean[] = []
    const returns = new Returns(
      suspicion,
      () => 12_000,
      () => 0,
      () => openSince,
      returned => fates.push(returned),
    )
    const before = returns.slackMs
    const expect = (at: number): string => {
      const replyId = random(16)
      const packet = { packet: random(1), replyId, far: 'b', nodes: ['a'], drawnMs: 100, roundTripMs: 200 }
      returns.expect({ what: 'loop' }, packet, at)
      return hex(replyId)
    }
    for (let i = 0; i < 10; i++) expect(1000 + i)
    const late = expect(1000)
    returns.sweep(9000)
    const counts = openSince === 0
    assert.is(suspicion.weight('a', 9000) < 1, counts)
    assert.is(fates.length, counts ? 11 : 0)
    returns.returned(late, 9000)
    assert.is(returns.slackMs !== before, counts)
  }
})

function hasCode(code: string): (error: unknown) => boolean {
  return error => error instanceof ClientError && error.code === code
}

test.run()
