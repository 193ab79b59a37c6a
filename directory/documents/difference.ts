// A document told as the difference from an older one (docs/spec/directory-consensus.md 6.4). Of a node that stays only
// what is new is told: its signature, its serial, and the keys that the older document does not have yet.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, readSignatures, type SignatureEntry, writeSignatures } from '../statement.ts'
import {
  type ConsensusBody,
  type ConsensusNode,
  type Decision,
  decisionForm,
  type KeptPlace,
  keptForm,
  maxDocumentBytes,
  nodeForm,
  readBody,
  readDecision,
  readKept,
  readNodes,
  writeBody,
} from './consensus.ts'
import {
  countTail,
  keysAhead,
  readCountTail,
  readStable,
  type StablePart,
  stableBytes,
  stableForm,
} from './descriptor.ts'
import { writeDocument } from './document.ts'
import { mostAuthorities } from './parameters.ts'

/** A body without its two long lists, bytes: far more than any has. */
const maxFrameBytes = 131_072
const keyBytes = 32

/**
 * Writes what of `to` is not in `from`: [name of from, name of to, frame, gone, stayed, arrived, kept no more, newly
 * kept].
 *
 * @param from the bytes of a body
 * @param to the bytes of a body of a later epoch
 * @throws DirectoryError BAD_DOCUMENT when `to` is not the later one; as `readBody`
 */
export function difference(from: Uint8Array, to: Uint8Array): Uint8Array {
  const before = readBody(from)
  const after = readBody(to)
  checkOrder(before, after)
  const stays = new Map(after.nodes.map(node => [nameOf(node), node]))
  const known = new Set(before.nodes.map(nameOf))
  const keptBefore = new Set(before.kept.map(nameOfKept))
  const keptAfter = new Set(after.kept.map(nameOfKept))
  return write([
    digest(from),
    digest(to),
    writeBody({ ...after, nodes: [], kept: [] }),
    indexes(before.nodes, node => !stays.has(nameOf(node))),
    before.nodes.flatMap(node => {
      const now = stays.get(nameOf(node))
      return now === undefined ? [] : [stayedForm(node, now)]
    }),
    after.nodes.filter(node => !known.has(nameOf(node))).map(nodeForm),
    indexes(before.kept, place => !keptAfter.has(nameOfKept(place))),
    after.kept.filter(place => !keptBefore.has(nameOfKept(place))).map(keptForm),
  ])
}

/**
 * The bytes of the body that a difference leads to, which have the name that it gives.
 *
 * @param from the bytes of the body that it is told from
 * @throws DirectoryError BAD_DOCUMENT when it is told from another body, or makes another one than it names;
 * NOT_CANONICAL, TOO_LARGE
 */
export function applyDifference(from: Uint8Array, told: Uint8Array): Uint8Array {
  if (told.length > maxDocumentBytes) {
    throw new DirectoryError('TOO_LARGE', `difference: want at most ${maxDocumentBytes} bytes`)
  }
  const before = readBody(from)
  const read = new Reader(told, 'difference')
  read.tuple(8)
  if (!same(read.item('from').bytes(32), digest(from))) {
    throw read.fail('BAD_DOCUMENT', 'told from another document')
  }
  const name = read.item('to').bytes(32)
  const frame = readFrame(read)
  checkOrder(before, frame)
  const stay = readStaying(read.item('gone'), before.nodes)
  read.item('stayed').tuple(stay.length)
  const stayed = stay.map(node => readStayed(read, node, frame.epoch))
  const arrived = readNodes(read.item('arrived'), frame.epoch)
  const known = new Set(before.nodes.map(nameOf))
  if (arrived.some(node => known.has(nameOf(node)))) {
    throw read.fail('NOT_CANONICAL', 'a node that the document before has')
  }
  const keptStay = readStaying(read.item('kept no more'), before.kept)
  const keptNew = readKept(read.item('newly kept'))
  const keptBefore = new Set(before.kept.map(nameOfKept))
  if (keptNew.some(place => keptBefore.has(nameOfKept(place)))) {
    throw read.fail('NOT_CANONICAL', 'a place that the document before has')
  }
  read.end()
  const to = writeBody({
    ...frame,
    nodes: [...stayed, ...arrived].sort((a, b) => compare(idOf(a), idOf(b))),
    kept: [...keptStay, ...keptNew].sort((a, b) => compare(a.identity, b.identity)),
  })
  if (!same(digest(to), name)) {
    throw new DirectoryError('BAD_DOCUMENT', 'difference: makes another document than it names')
  }
  return to
}

/** ['difference', difference, signatures]: the answer of whoever holds both documents. */
export function writeTold(told: Uint8Array, signatures: readonly SignatureEntry[]): Uint8Array {
  return write(['difference', told, writeSignatures(signatures)])
}

/**
 * The signed document of an answer that has it whole, as [body, signatures], or as a difference.
 *
 * @param from the bytes of the body that was named in the request
 * @returns not verified
 * @throws DirectoryError as `applyDifference`
 */
export function wholeDocument(from: Uint8Array, answer: Uint8Array): Uint8Array {
  const read = new Reader(answer, 'answer')
  if (read.item('document').list(3) === 2) return answer
  const kind = read.item('kind').text(16)
  if (kind !== 'difference') throw read.fail('BAD_DOCUMENT', JSON.stringify(kind))
  const told = read.item('difference').bytesUpTo(maxDocumentBytes)
  const signatures = readSignatures(read.item('signatures'), 2 * mostAuthorities)
  read.end()
  return writeDocument(applyDifference(from, told), signatures)
}

