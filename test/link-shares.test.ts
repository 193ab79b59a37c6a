// Places that ranks of peers share (docs/spec/resources.md 1): who is let in, and who gives way.

import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Holder, ownShares, type Place, type Rank, ranks, Shares } from '../link/shares.ts'

const test = suite('shares')

test('lets in so many of one peer, and forgets who has left', () => {
  const shares = new Shares({ perPeer: 2, perNetwork: 9, total: 3 })
  const places = ['a', 'a', 'a', 'b', 'b'].map(peer => shares.enter({ peer }))
  assert.equal(
    places.map(place => place !== undefined),
    [true, true, false, true, false],
  )
  assert.is(shares.inside, 3)
  places[0]?.leave()
  places[0]?.leave()
  assert.is(shares.inside, 2)
  places.push(shares.enter({ peer: 'b' }))
  for (const place of places) place?.leave()
  assert.is(shares.inside, 0)
  assert.is(shares.known, 0)
})

/** Fills the places from so many networks, each with as many as it gets, and says who is inside. */
function filled(
  networks: number,
  rank: Rank = 'stranger',
  total = 64,
): { shares: Shares; inside: Set<string> } {
  const shares = new Shares({ perPeer: 4, perNetwork: total, total })
  const inside = new Set<string>()
  for (let i = 0; i < 4 * total; i++) enter(shares, inside, `${rank}${i}`, `${i % networks}`, rank)
  return { shares, inside }
}

function enter(
  shares: Shares,
  inside: Set<string>,
  peer: string,
  network: string,
  rank: Rank,
): Place | undefined {
  const place = shares.enter({ peer, network, rank }, 1, () => inside.delete(peer))
  if (place !== undefined) inside.add(peer)
  return place
}

for (const networks of [1, 4, 16, 32]) {
  test(`one more network comes in, however many places ${networks} have, and stays while they go on`, () => {
    const { shares, inside } = filled(networks)
    assert.ok(enter(shares, inside, 'honest', 'elsewhere', 'stranger'))
    for (let i = 0; i < 500; i++) enter(shares, inside, `late${i}`, `${i % networks}`, 'stranger')
    assert.ok(inside.has('honest'))
    assert.is(shares.inside, 64)
  })
}

test('control: where all are of one network, and none of a rank, who came first goes', () => {
  const { shares, inside } = filled(1)
  assert.ok(enter(shares, inside, 'honest', '0', 'stranger'))
  for (let i = 0; i < 500; i++) enter(shares, inside, `late${i}`, '0', 'stranger')
  assert.not(inside.has('honest'))
})

test('strangers go for those who are known, who never go for strangers', () => {
  const { shares, inside } = filled(64)
  for (const rank of ['client', 'node', 'authority'] as const)
    for (let i = 0; i < 40; i++) enter(shares, inside, `${rank}${i}`, `${rank}${i}`, rank)
  const count = (rank: Rank): number => [...inside].filter(name => name.startsWith(rank)).length
  assert.is(count('stranger'), 64 * ownShares.stranger)
  assert.is(count('node'), 64 * ownShares.node)
  assert.is(count('authority'), 64 * ownShares.authority)
  const known = [...inside].filter(name => !name.startsWith('stranger'))
  for (let i = 0; i < 200; i++) enter(shares, inside, `strangers${i}`, `other${i}`, 'stranger')
  assert.equal(
    known.filter(name => !inside.has(name)),
    [],
  )
})

test('a node comes in where made-up clients have taken all there is', () => {
  const { shares, inside } = filled(64, 'client')
  assert.ok(enter(shares, inside, 'node', 'n', 'node'))
  assert.ok(enter(shares, inside, 'node of the clients own network', '3', 'node'))
})

test('whole work goes last, and only for who has less', () => {
  const given: string[] = []
  const shares = new Shares({ perPeer: 2, perNetwork: 2, total: 4 })
  const take = (peer: string, network: string, whole: boolean): boolean => {
    const place = shares.enter({ peer, network }, 1, () => given.push(peer))
    place?.whole(whole)
    return place !== undefined
  }
  for (const [peer, network] of ['a0', 'b0', 'c1', 'd1'].entries())
    take(`${peer}`, network.slice(1), peer !== 1)
  assert.ok(take('4', '2', true))
  assert.equal(given, ['1'])
  // all that are left are whole, and none of them has more than the newcomer would
  assert.ok(take('5', '3', true))
  assert.equal(given, ['1', '2'])
  assert.not(take('6', '4', true))
  assert.equal(given, ['1', '2'])
})

