// The log of a network's documents (docs/spec/directory-log.md 14): a Merkle tree of the names of all documents, in the
// order of the chain that they make. Every document has the edge of the tree of those before it, so that its signatures
// are signatures of a head.

import { same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import {
  edgeHashes,
  emptyEdge,
  grow,
  hashBytes,
  leafHash,
  sameEdge,
  type TreeEdge,
} from '../../encoding/merkle.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'

/** An entry of the log: that the document of an epoch has a name. */
export interface LogEntry {
  readonly epoch: number
  /** 32 bytes: the name. */
  readonly hash: Uint8Array
}

/** A document, as far as the log is about it. */
export interface Logged {
  readonly hash: Uint8Array
  readonly body: { readonly epoch: number; readonly previous: Uint8Array; readonly log: TreeEdge }
}

/** Entries of a page. A host keeps from one to two of them, and those who keep everything cut it by them. */
export const pageEntries = 1024
/** Bytes of a page at most: its edge of 53 hashes, and entries of 9 and 34 bytes with heads. */
export const maxLogBytes: number = 2 * pageEntries * 46 + 53 * 34 + 64

/** Makes the edge of the log of whoever follows this document; without one that of a network's first. */
export function logAfter(before: Logged | undefined): TreeEdge {
  return before === undefined ? emptyEdge : grow(before.body.log, leafOf(entryOf(before)))
}

export function entryOf({ body, hash }: Logged): LogEntry {
  return { epoch: body.epoch, hash }
}

function leafOf({ epoch, hash }: LogEntry): Uint8Array {
  return leafHash(write([epoch, hash]))
}

/** [size, [hash, …]] */
export function edgeForm({ size, hashes }: TreeEdge): Cbor {
  return [size, [...hashes]]
}

/** @throws DirectoryError as the reader; BAD_DOCUMENT when there are not as many hashes as the size has */
export function readEdge(read: Reader): TreeEdge {
  read.tuple(2)
  const size = read.uint()
  const count = read.list(edgeHashes(Number.MAX_SAFE_INTEGER))
  if (count !== edgeHashes(size)) {
    throw read.fail('BAD_DOCUMENT', `want ${edgeHashes(size)} hashes of ${size} entries, have ${count}`)
  }
  return { size, hashes: Array.from({ length: count }, () => read.bytes(hashBytes)) }
}

/** A stretch of the log, in order: the edge of what is before it, and its entries. */
export class LogStretch {
  /** The log without these entries. */
  readonly from: TreeEdge
  readonly entries: readonly LogEntry[]
  /** The log with them. */
  readonly end: TreeEdge
  readonly #names: ReadonlyMap<number, Uint8Array>

  private constructor(from: TreeEdge, entries: readonly LogEntry[], end: TreeEdge) {
    this.from = from
    this.entries = entries
    this.end = end
    this.#names = new Map(entries.map(({ epoch, hash }) => [epoch, hash]))
  }

  /** Makes a stretch, whose end is computed. */
  static of(from: TreeEdge, entries: readonly LogEntry[]): LogStretch {
    const end = entries.reduce((edge, entry) => grow(edge, leafOf(entry)), from)
    return new LogStretch(from, entries, end)
  }

  /** Appends an entry. */
  with(entry: LogEntry): LogStretch {
    return new LogStretch(this.from, [...this.entries, entry], grow(this.end, leafOf(entry)))
  }

  /**
   * Cuts it where the log of a document ends, which has all entries before that document.
   *
   * @returns undefined where it is not the log of that document, or begins after it
   */
  before({ body: { log, previous } }: Logged): LogStretch | undefined {
    const { size } = this.from
    if (log.size < size || log.size > size + this.entries.length) return undefined
    const all = log.size === size + this.entries.length
    const cut = all ? this : LogStretch.of(this.from, this.entries.slice(0, log.size - size))
    const isLast = same(cut.entries.at(-1)?.hash ?? previous, previous)
    return isLast && sameEdge(cut.end, log) ? cut : undefined
  }

  /** Drops the oldest page from two on. @returns what is left, and the page, if one was dropped */
  trimmed(): { readonly rest: LogStretch; readonly page: LogStretch | undefined } {
    if (this.entries.length < 2 * pageEntries) return { rest: this, page: undefined }
    const page = LogStretch.of(this.from, this.entries.slice(0, pageEntries))
    return { rest: new LogStretch(page.end, this.entries.slice(pageEntries), this.end), page }
  }

  /** Reads the name that the log has for an epoch; undefined where it has none, or not here. */
  nameOf(epoch: number): Uint8Array | undefined {
    return this.#names.get(epoch)
  }

  /** Says whether it would have an entry of this epoch, if the log had one. */
  covers(epoch: number): boolean {
    return this.from.size === 0 || epoch >= (this.entries[0]?.epoch ?? Number.POSITIVE_INFINITY)
  }

  /** [edge, [[epoch, name], …]] */
  write(): Uint8Array {
    return write([edgeForm(this.from), this.entries.map(({ epoch, hash }) => [epoch, hash])])
  }
}

/** @throws DirectoryError as the reader; NOT_CANONICAL where the epochs do not rise */
export function readLog(bytes: Uint8Array): LogStretch {
  if (bytes.length > maxLogBytes) {
    throw new DirectoryError('TOO_LARGE', `log: want at most ${maxLogBytes} bytes, have ${bytes.length}`)
  }
  const read = new Reader(bytes, 'log')
  read.tuple(2)
  const from = readEdge(read.item('edge'))
  const count = read.item('entries').list(2 * pageEntries)
  const entries: LogEntry[] = []
  for (let i = 0; i < count; i++) {
    read.tuple(2)
    const entry = { epoch: read.uint(), hash: read.bytes(hashBytes) }
    const last = entries.at(-1)
    if (last !== undefined && last.epoch >= entry.epoch) {
      throw read.fail('NOT_CANONICAL', `epoch ${entry.epoch} after ${last.epoch}`)
    }
    entries.push(entry)
  }
  read.end()
  return LogStretch.of(from, entries)
}

/** What a later document says of an earlier one. */
export type Continuation =
  /** The log of the later one has the earlier one. */
  | { readonly holds: 'yes' }
  /** It has another document of that epoch: two were signed. */
  | { readonly holds: 'no'; readonly instead: Uint8Array }
  /** It passes the epoch over: its makers did not know the earlier one. */
  | { readonly holds: 'passed over' }
  /** Nothing that is known tells. */
  | { readonly holds: 'unknown' }

/**
 * Compares a document with the log of a later one.
 *
 * @param log a stretch that ends where the later one's log does; undefined where none is known
 */
export function continues(earlier: Logged, later: Logged, log: LogStretch | undefined): Continuation {
  if (same(later.body.previous, earlier.hash)) return { holds: 'yes' }
  const { epoch } = earlier.body
  if (log === undefined || !log.covers(epoch)) return { holds: 'unknown' }
  const name = log.nameOf(epoch)
  if (name === undefined) return { holds: 'passed over' }
  if (!same(name, earlier.hash)) return { holds: 'no', instead: name }
  // What is before the earlier one is the same, too, or its name would be another
  return { holds: 'yes' }
}
