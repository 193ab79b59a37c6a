// docs/spec/node.md 1.3: the shares that neighbours have of what can be peeled, in the node's own thread as in others.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KeyRing } from '../node/relay/keys.ts'
import { inlinePeeler, type Peeler } from '../node/relay/peeler.ts'
import type { ReplayStore } from '../node/relay/replay.ts'
import { Shares } from '../node/relay/shares.ts'
import { geometry } from '../sphinx/geometry.ts'
import type { Clock } from '../world/clock.ts'
import { silent } from '../world/log.ts'

const isNode = (from: string): boolean => !from.startsWith('client')
const packets = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(1))

interface Bench {
  readonly peeler: Peeler
  /** Whose packets were peeled, in order, and how many. */
  readonly order: { readonly from: string; readonly count: number }[]
  /** The links have had their turn: lets the peeler go on. @returns false when nothing waited for that */
  turn(): boolean
}

/** A peeler for which everything it peels together takes a millisecond. */
function bench(nodes = isNode): Bench {
  let time = 0
  const waiting: (() => void)[] = []
  const clock: Clock = {
    now: () => time,
    elapsed: () => time++,
    after(_ms, run) {
      waiting.push(run)
      return { cancel: () => void waiting.splice(0) }
    },
  }
  const order: Bench['order'] = []
  const shares = new Shares(nodes)
  const peeler = inlinePeeler({
    shares,
    geometry: geometry({ suite: 'x25519', hops: 3, userBytes: 200 }),
    keys: { opening: () => [] } as unknown as KeyRing,
    replay: {} as ReplayStore,
    now: clock.now,
    clock,
    log: silent,
    isNode: nodes,
    peeled: () => {},
    // no key opens anything here: what each was worth does not matter, but how many there were, before they left
    judged: () => {},
  })
  const left = shares.left.bind(shares)
  shares.left = (from, count) => {
    order.push({ from, count })
    left(from, count)
  }
  return {
    peeler,
    order,
    turn() {
      const next = waiting.shift()
      next?.()
      return next !== undefined
    },
  }
}

const peeledOf = (order: Bench['order'], whose: (from: string) => boolean): number =>
  order.reduce((sum, { from, count }) => sum + (whose(from) ? count : 0), 0)

test('what comes slowly is peeled at once', () => {
  const { peeler, order, turn } = bench()
  for (let i = 0; i < 50; i++) {
    peeler.peel('a', packets(8))
    assert.is(peeler.shares.waiting, 0)
    turn()
  }
  assert.is(
    peeledOf(order, from => from === 'a'),
    400,
  )
})

test('in the node’s own thread a neighbour that floods waits for itself, and is read no further', () => {
  const { peeler, order, turn } = bench()
  peeler.peel('flooder', packets(2000))
  const room = peeler.shares.room('flooder')
  assert.instance(room, Promise)
  assert.is(peeler.shares.heldBack, 1)
  const before = order.length
  peeler.peel('honest', packets(8))
  assert.is(peeler.shares.room('honest'), undefined)
  assert.ok(turn())
  const first = order.slice(before).findIndex(({ from }) => from === 'honest')
  assert.ok(first >= 0 && first < 2, `its turn is number ${first}`)
  while (turn());
  assert.is(
    peeledOf(order, () => true),
    2008,
  )
  assert.is(peeler.shares.room('flooder'), undefined)
})

// docs/threats.md 3.30
/** 300 clients and one node have more than can be peeled. @returns the share of a turn that is the node's */
function nodesShare(nodes: (from: string) => boolean): number {
  const { peeler, order, turn } = bench(nodes)
  peeler.peel('client', packets(1000))
  for (let i = 0; i < 300; i++) peeler.peel(`client ${i}`, packets(64))
  peeler.peel('node', packets(2000))
  const before = order.length
  turn()
  const those = order.slice(before)
  return peeledOf(those, from => from === 'node') / peeledOf(those, () => true)
}

test('however many clients there are, half of what can be peeled is for nodes', () => {
  assert.is(nodesShare(isNode), 1 / 2)
})

test('the control: where nodes are taken for clients, 300 clients leave a node hardly anything', () => {
  assert.ok(nodesShare(() => false) < 0.05)
})

test('nothing is lost, the counts add up, and everybody who waits is let go in the end', async () => {
  const names = ['client a', 'client b', 'node a', 'node b']
  const push = fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 600 }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(push, { maxLength: 20 }),
      fc.integer({ min: 1, max: 64 }),
      async (all, count) => {
        const shares = new Shares(isNode)
        const inside = new Map<string, number>()
        const rooms: Promise<void>[] = []
        for (const [from, n] of all) {
          shares.push(from, packets(n))
          inside.set(from, (inside.get(from) ?? 0) + n)
          const room = shares.room(from)
          assert.is(room !== undefined, (inside.get(from) ?? 0) >= 256)
          if (room !== undefined) rooms.push(room)
        }
        const clients = names.filter(name => !isNode(name))
        assert.is(
          shares.ofClients,
          clients.reduce((sum, name) => sum + (inside.get(name) ?? 0), 0),
        )
        while (shares.waiting > 0) {
          const waiting = shares.waiting
          const taken = shares.take(count)
          const total = taken.reduce((sum, { items }) => sum + items.length, 0)
          assert.is(total, Math.min(count, waiting))
          for (const { from, items } of taken) {
            inside.set(from, (inside.get(from) as number) - items.length)
            shares.left(from, items.length)
          }
        }
        assert.ok([...inside.values()].every(left => left === 0))
        assert.is(shares.ofClients, 0)
        await Promise.all(rooms)
      },
    ),
    { numRuns: 50 },
  )
})

test.run()
