// The embedded ledger over the mixnet: a service (docs/client.md 14) that peers ask, which knows neither who asks nor from
// where. docs/payments.md 3.7.

import { same } from '../../encoding/bytes.ts'
import { type Fields, read, type Value, write } from '../document.ts'
import { PaymentError, type PaymentErrorCode } from '../error.ts'
import type { EmbeddedLedger } from './embedded.ts'
import type { Genesis, Ledger, NoteState, Receipt } from './ledger.ts'
import { ledgerId, readEntry, readHead, type SignedHead, writeHead } from './log.ts'
import { leafHash, verifyInclusion } from './merkle.ts'
import { longestTransaction, readTransaction } from './transaction.ts'

/** The name that a ledger serves as (docs/client.md 14). */
export const ledgerService = 'ledger'

/** Bytes of the longest question and answer: a transaction, or the entry that holds one, and its proof. */
export const longestQuestion: number = longestTransaction + 256
export const longestAnswer: number = longestTransaction + 8192

type Question =
  | { readonly ask: 'note'; readonly id: Uint8Array }
  | { readonly ask: 'owned'; readonly owner: Uint8Array }
  | { readonly ask: 'submit'; readonly transaction: Uint8Array }
  | { readonly ask: 'receipt'; readonly transaction: Uint8Array }

/** Notes of one owner in an answer; hashes of an inclusion proof. */
const mostNotes = 64
const mostHashes = 64

/**
 * What a ledger answers to a question. Never rejects: what it cannot do, it says.
 *
 * @param bytes a question, from anybody
 */
export async function answerQuestion(ledger: EmbeddedLedger, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return write(await answer(ledger, readQuestion(bytes)))
  } catch (error) {
    const code: PaymentErrorCode = error instanceof PaymentError ? error.code : 'DAMAGED'
    const why = error instanceof PaymentError ? error.message : 'ledger: it cannot be read or written now'
    return write({ is: 'refused', code, why: why.slice(0, 200) })
  }
}

async function answer(ledger: EmbeddedLedger, question: Question): Promise<Value> {
  switch (question.ask) {
    case 'note': {
      const note = await ledger.note(question.id)
      return { is: 'notes', notes: note === null ? [] : [noteValue(note)] }
    }
    case 'owned':
      return { is: 'notes', notes: (await ledger.notesOwnedBy(question.owner)).map(noteValue) }
    case 'submit':
      return await proved(ledger, await ledger.submit(question.transaction))
    case 'receipt': {
      const receipt = await ledger.receipt(question.transaction)
      return receipt === null ? { is: 'unknown' } : await proved(ledger, receipt)
    }
  }
}

/** A receipt that its owner can check: the entry, and how it stands in the tree of a signed head. */
async function proved(ledger: EmbeddedLedger, { index }: Receipt): Promise<Value> {
  const { head } = ledger
  const [entry] = await ledger.entries(index, 1)
  if (entry === undefined) throw new PaymentError('DAMAGED', `ledger: entry ${index} is missing`)
  return { is: 'receipt', index, entry, path: ledger.inclusion(index, head.size), head: writeHead(head) }
}

function noteValue({ id, denomination, owner, spentBy }: NoteState): { [key: string]: Value } {
  return { id, denomination, owner, spentBy }
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
function readQuestion(bytes: Uint8Array): Question {
  const fields = read(bytes, 'question', longestQuestion)
  const ask = fields.one('ask', 'note', 'owned', 'submit', 'receipt')
  const question = readAsked(fields, ask)
  fields.end()
  return question
}

function readAsked(fields: Fields, ask: Question['ask']): Question {
  switch (ask) {
    case 'note':
      return { ask, id: fields.bytes('id', 32) }
    case 'owned':
      return { ask, owner: fields.bytes('owner', 32) }
    case 'submit':
      return { ask, transaction: fields.bytesUpTo('transaction', longestTransaction) }
    case 'receipt':
      return { ask, transaction: fields.bytes('transaction', 32) }
  }
}

/** Which ledger, and how it is asked. */
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
    const notes = (await this.#ask({ ask: 'note', id })).notes()
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
  async notesOwnedBy(owner: Uint8Array): Promise<NoteState[]> {
    const notes = (await this.#ask({ ask: 'owned', owner })).notes()
    if (notes.some(note => !same(note.owner, owner))) throw wrong("another owner's note")
    return notes
  }

  /**
   * Hands a transaction over.
   *
   * @throws PaymentError why the ledger takes it not, or like `note`
   */
  async submit(transaction: Uint8Array): Promise<Receipt> {
    const { id } = readTransaction(this.id, transaction)
    const receipt = (await this.#ask({ ask: 'submit', transaction })).receipt(id)
    if (receipt === null) throw wrong('no receipt')
    return receipt
  }

  /**
   * As the ledger answers it, its proof checked.
   *
   * @throws PaymentError like `note`
   */
  async receipt(transaction: Uint8Array): Promise<Receipt | null> {
    return (await this.#ask({ ask: 'receipt', transaction })).receipt(transaction)
  }

  /** Always null: joins on an embedded ledger cost nothing. */
  async feeTooLow(): Promise<null> {
    return null
  }

  async #ask(question: Question): Promise<Answer> {
    const { ask, genesis, onHead } = this.#init
    const fields = read(await ask(write({ ...question })), 'answer', longestAnswer)
    const is = fields.one('is', 'notes', 'receipt', 'unknown', 'refused')
    if (is === 'refused') {
      const code = fields.one('code', ...refusals)
      throw new PaymentError(code, `the ledger refuses: ${fields.text('why', 200)}`)
    }
    return new Answer(is, fields, genesis, onHead)
  }
}

class Answer {
  readonly #is: 'notes' | 'receipt' | 'unknown'
  readonly #fields: Fields
  readonly #genesis: Genesis
  readonly #onHead: RemoteInit['onHead']

  constructor(
    is: 'notes' | 'receipt' | 'unknown',
    fields: Fields,
    genesis: Genesis,
    onHead: RemoteInit['onHead'],
  ) {
    this.#is = is
    this.#fields = fields
    this.#genesis = genesis
    this.#onHead = onHead
  }

  notes(): NoteState[] {
    if (this.#is !== 'notes') throw wrong(this.#is)
    const notes = this.#fields.list('notes', mostNotes).map((note): NoteState => {
      const state = {
        id: note.bytes('id', 32),
        denomination: note.uint('denomination'),
        owner: note.bytes('owner', 32),
        spentBy: note.bytesOrNull('spentBy', 32),
      }
      note.end()
      return state
    })
    this.#fields.end()
    return notes
  }

  /** @param transaction whose receipt it must be */
  receipt(transaction: Uint8Array): Receipt | null {
    if (this.#is === 'unknown') return null
    if (this.#is !== 'receipt') throw wrong(this.#is)
    const index = this.#fields.uint('index')
    const entry = this.#fields.bytesUpTo('entry', longestTransaction + 256)
    const path = this.#fields.bytesList('path', 32, mostHashes)
    const head = readHead(this.#fields.bytesUpTo('head', 512), this.#genesis)
    this.#fields.end()
    const stands = verifyInclusion(index, head.size, leafHash(entry), path, head.root)
    const { id } = readTransaction(ledgerId(this.#genesis), readEntry(entry).transaction)
    if (!stands || !same(id, transaction)) throw wrong('a proof that proves something else')
    this.#onHead?.(head)
    return { transaction, index }
  }
}

function wrong(what: string): PaymentError {
  return new PaymentError('BAD_DOCUMENT', `answer: ${what}`)
}
