// Layers (docs/spec/directory-tally.md 7.3): drawn for newcomers with the shared randomness after some epochs of
// waiting, kept by who stays and by who comes back.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { networkPrefix, networksOf } from '../directory/address.ts'
import type { ConsensusBody } from '../directory/documents/consensus.ts'
import type { StablePart } from '../directory/documents/descriptor.ts'
import {
  keptEpochs,
  networkName,
  type Placement,
  type Placing,
  placeNodes,
} from '../directory/rounds/placement.ts'
import { tally } from '../directory/rounds/tally.ts'
import { digest } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import { bodyOf, contentOf, descriptorsOf, idOf, voteOf } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'

const network = networkOf({ authorities: 4, threshold: 3 })
const layers = 3

/** A mix with a number, in a network of its own. */
function mix(i: number, change: Partial<StablePart> = {}): StablePart {
  const id = digest(Uint8Array.of(i, i >> 8))
  const addresses = [`/ip4/${1 + (i >> 8)}.${i % 256}.1.1/tcp/4001`]
  return { ...contentOf('mix 0', 'mix', 1, { stable: { id, addresses } }).stable, ...change }
}

const mixes = (from: number, to: number): StablePart[] =>
  Array.from({ length: to - from }, (_, i) => mix(from + i))

const randomness = (seed: number): Uint8Array => digest(Uint8Array.of(seed, seed >> 8, 7))

function place(change: Partial<Placing>): Placement {
  return placeNodes({
    nodes: [],
    before: undefined,
    epoch: 10,
    layers,
    randomness: randomness(1),
    waitingEpochs: 0,
    networksApart: true,
    ...change,
  })
}

const empty = bodyOf(network, 9, descriptorsOf(network, 9, 0, 0))

/** The document of an epoch with these mixes, placed. */
function after(
  nodes: readonly StablePart[],
  { places, kept }: Placement,
  epoch: number,
  since = epoch,
): ConsensusBody {
  return {
    ...empty,
    epoch,
    kept,
    nodes: nodes.map(stable => ({
      descriptor: { stable, epoch, serial: 0, keys: [], signature: new Uint8Array(64) },
      place: places.get(hex(stable.id)) ?? 0,
      running: true,
      reliable: true,
      since,
    })),
  }
}

const sizesOf = ({ places }: Placement): number[] =>
  [1, 2, 3].map(layer => [...places.values()].filter(at => at === layer).length)

const layerOf = ({ places }: Placement, node: StablePart): number | undefined => places.get(hex(node.id))

test('a small network is even, and a large one nearly', () => {
  assert.equal(sizesOf(place({ nodes: mixes(0, 6) })), [2, 2, 2])
  assert.equal(sizesOf(place({ nodes: mixes(0, 9) })), [3, 3, 3])
  for (let seed = 0; seed < 5; seed++) {
    const sizes = sizesOf(place({ nodes: mixes(0, 300), randomness: randomness(seed) }))
    assert.ok(Math.max(...sizes) <= 125 && Math.min(...sizes) >= 50, sizes.join())
  }
})

test('nobody moves who stays, and who returns has the layer of before', () => {
  fc.assert(
    fc.property(fc.nat({ max: 60_000 }), fc.array(fc.nat({ max: 11 }), { maxLength: 8 }), (seed, leaving) => {
      const all = mixes(0, 12)
      const first = place({ nodes: all })
      const before = after(all, first, 10)
      const staying = all.filter((_, i) => !leaving.includes(i))
      if ([1, 2, 3].some(layer => !staying.some(node => layerOf(first, node) === layer))) return
      const second = place({ nodes: staying, before, epoch: 11, randomness: randomness(seed) })
      for (const node of staying) assert.is(layerOf(second, node), layerOf(first, node))
      const back = place({
        nodes: all,
        before: after(staying, second, 11),
        epoch: 12,
        randomness: randomness(seed + 1),
      })
      for (const node of all) assert.is(layerOf(back, node), layerOf(first, node))
      assert.is(back.kept.length, 0)
    }),
    { numRuns: 60 },
  )
})

