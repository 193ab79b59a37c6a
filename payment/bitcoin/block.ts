// Reads a block as it lies in the chain, as far as is needed to say which of its transactions spends an output, or pays
// an owner: a hundred times fewer questions to the node than asking for each transaction. BIP 144.

import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from '../../encoding/bytes.ts'
import { PaymentError } from '../error.ts'

/** An output of a transaction in a block. */
export interface BlockOutput {
  readonly script: Uint8Array
  /** Satoshi. */
  readonly amount: number
}

/** A transaction in a block. */
export interface BlockTransaction {
  /** 32 bytes, not reversed. */
  readonly id: Uint8Array
  /** The outpoints that it spends, 36 bytes each. */
  readonly spends: readonly Uint8Array[]
  readonly outputs: readonly BlockOutput[]
}

const headerBytes = 80

/** Reads the transactions of a block. @throws PaymentError NODE when it is none */
export function* transactionsIn(block: Uint8Array): Generator<BlockTransaction> {
  const read = new Bytes(block)
  read.take(headerBytes)
  const count = read.count()
  for (let i = 0; i < count; i++) yield transactionAt(read)
  if (read.left > 0) throw notOne()
}

function transactionAt(read: Bytes): BlockTransaction {
  const version = read.take(4)
  const isSegwit = read.peek() === 0
  if (isSegwit) read.take(2)
  const from = read.at
  const spends = Array.from({ length: read.count(41) }, () => {
    const outpoint = read.take(36)
    read.take(read.count())
    read.take(4)
    return outpoint
  })
  const outputs = Array.from({ length: read.count(9) }, (): BlockOutput => {
    const amount = read.uint64()
    return { amount, script: read.take(read.count()) }
  })
  const core = read.since(from)
  if (isSegwit)
    for (const _ of spends) {
      const items = read.count(1)
      for (let i = 0; i < items; i++) read.take(read.count())
    }
  const lockTime = read.take(4)
  return { id: sha256(sha256(concat([version, core, lockTime]))), spends, outputs }
}

class Bytes {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw notOne()
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  since(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.at)
  }

  peek(): number | undefined {
    return this.#bytes[this.at]
  }

  /** Reads a length, or how many things of at least so many bytes come. */
  count(each = 1): number {
    const first = this.take(1)[0] as number
    const bytes = first < 0xfd ? 0 : 2 ** (first - 0xfc)
    const value = bytes === 0 ? first : this.#number(bytes)
    if (value * each > this.left) throw notOne()
    return value
  }

  uint64(): number {
    return this.#number(8)
  }

  #number(bytes: number): number {
    const at = this.at
    this.take(bytes)
    if (bytes === 2) return this.#view.getUint16(at, true)
    return bytes === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true))
  }
}

function notOne(): PaymentError {
  return new PaymentError('NODE', 'bitcoin node: what it gave is no block')
}