function checkOrder(before: ConsensusBody, after: ConsensusBody): void {
  if (after.epoch > before.epoch) return
  throw new DirectoryError('BAD_DOCUMENT', `difference: from epoch ${before.epoch} to epoch ${after.epoch}`)
}

/** The body with both lists empty. */
function readFrame(read: Reader): ConsensusBody {
  const frame = readBody(read.item('frame').bytesUpTo(maxFrameBytes))
  if (frame.nodes.length + frame.kept.length > 0) throw read.fail('NOT_CANONICAL', 'want no nodes here')
  return frame
}

/** Where in the list those stand that `isGone`. */
function indexes<T>(list: readonly T[], isGone: (item: T) => boolean): number[] {
  return list.flatMap((item, i) => (isGone(item) ? [i] : []))
}

/** Reads the indexes of those that are gone; returns the others. */
function readStaying<T>(read: Reader, list: readonly T[]): T[] {
  const gone = new Set<number>()
  let last = -1
  for (let left = read.list(list.length); left > 0; left--) {
    const index = read.uint(list.length - 1)
    if (index <= last) throw read.fail('NOT_CANONICAL', 'indexes out of order')
    gone.add(index)
    last = index
  }
  return list.filter((_, i) => !gone.has(i))
}

/**
 * [serial, keys, signature], and of a node about which more has changed [serial, keys, signature, stable, place,
 * flags, since], where stable is null if it is the same; and its count at the end of either.
 */
function stayedForm(before: ConsensusNode, now: ConsensusNode): Cbor {
  const { serial, keys, signature, stable, count } = now.descriptor
  const known = knownKeys(before, now.descriptor.epoch)
  const news = [serial, joined(startsWith(keys, known) ? keys.slice(known.length) : keys), signature]
  const isSame = sameStable(before.descriptor.stable, stable)
  if (isSame && sameDecision(before, now)) return [...news, ...countTail(count)]
  return [...news, isSame ? null : stableForm(stable), ...decisionForm(now), ...countTail(count)]
}

function readStayed(read: Reader, before: ConsensusNode, epoch: number): ConsensusNode {
  const fields = read.item('stayed').list(8)
  const hasCount = fields === 4 || fields === 8
  const isChanged = fields >= 7
  if (![3, 4, 7, 8].includes(fields))
    throw read.fail('BAD_DOCUMENT', `want 3 or 7 fields and perhaps a count, have ${fields}`)
  const serial = read.item('serial').uint()
  const keys = readNewKeys(read, knownKeys(before, epoch))
  const signature = read.item('signature').bytes(64)
  const stable = before.descriptor.stable
  const descriptor = { stable, epoch, serial, keys, signature }
  if (!isChanged)
    return { ...before, descriptor: { ...descriptor, ...readCountTail(read, stable, hasCount) } }
  const changed = read.item('stable').nothing() ? undefined : readStable(read)
  if (changed !== undefined && !same(changed.id, stable.id)) {
    throw read.fail('BAD_DOCUMENT', 'the id of another node')
  }
  const decision = readDecision(read, epoch)
  const isSame = changed === undefined ? sameDecision(before, decision) : sameStable(stable, changed)
  if (isSame) throw read.fail('NOT_CANONICAL', 'what has not changed is left out')
  const count = readCountTail(read, changed ?? stable, hasCount)
  return { descriptor: { ...descriptor, stable: changed ?? stable, ...count }, ...decision }
}

/** Keys of the older descriptor for this epoch and later ones: two of three when the epoch is the next one. */
function knownKeys({ descriptor }: ConsensusNode, epoch: number): readonly Uint8Array[] {
  return descriptor.keys.slice(Math.min(keysAhead, epoch - descriptor.epoch))
}

/** The known keys are left out, unless the node has replaced one: then all are told. */
function readNewKeys(read: Reader, known: readonly Uint8Array[]): Uint8Array[] {
  const all = keysAhead * keyBytes
  const told = read.item('keys').bytes(all - known.length * keyBytes, all)
  const keys = Array.from({ length: told.length / keyBytes }, (_, i) =>
    told.subarray(i * keyBytes, (i + 1) * keyBytes),
  )
  if (keys.length < keysAhead) return [...known, ...keys]
  if (known.length > 0 && startsWith(keys, known)) throw read.fail('NOT_CANONICAL', 'known keys are left out')
  return keys
}

function startsWith(keys: readonly Uint8Array[], known: readonly Uint8Array[]): boolean {
  return known.every((key, i) => same(key, keys[i] as Uint8Array))
}

function joined(keys: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(keys.length * keyBytes)
  for (const [i, key] of keys.entries()) out.set(key, i * keyBytes)
  return out
}

function sameStable(a: StablePart, b: StablePart): boolean {
  return same(stableBytes(a), stableBytes(b))
}

function sameDecision(a: Decision, b: Decision): boolean {
  return decisionForm(a).join() === decisionForm(b).join()
}

function idOf({ descriptor }: ConsensusNode): Uint8Array {
  return descriptor.stable.id
}

function nameOf(node: ConsensusNode): string {
  return hex(idOf(node))
}

/** A place that is kept never changes: another one of the same identity is gone and new. */
function nameOfKept({ identity, place, until }: KeptPlace): string {
  return `${hex(identity)} ${place} ${until}`
}