test('renting an address beside a mix chooses no layer; the control: the rule by which a network had a layer', () => {
  const all = mixes(0, 30)
  const first = place({ nodes: all })
  const newcomers = 12
  const draws = 50
  const eldest = (node: StablePart): StablePart | undefined =>
    all.find(other => networksOf(other.addresses).join() === networksOf(node.addresses).join())
  for (const want of [1, 2, 3]) {
    const host = all.find(node => layerOf(first, node) === want) as StablePart
    const crowd = Array.from({ length: newcomers }, (_, i) => mix(1000 + i, { addresses: host.addresses }))
    const before = after([...all, ...crowd], first, 13, 10)
    const counts = [0, 0, 0, 0]
    for (let seed = 0; seed < draws; seed++) {
      const placed = place({
        ...{ nodes: [...all, ...crowd], before, epoch: 14, waitingEpochs: 3 },
        randomness: randomness(seed),
      })
      for (const layer of crowd.map(node => layerOf(placed, node) as number))
        counts[layer] = (counts[layer] as number) + 1
    }
    assert.is(counts[0], 0)
    // 600 draws of one in three, held together by what is full: the standard deviation is below 12
    for (const count of counts.slice(1)) assert.ok(Math.abs(count - 200) < 60, `${want}: ${counts.join()}`)
    const granted = crowd.map(node => layerOf(first, eldest(node) as StablePart))
    assert.equal([...new Set(granted)], [want], 'by the old rule all are where they want to be')
  }
})

test('who leaves takes its draw along: one newcomer of its network waits; the control: where networks do not count', () => {
  const all = mixes(0, 30)
  const first = place({ nodes: all })
  const gone = all[0] as StablePart
  const staying = all.slice(1)
  const left = place({ nodes: staying, before: after(all, first, 10), epoch: 11 })
  assert.equal(
    left.kept
      .filter(({ identity }) => hex(identity) === hex(networkName('1.0')))
      .map(({ place: count }) => count),
    [1],
  )
  const drawn = (networksApart: boolean, newcomers: number, epoch = 12): number[][] =>
    Array.from({ length: 40 }, (_, i) => {
      const crowd = Array.from({ length: newcomers }, (_, k) =>
        mix(1000 + 50 * k + i, { addresses: gone.addresses }),
      )
      const nodes = [...staying, ...crowd]
      const before = after(staying, left, epoch - 1)
      const placed = place({ nodes, before, epoch, randomness: randomness(i), networksApart })
      return crowd.map(node => layerOf(placed, node) as number).sort()
    })
  assert.equal([...new Set(drawn(true, 1).flat())], [0], 'nobody is drawn again under another name')
  assert.is(new Set(drawn(false, 1).flat()).size, 3, 'with enough tries every layer is to be had')
  assert.ok(
    drawn(true, 3).every(([a, b]) => a === 0 && (b as number) > 0),
    'one waits, and no more than one',
  )
  assert.ok(
    drawn(true, 1, 11 + keptEpochs)
      .flat()
      .every(layer => layer > 0),
    'until it is forgotten',
  )
})

test('who comes back gives its draw back, once; a mix that turns into a gateway has left', () => {
  const all = mixes(0, 9)
  const gone = all[0] as StablePart
  const left = place({ nodes: all.slice(1), before: after(all, place({ nodes: all }), 10), epoch: 11 })
  const back = place({ nodes: all, before: after(all.slice(1), left, 11), epoch: 12 })
  assert.is(back.kept.length, 0)
  const turned = { ...gone, role: 'gateway' } as const
  const nodes = [...all.slice(1), turned, mix(100, { addresses: gone.addresses })]
  const placed = place({ nodes, before: after(all, place({ nodes: all }), 10), epoch: 11 })
  assert.is(layerOf(placed, nodes.at(-1) as StablePart), 0)
  const again = place({ nodes, before: after(nodes, placed, 11, 5), epoch: 12 })
  assert.is(layerOf(again, nodes.at(-1) as StablePart), 0, 'and is not counted as one that came back')
})

test('a new mix waits, and nobody can know its layer before the randomness of the epoch that ends the waiting', () => {
  const old = mixes(0, 240)
  const newcomer = mix(500)
  const before = after(old, place({ nodes: old }), 10)
  const nodes = [...old, newcomer]
  let body = before
  for (const epoch of [11, 12, 13]) {
    const placed = place({ nodes, before: body, epoch, waitingEpochs: 3 })
    assert.is(layerOf(placed, newcomer), 0, `epoch ${epoch}`)
    body = after(nodes, placed, epoch)
    body = {
      ...body,
      nodes: body.nodes.map(node => ({ ...node, since: node.descriptor.stable === newcomer ? 11 : 10 })),
    }
  }
  const counts = [0, 0, 0, 0]
  for (let seed = 0; seed < 150; seed++) {
    const at = layerOf(
      place({ nodes, before: body, epoch: 14, waitingEpochs: 3, randomness: randomness(seed) }),
      newcomer,
    ) as number
    counts[at] = (counts[at] as number) + 1
  }
  assert.is(counts[0], 0)
  // 150 draws of one in three: the standard deviation is 5.8.
  for (const count of counts.slice(1)) assert.ok(Math.abs(count - 50) < 25, counts.join())
})

