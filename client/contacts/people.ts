// Whom a client knows and what it is to them, put together (docs/spec/client-contacts.md 17): what a message says of
// its writer, what is told in return, and which keys are used.

import { fromHex, same } from '../../encoding/bytes.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { ClientError } from '../error.ts'
import type { Identity } from '../folder/identity.ts'
import type { Operation } from '../folder/schema.ts'
import { readAddress, writeAddress } from '../packets/address.ts'
import { type From, type PeriodKey, proofBytes, writeReply } from '../packets/content.ts'
import { fragmentBytes, fragmentCount } from '../packets/fragments.ts'
import { readMoved } from '../packets/moved.ts'
import type { Sealing, SealingKey } from '../packets/sealing.ts'
import type { Acknowledging } from './acknowledging.ts'
import type { Contact, Contacts } from './contacts.ts'
import type { ReceivingKeys } from './receiving-keys.ts'
import { safetyWords } from './safety-words.ts'
import { isProven, type PairKeys, pairKeys } from './sender.ts'

export interface PeopleInit {
  /** The network's name. */
  readonly network: string
  readonly sealing: Sealing
  readonly g: Geometry
  readonly own: Pick<Identity, 'sealingKey' | 'mailboxKey'>
  readonly contacts: Contacts
  readonly keys: ReceivingKeys
  readonly acknowledging: Acknowledging
}

/** A message that is whole, and what it says of its writer. */
export interface Meeting {
  /** Lowercase hex */
  readonly id: string
  readonly content: Uint8Array
  readonly from: From | undefined
  readonly wantsReceived: boolean
  readonly blocks: number
}

/** Holds what is to be written together with something that came. */
export interface Noted {
  readonly operations: readonly Operation[]
  readonly commit: () => void
}

const nothing: Noted = { operations: [], commit: () => {} }

export class People {
  readonly #init: PeopleInit

  constructor(init: PeopleInit) {
    this.#init = init
  }

  /** Lists the keys that a fragment may be sealed to, besides that of the address. */
  receivingKeys(): readonly SealingKey[] {
    return this.#init.keys.all()
  }

  /**
   * Checks who wrote a message, learns what they are to be sealed to, and notes what they are to be told.
   *
   * @returns with the address of its writer; undefined when it does not say
   * @throws ClientError BAD_CONTENT: it says that somebody wrote it who did not; BAD_ADDRESS
   */
  met({ id, content, from, wantsReceived, blocks }: Meeting): Noted & { readonly from: string | undefined } {
    const { network, contacts, acknowledging } = this.#init
    const ask = { id, wantsReceived, blocks }
    if (from === undefined)
      return { from: undefined, ...acknowledging.arrived({ ...ask, contact: undefined }) }
    const { address, keys } = from
    const pair = this.#pair(address.sealingKey, 'from')
    if (!isProven(pair, fromHex(id), content))
      throw new ClientError('BAD_CONTENT', 'message: whoever it says did not write it')
    const contact = contacts.of(address.sealingKey)
    const learnt = contacts.learn(address.sealingKey, keys)
    const owed = acknowledging.arrived({ ...ask, contact })
    return { from: writeAddress(address, network), ...both(learnt, owed) }
  }

  /** Computes the keys of what this client writes to an address. @throws ClientError BAD_ADDRESS */
  pairWith(sealingKey: Uint8Array): PairKeys {
    return this.#pair(sealingKey, 'to')
  }

  #pair(other: Uint8Array, way: 'to' | 'from'): PairKeys {
    const { sealing, own } = this.#init
    return pairKeys(sealing, own.sealingKey, other, way)
  }

  /** Says who this client is, as a message tells it. @throws ClientError NO_GATEWAY */
  from(gateways: readonly Uint8Array[]): From {
    const { own, keys } = this.#init
    if (gateways.length === 0)
      throw new ClientError(
        'NO_GATEWAY',
        'client: no gateway yet: wait for `ready`, or name one in the options',
      )
    const address = { sealingKey: own.sealingKey.public, mailboxKey: own.mailboxKey, gateways }
    return { address, keys: keys.told(), proof: new Uint8Array(proofBytes) }
  }

  /** Gives the keys that a reply of so many bytes tells: none where they would make it longer by a packet. */
  keysFor(bytes: number): readonly PeriodKey[] {
    const { g, keys } = this.#init
    const told = keys.told()
    const size = fragmentBytes(g, 'reply', 0)
    const count = (some: readonly PeriodKey[]): number =>
      fragmentCount(writeReply({ keys: some, bytes: new Uint8Array(0) }).length + bytes, size)
    return count(told) === count([]) ? told : []
  }

  /** Gives the words that both ends show alike. @param who a contact's name, or an address */
  words(who: string): string[] {
    const { contacts, network, own } = this.#init
    const address = contacts.find(who)?.address ?? (who.startsWith('chaffinch_') ? who : undefined)
    if (address === undefined)
      throw new ClientError('NO_CONTACT', `contact '${who.slice(0, 64)}': there is none`)
    const keys = { sealingKey: own.sealingKey.public, mailboxKey: own.mailboxKey }
    return safetyWords(keys, readAddress(address, network))
  }

  /** Hears that a message has come again. Never rejects. */
  async metAgain(id: string): Promise<void> {
    await this.#init.acknowledging.again(id)
  }

  /** Takes a notice of where a contact's mail is kept from now on. @throws ClientError BAD_CONTENT */
  moved(content: Uint8Array): Noted {
    return this.#init.contacts.moved(readMoved(content))
  }

  /** Tells whether whoever a message says wrote it has an address, whatever its gateways. */
  hasWritten({ address }: From, to: string | undefined): boolean {
    return to !== undefined && same(readAddress(to, this.#init.network).sealingKey, address.sealingKey)
  }

  /** Learns what whoever was written to at an address is to be sealed to from now on. */
  learn(to: string | undefined, keys: readonly PeriodKey[]): Noted {
    const { network, contacts } = this.#init
    if (to === undefined || keys.length === 0) return nothing
    return contacts.learn(readAddress(to, network).sealingKey, keys)
  }

  /** Finds the contact of an address that stands in the inbox. */
  contact(from: string | undefined): Contact | undefined {
    return from === undefined ? undefined : this.#init.contacts.find(from)
  }
}

function both(one: Noted, other: Noted): Noted {
  return {
    operations: [...one.operations, ...other.operations],
    commit: () => {
      one.commit()
      other.commit()
    },
  }
}
