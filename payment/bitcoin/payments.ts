// Payments from a person's coins: which ones are spent, what for, at which fee; by a signer elsewhere, again at a
// higher fee, or with a child that lifts its parent. docs/spec/payments-bitcoin.md 6.6.

import { Transaction } from '@scure/btc-signer'
import { hex, same } from '../../encoding/bytes.ts'
import type { Random } from '../../world/random.ts'
import { codeOf, PaymentError } from '../error.ts'
import { addPrevious, kindOf, outpoint, readLoosely, readOutpoint, scriptOf } from './bitcoin.ts'
import type { BitcoinKeys, KeyPlace } from './keys.ts'
import type { OutputKind } from './ladder.ts'
import type { BitcoinLedger } from './ledger.ts'
import type { NodeFacts } from './node.ts'
import type { Rpc } from './rpc.ts'
import { describe, finished, type Paid, signWith, spend } from './spend.ts'
import { type BitcoinWallet, nameOf, type OwnCoin, rawOf } from './wallet.ts'

/** Holds what payments are made with. */
export interface BitcoinPaymentsInit {
  readonly wallet: BitcoinWallet
  readonly keys: BitcoinKeys
  readonly ledger: BitcoinLedger
  readonly rpc: Rpc
  readonly facts: NodeFacts
  readonly random: Random
  readonly outputs: OutputKind
}

/** A payment that nobody has signed. */
export interface Draft {
  readonly transaction: Transaction
  /** Coins that it spends: whoever sees it takes them for one owner's. */
  readonly coins: readonly OwnCoin[]
  /** Satoshi. */
  readonly fee: number
  readonly change: number
  /** Places of its own that it pays. */
  readonly places: readonly KeyPlace[]
}

/** Satoshi that a transaction adds for each virtual byte where it replaces another one (BIP 125). */
const replacementRate = 1

/** Makes payments, and hands them in. */
export class BitcoinPayments {
  readonly #init: BitcoinPaymentsInit

  constructor(init: BitcoinPaymentsInit) {
    this.#init = init
  }

  /**
   * Drafts a payment.
   *
   * @param chosen coins to spend, all of them; default: as few as do
   * @param own places of this wallet among what is paid
   * @throws PaymentError NO_NOTE when the coins are not there or are frozen, BAD_AMOUNT when they are worth too little
   */
  async draft(
    paid: readonly Paid[],
    feeRate: number,
    chosen: readonly Uint8Array[] = [],
    own: readonly KeyPlace[] = [],
  ): Promise<Draft> {
    const { wallet, outputs } = this.#init
    const all = await wallet.coins()
    const change = wallet.nextPlace(outputs, 'own')
    const coins = chosen.length > 0 ? chosen.map(id => coinIn(all, id)) : null
    if (coins !== null) return this.#spend(coins, paid, feeRate, own, change)
    const free = all.filter(({ isFrozen, depth }) => !isFrozen && depth > 0)
    const wanted = paid.reduce((sum, { amount }) => sum + amount, 0)
    // One coin that does joins no coins; else the largest, so that few are joined
    const alone = free.filter(({ note }) => note.denomination > wanted).reverse()
    for (const coin of alone) {
      try {
        return this.#spend([coin], paid, feeRate, own, change)
      } catch (error) {
        if (!(error instanceof PaymentError) || error.code !== 'BAD_AMOUNT') throw error
      }
    }
    const taken: OwnCoin[] = []
    for (const coin of free) {
      taken.push(coin)
      if (taken.reduce((sum, { note }) => sum + note.denomination, 0) <= wanted) continue
      try {
        return this.#spend(taken, paid, feeRate, own, change)
      } catch (error) {
        if (taken.length === free.length) throw error
      }
    }
    throw new PaymentError(
      'NO_NOTE',
      `bitcoin: the coins that may be spent are worth less than ${wanted} satoshi and a fee`,
    )
  }

