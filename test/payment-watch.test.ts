// docs/spec/payments-ledger.md 3.6: a ledger that shows two histories is caught.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { leafHash, MerkleTree } from '../encoding/merkle.ts'
import type { Genesis } from '../payment/ledger/ledger.ts'
import { ledgerId, type SignedHead, signHead, writeHead } from '../payment/ledger/log.ts'
import { ownerOf } from '../payment/ledger/transaction.ts'
import { isFork, proofTime, type WatchAction, type WatchState, watch } from '../payment/ledger/watch.ts'

const ledgerSeed = new Uint8Array(32).fill(1)
const genesis: Genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(ledgerSeed) }
const ledger = ledgerId(genesis)

/** A ledger that writes `common` entries and then goes on in two ways. */
function histories(common: number, length: number): [MerkleTree, MerkleTree] {
  const trees: [MerkleTree, MerkleTree] = [new MerkleTree(), new MerkleTree()]
  for (const [which, tree] of trees.entries()) {
    for (let i = 0; i < length; i++) tree.append(leafHash(Uint8Array.of(i, i < common ? 0 : which)))
  }
  return trees
}

function headOf(tree: MerkleTree, size: number): SignedHead {
  return signHead({ ledger, size, root: tree.root(size), time: size }, ledgerSeed)
}

/** Shows heads to a watcher whose questions the ledger answers from one tree as well as it can. */
function follow(
  heads: readonly SignedHead[],
  answers: MerkleTree,
): { state: WatchState; alarms: WatchAction[] } {
  let state: WatchState = { at: 'start' }
  const alarms: WatchAction[] = []
  for (const head of heads) {
    const pending = run({ type: 'head', head }, 0)
    for (let action = pending.shift(); action !== undefined; action = pending.shift()) {
      if (action.do === 'alarm') continue
      const { first, second } = action
      pending.push(...run({ type: 'proof', first, second, path: answers.consistency(first, second) }, 0))
    }
  }
  run({ type: 'time' }, proofTime)
  return { state, alarms }

  function run(event: Parameters<typeof watch>[1], now: number): WatchAction[] {
    const [next, actions] = watch(state, event, now)
    state = next
    alarms.push(...actions.filter(action => action.do === 'alarm'))
    return actions
  }
}

test('one history: no alarm, in whichever order its heads come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }), sizes => {
      const [tree] = histories(40, 40)
      const { state, alarms } = follow(
        sizes.map(size => headOf(tree, size)),
        tree,
      )
      assert.equal(alarms, [])
      assert.is(state.at === 'following' && state.head.size, Math.max(...sizes))
    }),
  )
})

test('two histories: an alarm as soon as a head of each is known', () => {
  const heads = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.boolean()), {
    minLength: 2,
    maxLength: 10,
  })
  fc.assert(
    fc.property(heads, fc.integer({ min: 1, max: 30 }), (seen, common) => {
      const trees = histories(common, 40)
      const treeOf = (second: boolean): MerkleTree => trees[second ? 1 : 0]
      const { state, alarms } = follow(
        seen.map(([size, second]) => headOf(treeOf(second), size)),
        // The ledger keeps to the history that it first told this peer; the other comes by gossip.
        treeOf(seen.find(([size]) => size > common)?.[1] ?? false),
      )
      const told = new Set(seen.filter(([size]) => size > common).map(([, second]) => second))
      assert.is(state.at, told.size === 2 ? 'forked' : 'following')
      assert.is(alarms.length, told.size === 2 ? 1 : 0)
    }),
  )
})

test('two roots of one size are a proof for everybody', () => {
  const [one, two] = histories(5, 9)
  const { state } = follow([headOf(one, 7), headOf(two, 7)], one)
  if (state.at !== 'forked') throw assert.unreachable()
  assert.ok(state.fork.isProven)
  const [first, second] = [writeHead(state.fork.first), writeHead(state.fork.second)]
  assert.ok(isFork(genesis, first, second))
  assert.not(isFork(genesis, first, first))
  assert.not(isFork({ ...genesis, ledgerKey: ownerOf(new Uint8Array(32)) }, first, second))
  assert.not(isFork(genesis, first, new Uint8Array(9)))
  assert.not(isFork(genesis, writeHead(headOf(one, 8)), second))
})

test('proofs that nobody asked for, or that fail, change nothing; and open questions are bounded', () => {
  const [tree] = histories(40, 40)
  let [state] = watch({ at: 'start' }, { type: 'head', head: headOf(tree, 20) }, 0)
  assert.equal(watch({ at: 'start' }, { type: 'time' }, 0), [{ at: 'start' }, []])
  const proof = { type: 'proof', first: 20, second: 30, path: tree.consistency(20, 30) } as const
  assert.equal(watch(state, proof, 0), [state, []])
  ;[state] = watch(state, { type: 'head', head: headOf(tree, 30) }, 0)
  assert.equal(watch(state, { ...proof, path: proof.path.slice(1) }, 0), [state, []])
  for (let size = 1; size <= 40; size++) [state] = watch(state, { type: 'head', head: headOf(tree, size) }, 0)
  assert.is(state.at === 'following' && state.open.length, 16)
})

test.run()
