// Requests that a person has made to be paid: they lie on disk with the key that signs their receipts, and the ledger
// says how much of each is paid. docs/spec/payments-paymix.md 5.2, 5.5.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Store } from '../../world/store.ts'
import { turns } from '../../world/turns.ts'
import { split } from '../denominations.ts'
import type { Keys } from '../keychain.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { Reader } from '../reader.ts'
import { recordsUnder } from '../records.ts'
import { receiptsIn } from './receipts.ts'
import {
  type Dispute,
  longestRequest,
  makeReceipt,
  makeRequest,
  type PaymentRequest,
  readRequest,
  type SignedRequest,
  settleDispute,
} from './request.ts'

/** A request of this wallet's own, and how much of it is paid. */
export interface OwnRequest {
  readonly request: SignedRequest
  readonly paid: Dispute
  /** makeReceipt, once all of it is paid. */
  readonly receipt: Uint8Array | null
}

interface OwnRequestsInit {
  readonly store: Store
  readonly ledger: Ledger
  readonly keys: Keys
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: () => number
  /** Returns when these secrets are on disk. */
  readonly keep: (secrets: readonly Uint8Array[]) => Promise<void>
  /** Is told of each record that cannot be read. */
  readonly aside: (key: string) => void
}

/** The requests of a wallet. */
export class OwnRequests {
  readonly #init: OwnRequestsInit
  /** One receipt a request, whoever asks for it at the same time. */
  readonly #receiving = turns()

  constructor(init: OwnRequestsInit) {
    this.#init = init
  }

  /**
   * A request to be paid, whose keys are on disk.
   *
   * @throws PaymentError BAD_AMOUNT
   */
  async make(wanted: Omit<PaymentRequest, 'ledger' | 'owners' | 'key'>): Promise<Uint8Array> {
    const { ledger, store, keys, keep } = this.#init
    const { request, secrets } = makeRequest(
      { ...wanted, ledger: ledger.id },
      { owner: () => keys.next('paid'), key: () => keys.next('receipt') },
    )
    await keep(secrets.owners)
    await store.put(`request/${hex(readRequest(request).hash)}`, write({ request, key: secrets.key }))
    return request
  }

  /** All requests, and what the ledger says of each. Those that have a receipt are not asked about again. */
  async all(): Promise<OwnRequest[]> {
    const all: OwnRequest[] = []
    for (const [, own] of await this.#records()) all.push(await this.#own(own))
    return all
  }

  /** Its requests that have no receipt; the ledger is not asked. */
  async unpaid(): Promise<SignedRequest[]> {
    const { store } = this.#init
    const receipts = receiptsIn(store)
    const all: SignedRequest[] = []
    for (const [, { request }] of await this.#records()) {
      if ((await receipts.find(request.hash)) === null) all.push(request)
    }
    return all
  }

  /** One of its requests by its hash; null when it made none like that. */
  async find(hash: Uint8Array): Promise<OwnRequest | null> {
    const value = await this.#init.store.get(`request/${hex(hash)}`)
    return value === undefined ? null : await this.#own(readOwn(value))
  }

  async #own({ request, key }: Kept): Promise<OwnRequest> {
    const { ledger, store, now } = this.#init
    const receipts = receiptsIn(store)
    const known = await receipts.find(request.hash)
    if (known !== null) return { request, paid: wholly(request), receipt: known }
    const paid = await settleDispute(request, ledger)
    if (!paid.isPaid) return { request, paid, receipt: null }
    const receiving = await this.#receiving(async () => {
      const made = (await receipts.find(request.hash)) ?? makeReceipt(request, now(), key)
      await receipts.save(request.hash, made)
      return made
    })
    return { request, paid, receipt: receiving }
  }

  async #records(): Promise<[string, Kept][]> {
    return await recordsUnder(this.#init.store, 'request/', readOwn, this.#init.aside)
  }
}

/** A request as it lies on disk, with the key that signs its receipt. */
interface Kept {
  readonly request: SignedRequest
  readonly key: Uint8Array
}

function readOwn(value: Uint8Array): Kept {
  const read = new Reader(value, 'request', 2 * longestRequest)
  read.map(2)
  const key = read.key('key').bytes(32)
  const request = read.key('request').bytesUpTo(longestRequest)
  read.end()
  return { request: readRequest(request), key }
}

function wholly({ amount }: SignedRequest): Dispute {
  return { isPaid: true, pieces: split(amount).map(denomination => ({ denomination, isPaid: true })) }
}
