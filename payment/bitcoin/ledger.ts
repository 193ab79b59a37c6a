// Bitcoin as a ledger for rounds, through a node that the peer trusts as its own. It must keep an index of transactions
// (`txindex=1`). docs/spec/payments-bitcoin.md 6.

import { sha256 } from '@noble/hashes/sha2.js'
import { Transaction } from '@scure/btc-signer'
import { fromHex, hex, same } from '../../encoding/bytes.ts'
import type { Clock } from '../../world/clock.ts'
import { sleep } from '../../world/wait.ts'
import { PaymentError } from '../error.ts'
import { type Ledger, type NoteState, type Position, unknownSpender } from '../ledger/ledger.ts'
import type { Note } from '../ledger/transaction.ts'
import { tagged } from '../tagged.ts'
import { outpoint, ownerOfScript, readOutpoint, txidOf } from './bitcoin.ts'
import { transactionsIn } from './block.ts'
import {
  checkedLadder,
  feeTooLow,
  type Ladder,
  mostFeeRate,
  usualConfirmations,
  usualOutputs,
} from './ladder.ts'
import { field, type Rpc, rpcCodeOf } from './rpc.ts'

const satoshiPerCoin = 100_000_000
const unknownMethod = -32601
/** Blocks in which the spender of an output is looked for: a round is over long before. */
const recentBlocks = 18
/** Waiting transactions that are looked through, where the node cannot be asked directly. */
const fewWaiting = 16
/**
 * Matches what nodes say in so many words when there is no such transaction: Bitcoin Core with its index complete, and
 * bcoin. Anything else (busy, starting, still indexing, without an index) is not known now.
 */
const notThere = /No such mempool or blockchain transaction|Transaction not found/
/** Bitcoin Core says it with -5, bcoin with -1. */
const notFound: readonly (number | undefined)[] = [-5, -1, undefined]
/** Refusals of a transaction: its inputs, its rules, and that it is in a block already. */
const [inputsRefused, rulesRefused, isInBlock] = [-25, -26, -27] as const
const isRefusal = (code: number | undefined): boolean =>
  code === inputsRefused || code === rulesRefused || code === isInBlock
/** Transactions that are followed back from a note. */
const mostOrigins = 8
/** The node is asked so often, and so far apart, whether it has taken a transaction. */
const looks = 10
const lookEveryMs = 200
/** Owners whose outputs are remembered. */
const mostOwners = 10_000
/** Satoshi for a virtual byte, where the node has no estimate: what nodes relay at all. */
const leastFeeRate = 1

/**
 * Opens the chain that a Bitcoin node follows as a ledger.
 *
 * @throws PaymentError NODE when the node does not answer, BAD_AMOUNT for a ladder that cannot be used
 */
export async function openBitcoinLedger(rpc: Rpc, ladder: Ladder, clock: Clock): Promise<BitcoinLedger> {
  const { step, rungs, least, outputs = usualOutputs } = checkedLadder(ladder)
  const first = fromHex(text(await rpc('getblockhash', 0), 'getblockhash'))
  const numbers = new Uint8Array(24)
  const view = new DataView(numbers.buffer)
  for (const [i, value] of [step, rungs, least].entries()) view.setBigUint64(8 * i, BigInt(value))
  const kind = new TextEncoder().encode(outputs)
  return new BitcoinLedger(rpc, clock, ladder, sha256(tagged('chaffinch/bitcoin/v2', first, numbers, kind)))
}

/** Bitcoin as a ledger of notes, by a node of one’s own. Made by `openBitcoinLedger`. */
export class BitcoinLedger implements Ledger {
  /** SHA-256 over the chain's first block and the ladder: who means another one of either never meets. */
  readonly id: Uint8Array
  readonly #rpc: Rpc
  readonly #clock: Clock
  readonly #ladder: Ladder
  /** Outpoints of transactions that were handed in or asked for, by their owners in hex. */
  readonly #outputs = new Map<string, Uint8Array>()

  constructor(rpc: Rpc, clock: Clock, ladder: Ladder, id: Uint8Array) {
    this.#rpc = rpc
    this.#clock = clock
    this.#ladder = ladder
    this.id = id
  }

  /** Confirmations that a key is kept for. */
  get confirmations(): number {
    return this.#ladder.confirmations ?? usualConfirmations
  }

  /** An unspent output counts once it is in a block; a spent one is known as long as the node has its transaction. */
  async note(id: Uint8Array): Promise<NoteState | null> {
    const { txid, index } = readOutpoint(id)
    const unspent = await this.#rpc('gettxout', txid, index, true)
    if (unspent !== null) {
      if (!(Number(field(unspent, 'confirmations')) >= 1)) return null
      return this.#stateOf(id, unspent, await this.#waitingSpender(txid, index))
    }
    const transaction = await this.#transaction(txid)
    const outputs = field(transaction, 'vout')
    const output: unknown = Array.isArray(outputs) ? outputs[index] : undefined
    // Not among the unspent outputs although it is there: the node may not have a block for it yet
    if (output === undefined || confirmationsOf(transaction) < 1) return null
    return this.#stateOf(id, output, (await this.#namedSpender(txid, index)) ?? unknownSpender)
  }

