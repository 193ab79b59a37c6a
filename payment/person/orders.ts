// Keeps what a person has agreed to pay, on its own disk under seal: the signed request, from before anything follows
// from the agreement, and the receipt. Both stay: they settle a dispute. docs/spec/payments-paymix.md 5.5.

import { hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import type { Store } from '../../world/store.ts'
import { Reader } from '../reader.ts'
import { recordsUnder } from '../records.ts'
import type { Wants } from './hiding.ts'
import { longestRequest, readRequest } from './request.ts'

export interface Order extends Wants {
  /** As its receiver made it (makeRequest). */
  readonly request: Uint8Array
  /** Milliseconds since 1970-01-01 UTC: when its owner agreed. */
  readonly agreed: number
  /** Tells people why it could not begin; '' when it could, or still may. */
  readonly why: string
}

/** A record's request, and the rest. */
const longestOrder = longestRequest + 1024
const longestReason = 200

export interface Orders {
  save(order: Order): Promise<void>
  /** For one that its owner was told not to have begun. */
  drop(order: Order): Promise<void>
  all(): Promise<Order[]>
}

/**
 * @param store one that seals its values
 * @param aside is told the name of a record that cannot be read
 */
export function ordersIn(store: Store, aside: (key: string) => void = () => {}): Orders {
  const keyOf = ({ request }: Order): string => `order/${hex(readRequest(request).hash)}`
  return {
    save: order => store.put(keyOf(order), writeOrder(order)),
    drop: order => store.del(keyOf(order)),
    async all() {
      return (await recordsUnder(store, 'order/', readOrder, aside)).map(([, order]) => order)
    },
  }
}

function writeOrder({ request, agreed, why, least, target }: Order): Uint8Array {
  return write({ request, agreed, why: why.slice(0, longestReason), wants: [least ?? 0, target ?? 0] })
}

/** @throws PaymentError TOO_LARGE, BAD_DOCUMENT */
export function readOrder(bytes: Uint8Array): Order {
  const read = new Reader(bytes, 'order', longestOrder)
  // Records of before have no wants
  const isOld = read.openMap(4) === 3
  const why = read.key('why').characters(longestReason)
  const [least = 0, target = 0] = isOld ? [] : read.items('wants', 2, () => read.uint())
  const agreed = read.key('agreed').uint()
  const request = read.key('request').bytesUpTo(longestRequest)
  read.end()
  return { request, agreed, why, ...(least === 0 ? {} : { least }), ...(target === 0 ? {} : { target }) }
}