test('who left while waiting waits from the start, and leaves no trace', () => {
  const old = mixes(0, 6)
  const before = after(old, place({ nodes: old }), 10)
  const placed = place({ nodes: [...old, mix(7)], before, epoch: 11, waitingEpochs: 3 })
  const gone = place({
    nodes: old,
    before: after([...old, mix(7)], placed, 11, 11),
    epoch: 12,
    waitingEpochs: 3,
  })
  assert.is(gone.kept.length, 0)
})

test('nobody waits for an empty layer, nor in a first document', () => {
  assert.equal(sizesOf(place({ nodes: mixes(0, 6), waitingEpochs: 9 })), [2, 2, 2])
  const two = mixes(0, 2)
  const before = after(two, place({ nodes: two }), 10)
  const placed = place({ nodes: mixes(0, 5), before, epoch: 11, waitingEpochs: 9 })
  assert.equal(sizesOf(placed).sort(), [1, 1, 1])
})

test('no layer stays empty while another has two', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 12 }),
      fc.array(fc.nat({ max: 11 }), { maxLength: 12 }),
      (count, leaving) => {
        const all = mixes(0, count)
        const before = after(all, place({ nodes: all }), 10)
        const sizes = sizesOf(place({ nodes: all.filter((_, i) => !leaving.includes(i)), before, epoch: 11 }))
        assert.ok(!sizes.includes(0) || Math.max(...sizes) < 2)
      },
    ),
    { numRuns: 60 },
  )
})

test('what is remembered is bounded in time and number', () => {
  const all = mixes(0, 6)
  const before = after(all, place({ nodes: all }), 10)
  const kept = (epoch: number): number => place({ nodes: [], before, epoch }).kept.length
  assert.is(kept(10 + keptEpochs), 12, 'six identities, six networks')
  assert.is(kept(10 + keptEpochs + 1), 0)
  const many = mixes(0, 4400)
  const crowd = after(many, { places: new Map(many.map(({ id }) => [hex(id), 1])), kept: [] }, 10)
  assert.is(place({ nodes: [], before: crowd, epoch: 11 }).kept.length, 8192)
})

test('the tally places with the randomness of its own document', () => {
  const descriptors = descriptorsOf(network, 1, 9, 1)
  const votes = network.authorities.map((_, i) =>
    voteOf(network, i, descriptors, { parameters: new Map([['waitingEpochs', 0]]) }),
  )
  const drawn = [1, 2].map(byte => {
    const contributions = [{ dealer: idOf('authority 0'), value: new Uint8Array(32).fill(byte) }]
    const body = tally({ network, epoch: 1, votes, contributions })
    return body.nodes.map(node => node.place).join()
  })
  assert.is.not(drawn[0], drawn[1])
})

test('networks of addresses', () => {
  const of = (...addresses: string[]): string => networksOf(addresses).join(' ')
  assert.is(of('/ip4/198.51.100.7/tcp/1', '/ip4/198.51.200.7/tcp/1/ws'), '198.51')
  assert.is(of('/ip6/2001:db8::1/tcp/1', '/ip4/203.0.113.1/tcp/2'), '2001:db8 203.0')
  for (const own of ['127.0.0.1', '10.1.2.3', '192.168.1.1', '172.16.0.1', '172.31.0.1', '169.254.1.1']) {
    assert.is(of(`/ip4/${own}/tcp/1`), '', own)
  }
  assert.is(of('/ip4/172.32.0.1/tcp/1', '/ip4/100.1.1.1/tcp/1'), '100.1 172.32')
  assert.is(of('/ip6/::1/tcp/1', '/ip6/fe80::1/tcp/1', '/ip6/fd00::1/tcp/1', '/dns4/a.example/tcp/1'), '')
  assert.is(networkPrefix('/dns4/a.example/tcp/1'), undefined)
})

test.run()