  /** Each costs the node two questions, and whoever makes a chain of them a fee for each. */
  get looksBack(): number {
    return mostOrigins
  }

  /** Looks among what waits and in the last 18 blocks: for a note of one's own round. */
  async spenderOf(id: Uint8Array): Promise<Uint8Array | null> {
    const { txid, index } = readOutpoint(id)
    return (await this.#waitingSpender(txid, index)) ?? (await this.#spenderInBlocks(id))
  }

  /** The transaction that made a note. */
  async originOf(id: Uint8Array): Promise<Position | null> {
    return await this.#positionOf(readOutpoint(id).txid)
  }

  /** Some nodes' gettxout counts an output as unspent until a block spends it. */
  async #waitingSpender(txid: string, index: number): Promise<Uint8Array | null> {
    const named = await this.#namedSpender(txid, index)
    if (named !== undefined) return named
    // A node without the method may have few waiting
    const waiting = texts(await this.#rpc('getrawmempool')).slice(0, fewWaiting)
    for (const id of waiting) {
      const inputs = field(await this.#transaction(id), 'vin')
      const isSpender = (input: unknown): boolean =>
        field(input, 'txid') === txid && field(input, 'vout') === index
      if (Array.isArray(inputs) && inputs.some(isSpender)) return fromHex(id).reverse()
    }
    return null
  }

  /** Gives what the node names as waiting to spend an output; undefined where it lacks the question. */
  async #namedSpender(txid: string, index: number): Promise<Uint8Array | null | undefined> {
    try {
      const found = await this.#rpc('gettxspendingprevout', [{ txid, vout: index }])
      const spender = field(Array.isArray(found) ? found[0] : undefined, 'spendingtxid')
      return typeof spender === 'string' ? fromHex(spender).reverse() : null
    } catch (error) {
      if (isWithoutMethod(error)) return undefined
      throw error
    }
  }

  #stateOf(id: Uint8Array, output: unknown, spentBy: Uint8Array | null): NoteState | null {
    const script = field(field(output, 'scriptPubKey'), 'hex')
    const owner = typeof script === 'string' ? ownerOfScript(fromHex(script)) : null
    if (owner === null) return null
    return { id, denomination: amountOf(output), owner, spentBy }
  }

  /**
   * Knows only transactions that this object has seen: a node finds outputs by their owner only with an index of its
   * own.
   */
  async notesOwnedBy(owner: Uint8Array): Promise<NoteState[]> {
    const id = this.#outputs.get(hex(owner))
    const note = id === undefined ? null : await this.note(id)
    return note === null ? [] : [note]
  }

  /** The receipt's index is the block's height, 0 while the transaction waits for one. */
  async submit(bytes: Uint8Array): Promise<Position> {
    const transaction = Transaction.fromRaw(bytes)
    const known = await this.#positionOf(transaction.id)
    if (known !== null) return known
    try {
      await this.#rpc('sendrawtransaction', hex(bytes))
    } catch (error) {
      // Not every error is a refusal: a node that is busy may have taken it, and is asked again
      if (!isRefusal(rpcCodeOf(error))) throw error
      // It may have been taken, and be in a block, since it was asked for
      const taken = await this.#positionOf(transaction.id)
      if (taken !== null) return taken
      throw (await this.#whyRefused(transaction)) ?? refused(error)
    }
    // Some nodes answer with an id before they have looked at it, also when they refuse it.
    for (let look = 0; look < looks; look++) {
      const receipt = await this.#positionOf(transaction.id)
      if (receipt !== null) return receipt
      await sleep(this.#clock, lookEveryMs)
    }
    const why = await this.#whyRefused(transaction)
    throw why ?? new PaymentError('BAD_TRANSACTION', 'bitcoin node: it does not take the transaction')
  }

  /** Tells where the transaction stands in the chain; null while it does not. */
  async positionOf(transaction: Uint8Array): Promise<Position | null> {
    return await this.#positionOf(txidOf(transaction))
  }

  /**
   * Satoshi for a virtual byte, so that a transaction stands in one of the next blocks.
   *
   * @throws PaymentError NODE when the node does not answer, or wants more than 1,000
   */
  async feeRate(blocks = 6): Promise<number> {
    const estimate = await this.#rpc('estimatesmartfee', blocks)
    const perKilobyte = Number(field(estimate, 'feerate') ?? field(estimate, 'fee'))
    const rate = (perKilobyte * satoshiPerCoin) / 1000
    if (rate > mostFeeRate)
      throw new PaymentError(
        'NODE',
        `bitcoin node: it wants ${rate} satoshi for a virtual byte: more than ${mostFeeRate}`,
      )
    return Number.isFinite(rate) && rate > leastFeeRate ? rate : leastFeeRate
  }

  /** docs/spec/payments-bitcoin.md 6.2 */
  async feeTooLow(peers: number): Promise<string | null> {
    return feeTooLow(peers, this.#ladder, await this.feeRate())
  }

  async #positionOf(txid: string): Promise<Position | null> {
    const transaction = await this.#transaction(txid)
    if (transaction === null) return null
    this.#remember(txid, field(transaction, 'vout'))
    const block = field(transaction, 'blockhash')
    const header = typeof block === 'string' ? await this.#rpc('getblockheader', block, true) : null
    const index = Number(field(header, 'height') ?? 0)
    return {
      transaction: fromHex(txid).reverse(),
      index: Number.isSafeInteger(index) ? index : 0,
      depth: confirmationsOf(transaction),
      ...effectsOf(txid, transaction),
    }
  }

  /** null when the node has it neither in a block of its chain nor waiting for one. */
  async #transaction(txid: string): Promise<unknown> {
    try {
      const found = await this.#rpc('getrawtransaction', txid, true)
      // An index keeps what stood in blocks that have gone; what waits again stands in none
      const isGone = typeof field(found, 'blockhash') === 'string' && confirmationsOf(found) < 1
      return isGone ? null : found
    } catch (error) {
      const isSaid = error instanceof PaymentError && notThere.test(error.message)
      if (isSaid && notFound.includes(rpcCodeOf(error))) return null
      throw error
    }
  }

  #remember(txid: string, outputs: unknown): void {
    if (!Array.isArray(outputs)) return
    for (const [index, output] of outputs.entries()) {
      const script = field(field(output, 'scriptPubKey'), 'hex')
      const owner = typeof script === 'string' ? ownerOfScript(fromHex(script)) : null
      if (owner !== null) this.#outputs.set(hex(owner), outpoint(txid, index))
    }
    while (this.#outputs.size > mostOwners) this.#outputs.delete(this.#outputs.keys().next().value as string)
  }

  /** Spent inputs and inputs that there are not are for the round to know; anything else is as the node says it. */
  async #whyRefused(transaction: Transaction): Promise<PaymentError | null> {
    for (let i = 0; i < transaction.inputsLength; i++) {
      const { txid, index } = transaction.getInput(i)
      if (txid === undefined || index === undefined) continue
      const note = await this.note(outpoint(hex(txid), index))
      if (note === null)
        return new PaymentError('NO_NOTE', `bitcoin: input ${i} spends an output that is not there`)
      if (note.spentBy !== null && !same(note.spentBy, fromHex(transaction.id).reverse())) {
        return new PaymentError('DOUBLE_SPEND', `bitcoin: input ${i} is spent`)
      }
    }
    return null
  }

