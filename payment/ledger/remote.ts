// The embedded ledger over the mixnet: a service (docs/spec/client-sdk.md 14) that peers ask, which knows neither who
// asks nor from where. docs/spec/payments-ledger.md 3.7.

import { same } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { PaymentError, type PaymentErrorCode } from '../error.ts'
import { Reader } from '../reader.ts'
import { type EmbeddedLedger, positionIn } from './embedded.ts'
import {
  type Cursor,
  type Genesis,
  type Ledger,
  mostOnPage,
  type NoteState,
  type Position,
  unknownSpender,
} from './ledger.ts'
import {
  ledgerId,
  longestEntry,
  longestHead,
  readEntry,
  readHead,
  type SignedHead,
  writeHead,
} from './log.ts'
import { hashBytes, leafHash, verifyInclusion } from './merkle.ts'
import { longestTransaction, readTransaction } from './transaction.ts'

/** The name that a ledger serves as (docs/spec/client-sdk.md 14). */
export const ledgerService = 'ledger'

/** Bytes of the longest question and answer: a transaction, or the entry that holds one, and its proof. */
export const longestQuestion: number = longestTransaction + 256
export const longestAnswer: number = longestTransaction + 8192

type Question =
  | { readonly ask: 'note'; readonly id: Uint8Array }
  | { readonly ask: 'notes'; readonly ids: readonly Uint8Array[] }
  | { readonly ask: 'owned'; readonly owner: Uint8Array; readonly after: Cursor | null }
  | { readonly ask: 'origin'; readonly note: Uint8Array }
  | { readonly ask: 'submit'; readonly transaction: Uint8Array }
  | { readonly ask: 'receipt'; readonly transaction: Uint8Array }

/** Is what a ledger answers. A receipt comes with its entry, that entry's path, and the head that the path leads to. */
type Answer =
  | { readonly is: 'notes'; readonly notes: readonly NoteState[] }
  | {
      readonly is: 'receipt'
      readonly index: number
      readonly entry: Uint8Array
      readonly path: readonly Uint8Array[]
      readonly head: Uint8Array
    }
  | { readonly is: 'unknown' }
  | { readonly is: 'refused'; readonly code: PaymentErrorCode; readonly why: string }

/** Hashes of an inclusion proof. */
const mostHashes = 64

/**
 * Answers a question for a ledger. Never rejects: what it cannot do, it says.
 *
 * @param bytes a question, from anybody
 * @param refused hears the code of what it could not do
 */
export async function answerQuestion(
  ledger: EmbeddedLedger,
  bytes: Uint8Array,
  refused: (code: PaymentErrorCode) => void = () => {},
): Promise<Uint8Array> {
  try {
    return write(await answer(ledger, readQuestion(bytes)))
  } catch (error) {
    const code: PaymentErrorCode = error instanceof PaymentError ? error.code : 'DAMAGED'
    refused(code)
    const why = error instanceof PaymentError ? error.message : 'ledger: it cannot be read or written now'
    return write({ is: 'refused', code, why: why.slice(0, 200) })
  }
}

async function answer(ledger: EmbeddedLedger, question: Question): Promise<Cbor> {
  switch (question.ask) {
    case 'note': {
      const note = await ledger.note(question.id)
      return { is: 'notes', notes: note === null ? [] : [noteValue(note)] }
    }
    case 'notes':
      return { is: 'notes', notes: (await ledger.notes(question.ids)).map(noteValue) }
    case 'owned': {
      const { owner, after } = question
      return { is: 'notes', notes: (await ledger.notesOwnedBy(owner, after ?? undefined)).map(noteValue) }
    }
    case 'origin': {
      const origin = await ledger.originOf(question.note)
      return origin === null ? { is: 'unknown' } : await proved(ledger, origin)
    }
    case 'submit':
      return await proved(ledger, await ledger.submit(question.transaction))
    case 'receipt': {
      const receipt = await ledger.positionOf(question.transaction)
      return receipt === null ? { is: 'unknown' } : await proved(ledger, receipt)
    }
  }
}

/** A receipt that its owner can check: the entry, and how it stands in the tree of a signed head. */
async function proved(ledger: EmbeddedLedger, { index }: Position): Promise<Cbor> {
  const { head } = ledger
  const [entry] = await ledger.entries(index, 1)
  if (entry === undefined) throw new PaymentError('DAMAGED', `ledger: entry ${index} is missing`)
  return { is: 'receipt', index, entry, path: ledger.inclusion(index, head.size), head: writeHead(head) }
}