test('of one network that is full the oldest of the peer with most goes', () => {
  const given: string[] = []
  const shares = new Shares({ perPeer: 3, perNetwork: 4, total: 100 })
  const take = (peer: string): boolean =>
    shares.enter({ peer, network: 'n' }, 1, () => given.push(peer)) !== undefined
  for (const peer of ['a', 'b', 'b', 'b']) assert.ok(take(peer))
  assert.ok(take('c'))
  assert.equal(given, ['b'])
})

test('who is known later is counted so from then on', () => {
  const shares = new Shares({ perPeer: 4, perNetwork: 64, total: 4 })
  const given: string[] = []
  const places = ['a', 'b', 'c', 'd'].map(peer => shares.enter({ peer }, 1, () => given.push(peer)))
  places[0]?.rankAs('client')
  assert.ok(shares.enter({ peer: 'node', rank: 'node' }, 1))
  assert.equal(given, ['b'])
  for (const place of places) place?.leave()
  assert.is(shares.inside, 1)
})

test('who has gone, or had to, is not counted again however it is known later', () => {
  const shares = new Shares({ perPeer: 4, perNetwork: 64, total: 2 })
  const [left, evicted] = ['a', 'b'].map(peer => shares.enter({ peer }, 1, () => {}))
  left?.leave()
  shares.enter({ peer: 'c' }, 1, () => {})
  assert.ok(shares.enter({ peer: 'node', rank: 'node' }))
  assert.is(shares.given, 1)
  for (const gone of [left, evicted]) gone?.rankAs('authority')
  assert.is(shares.inside, 2)
})

test('who is known as what it was before keeps its turn to give way', () => {
  const shares = new Shares({ perPeer: 4, perNetwork: 64, total: 4 })
  const given: string[] = []
  const places = ['a', 'b', 'c', 'd'].map(peer => shares.enter({ peer }, 1, () => given.push(peer)))
  places[0]?.rankAs('stranger')
  assert.ok(shares.enter({ peer: 'node', rank: 'node' }))
  assert.equal(given, ['a'])
})

test('never over a bound, whatever comes and goes, and nothing is left behind', () => {
  const holder = fc.record({
    peer: fc.constantFrom('a', 'b', 'c', 'd'),
    network: fc.constantFrom('n', 'm', undefined),
    rank: fc.constantFrom(...ranks),
  })
  const bounds = { perPeer: 50, perNetwork: 70, total: 100 }
  fc.assert(
    fc.property(fc.array(fc.tuple(holder, fc.nat(60), fc.boolean(), fc.boolean())), all => {
      const shares = new Shares(bounds)
      const inside = new Map<Place, readonly [Holder, number]>()
      const sum = (is: (who: Holder) => boolean): number =>
        [...inside.values()].reduce((total, [who, amount]) => total + (is(who) ? amount : 0), 0)
      for (const [who, amount, leaves, mayGo] of all) {
        const [first] = inside.keys()
        if (leaves && first !== undefined) {
          first.leave()
          inside.delete(first)
        }
        let place: Place | undefined
        place = shares.enter(who, amount, mayGo ? () => void inside.delete(place as Place) : undefined)
        if (place !== undefined) inside.set(place, [who, amount])
        assert.is(
          shares.inside,
          sum(() => true),
        )
        assert.ok(shares.inside <= bounds.total)
        assert.ok(sum(({ peer }) => peer === who.peer) <= bounds.perPeer)
        const strangers = ({ network, rank }: Holder): boolean =>
          network === 'n' && (rank === 'stranger' || rank === 'client')
        assert.ok(sum(strangers) <= bounds.perNetwork)
      }
      for (const place of inside.keys()) place.leave()
      assert.is(shares.known, 0)
    }),
  )
})

test.run()