  /** Looks through whole blocks, the newest first: a question or two for each. */
  async #spenderInBlocks(note: Uint8Array): Promise<Uint8Array | null> {
    const tip = Number(await this.#rpc('getblockcount'))
    const wanted = hex(note)
    for (let height = tip; height > Math.max(0, tip - recentBlocks); height--) {
      const hash = text(await this.#rpc('getblockhash', height), 'getblockhash')
      const block = text(await this.#rpc('getblock', hash, 0), 'getblock')
      if (!block.includes(wanted)) continue
      for (const { id, spends } of transactionsIn(fromHex(block)))
        if (spends.some(spent => same(spent, note))) return id
    }
    return null
  }
}

/** Says whether a node refuses because it lacks a method; every other refusal says nothing. */
function isWithoutMethod(error: unknown): boolean {
  return (
    rpcCodeOf(error) === unknownMethod ||
    (error instanceof PaymentError && /Method not found/.test(error.message))
  )
}

function refused(error: unknown): PaymentError {
  const said = error instanceof Error ? error.message : String(error)
  const isConflict = /conflict|replacement|insufficient fee/i.test(said)
  return new PaymentError(isConflict ? 'DOUBLE_SPEND' : 'BAD_TRANSACTION', said, { cause: error })
}

function confirmationsOf(transaction: unknown): number {
  const count = Number(field(transaction, 'confirmations') ?? 0)
  return Number.isFinite(count) ? Math.max(0, count) : 0
}

function effectsOf(txid: string, transaction: unknown): Required<Pick<Position, 'spends' | 'makes'>> {
  const [inputs, outputs] = [field(transaction, 'vin'), field(transaction, 'vout')]
  const spends = (Array.isArray(inputs) ? inputs : []).flatMap((input: unknown): Uint8Array[] => {
    const [spent, place] = [field(input, 'txid'), field(input, 'vout')]
    return typeof spent === 'string' && typeof place === 'number' ? [outpoint(spent, place)] : []
  })
  const makes = (Array.isArray(outputs) ? outputs : []).flatMap((output: unknown, index): Note[] => {
    const script = field(field(output, 'scriptPubKey'), 'hex')
    const owner = typeof script === 'string' ? ownerOfScript(fromHex(script)) : null
    if (owner === null) return []
    return [{ id: outpoint(txid, index), denomination: amountOf(output), owner }]
  })
  return { spends, makes }
}

/** Satoshi. @throws PaymentError NODE for what is no amount */
function amountOf(output: unknown): number {
  const amount = Math.round(Number(field(output, 'value')) * satoshiPerCoin)
  if (Number.isSafeInteger(amount) && amount >= 0) return amount
  throw new PaymentError('NODE', 'bitcoin node: an output of its has no amount')
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw new PaymentError('NODE', `bitcoin node: ${what}: want text`)
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : []
}
