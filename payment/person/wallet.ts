// Keeps what a person has: keys of notes and requests, under seal on its own disk, and the notes that the ledger shows
// for them. docs/spec/payments-paymix.md 5.9.

import { hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'
import { PaymentError } from '../error.ts'
import { type Branch, diceKeys, type Keys } from '../keychain.ts'
import { type Cursor, type Ledger, mostOnPage, type NoteState } from '../ledger/ledger.ts'
import { mostInputs, notesOf, ownerOf, signTransfer, transactionId, transfer } from '../ledger/transaction.ts'
import { Reader } from '../reader.ts'
import { recordsUnder } from '../records.ts'
import { stocked } from './origins.ts'
import { type OwnRequest, OwnRequests } from './own-requests.ts'
import type { Payment, Purse } from './pieces.ts'
import { exactly, type Held, idsOf, purseOf } from './purse.ts'
import type { SignedRequest } from './request.ts'
import { type Reservations, reservationsIn } from './reservations.ts'
import { broken, type Choice, choose, type Exchange, merged, type Stocked, toBreak } from './stock.ts'

/** Holds all that a wallet is made of. */
export interface WalletInit {
  /** Seals its values. */
  readonly store: Store
  readonly ledger: Ledger
  readonly random: Random
  /** Where fresh keys come from. Default: the dice, so that nothing but the store brings them back. */
  readonly keys?: Keys
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
  /** Is told the name of a record that cannot be read, once. */
  readonly onDamaged?: (key: string) => void
}

/** Pages of one key's notes that are looked at: what lies beyond them is smaller than 1,024 others. */
const mostPages = 16

/** A note of one's own, and how it looks to others. */
interface OwnNote extends Stocked {
  readonly held: Held
}

/** Says what is shown to everybody who reads the log before a payment's pieces are mixed. */
export interface Shows {
  /** Transactions that break notes, or put them together. */
  readonly exchanges: number
  /** Notes of so many origins are shown to be of one owner; from 2 on that was not known before. */
  readonly origins: number
}

/** `used`: the ledger has shown all its notes as spent. */
export type KeyState = 'key' | 'used'

/** Notes and the keys that spend them, on disk before anything is paid to them. */
export class Wallet {
  readonly #init: WalletInit
  readonly #keys: Keys
  /** One payment after the other is prepared. */
  readonly #inTurn = turns()
  readonly #reservations: Reservations
  readonly #requests: OwnRequests
  readonly #damaged = new Set<string>()

  constructor(init: WalletInit) {
    this.#init = init
    this.#keys = init.keys ?? diceKeys(init.random)
    this.#reservations = reservationsIn(init.store, key => this.#setAside(key))
    this.#requests = new OwnRequests({
      ...init,
      keys: this.#keys,
      keep: secrets => this.#keep(secrets),
      aside: key => this.#setAside(key),
    })
  }

  /** A key to be paid to, used once. What spends it is on disk before anybody sees the key. */
  async newKey(): Promise<Uint8Array> {
    const [secret] = await this.#fresh('paid', 1)
    return ownerOf(secret as Uint8Array)
  }

  /** Fresh keys, on disk. */
  async #fresh(branch: Branch, count: number): Promise<Uint8Array[]> {
    const secrets = Array.from({ length: count }, () => this.#keys.next(branch))
    await this.#keep(secrets)
    return secrets
  }

  async #keep(secrets: readonly Uint8Array[]): Promise<void> {
    await this.#keys.saved()
    await keepKeys(this.#init.store, 'key', secrets)
  }

  /**
   * Gives what can be spent, as the ledger shows it: not what is on its way in payments, and what these have kept.
   *
   * @param keys which keys the ledger is asked about: `live`, those not known to be used up; or `all` that were ever
   * made
   */
  async notes(payments: readonly Payment[] = [], keys: 'live' | 'all' = 'live'): Promise<Held[]> {
    const pieces = payments.flatMap(payment => payment.pieces)
    const busy = new Set(pieces.filter(({ state }) => state.at !== 'kept').map(({ note }) => hex(note.id)))
    const kept = pieces.filter(({ state }) => state.at === 'kept').map(({ secret }) => secret)
    const own = [...(await this.#secrets('key')), ...(keys === 'all' ? await this.#secrets('used') : [])]
    const secrets = new Map([...own, ...kept].map(secret => [hex(ownerOf(secret)), secret]))
    const held = await Promise.all([...secrets.values()].map(async secret => await this.#heldWith(secret)))
    return held
      .flat()
      .filter(({ note }) => !busy.has(hex(note.id)))
      .sort((a, b) => b.note.denomination - a.note.denomination)
  }

  /** Those that can be handed to this payment: what was reserved for another one cannot. */
  async #notesFor(order: Uint8Array, payments: readonly Payment[]): Promise<Held[]> {
    const reserved = await this.#reservations.all()
    const isOthers = ({ note }: Held): boolean => {
      const of = reserved.get(hex(note.id))
      // Of a payment that has begun, the pieces say which notes it has
      return of !== undefined && !same(of, order) && !payments.some(({ id }) => same(id, of))
    }
    return (await this.notes(payments)).filter(held => !isOthers(held))
  }

  async #heldWith(secret: Uint8Array): Promise<Held[]> {
    const notes = await this.#ownedBy(ownerOf(secret))
    const unspent = notes.filter(({ spentBy }) => spentBy === null)
    if (notes.length > 0) await this.#move(secret, unspent.length === 0 ? 'used' : 'key')
    return unspent.map(({ id, denomination, owner }) => ({ note: { id, denomination, owner }, secret }))
  }

  /** Page by page, the largest first. */
  async #ownedBy(owner: Uint8Array): Promise<NoteState[]> {
    const notes = new Map<string, NoteState>()
    let after: Cursor | undefined
    for (let page = 0; page < mostPages; page++) {
      const more = await this.#init.ledger.notesOwnedBy(owner, after)
      const before = notes.size
      for (const note of more) notes.set(hex(note.id), note)
      const last = more.at(-1)
      if (more.length < mostOnPage || last === undefined || notes.size === before) break
      after = { denomination: last.denomination, id: last.id }
    }
    return [...notes.values()]
  }

  /** A key works once: one whose notes are spent is kept, and not asked about at each look. */
  async #move(secret: Uint8Array, to: KeyState): Promise<void> {
    const { store } = this.#init
    const from = to === 'key' ? 'used' : 'key'
    const owner = hex(ownerOf(secret))
    const value = await store.get(`${from}/${owner}`)
    if (value === undefined) return
    await store.batch([
      { type: 'put', key: `${to}/${owner}`, value },
      { type: 'del', key: `${from}/${owner}` },
    ])
  }

  async #secrets(state: KeyState): Promise<Uint8Array[]> {
    return (await this.#records(`${state}/`, readKey)).map(([, secret]) => secret)
  }

  async #records<T>(prefix: string, read: (value: Uint8Array) => T): Promise<[string, T][]> {
    return await recordsUnder(this.#init.store, prefix, read, key => this.#setAside(key))
  }

  #setAside(key: string): void {
    if (this.#damaged.has(key)) return
    this.#damaged.add(key)
    this.#init.onDamaged?.(key)
  }

  /** Names the records on disk that cannot be read. Everything else works without them. */
  get damaged(): readonly string[] {
    return [...this.#damaged]
  }

  /**
   * Notes of exactly the denominations that an amount is split into, reserved on disk for this payment before they are
   * handed out. Where they are not there, a note is broken or notes are put together in one transaction, which shows
   * that they belong together: it comes before anything is mixed (stock.ts).
   *
   * @param payments those that have begun
   * @param order the id of the payment that they are for, 32 bytes; default: one that nobody else has
   * @throws PaymentError NO_NOTE when the wallet has less, and what the ledger throws
   */
  async prepare(
    amount: number,
    payments: readonly Payment[] = [],
    order: Uint8Array = this.#init.random(32),
  ): Promise<Purse> {
    return await this.#inTurn(async () => {
      const choice = await this.#choice(amount, await this.#notesFor(order, payments))
      const { exchange } = choice
      const made = exchange === null ? [] : await this.#exchange(exchange, choice.made, order)
      const whole = choice.whole.map(({ held }) => held)
      await this.#reservations.reserve(idsOf([...whole, ...made]), order)
      return purseOf([...whole, ...made])
    })
  }

  /**
   * Says what paying an amount would show of this wallet beyond the payment.
   *
   * @throws PaymentError NO_NOTE when the wallet has less, and what the ledger throws
   */
  async wouldShow(amount: number, payments: readonly Payment[]): Promise<Shows> {
    const choice = await this.#choice(amount, await this.#notesFor(this.#init.random(32), payments))
    return { exchanges: choice.exchange === null ? 0 : 1, origins: merged(choice) }
  }

  /**
   * Breaks one note by its pattern, where the stock of standard notes lacks something.
   *
   * @returns whether it did
   * @throws what the ledger throws
   */
  async restock(payments: readonly Payment[]): Promise<boolean> {
    const order = this.#init.random(32)
    return await this.#inTurn(async () => {
      const note = toBreak(await this.#stocked(await this.#notesFor(order, payments)))
      if (note === null) return false
      try {
        await this.#exchange({ spends: [note], makes: broken(note.denomination) }, [], order)
      } finally {
        await this.#reservations.release(order)
      }
      return true
    })
  }

  async #stocked(held: readonly Held[]): Promise<OwnNote[]> {
    const { ledger } = this.#init
    return await Promise.all(held.map(async one => ({ ...(await stocked(ledger, one.note)), held: one })))
  }

  async #choice(amount: number, held: readonly Held[]): Promise<Choice<OwnNote>> {
    const exact = choose(amount, await this.#stocked(held))
    if (exact !== null && (exact.exchange?.spends.length ?? 0) <= mostInputs) return exact
    const sum = held.reduce((total, { note }) => total + note.denomination, 0)
    throw new PaymentError('NO_NOTE', `wallet: it has ${sum}, and ${amount} are to be paid`)
  }

  /** Gives up what was prepared for a payment: it has begun, or never will. */
  async release(order: Uint8Array): Promise<void> {
    await this.#inTurn(() => this.#reservations.release(order))
  }

  /** @param wanted of what it makes, for this order; all that is spent and wanted is the order's on disk */
  async #exchange(
    { spends, makes }: Exchange<OwnNote>,
    wanted: readonly number[],
    order: Uint8Array,
  ): Promise<Held[]> {
    const spent = spends.map(({ held }) => held)
    const secrets = await this.#fresh('change', makes.length)
    const owners = secrets.map(ownerOf)
    const outputs = makes.map((denomination, i) => ({ denomination, owner: owners[i] as Uint8Array }))
    const { ledger } = this.#init
    const unsigned = transfer(idsOf(spent), outputs)
    const keys = spent.map(({ note, secret }) => ({ note, secretKey: secret }))
    // Known before the ledger is asked, so that nobody else is handed any of them in between
    const notes = notesOf(transactionId(ledger.id, unsigned), unsigned)
    const made = notes.map((note, i): Held => ({ note, secret: secrets[i] as Uint8Array }))
    const chosen = exactly(wanted, made) ?? []
    await this.#reservations.reserve([...idsOf(spent), ...idsOf(chosen)], order)
    await ledger.submit(signTransfer(ledger.id, unsigned, keys))
    return chosen
  }

  /**
   * A request to be paid, whose keys are on disk.
   *
   * @param receipts where the payer may ask for a receipt (PaymentRequest.receipts)
   * @throws PaymentError BAD_AMOUNT
   */
  async request(amount: number, deadline: number, memo: string, receipts: string): Promise<Uint8Array> {
    return await this.#requests.make({ amount, deadline, memo, receipts })
  }

  /** This wallet's requests, and what the ledger says of each. Those that have a receipt are not asked about again. */
  async requests(): Promise<OwnRequest[]> {
    return await this.#requests.all()
  }

  /** Its requests that have no receipt; the ledger is not asked. */
  async unpaid(): Promise<SignedRequest[]> {
    return await this.#requests.unpaid()
  }

  /** One of its requests by its hash; null when it made none like that. */
  async ownRequest(hash: Uint8Array): Promise<OwnRequest | null> {
    return await this.#requests.find(hash)
  }
}

/** Puts keys where a wallet finds them, all or none. @param state `used` ones are asked about by the history alone */
export async function keepKeys(store: Store, state: KeyState, secrets: readonly Uint8Array[]): Promise<void> {
  await store.batch(
    secrets.map(secret => ({
      type: 'put' as const,
      key: `${state}/${hex(ownerOf(secret))}`,
      value: write({ secret }),
    })),
  )
}

/** Reads the secret of a record under `key/` or `used/`, 32 bytes. */
export function readKey(value: Uint8Array): Uint8Array {
  const read = new Reader(value, 'key', 64)
  read.map(1)
  const secret = read.key('secret').bytes(32)
  read.end()
  return secret
}
