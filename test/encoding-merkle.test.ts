// Merkle trees of RFC 6962 (docs/spec/payments-ledger.md 3.4, docs/spec/directory-log.md 14), against its own recursive
// definitions and published proofs.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import {
  emptyRoot,
  leafHash,
  MerkleTree,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from '../encoding/merkle.ts'
import { merkleProbes } from '../trials/conformance/merkle.ts'

const published = join(
  import.meta.dirname,
  '..',
  '..',
  'shared',
  'vectors',
  'voting',
  'rfc6962-transparency-dev',
)
const entry = (i: number): Uint8Array => Uint8Array.of(i >> 8, i)
const hashes = (n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => leafHash(entry(i)))

function treeOf(n: number): MerkleTree {
  const tree = new MerkleTree()
  for (const hash of hashes(n)) tree.append(hash)
  return tree
}

// RFC 6962, 2.1: as it is written there, over lists of leaf hashes.
function split(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}
function mth(d: readonly Uint8Array[]): Uint8Array {
  if (d.length === 0) return emptyRoot
  if (d.length === 1) return d[0] as Uint8Array
  const k = split(d.length)
  return nodeHash(mth(d.slice(0, k)), mth(d.slice(k)))
}
function path(m: number, d: readonly Uint8Array[]): Uint8Array[] {
  if (d.length === 1) return []
  const k = split(d.length)
  return m < k
    ? [...path(m, d.slice(0, k)), mth(d.slice(k))]
    : [...path(m - k, d.slice(k)), mth(d.slice(0, k))]
}
function subproof(m: number, d: readonly Uint8Array[], b: boolean): Uint8Array[] {
  if (m === d.length) return b ? [] : [mth(d)]
  const k = split(d.length)
  if (m <= k) return [...subproof(m, d.slice(0, k), b), mth(d.slice(k))]
  return [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))]
}

test('roots and proofs of every size up to 70 are those of the definition', () => {
  const n = 70
  const tree = treeOf(n)
  const all = hashes(n)
  for (let size = 1; size <= n; size++) {
    const d = all.slice(0, size)
    assert.is(hex(tree.root(size)), hex(mth(d)))
    for (const index of [0, size >> 1, size - 1]) {
      assert.equal(tree.inclusion(index, size).map(hex), path(index, d).map(hex))
    }
    for (const first of [1, (size >> 1) + 1, size]) {
      assert.equal(tree.consistency(first, size).map(hex), subproof(first, d, true).map(hex))
    }
  }
  assert.is(hex(tree.root(0)), hex(emptyRoot))
})

test('the next root is known before the entry is appended', () => {
  const tree = new MerkleTree()
  for (const hash of hashes(40)) {
    const next = tree.rootWith(hash)
    tree.append(hash)
    assert.is(hex(next), hex(tree.root()))
  }
})

test('proofs hold, and any change to one breaks it', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 130 }), fc.nat(), fc.nat(), fc.nat(), fc.nat({ max: 255 }))
  const tree = treeOf(130)
  const spoil = (proof: Uint8Array[], at: number, bit: number): Uint8Array[] =>
    proof.map((node, i) => {
      const copy = node.slice()
      if (i === at % proof.length) copy[bit % 32] = (copy[bit % 32] as number) ^ (1 << (bit % 8))
      return copy
    })
  fc.assert(
    fc.property(sizes, ([size, a, b, at, bit]) => {
      const index = a % size
      const leaf = leafHash(entry(index))
      const included = tree.inclusion(index, size)
      const root = tree.root(size)
      assert.ok(verifyInclusion(index, size, leaf, included, root))
      assert.not(verifyInclusion(index, size, leafHash(entry(999)), included, root))
      assert.not(verifyInclusion(index, size, leaf, [...included, leaf], root))
      assert.not(verifyInclusion(index, size, leaf, [new Uint8Array(3), ...included], root))
      if (included.length > 0) {
        assert.not(verifyInclusion(index, size, leaf, spoil(included, at, bit), root))
        assert.not(verifyInclusion(index, size, leaf, included.slice(1), root))
      }

      const first = (b % size) + 1
      const proof = tree.consistency(first, size)
      const [before, after] = [tree.root(first), root]
      assert.ok(verifyConsistency(first, size, proof, before, after))
      assert.not(verifyConsistency(first, size, [...proof, leaf], before, after))
      assert.not(verifyConsistency(first, size, proof, emptyRoot, after))
      assert.not(verifyConsistency(first, size, proof, before, emptyRoot))
      if (proof.length > 0) {
        assert.not(verifyConsistency(first, size, spoil(proof, at, bit), before, after))
        assert.not(verifyConsistency(first, size, proof.slice(1), before, after))
      }
    }),
  )
})

test('numbers that are no sizes prove nothing', () => {
  const h = leafHash(entry(0))
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.not(verifyInclusion(bad, 4, h, [], h))
    assert.not(verifyInclusion(0, bad, h, [], h))
    assert.not(verifyConsistency(bad, bad, [], h, h))
    assert.not(verifyConsistency(1, bad, [h], h, h))
  }
  assert.not(verifyConsistency(0, 4, [], emptyRoot, h))
  const tree = treeOf(3)
  assert.throws(() => tree.root(4), RangeError)
  assert.throws(() => tree.inclusion(3, 3), RangeError)
  assert.throws(() => tree.consistency(0, 3), RangeError)
  assert.throws(() => tree.consistency(2, 4), RangeError)
})

test('published proofs', () => {
  if (!existsSync(published)) {
    console.log('skipped: no published proofs in ../shared/vectors')
    return
  }
  const checks = merkleProbes(published)
  assert.ok(checks.length > 150)
  assert.equal(
    checks.filter(check => !check.ok),
    [],
  )
})

test.run()
