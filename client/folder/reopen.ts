// What a client finds in its store when it starts.

import type { Clock } from '../../world/clock.ts'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { Contacts } from '../contacts/contacts.ts'
import { ReceivingKeys } from '../contacts/receiving-keys.ts'
import { entriesSchema } from '../incoming/entry.ts'
import { Inbox } from '../incoming/inbox.ts'
import { readCursors } from '../incoming/receiver.ts'
import type { ClientLimits } from '../limits.ts'
import { Outbox } from '../outgoing/outbox.ts'
import { OwnBlocks } from '../outgoing/own-blocks.ts'
import { TheirBlocks } from '../outgoing/their-blocks.ts'
import type { Sealing } from '../packets/sealing.ts'
import { Homes } from './homes.ts'
import { type Identity, openIdentity } from './identity.ts'
import { checkFormat, readRecord } from './schema.ts'

export interface Stored {
  readonly identity: Identity
  readonly homes: Homes
  /** The gateways by which it has entered, the last one in front. */
  readonly entries: readonly Uint8Array[]
  readonly contacts: Contacts
  readonly keys: ReceivingKeys
  readonly outbox: Outbox
  readonly inbox: Inbox
  readonly own: OwnBlocks
  readonly theirs: TheirBlocks
  /** By gateway: up to where its mailbox is safe here. */
  readonly cursors: ReadonlyMap<string, number>
}

/**
 * Reads everything, or begins anew in an empty store.
 *
 * @param init.gateways 32 bytes each; when there are any they take the place of those in the store
 * @throws ClientError STORE_NEWER, STORE_DAMAGED
 */
export async function openStored(init: {
  readonly network: { readonly name: string }
  readonly store: Store
  readonly limits: ClientLimits
  readonly clock: Clock
  readonly sealing: Sealing
  readonly random: Random
  readonly gateways: readonly Uint8Array[]
}): Promise<Stored> {
  const { store, limits, clock, sealing, random, gateways, network } = init
  await checkFormat(store)
  const identity = await openIdentity(store, sealing, random)
  const own = identity.sealingKey
  const { periodMs } = limits
  const contacts = await Contacts.open({ store, sealing, own, network: network.name, periodMs })
  const homes = await Homes.open(store)
  const people = {
    ofMessage: (id: Uint8Array) => contacts.ofMessage(id),
    isKnown: (from: string) => contacts.find(from) !== undefined,
  }
  return {
    contacts,
    keys: await ReceivingKeys.open(store, sealing, random, periodMs),
    homes,
    identity:
      gateways.length > 0
        ? await homes.change(identity, gateways, contacts.sealingKeys(), clock.now())
        : identity,
    entries: await readEntries(store),
    outbox: await Outbox.open(store, limits.outbox),
    inbox: await Inbox.open(store, limits.inbox, clock.elapsed(), people),
    own: await OwnBlocks.open(store, limits.own),
    theirs: await TheirBlocks.open(store, limits.theirs),
    cursors: await readCursors(store),
  }
}

async function readEntries(store: Store): Promise<readonly Uint8Array[]> {
  const found = await store.get('entries')
  return found === undefined ? [] : readRecord('entries', found, entriesSchema).entries
}
