// The embedded ledger: a log on a store, with one writer. An entry, the notes that it makes and spends, and the new
// signed head are one atomic batch, so that a crash leaves either all of it or nothing. docs/spec/payments-ledger.md
// 3.5.

import { ed25519PublicKey } from '#crypto'
import { hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { type Store, under } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'
import { PaymentError } from '../error.ts'
import { Reader } from '../reader.ts'
import { check, type Genesis, type Ledger, type NoteState, type Position } from './ledger.ts'
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
import { notesOf, type Output, readTransaction, type SignedTransaction } from './transaction.ts'

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
/** Notes of one owner that are shown. */
const mostOwned = 64
/** classic-level then waits until the disk has it; memory-level knows no such option. */
const durable = { sync: true, keyEncoding: 'utf8' } as const
const nothing: Uint8Array = new Uint8Array(0)

const keys = {
  head: 'head',
  entry: (index: number): string => `entry/${String(index).padStart(16, '0')}`,
  note: (id: Uint8Array): string => `note/${hex(id)}`,
  spent: (id: Uint8Array): string => `spent/${hex(id)}`,
  owner: (owner: Uint8Array): string => `owner/${hex(owner)}/`,
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
  await store.batch([put(keys.entry(0), first), put(keys.head, writeHead(head))], durable)
  return { tree, head, last: leafHash(first) }
}

/** Reads the whole log: its chain and its tree must be those of the head. */
async function resume({ store, genesis }: EmbeddedLedgerInit, bytes: Uint8Array): Promise<LogTree> {
  const head = readHead(bytes, genesis)
  const tree = new MerkleTree()
  let last = nothing
  for await (const [key, entry] of store.iterator({ gte: keys.entry(0), lt: keys.entry(head.size) })) {
    const expected =
      tree.size === 0 ? same(entry, writeGenesis(genesis)) : same(readEntry(entry).previous, last)
    if (key !== keys.entry(tree.size) || !expected) throw damaged(`entry ${tree.size}`)
    last = leafHash(entry)
    tree.append(last)
  }
  if (tree.size !== head.size || !same(tree.root(), head.root)) throw damaged('head')
  return { tree, head, last }
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
    if (bytes === undefined) return null
    const { denomination, owner } = readOutput(bytes)
    const by = await this.#init.store.get(keys.spent(id))
    const spentBy = by === undefined ? null : new Uint8Array(by)
    return { id, denomination, owner, spentBy }
  }

  /** The notes of this owner (32 bytes), at most 64. */
  async notesOwnedBy(owner: Uint8Array): Promise<NoteState[]> {
    const prefix = keys.owner(owner)
    const notes: NoteState[] = []
    for (const id of await this.#init.store.values({ ...under(prefix), limit: mostOwned }).all()) {
      const note = await this.note(new Uint8Array(id))
      if (note !== null) notes.push(note)
    }
    return notes
  }

  /** It costs nothing. */
  async feeTooLow(): Promise<null> {
    return null
  }

  /** Tells where the transaction stands in the log; null when it does not. */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    const bytes = await this.#init.store.get(keys.transaction(transaction))
    if (bytes === undefined) return null
    return { transaction, index: readIndex(bytes) }
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
    const index = this.#tree.size
    const entry = writeEntry({ previous: this.#last, time: now(), transaction: bytes })
    const hash = leafHash(entry)
    const root = this.#tree.rootWith(hash)
    const head = signHead({ ledger: this.id, size: index + 1, root, time: now() }, ledgerSeed)
    await store.batch(
      [put(keys.entry(index), entry), put(keys.head, writeHead(head)), ...changes(signed, spent, index)],
      durable,
    )
    this.#tree.append(hash)
    this.#last = hash
    this.#head = head
    return { transaction: signed.id, index }
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

/** Gives what a transaction changes beside the log. */
function changes(
  { transaction, id }: SignedTransaction,
  spent: readonly NoteState[],
  index: number,
): Write[] {
  const made = notesOf(id, transaction).flatMap(({ id: note, denomination, owner }) => [
    put(keys.note(note), write({ denomination, owner })),
    put(keys.owner(owner) + hex(note), note),
  ])
  const gone = spent.map(note => put(keys.spent(note.id), id))
  const nonce = transaction.kind === 'mint' ? [put(keys.nonce(transaction.nonce), id)] : []
  return [...made, ...gone, ...nonce, put(keys.transaction(id), write({ index }))]
}

function readOutput(bytes: Uint8Array): Output {
  const read = new Reader(bytes, 'note', 256)
  read.map(2)
  const owner = read.key('owner').bytes(32)
  const denomination = read.key('denomination').uint()
  read.end()
  return { denomination, owner }
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
