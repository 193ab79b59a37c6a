// A person's coins on Bitcoin, found by a node from descriptors, and what their owner has said of them. How far keys
// are handed out lies on disk before one is shown. docs/spec/payments-bitcoin.md 6.6.

import { fromHex, hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { keysUnder, type Store } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'
import { PaymentError } from '../error.ts'
import type { Keys } from '../keychain.ts'
import type { Note } from '../ledger/transaction.ts'
import { Reader } from '../reader.ts'
import {
  kindOf,
  outpoint,
  ownerOfScript,
  readLoosely,
  readOutpoint,
  type ScriptKind,
  scriptKinds,
} from './bitcoin.ts'
import { type BitcoinKeys, type KeyChain, type KeyPlace, keyChains, placeIn } from './keys.ts'
import { type Label, readLabels, writeLabels } from './labels.ts'
import type { OutputKind } from './ladder.ts'
import { field, type Rpc, rpcCodeOf } from './rpc.ts'

/** Holds what a wallet works with. */
export interface BitcoinWalletInit {
  readonly rpc: Rpc
  readonly keys: BitcoinKeys
  /** Seals its values. */
  readonly store: Store
  /** Kind of what it pays itself: change, notes, outputs of joins. */
  readonly outputs: OutputKind
  /** Keys in a row beyond the last one handed out that are looked for too. */
  readonly gap: number
}

/** An output that the keys of this wallet spend. */
export interface OwnCoin {
  readonly note: Note
  readonly place: KeyPlace
  /** Confirmations; 0 while it waits for a block. */
  readonly depth: number
  readonly isFrozen: boolean
  readonly label: string
}

const satoshiPerCoin = 100_000_000
const notInMempool = -5
const deep = 100
/** Blocks that must follow before one can spend what a block pays its miner. */
const coinbaseDepth = 100
const branches = scriptKinds.flatMap(kind => keyChains.map(chain => ({ kind, chain })))
const longestRecord = 1_000_000
const ascii = new TextEncoder()

/** Coins, addresses, labels and what was sent; made by `BitcoinWallet.open`. */
export class BitcoinWallet implements Keys {
  readonly #init: BitcoinWalletInit
  readonly #inTurn = turns()
  #numbers: readonly number[]
  #saved: readonly number[]
  #isNew: boolean

  private constructor(init: BitcoinWalletInit, numbers: readonly number[] | undefined) {
    this.#init = init
    this.#isNew = numbers === undefined
    this.#numbers = numbers ?? branches.map(() => 0)
    this.#saved = this.#numbers
  }

  /** Opens a wallet on its disk. @throws PaymentError DAMAGED when it cannot be read how many keys were handed out */
  static async open(init: BitcoinWalletInit): Promise<BitcoinWallet> {
    const value = await init.store.get('numbers')
    return new BitcoinWallet(init, value === undefined ? undefined : readNumbers(value))
  }

  /** Hands out the next place of a branch; to be shown once `saved` has come back. */
  nextPlace(kind: ScriptKind, chain: KeyChain): KeyPlace {
    const branch = branchOf(kind, chain)
    const number = this.#numbers[branch] as number
    this.#numbers = this.#numbers.with(branch, number + 1)
    return { kind, chain, number }
  }

  /** The next secret for an output of a round. */
  next(): Uint8Array {
    return this.#init.keys.secretAt(this.nextPlace(this.#init.outputs, 'own'))
  }

  /** Returns when it is on disk how many keys were handed out. */
  async saved(): Promise<void> {
    await this.#inTurn(async () => {
      const numbers = this.#numbers
      if (numbers === this.#saved && !this.#isNew) return
      await this.#init.store.put('numbers', write({ numbers: [...numbers] }))
      this.#saved = numbers
      this.#isNew = false
    })
  }

  /** Gives who is paid at a fresh address of a kind, 32 bytes. */
  async freshOwner(kind: ScriptKind): Promise<Uint8Array> {
    await this.#wantSearched()
    const place = this.nextPlace(kind, 'receive')
    await this.saved()
    return this.#init.keys.ownerAt(place)
  }

  /** Before the first search of a folder keys may have been used by another one with the same words. */
  async #wantSearched(): Promise<void> {
    if (this.#isNew) await this.coins()
  }

  /**
   * Looks for all coins: among the unspent outputs of the chain, and in what this wallet has sent.
   *
   * @throws PaymentError NODE
   */
  async coins(): Promise<OwnCoin[]> {
    const { rpc, keys, gap } = this.#init
    const watched = branches.map(({ kind, chain }, i) => {
      return { desc: keys.descriptor(kind, chain), range: (this.#numbers[i] as number) + gap - 1 }
    })
    const found = await rpc('scantxoutset', 'start', watched)
    if (field(found, 'success') !== true)
      throw new PaymentError('NODE', 'bitcoin node: it searches its outputs for somebody else: try again')
    const height = Number(field(found, 'height'))
    const outputs = field(found, 'unspents')
    const confirmed = (Array.isArray(outputs) ? outputs : []).flatMap((one: unknown): Found[] => {
      const place = placeIn(String(field(one, 'desc')), keys.fingerprint)
      if (place === null) return []
      const id = outpoint(String(field(one, 'txid')), Number(field(one, 'vout')))
      const denomination = Math.round(Number(field(one, 'amount')) * satoshiPerCoin)
      const note = { id, denomination, owner: keys.ownerAt(place) }
      const depth = height - Number(field(one, 'height')) + 1
      return field(one, 'coinbase') === true && depth <= coinbaseDepth ? [] : [{ note, place, depth }]
    })
    await this.#goBeyond(confirmed)
    const [waiting, spent] = await this.#waiting()
    const all = [...confirmed, ...waiting].filter(({ note }) => !spent.has(hex(note.id)))
    const labels = new Map((await this.labels()).map(label => [`${label.type} ${label.ref}`, label]))
    return all
      .map((one): OwnCoin => {
        const label = labels.get(`output ${nameOf(one.note.id)}`)
        return { ...one, isFrozen: label?.spendable === false, label: label?.label ?? '' }
      })
      .sort((a, b) => b.note.denomination - a.note.denomination)
  }

  /** The first search of a folder goes on half a gap after what it found: nothing is handed out twice. */
  async #goBeyond(found: readonly Found[]): Promise<void> {
    const skip = this.#isNew ? Math.floor(this.#init.gap / 2) : 0
    for (const { place } of found) {
      const branch = branchOf(place.kind, place.chain)
      const least = place.number + 1 + skip
      if ((this.#numbers[branch] as number) < least) this.#numbers = this.#numbers.with(branch, least)
    }
    await this.saved()
  }

  /** Finds the key of an output of one's own among those handed out. @throws PaymentError NO_NOTE */
  async placeOf(script: Uint8Array): Promise<KeyPlace> {
    const owner = ownerOfScript(script)
    const kind = owner === null ? null : kindOf(owner)
    for (const [i, branch] of branches.entries()) {
      if (owner === null || branch.kind !== kind) continue
      for (let number = (this.#numbers[i] as number) - 1; number >= 0; number--)
        if (same(this.#init.keys.ownerAt({ ...branch, number }), owner)) return { ...branch, number }
    }
    throw new PaymentError('NO_NOTE', 'bitcoin: an output is none of these words')
  }

  /** Coins of what was sent and waits for a block, and the outpoints that it spends. */
  async #waiting(): Promise<[Found[], Set<string>]> {
    const { keys } = this.#init
    const coins: Found[] = []
    const spent = new Set<string>()
    for (const { raw, places } of await this.sent()) {
      const transaction = readLoosely(raw)
      if ((await this.waits(transaction.id)) === null && !(await this.#handedIn(transaction.id, raw)))
        continue
      for (let i = 0; i < transaction.inputsLength; i++) {
        const { txid, index } = transaction.getInput(i)
        if (txid !== undefined && index !== undefined) spent.add(hex(outpoint(hex(txid), index)))
      }
      const owners = new Map(places.map(place => [hex(keys.ownerAt(place)), place]))
      for (let i = 0; i < transaction.outputsLength; i++) {
        const { script, amount } = transaction.getOutput(i)
        const owner = script === undefined ? null : ownerOfScript(script)
        const place = owner === null ? undefined : owners.get(hex(owner))
        if (owner === null || place === undefined) continue
        const id = outpoint(transaction.id, i)
        coins.push({ note: { id, denomination: Number(amount), owner }, place, depth: 0 })
      }
    }
    return [coins, spent]
  }

  /** Gives fee (satoshi) and size (virtual bytes) of what waits, with those before it; null when it does not wait. */
  async waits(txid: string): Promise<{ readonly fee: number; readonly size: number } | null> {
    try {
      const entry = await this.#init.rpc('getmempoolentry', txid)
      const fee = Math.round(Number(field(field(entry, 'fees'), 'ancestor')) * satoshiPerCoin)
      return { fee, size: Number(field(entry, 'ancestorsize')) }
    } catch (error) {
      if (rpcCodeOf(error) === notInMempool) return null
      throw error
    }
  }

  /** Keeps what is about to be sent, with the places that it pays. */
  async keepSent(raw: Uint8Array, places: readonly KeyPlace[]): Promise<void> {
    await this.saved()
    const numbers = places.map(({ kind, chain, number }) => [branchOf(kind, chain), number])
    await this.#init.store.put(`sent/${readLoosely(raw).id}`, write({ raw, places: numbers }))
  }

  /** Lists what was sent, as long as its transactions are kept. */
  async sent(): Promise<{ readonly raw: Uint8Array; readonly places: readonly KeyPlace[] }[]> {
    const all: { raw: Uint8Array; places: KeyPlace[] }[] = []
    for (const key of await keysUnder(this.#init.store, 'sent/')) {
      const value = await this.#init.store.get(key)
      if (value !== undefined) all.push(readSent(value))
    }
    return all
  }

  /** Forgets what was sent: it was refused, or no usual reorganisation brings it back. */
  async forgetSent(txid: string): Promise<void> {
    await this.#init.store.del(`sent/${txid}`)
  }

  /**
   * Sees to what was sent and does not wait: deep in the chain, it is forgotten; lost, it is handed in again.
   *
   * @returns whether it waits now
   */
  async #handedIn(txid: string, raw: Uint8Array): Promise<boolean> {
    const { rpc } = this.#init
    try {
      const found = await rpc('getrawtransaction', txid, true)
      if (Number(field(found, 'confirmations')) >= deep) await this.forgetSent(txid)
      return false
    } catch (error) {
      if (rpcCodeOf(error) !== notInMempool) throw error
    }
    try {
      await rpc('sendrawtransaction', hex(raw))
    } catch (error) {
      // Another one has taken its place
      if (rpcCodeOf(error) === undefined) throw error
    }
    return (await this.waits(txid)) !== null
  }

  /** Gives what a coin's owner has said. */
  async labels(): Promise<Label[]> {
    const texts: string[] = []
    for (const key of await keysUnder(this.#init.store, 'label/')) {
      const value = await this.#init.store.get(key)
      if (value !== undefined) texts.push(new TextDecoder().decode(value))
    }
    return readLabels(texts.join(''))
  }

  /** Keeps labels; a label takes the place of an older one of the same thing. */
  async keepLabels(labels: readonly Label[]): Promise<void> {
    await this.#init.store.batch(
      labels.map(label => {
        const key = `label/${label.type}/${label.ref}`
        return { type: 'put' as const, key, value: ascii.encode(writeLabels([label])) }
      }),
    )
  }

  /** Says that a coin is not to be spent, or may be again. */
  async freeze(id: Uint8Array, isFrozen: boolean): Promise<void> {
    await this.#change(id, { spendable: !isFrozen })
  }

  /** Names a coin. */
  async name(id: Uint8Array, label: string): Promise<void> {
    await this.#change(id, { label })
  }

  async #change(id: Uint8Array, change: Partial<Label>): Promise<void> {
    const ref = nameOf(id)
    const old = (await this.labels()).find(label => label.type === 'output' && label.ref === ref)
    await this.keepLabels([{ type: 'output', ref, label: '', ...old, ...change }])
  }
}

type Found = Pick<OwnCoin, 'note' | 'place' | 'depth'>

function branchOf(kind: ScriptKind, chain: KeyChain): number {
  return branches.findIndex(one => one.kind === kind && one.chain === chain)
}

/** Names a coin as people do: `txid:vout`. */
export function nameOf(id: Uint8Array): string {
  const { txid, index } = readOutpoint(id)
  return `${txid}:${index}`
}

/** Reads what people write. @throws PaymentError BAD_DOCUMENT */
export function coinNamed(name: string): Uint8Array {
  const [, txid, index] = /^([0-9a-f]{64}):(\d{1,9})$/.exec(name) ?? []
  if (txid === undefined || index === undefined)
    throw new PaymentError('BAD_DOCUMENT', `coin: want txid:vout, have '${name.slice(0, 100)}'`)
  return outpoint(txid, Number(index))
}

function readNumbers(value: Uint8Array): number[] {
  try {
    const read = new Reader(value, 'numbers', 256)
    read.map(1)
    const numbers = read.items('numbers', branches.length, () => read.uint(2 ** 31 - 1))
    read.end()
    if (numbers.length !== branches.length) throw read.fail('BAD_DOCUMENT', 'want one a branch')
    return numbers
  } catch (cause) {
    throw new PaymentError('DAMAGED', 'bitcoin: it cannot be read how many keys were handed out', { cause })
  }
}

function readSent(value: Uint8Array): { raw: Uint8Array; places: KeyPlace[] } {
  const read = new Reader(value, 'sent', longestRecord)
  read.map(2)
  const raw = read.key('raw').bytesUpTo(longestRecord)
  const places = read.items('places', 10_000, () => {
    read.list(2)
    const branch = branches[read.uint(branches.length - 1)] as { kind: ScriptKind; chain: KeyChain }
    return { ...branch, number: read.uint(2 ** 31 - 1) }
  })
  read.end()
  return { raw, places }
}

/** Turns hexadecimal that a node gave into bytes. */
export async function rawOf(rpc: Rpc, txid: string): Promise<Uint8Array> {
  return fromHex(String(await rpc('getrawtransaction', txid)))
}
