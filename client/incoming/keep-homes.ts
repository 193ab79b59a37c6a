// Which gateways keep a client's mail, looked at with each document (docs/spec/client-clocks.md 9.3): enough of them,
// none that is gone for good, and former ones until their time is over.

import type { View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { type Ms, minute } from '../../world/units.ts'
import type { Homes } from '../folder/homes.ts'
import type { Identity } from '../folder/identity.ts'
import { type ChooseGateway, chooseHomes } from './choose-homes.ts'

export interface KeepHomesInit {
  readonly homes: Homes
  /** So many are to keep its mail; undefined where the owner has named them. */
  readonly wanted: number | undefined
  readonly choose: ChooseGateway
  /** Tells whether a gateway, 32 bytes, has said of late that it has no room for this client. */
  readonly isFull: (id: Uint8Array) => boolean
  /** Tells whether a document near this time has a gateway, 32 bytes. */
  readonly isListed: (id: Uint8Array) => boolean
  /** Lists the sealing keys of contacts: they are to be told of a change. */
  readonly contacts: () => readonly Uint8Array[]
  /** Wall time. */
  readonly now: () => Ms
  /** Reply blocks work for so long. */
  readonly blocksMs: Ms
}

/**
 * Takes gateways at random where there are too few, or one is gone for good, and keeps them.
 *
 * @returns the identity with the gateways that there are now; the same object where nothing has changed
 * @throws what the disk says
 */
export async function keepHomes(init: KeepHomesInit, identity: Identity, view: View): Promise<Identity> {
  const { homes, wanted, blocksMs } = init
  const now = wanted === undefined ? identity : await chosen(init, wanted, identity, view)
  await homes.advance(view.validAfter, view.parameters.mailboxMinutes * minute + blocksMs)
  return now
}

async function chosen(
  init: KeepHomesInit,
  wanted: number,
  identity: Identity,
  view: View,
): Promise<Identity> {
  const { homes, choose, isFull, isListed, contacts, now } = init
  const lost = new Set(await homes.lost(identity.gateways, isListed, view.validAfter))
  const kept = identity.gateways.filter(id => !lost.has(id) && !isFull(id))
  const gateways = chooseHomes(view, wanted, kept, choose, isFull)
  return gateways.length === 0 ? identity : await homes.change(identity, gateways, contacts(), now())
}

/** A gateway that has said that it is full is asked again after so long. */
const fullMs: Ms = 10 * minute

/** Gateways that have said of late that they have no room for a new client. */
export class FullGateways {
  readonly #elapsed: () => Ms
  /** By lowercase hex of the id: when it said so last. */
  readonly #since = new Map<string, Ms>()

  constructor(elapsed: () => Ms) {
    this.#elapsed = elapsed
  }

  /** @returns false where that was known */
  note(id: Uint8Array): boolean {
    const isNew = !this.has(id)
    this.#since.set(hex(id), this.#elapsed())
    return isNew
  }

  has(id: Uint8Array): boolean {
    const since = this.#since.get(hex(id))
    return since !== undefined && this.#elapsed() - since < fullMs
  }
}
