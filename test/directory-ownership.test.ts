// The share of paths that an adversary owns (docs/spec/directory-tally.md 7.6), against closed forms and against all
// paths one by one.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { areApart } from '../directory/documents/groups.ts'
import { defaultParameters } from '../directory/documents/parameters.ts'
import type { NodeEntry, View } from '../directory/documents/view.ts'
import { ownership, pathSpace } from '../directory/ownership.ts'
import { digest } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'

/** Families by layer, then of the gateways; empty for none. */
function viewOf(
  layers: readonly (readonly string[])[],
  gateways: readonly string[],
  topology: View['topology'] = 'stratified',
): View {
  let made = 0
  const node = (role: NodeEntry['role'], layer: number, family: string): NodeEntry => ({
    id: digest(Uint8Array.of(made++, made >> 8)),
    role,
    layer,
    addresses: ['/ip4/127.0.0.1/tcp/1'],
    services: [],
    packetKeys: new Map(),
    family,
    running: true,
    reliable: true,
  })
  const mixes = layers.map((families, i) => families.map(family => node('mix', i, family)))
  const ends = gateways.map(family => node('gateway', -1, family))
  return {
    network: 'test',
    epoch: 1,
    hash: new Uint8Array(32),
    signers: [],
    validAfter: 0,
    freshUntil: 1,
    validUntil: 3,
    parameters: defaultParameters,
    mixing: 'poisson',
    topology,
    layers: mixes,
    gateways: ends,
    nodes: new Map([...mixes.flat(), ...ends].map(entry => [hex(entry.id), entry])),
  }
}

const plain = (...sizes: number[]): string[][] => sizes.map(size => Array.from({ length: size }, () => ''))
const close = (have: number, want: number): void =>
  assert.ok(Math.abs(have - want) < 1e-12, `${have}, want ${want}`)

test('without families: products of shares', () => {
  const space = pathSpace(viewOf(plain(20, 20, 20), plain(10)[0] as string[]))
  const { paths, worst, random } = ownership(space, 6)
  assert.is(paths, 20 ** 3 * 10 ** 2)
  close(worst.mixes.share, (2 / 20) ** 3)
  close(worst.ends.share, (6 / 10) ** 2)
  assert.ok(worst.mixes.exact && worst.ends.exact)
  close(random.mixes, (6 * 5 * 4) / (70 * 69 * 68))
  // One path in ten has the same gateway twice.
  close(random.ends, (1 / 10) * (6 / 70) + (9 / 10) * ((6 * 5) / (70 * 69)))
})

test('uneven layers: the small ones are filled first', () => {
  const space = pathSpace(viewOf(plain(1, 4, 10), plain(2)[0] as string[]))
  close(ownership(space, 5).worst.mixes.share, (1 * 2 * 2) / 40)
  close(ownership(space, 9).worst.mixes.share, (1 * 4 * 4) / 40)
  assert.is(ownership(space, 17).worst.mixes.share, 1)
  assert.is(ownership(space, 2).worst.mixes.share, 0)
  assert.is(ownership(space, 2).worst.ends.share, 1)
  assert.is(ownership(space, 0).random.ends, 0)
})

test('a free route takes any mixes, each once', () => {
  const space = pathSpace(viewOf(plain(4, 4, 4), plain(2)[0] as string[], 'free'))
  const { paths, worst } = ownership(space, 5)
  assert.is(paths, 12 * 11 * 10 * 4)
  close(worst.mixes.share, (5 * 4 * 3) / (12 * 11 * 10))
})

test('one family owns no path, however many nodes it declares', () => {
  const space = pathSpace(
    viewOf(
      [
        ['a', 'a', ''],
        ['a', 'a', ''],
        ['a', 'a', ''],
      ],
      ['', ''],
    ),
  )
  // 2 of one family at one place at most: 1 + 3 * 2 ways.
  assert.is(ownership(space, 1).paths, 7 * 4)
  close(ownership(space, 3).worst.mixes.share, 1 / 7)
  close(ownership(space, 4).worst.mixes.share, 2 / 7)
})

test('nodes that do not run are in no path', () => {
  const view = viewOf(plain(3, 3, 3), plain(2)[0] as string[])
  const layers = view.layers.map(layer => layer.map((node, i) => ({ ...node, running: i > 0 })))
  assert.is(ownership(pathSpace({ ...view, layers }), 3).paths, 8 * 4)
})

/** Every path, and the best choice of k nodes, one by one. */
function listed(
  view: View,
  k: number,
): { paths: number; mixes: number; ends: number; randomMixes: number; randomEnds: number } {
  const all = view.layers.flat()
  const places = view.layers.map(layer => (view.topology === 'free' ? all : layer))
  let tuples: NodeEntry[][] = [[]]
  for (const place of places) tuples = tuples.flatMap(tuple => place.map(mix => [...tuple, mix]))
  const paths = tuples
    .filter(mixes => new Set(mixes).size === mixes.length)
    .flatMap(mixes => view.gateways.flatMap(first => view.gateways.map(last => ({ first, mixes, last }))))
    .filter(({ first, mixes, last }) => areApart(first, mixes, last, view.parameters))
  const nodes = [...view.nodes.values()]
  let subsets: NodeEntry[][] = [[]]
  for (const node of nodes)
    subsets = [...subsets, ...subsets.filter(s => s.length < k).map(s => [...s, node])]
  const owned = subsets
    .filter(subset => subset.length === Math.min(k, nodes.length))
    .map(subset => {
      const set = new Set(subset)
      return {
        mixes: paths.filter(({ mixes }) => mixes.every(mix => set.has(mix))).length / paths.length,
        ends: paths.filter(({ first, last }) => set.has(first) && set.has(last)).length / paths.length,
      }
    })
  const mean = (of: number[]): number => of.reduce((sum, n) => sum + n, 0) / of.length
  return {
    paths: paths.length,
    mixes: Math.max(...owned.map(({ mixes }) => mixes)),
    ends: Math.max(...owned.map(({ ends }) => ends)),
    randomMixes: mean(owned.map(({ mixes }) => mixes)),
    randomEnds: mean(owned.map(({ ends }) => ends)),
  }
}

test('the counts are those of all paths and all choices, one by one', () => {
  const family = fc.constantFrom('', '', 'a', 'b')
  const ring = fc.array(family, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(ring, { minLength: 2, maxLength: 3 }),
      fc.array(family, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('stratified' as const, 'free' as const),
      (layers, gateways, k, topology) => {
        const view = viewOf(layers, gateways, topology)
        const want = listed(view, k)
        if (want.paths === 0) return
        const have = ownership(pathSpace(view), k)
        assert.is(have.paths, want.paths)
        close(have.worst.mixes.share, want.mixes)
        close(have.worst.ends.share, want.ends)
        close(have.random.mixes, want.randomMixes)
        close(have.random.ends, want.randomEnds)
        assert.ok(have.worst.mixes.exact && have.worst.ends.exact)
      },
    ),
    { numRuns: 30 },
  )
})

test('a thousand nodes of two hundred families are counted', () => {
  const families = (from: number): string[] =>
    Array.from({ length: 60 }, (_, i) => `family ${(from + i) % 40}`)
  const { worst, paths } = ownership(
    pathSpace(viewOf([families(0), families(7), families(13)], families(3))),
    9,
  )
  assert.ok(paths > 0 && worst.mixes.share >= 27 / 60 ** 3)
  assert.ok(worst.mixes.share < 40 / 60 ** 3)
})

test.run()