function noteValue({ id, denomination, owner, spentBy }: NoteState): { [key: string]: Cbor } {
  return { id, denomination, owner, spentBy }
}

function toValue(question: Question): Cbor {
  if (question.ask !== 'owned') return { ...question }
  return { ...question, after: question.after === null ? null : { ...question.after } }
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
function readQuestion(bytes: Uint8Array): Question {
  const read = new Reader(bytes, 'question', longestQuestion)
  const fields = read.openMap(3)
  const question = readAsked(read)
  if (fields !== (question.ask === 'owned' ? 3 : 2)) throw read.fail('BAD_DOCUMENT', `have ${fields} fields`)
  read.end()
  return question
}

/** Only an id stands before what is asked. */
function readAsked(read: Reader): Question {
  const first = read.item('question').characters(64)
  if (first === 'id') {
    const id = read.item('id').bytes(32)
    return { ask: read.key('ask').oneOf('note'), id }
  }
  if (first !== 'ask') throw read.fail('BAD_DOCUMENT', 'want the key id or ask')
  const ask = read.item('ask').oneOf('notes', 'owned', 'origin', 'submit', 'receipt')
  switch (ask) {
    case 'notes':
      return { ask, ids: read.items('ids', mostOnPage, () => read.bytes(32)) }
    case 'owned': {
      const after = readCursor(read)
      return { ask, owner: read.key('owner').bytes(32), after }
    }
    case 'origin':
      return { ask, note: read.key('note').bytes(32) }
    case 'submit':
      return { ask, transaction: read.key('transaction').bytesUpTo(longestTransaction) }
    case 'receipt':
      return { ask, transaction: read.key('transaction').bytes(32) }
  }
}

function readCursor(read: Reader): Cursor | null {
  if (read.key('after').nothing()) return null
  read.map(2)
  const id = read.key('id').bytes(32)
  return { id, denomination: read.key('denomination').uint() }
}

/** Says which ledger it is, and how it is asked. */
export interface RemoteInit {
  /** The ledger's, as the configuration pins it. */
  readonly genesis: Genesis
  /** Carries a question to the ledger and its answer back; rejects when none comes. */
  readonly ask: (question: Uint8Array) => Promise<Uint8Array>
  /** Is shown every head that comes with an answer, for watch.ts. */
  readonly onHead?: (head: SignedHead) => void
}

/** The codes that a ledger may refuse with; anything else from it is BAD_DOCUMENT. */
const refusals: readonly PaymentErrorCode[] = [
  'BAD_DOCUMENT',
  'BAD_SIGNATURE',
  'BAD_TRANSACTION',
  'BUSY',
  'DAMAGED',
  'DOUBLE_SPEND',
  'NONCE_USED',
  'NO_NOTE',
  'TOO_LARGE',
]

/** A ledger that runs elsewhere. What it says of a transaction is proved; what it says of a note is its word. */
export class RemoteLedger implements Ledger {
  readonly id: Uint8Array
  readonly #init: RemoteInit

  constructor(init: RemoteInit) {
    this.#init = init
    this.id = ledgerId(init.genesis)
  }

  /**
   * As the ledger answers it.
   *
   * @throws PaymentError when the answer is not to the question, or none comes
   */
  async note(id: Uint8Array): Promise<NoteState | null> {
    const notes = notesIn(await this.#ask({ ask: 'note', id }))
    const [note] = notes
    if (note === undefined) return null
    if (notes.length !== 1 || !same(note.id, id)) throw wrong('another note')
    return note
  }

  /**
   * As the ledger answers it.
   *
   * @throws PaymentError like `note`
   */
  async notesOwnedBy(owner: Uint8Array, after?: Cursor): Promise<NoteState[]> {
    const notes = notesIn(await this.#ask({ ask: 'owned', owner, after: after ?? null }))
    if (notes.some(note => !same(note.owner, owner))) throw wrong("another owner's note")
    return [...notes]
  }

  /**
   * Those of these notes that are there, as the ledger answers it.
   *
   * @throws PaymentError like `note`
   */
  async notes(ids: readonly Uint8Array[]): Promise<NoteState[]> {
    const notes = notesIn(await this.#ask({ ask: 'notes', ids }))
    const isAsked = (note: NoteState): boolean => ids.some(id => same(id, note.id))
    if (notes.length > ids.length || !notes.every(isAsked)) throw wrong('another note')
    return [...notes]
  }

  /**
   * The transaction that made a note, its proof checked.
   *
   * @throws PaymentError like `note`
   */
  async originOf(note: Uint8Array): Promise<Position | null> {
    const position = this.#provedIn(await this.#ask({ ask: 'origin', note }))
    if (position === null) return null
    if (!position.makes?.some(({ id }) => same(id, note))) throw wrong('a proof that proves something else')
    return position
  }

  /**
   * Hands a transaction over.
   *
   * @throws PaymentError why the ledger takes it not, or like `note`
   */
  async submit(transaction: Uint8Array): Promise<Position> {
    const { id } = readTransaction(this.id, transaction)
    const receipt = this.#positionIn(await this.#ask({ ask: 'submit', transaction }), id)
    if (receipt === null) throw wrong('no receipt')
    return receipt
  }

  /**
   * As the ledger answers it, its proof checked.
   *
   * @throws PaymentError like `note`
   */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    return this.#positionIn(await this.#ask({ ask: 'receipt', transaction }), transaction)
  }

  /** Always null: joins on an embedded ledger cost nothing. */
  async feeTooLow(): Promise<null> {
    return null
  }

  async #ask(question: Question): Promise<Answer> {
    const answer = readAnswer(await this.#init.ask(write(toValue(question))))
    if (answer.is === 'refused') throw new PaymentError(answer.code, `the ledger refuses: ${answer.why}`)
    return answer
  }

  /** @param transaction the id of that whose receipt it must be */
  #positionIn(answer: Answer, transaction: Uint8Array): Position | null {
    const position = this.#provedIn(answer)
    if (position !== null && !same(position.transaction, transaction))
      throw wrong('a proof that proves something else')
    return position
  }

  #provedIn(answer: Answer): Position | null {
    if (answer.is === 'unknown') return null
    if (answer.is !== 'receipt') throw wrong(answer.is)
    const { genesis, onHead } = this.#init
    const { index, entry, path } = answer
    const head = readHead(answer.head, genesis)
    if (!verifyInclusion(index, head.size, leafHash(entry), path, head.root)) {
      throw wrong('a proof that proves something else')
    }
    onHead?.(head)
    return positionIn(readTransaction(this.id, readEntry(entry).transaction), index)
  }
}

function notesIn(answer: Answer): readonly NoteState[] {
  if (answer.is !== 'notes') throw wrong(answer.is)
  // This ledger knows who spent what
  if (answer.notes.some(({ spentBy }) => spentBy !== null && same(spentBy, unknownSpender))) {
    throw wrong('a note that nobody spent, as spent')
  }
  return answer.notes
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
function readAnswer(bytes: Uint8Array): Answer {
  const read = new Reader(bytes, 'answer', longestAnswer)
  const fields = read.openMap(5)
  const is = read.key('is').oneOf('notes', 'receipt', 'unknown', 'refused')
  if (fields !== fieldsOf[is]) throw read.fail('BAD_DOCUMENT', `want ${fieldsOf[is]} fields, have ${fields}`)
  const answer = answerReaders[is](read)
  read.end()
  return answer
}

const fieldsOf = { notes: 2, receipt: 5, unknown: 1, refused: 3 } as const

const answerReaders: { readonly [is in Answer['is']]: (read: Reader) => Answer } = {
  notes: read => ({ is: 'notes', notes: read.items('notes', mostOnPage, () => readNoteState(read)) }),
  receipt(read) {
    const head = read.key('head').bytesUpTo(longestHead)
    const path = read.items('path', mostHashes, () => read.bytes(hashBytes))
    const entry = read.key('entry').bytesUpTo(longestEntry)
    return { is: 'receipt', index: read.key('index').uint(), entry, path, head }
  },
  unknown: () => ({ is: 'unknown' }),
  refused(read) {
    const why = read.key('why').characters(200)
    return { is: 'refused', code: read.key('code').oneOf(...refusals), why }
  },
}

function readNoteState(read: Reader): NoteState {
  read.map(4)
  const id = read.key('id').bytes(32)
  const owner = read.key('owner').bytes(32)
  const spentBy = read.key('spentBy').bytesOrNull(32)
  return { id, denomination: read.key('denomination').uint(), owner, spentBy }
}

function wrong(what: string): PaymentError {
  return new PaymentError('BAD_DOCUMENT', `answer: ${what}`)
}
