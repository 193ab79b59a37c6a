// The embedded ledger: a log on a store, with one writer. An entry, the notes that it makes and spends, and the new
// signed head are one atomic batch, so that a crash leaves either all of it or nothing. docs/spec/payments-ledger.md
// 3.5.

import { ed25519PublicKey } from '#crypto'
import { hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { type Store, under } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'
import { type Ms, minute } from '../../world/units.ts'
import { PaymentError } from '../error.ts'
import { Reader } from '../reader.ts'
import {
  type Cursor,
  check,
  type Genesis,
  type Ledger,
  mostOnPage,
  type NoteState,
  type Position,
} from './ledger.ts'
import {
  ledgerId,
  readEntry,
  readHead,
  type SignedHead,
  signHead,
  writeEntry,
  writeGenesis,
  writeHead,
} from './log.ts'
import { leafHash, MerkleTree } from './merkle.ts'
import { type Note, notesOf, type Output, readTransaction, type SignedTransaction } from './transaction.ts'

/** Holds what an embedded ledger is made of. */
export interface EmbeddedLedgerInit {
  readonly store: Store
  readonly genesis: Genesis
  /** The Ed25519 seed of genesis.ledgerKey, 32 bytes. */
  readonly ledgerSeed: Uint8Array
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
}

/** Transactions that may wait for the disk; more are refused. */
const mostWaiting = 256
/**
 * A note can move so many times in a row, and once a minute from then on: what a transfer to oneself costs the disk of
 * the ledger, for nothing, is bounded by what its owner has. docs/spec/payments-ledger.md 3.9.
 */
export const mostMoves = 16
export const moveEvery: Ms = minute
/** classic-level then waits until the disk has it; memory-level knows no such option. */
const durable = { sync: true, keyEncoding: 'utf8' } as const
const nothing: Uint8Array = new Uint8Array(0)

const keys = {
  head: 'head',
  entry: (index: number): string => `entry/${String(index).padStart(16, '0')}`,
  note: (id: Uint8Array): string => `note/${hex(id)}`,
  spent: (id: Uint8Array): string => `spent/${hex(id)}`,
  owned: (owner: Uint8Array): string => `owned/${hex(owner)}/`,
  /** Marks a store whose notes say where they come from. */
  origins: 'origins',
  nonce: (nonce: Uint8Array): string => `nonce/${hex(nonce)}`,
  transaction: (id: Uint8Array): string => `transaction/${hex(id)}`,
}

type Write = { type: 'put'; key: string; value: Uint8Array }

/**
 * Opens the ledger on its store, and begins it when the store is empty.
 *
 * @throws PaymentError WRONG_LEDGER when the store or the seed belong to another genesis, DAMAGED when the log is not
 * what its head says
 */
export async function openLedger(init: EmbeddedLedgerInit): Promise<EmbeddedLedger> {
  if (!same(ed25519PublicKey(init.ledgerSeed), init.genesis.ledgerKey)) {
    throw new PaymentError('WRONG_LEDGER', 'ledger: the seed is not that of its key')
  }
  const head = await init.store.get(keys.head)
  return new EmbeddedLedger(init, head === undefined ? await begin(init) : await resume(init, head))
}

interface LogTree {
  readonly tree: MerkleTree
  readonly head: SignedHead
  /** leafHash of the last entry. */
  readonly last: Uint8Array
}

async function begin({ store, genesis, ledgerSeed, now }: EmbeddedLedgerInit): Promise<LogTree> {
  const first = writeGenesis(genesis)
  const tree = new MerkleTree()
  tree.append(leafHash(first))
  const head = signHead({ ledger: ledgerId(genesis), size: 1, root: tree.root(), time: now() }, ledgerSeed)
  const writes = [put(keys.entry(0), first), put(keys.head, writeHead(head)), put(keys.origins, nothing)]
  await store.batch(writes, durable)
  return { tree, head, last: leafHash(first) }
}

/** Reads the whole log: its chain and its tree must be those of the head. */
async function resume({ store, genesis }: EmbeddedLedgerInit, bytes: Uint8Array): Promise<LogTree> {
  const head = readHead(bytes, genesis)
  const isOld = (await store.get(keys.origins)) === undefined
  const tree = new MerkleTree()
  let last = nothing
  for await (const [key, entry] of store.iterator({ gte: keys.entry(0), lt: keys.entry(head.size) })) {
    const expected =
      tree.size === 0 ? same(entry, writeGenesis(genesis)) : same(readEntry(entry).previous, last)
    if (key !== keys.entry(tree.size) || !expected) throw damaged(`entry ${tree.size}`)
    if (isOld && tree.size > 0) await store.batch(madeIn(ledgerId(genesis), entry, tree.size), durable)
    last = leafHash(entry)
    tree.append(last)
  }
  if (tree.size !== head.size || !same(tree.root(), head.root)) throw damaged('head')
  if (isOld) await store.put(keys.origins, nothing)
  return { tree, head, last }
}

/** Writes what a store of before does not have: where notes come from, and their order among their owner's. */
function madeIn(ledger: Uint8Array, entry: Uint8Array, index: number): Write[] {
  const { time, transaction } = readEntry(entry)
  const { id, transaction: made } = readTransaction(ledger, transaction)
  return making(notesOf(id, made), { index, left: mostMoves, since: time })
}

function damaged(what: string): PaymentError {
  return new PaymentError('DAMAGED', `ledger: the store's ${what} is not what was written`)
}

/** A ledger in one store: a log of transactions under a Merkle tree. Made by `openLedger`. */
export class EmbeddedLedger implements Ledger {
  readonly id: Uint8Array
  readonly #init: EmbeddedLedgerInit
  readonly #tree: MerkleTree
  #head: SignedHead
  #last: Uint8Array
  readonly #inTurn = turns()
  #waiting = 0

  /** Use openLedger. */
  constructor(init: EmbeddedLedgerInit, log: LogTree) {
    this.#init = init
    this.id = ledgerId(init.genesis)
    this.#tree = log.tree
    this.#head = log.head
    this.#last = log.last
  }

  /** Gives the head that gossip carries. */
  get head(): SignedHead {
    return this.#head
  }

  /**
   * Proves that an entry is among the first `size` (RFC 6962, 2.1.1), 32 bytes a step.
   *
   * @throws RangeError beyond the log
   */
  inclusion(index: number, size: number): Uint8Array[] {
    return this.#tree.inclusion(index, size)
  }

  /**
   * Proves that the tree of the first `second` entries continues that of the first `first` (RFC 6962, 2.1.2), 32 bytes
   * a step.
   *
   * @throws RangeError unless 0 < first <= second <= the log's size
   */
  consistency(first: number, second: number): Uint8Array[] {
    return this.#tree.consistency(first, second)
  }

  /** Entries as they were hashed, from `from` on, at most `most`. */
  async entries(from: number, most: number): Promise<Uint8Array[]> {
    const entries: Uint8Array[] = []
    const range = { gte: keys.entry(from), lt: keys.entry(this.#tree.size), limit: most }
    for await (const entry of this.#init.store.values(range)) entries.push(new Uint8Array(entry))
    return entries
  }

  /** The note of this id (32 bytes); null when there is none. */
  async note(id: Uint8Array): Promise<NoteState | null> {
    const bytes = await this.#init.store.get(keys.note(id))
    return bytes === undefined ? null : await this.#stateOf(id, readMade(bytes))
  }

  async #stateOf(id: Uint8Array, { denomination, owner }: Output): Promise<NoteState> {
    const by = await this.#init.store.get(keys.spent(id))
    return { id, denomination, owner, spentBy: by === undefined ? null : new Uint8Array(by) }
  }

  /** Those of these notes that are there. */
  async notes(ids: readonly Uint8Array[]): Promise<NoteState[]> {
    const found = await Promise.all(ids.map(id => this.note(id)))
    return found.filter(note => note !== null)
  }

  /** A page of the notes of this owner (32 bytes), at most 64, the largest first. */
  async notesOwnedBy(owner: Uint8Array, after?: Cursor): Promise<NoteState[]> {
    const prefix = keys.owned(owner)
    const { gt, lt } = under(prefix)
    const range = { gt: after === undefined ? gt : prefix + place(after), lt }
    const ids = await this.#init.store.values({ ...range, limit: mostOnPage }).all()
    return await this.notes(ids.map(id => new Uint8Array(id)))
  }

  /** The transaction that made a note (32 bytes); null when there is no such note. */
  async originOf(note: Uint8Array): Promise<Position | null> {
    const bytes = await this.#init.store.get(keys.note(note))
    return bytes === undefined ? null : await this.#positionAt(readMade(bytes).index)
  }

  /** It costs nothing. */
  async feeTooLow(): Promise<null> {
    return null
  }

  /** Tells where the transaction stands in the log; null when it does not. */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    const bytes = await this.#init.store.get(keys.transaction(transaction))
    return bytes === undefined ? null : await this.#positionAt(readIndex(bytes))
  }

  async #positionAt(index: number): Promise<Position> {
    const [entry] = await this.entries(index, 1)
    if (entry === undefined) throw damaged(`entry ${index}`)
    return positionIn(readTransaction(this.id, readEntry(entry).transaction), index)
  }

  /**
   * Checks a transaction and appends it; resolves when it is on disk. The same one again gets the same receipt.
   *
   * @throws PaymentError of readTransaction and check; BUSY when too many transactions wait
   */
  async submit(bytes: Uint8Array): Promise<Position> {
    const signed = readTransaction(this.id, bytes)
    if (this.#waiting >= mostWaiting) throw new PaymentError('BUSY', 'ledger: too many transactions wait')
    this.#waiting++
    try {
      return await this.#inTurn(() => this.#enter(signed, bytes))
    } finally {
      this.#waiting--
    }
  }

  async #enter(signed: SignedTransaction, bytes: Uint8Array): Promise<Position> {
    const before = await this.positionOf(signed.id)
    if (before !== null) return before
    const spent = check(signed, {
      notes: await this.#notesIn(signed),
      isNonceUsed: await this.#isNonceUsed(signed),
      mintKey: this.#init.genesis.mintKey,
    })
    const { store, ledgerSeed, now } = this.#init
    const left = await this.#movesLeft(spent)
    const index = this.#tree.size
    const entry = writeEntry({ previous: this.#last, time: now(), transaction: bytes })
    const hash = leafHash(entry)
    const root = this.#tree.rootWith(hash)
    const head = signHead({ ledger: this.id, size: index + 1, root, time: now() }, ledgerSeed)
    await store.batch(
      [
        put(keys.entry(index), entry),
        put(keys.head, writeHead(head)),
        ...changes(signed, spent, { index, left, since: now() }),
      ],
      durable,
    )
    this.#tree.append(hash)
    this.#last = hash
    this.#head = head
    return positionIn(signed, index)
  }

  /**
   * Counts how often what a transaction makes can move at once.
   *
   * @throws PaymentError BUSY when its notes have to rest
   */
  async #movesLeft(spent: readonly NoteState[]): Promise<number> {
    if (spent.length === 0) return mostMoves
    const { store, now } = this.#init
    const made = await Promise.all(
      spent.map(async ({ id }) => readMade((await store.get(keys.note(id))) ?? nothing)),
    )
    // The most of them: nobody who joins with a note that has none left pays for it
    const most = Math.max(...made.map(one => rested(one, now())))
    if (most >= 1) return most - 1
    throw new PaymentError(
      'BUSY',
      `transfer: its notes have moved ${mostMoves} times in a row and rest for a minute`,
    )
  }

  async #notesIn({ transaction }: SignedTransaction): Promise<Map<string, NoteState>> {
    const inputs = transaction.kind === 'transfer' ? transaction.inputs : []
    const notes = await Promise.all(inputs.map(id => this.note(id)))
    return new Map(notes.filter(note => note !== null).map(note => [hex(note.id), note]))
  }

  async #isNonceUsed({ transaction }: SignedTransaction): Promise<boolean> {
    if (transaction.kind !== 'mint') return false
    return (await this.#init.store.get(keys.nonce(transaction.nonce))) !== undefined
  }
}

/** Where a note comes from, and how often it could move when it was made. */
interface Making {
  /** The number of the entry that made it. */
  readonly index: number
  readonly left: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly since: Ms
}

/** Counts how often a note can move now. A clock that was put back makes nobody wait. */
function rested({ left, since }: Making, now: Ms): number {
  return now < since ? mostMoves : Math.min(mostMoves, left + Math.floor((now - since) / moveEvery))
}

/** Says what a transaction does, and where it stands. */
export function positionIn({ id, transaction }: SignedTransaction, index: number): Position {
  const spends = transaction.kind === 'transfer' ? transaction.inputs : []
  return { transaction: id, index, depth: 1, spends, makes: notesOf(id, transaction) }
}

/** Gives what a transaction changes beside the log. */
function changes(
  { transaction, id }: SignedTransaction,
  spent: readonly NoteState[],
  origin: Making,
): Write[] {
  const gone = spent.map(note => put(keys.spent(note.id), id))
  const nonce = transaction.kind === 'mint' ? [put(keys.nonce(transaction.nonce), id)] : []
  const entered = put(keys.transaction(id), write({ index: origin.index }))
  return [...making(notesOf(id, transaction), origin), ...gone, ...nonce, entered]
}

function making(notes: readonly Note[], { index, left, since }: Making): Write[] {
  return notes.flatMap(({ id, denomination, owner }) => [
    put(keys.note(id), write({ left, index, owner, since, denomination })),
    put(keys.owned(owner) + place({ denomination, id }), id),
  ])
}

/** Sorts the largest denomination first. */
function place({ denomination, id }: Cursor): string {
  return `${String(Number.MAX_SAFE_INTEGER - denomination).padStart(16, '0')}${hex(id)}`
}

function readMade(bytes: Uint8Array): Output & Making {
  const read = new Reader(bytes, 'note', 256)
  read.map(5)
  const left = read.key('left').uint()
  const index = read.key('index').uint()
  const owner = read.key('owner').bytes(32)
  const since = read.key('since').uint()
  const denomination = read.key('denomination').uint()
  read.end()
  return { denomination, owner, index, left, since }
}

function readIndex(bytes: Uint8Array): number {
  const read = new Reader(bytes, 'receipt', 64)
  read.map(1)
  const index = read.key('index').uint()
  read.end()
  return index
}

function put(key: string, value: Uint8Array): Write {
  return { type: 'put', key, value }
}
