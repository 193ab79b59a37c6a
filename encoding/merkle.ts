// Merkle trees over a log: RFC 6962 (Certificate Transparency), section 2.1, with the checks of RFC 9162, sections
// 2.1.3.2 and 2.1.4.2. docs/spec/payments-ledger.md 3.4, docs/spec/directory-log.md 14.

import { sha256 } from '@noble/hashes/sha2.js'
import { same } from './bytes.ts'

export const hashBytes = 32

/** MTH of no entries. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0))

/** The hash of an entry: SHA-256(0x00 | entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(0)).update(entry).digest()
}

/** SHA-256(0x01 | left | right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(1)).update(left).update(right).digest()
}

/**
 * A log's hashes in memory: of every complete subtree one, 64 bytes an entry in all. Roots and proofs of every earlier
 * size cost a number of hashes that is the logarithm of the size.
 */
export class MerkleTree {
  /** levels[k][i] is the hash of the entries from i 2^k up to and without (i+1) 2^k. */
  readonly #levels: Uint8Array[][] = [[]]

  get size(): number {
    return (this.#levels[0] as Uint8Array[]).length
  }

  /** @param hash leafHash of the next entry, 32 bytes */
  append(hash: Uint8Array): void {
    let node = hash
    for (let level = 0; ; level++) {
      this.#levels[level] ??= []
      const nodes = this.#levels[level] as Uint8Array[]
      nodes.push(node)
      if (nodes.length % 2 === 1) return
      node = nodeHash(nodes[nodes.length - 2] as Uint8Array, node)
    }
  }

  /** MTH(D[0:size]). @throws RangeError beyond the log's size */
  root(size: number = this.size): Uint8Array {
    this.#want(size >= 0 && size <= this.size)
    return size === 0 ? emptyRoot : this.#hash(0, size)
  }

  /** The root if these leaf hashes were appended, one after the other. */
  rootWith(...hashes: readonly Uint8Array[]): Uint8Array {
    // The complete subtrees on the right edge, the smallest last, each with the number of its entries
    const edge: { readonly size: number; readonly hash: Uint8Array }[] = []
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const place = Math.floor(this.size / 2 ** level) - 1
      if (place % 2 === 0)
        edge.push({ size: 2 ** level, hash: (this.#levels[level] as Uint8Array[])[place] as Uint8Array })
    }
    for (const hash of hashes) {
      let last = { size: 1, hash }
      while (edge.at(-1)?.size === last.size) {
        const left = edge.pop() as { size: number; hash: Uint8Array }
        last = { size: 2 * last.size, hash: nodeHash(left.hash, last.hash) }
      }
      edge.push(last)
    }
    return edge.length === 0
      ? emptyRoot
      : edge.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right))
  }

  /** Gives the hashes of complete subtrees of 2^level entries each, from number `from` on, at most so many. */
  subtrees(level: number, from: number, most: number): readonly Uint8Array[] {
    return (this.#levels[level] ?? []).slice(from, from + most)
  }

  /** PATH(index, D[0:size]), from the leaf up. @throws RangeError unless index < size <= the log's size */
  inclusion(index: number, size: number = this.size): Uint8Array[] {
    this.#want(index >= 0 && index < size && size <= this.size)
    const path: Uint8Array[] = []
    let [from, to] = [0, size]
    while (to - from > 1) {
      const middle = from + largestPowerBelow(to - from)
      path.push(index < middle ? this.#hash(middle, to) : this.#hash(from, middle))
      if (index < middle) to = middle
      else from = middle
    }
    return path.reverse()
  }

  /** PROOF(first, D[0:second]). @throws RangeError unless 0 < first <= second <= the log's size */
  consistency(first: number, second: number = this.size): Uint8Array[] {
    this.#want(first > 0 && first <= second && second <= this.size)
    const proof: Uint8Array[] = []
    let [from, to] = [0, second]
    // SUBPROOF(m, D, b): down to the subtree whose end is the first tree's end
    while (to !== first) {
      const middle = from + largestPowerBelow(to - from)
      proof.push(first <= middle ? this.#hash(middle, to) : this.#hash(from, middle))
      if (first <= middle) to = middle
      else from = middle
    }
    if (from > 0) proof.push(this.#hash(from, to))
    return proof.reverse()
  }

  /**
   * The hash of the entries from `from` up to and without `to`; such a range starts at a multiple of its power of 2.
   */
  #hash(from: number, to: number): Uint8Array {
    const length = to - from
    const level = 31 - Math.clz32(length)
    if (length === 2 ** level) return (this.#levels[level] as Uint8Array[])[from / length] as Uint8Array
    const middle = from + largestPowerBelow(length)
    return nodeHash(this.#hash(from, middle), this.#hash(middle, to))
  }

  #want(inside: boolean): void {
    if (!inside) throw new RangeError(`merkle tree: outside of its ${this.size} entries`)
  }
}

/**
 * The edge of a log's tree: with it alone the tree can grow, and two of them are of one tree when they are equal.
 */
export interface TreeEdge {
  /** Entries. */
  readonly size: number
  /** Hashes of the complete subtrees, 32 bytes each, from the largest: as many as `size` has ones in binary. */
  readonly hashes: readonly Uint8Array[]
}

/** The edge of a tree without entries. */
export const emptyEdge: TreeEdge = { size: 0, hashes: [] }

/** Counts the hashes of an edge: the ones of its size in binary. */
export function edgeHashes(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = half(rest)) ones += rest % 2
  return ones
}

/** Appends an entry. @param leaf its leafHash, 32 bytes */
export function grow({ size, hashes }: TreeEdge, leaf: Uint8Array): TreeEdge {
  const grown = [...hashes]
  let node = leaf
  for (let rest = size; rest % 2 === 1; rest = half(rest)) node = nodeHash(grown.pop() as Uint8Array, node)
  return { size: size + 1, hashes: [...grown, node] }
}

/** Computes the root of the tree that has this edge, 32 bytes. */
export function edgeRoot({ hashes }: TreeEdge): Uint8Array {
  const last = hashes.at(-1)
  if (last === undefined) return emptyRoot
  return hashes.slice(0, -1).reduceRight((root, left) => nodeHash(left, root), last)
}

/** Says whether two edges are of one tree. */
export function sameEdge(a: TreeEdge, b: TreeEdge): boolean {
  return a.size === b.size && a.hashes.every((hash, i) => same(hash, b.hashes[i] as Uint8Array))
}

/** k of RFC 6962: the largest power of two smaller than n (n at least 2). */
function largestPowerBelow(n: number): number {
  return 2 ** (31 - Math.clz32(n - 1))
}

/** Says whether the path leads from the leaf at `index` to the root of a tree of `size` entries. Never throws. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, ...path])) return false
  // RFC 9162, 2.1.3.2
  let [fn, sn] = [index, size - 1]
  let hash = leaf
  for (const node of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(node, hash)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      hash = nodeHash(hash, node)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(hash, root)
}

/**
 * Says whether the tree of `second` entries continues the tree of `first`. An empty first tree proves nothing and is
 * refused. Never throws.
 */
export function verifyConsistency(
  first: number,
  second: number,
  proof: readonly Uint8Array[],
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
): boolean {
  if (!isCount(first) || !isCount(second) || first === 0 || first > second || !areHashes(proof)) return false
  if (first === second) return proof.length === 0 && same(firstRoot, secondRoot)
  // RFC 9162, 2.1.4.2: a first tree that is complete is its own first node.
  const nodes = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof
  const [start, ...rest] = nodes
  if (start === undefined || proof.length === 0) return false
  let [fn, sn] = [first - 1, second - 1]
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)]
  let [fr, sr] = [start, start]
  for (const node of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(node, fr)
      sr = nodeHash(node, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      sr = nodeHash(sr, node)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(fr, firstRoot) && same(sr, secondRoot)
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isPowerOfTwo(n: number): boolean {
  let odd = n
  while (odd % 2 === 0) odd /= 2
  return odd === 1
}

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}

function areHashes(nodes: readonly Uint8Array[]): boolean {
  return nodes.every(node => node.length === hashBytes)
}