  #spend(
    coins: readonly OwnCoin[],
    paid: readonly Paid[],
    feeRate: number,
    own: readonly KeyPlace[],
    place: KeyPlace,
    leastFee = 0,
  ): Draft {
    const { keys, facts, random } = this.#init
    const { transaction, fee, change } = spend({
      coins: coins.map(({ note }) => note),
      paid,
      change: keys.ownerAt(place),
      feeRate,
      leastFee,
      height: facts.isCurrent ? facts.height : undefined,
      random,
    })
    return { transaction, coins, fee, change, places: [...own, place] }
  }

  /** Signs a draft, keeps it, and hands it in. @returns its id, as nodes print it */
  async send({ transaction, coins, places }: Draft): Promise<string> {
    for (const { place } of coins) signWith(transaction, this.#init.keys.secretAt(place))
    return await this.#submit(finished(transaction), places)
  }

  async #submit(raw: Uint8Array, places: readonly KeyPlace[]): Promise<string> {
    const { wallet, ledger } = this.#init
    const { id } = readLoosely(raw)
    await wallet.keepSent(raw, places)
    try {
      await ledger.submit(raw)
    } catch (error) {
      // What the node has refused is not handed in again; what it may have taken is
      if (codeOf(error) !== 'NODE') await wallet.forgetSent(id)
      throw error
    }
    return id
  }

  /** Gives a draft to a signer elsewhere (BIP 174, 371): with the transactions before it, and the paths of its keys. */
  async psbt({ transaction, coins, places }: Draft): Promise<Uint8Array> {
    const { rpc, keys, wallet } = this.#init
    await wallet.saved()
    const copy = Transaction.fromPSBT(transaction.toPSBT())
    const before = new Set(coins.map(({ note }) => readOutpoint(note.id).txid))
    const previous: Uint8Array[] = []
    for (const txid of before) previous.push(await rawOf(rpc, txid))
    addPrevious(copy, previous)
    for (let i = 0; i < copy.inputsLength; i++) {
      const { txid, index } = copy.getInput(i)
      const id = outpoint(hex(txid as Uint8Array), index as number)
      const coin = coins.find(({ note }) => same(note.id, id)) as OwnCoin
      const key = keys.publicAt(coin.place)
      const path = { fingerprint: keys.fingerprint, path: keys.pathOf(coin.place) }
      describe(copy, i, key)
      if (kindOf(coin.note.owner) === 'p2tr')
        copy.updateInput(i, { tapBip32Derivation: [[key.slice(1), { hashes: [], der: path }]] }, true)
      else copy.updateInput(i, { bip32Derivation: [[key, path]] }, true)
    }
    this.#describeOutputs(copy, places)
    return copy.toPSBT()
  }

  /** A signer sees which outputs come back to it. */
  #describeOutputs(transaction: Transaction, places: readonly KeyPlace[]): void {
    const { keys } = this.#init
    for (const place of places) {
      const script = scriptOf(keys.ownerAt(place))
      const key = keys.publicAt(place)
      const path = { fingerprint: keys.fingerprint, path: keys.pathOf(place) }
      for (let i = 0; i < transaction.outputsLength; i++) {
        const own = transaction.getOutput(i).script
        if (own === undefined || !same(own, script)) continue
        if (place.kind === 'p2tr')
          transaction.updateOutput(
            i,
            { tapInternalKey: key.slice(1), tapBip32Derivation: [[key.slice(1), { hashes: [], der: path }]] },
            true,
          )
        else transaction.updateOutput(i, { bip32Derivation: [[key, path]] }, true)
      }
    }
  }

  /**
   * Takes a PSBT back, signed elsewhere, ends it and hands it in.
   *
   * @throws PaymentError BAD_DOCUMENT for what is no PSBT, BAD_SIGNATURE when a signature is missing
   */
  async takeBack(psbt: Uint8Array): Promise<string> {
    const { wallet, keys } = this.#init
    let transaction: Transaction
    try {
      transaction = Transaction.fromPSBT(psbt, { allowUnknownOutputs: true })
    } catch (cause) {
      throw new PaymentError('BAD_DOCUMENT', `psbt: ${(cause as Error).message}`, { cause })
    }
    const places = placesIn(transaction, keys)
    const raw = finished(transaction)
    await wallet.saved()
    return await this.#submit(raw, places)
  }

  /**
   * Drafts the same payment again at a higher fee, out of its change (BIP 125).
   *
   * @throws PaymentError NO_NOTE when this wallet has not sent it, or it waits no more; BAD_AMOUNT when its change does
   * not bear the fee
   */
  async bump(txid: string, feeRate: number): Promise<Draft> {
    const { wallet, keys, rpc } = this.#init
    const sent = (await wallet.sent()).find(({ raw }) => readLoosely(raw).id === txid)
    if (sent === undefined || (await wallet.waits(txid)) === null)
      throw new PaymentError(
        'NO_NOTE',
        `bitcoin: ${txid} is none of what this wallet has sent, or waits no more`,
      )
    const old = readLoosely(sent.raw)
    const change = sent.places.at(-1)
    const changeScript = change === undefined ? undefined : scriptOf(keys.ownerAt(change))
    const outputs = Array.from({ length: old.outputsLength }, (_, i) => old.getOutput(i))
    const paid = outputs
      .filter(({ script }) => changeScript === undefined || !same(script as Uint8Array, changeScript))
      .map(({ script, amount }) => ({ script: script as Uint8Array, amount: Number(amount) }))
    const coins = await this.#spentBy(old, rpc)
    const before = coins.reduce((sum, { note }) => sum + note.denomination, 0)
    const fee = before - outputs.reduce((sum, { amount }) => sum + Number(amount), 0)
    const own = change === undefined ? sent.places : sent.places.slice(0, -1)
    const place = wallet.nextPlace(this.#init.outputs, 'own')
    return this.#spend(coins, paid, feeRate, own, place, fee + Math.ceil(replacementRate * old.vsize))
  }

  async #spentBy(transaction: Transaction, rpc: Rpc): Promise<OwnCoin[]> {
    const coins: OwnCoin[] = []
    for (let i = 0; i < transaction.inputsLength; i++) {
      const { txid, index } = transaction.getInput(i)
      const before = readLoosely(await rawOf(rpc, hex(txid as Uint8Array)))
      const { script, amount } = before.getOutput(index as number)
      const found = await this.#init.wallet.placeOf(script as Uint8Array)
      const owner = this.#init.keys.ownerAt(found)
      const note = {
        id: outpoint(hex(txid as Uint8Array), index as number),
        denomination: Number(amount),
        owner,
      }
      coins.push({ note, place: found, depth: 0, isFrozen: false, label: '' })
    }
    return coins
  }

  /**
   * Drafts a child that pays for its parent: an own output of a transaction that waits goes to oneself, with a fee that
   * lifts both to the rate.
   *
   * @throws PaymentError NO_NOTE, BAD_AMOUNT
   */
  async lift(coin: Uint8Array, feeRate: number): Promise<Draft> {
    const own = coinIn(await this.#init.wallet.coins(), coin)
    const parent = await this.#init.wallet.waits(readOutpoint(coin).txid)
    if (parent === null) throw new PaymentError('NO_NOTE', `bitcoin: ${nameOf(coin)} waits for no block`)
    const place = this.#init.wallet.nextPlace(this.#init.outputs, 'own')
    const child = this.#spend([own], [], feeRate, [], place)
    const missing = Math.ceil(feeRate * parent.size) - parent.fee
    return this.#spend([own], [], feeRate, [], place, child.fee + Math.max(0, missing))
  }
}

function coinIn(all: readonly OwnCoin[], id: Uint8Array): OwnCoin {
  const coin = all.find(({ note }) => same(note.id, id))
  if (coin === undefined)
    throw new PaymentError('NO_NOTE', `bitcoin: ${nameOf(id)} is no coin of these words`)
  if (coin.isFrozen) throw new PaymentError('NO_NOTE', `bitcoin: ${nameOf(id)} is frozen`)
  return coin
}

/** Reads from a PSBT which of its outputs come back. */
function placesIn(transaction: Transaction, keys: BitcoinKeys): KeyPlace[] {
  const places: KeyPlace[] = []
  for (let i = 0; i < transaction.outputsLength; i++) {
    const { bip32Derivation, tapBip32Derivation } = transaction.getOutput(i)
    const paths = [
      ...(bip32Derivation ?? []).map(([, path]) => path),
      ...(tapBip32Derivation ?? []).map(([, { der }]) => der),
    ]
    for (const { fingerprint, path } of paths)
      if (fingerprint === keys.fingerprint) places.push(...keys.placeOf(path))
  }
  return places
}
