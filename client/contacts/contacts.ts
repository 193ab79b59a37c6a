// People whom a client's owner knows, in its store (docs/spec/client-contacts.md 17.1): a name for an address, what of
// theirs is acknowledged, and the keys that they are sealed to.

import * as v from 'valibot'
import { fromHex, hex, same } from '../../encoding/bytes.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import type { Ms } from '../../world/units.ts'
import { ClientError } from '../error.ts'
import { onDisk } from '../folder/disk-full.ts'
import { bytesOf, del, type Operation, putRecord, readRecord, time } from '../folder/schema.ts'
import { type Address, readAddress, writeAddress } from '../packets/address.ts'
import { maxPeriodKeys, type PeriodKey } from '../packets/content.ts'
import { type MovedNotice, movedAddress } from '../packets/moved.ts'
import type { Sealing, SealingKey } from '../packets/sealing.ts'
import { isMarked, type PairKeys, pairKeys } from './sender.ts'

/** Somebody whom the client's owner knows. */
export interface Contact {
  readonly name: string
  readonly address: string
  /** They are told when their message was read, if they ask for it. Off unless the owner says so. */
  readonly read: boolean
  /** They are told when this client has all of their message, if they ask for it. On unless the owner says no. */
  readonly received: boolean
}

/** Says of a contact what the owner may, besides its name and address. */
export type ContactSettings = Partial<Pick<Contact, 'read' | 'received'>>

interface Known extends Contact {
  /** The newest notice of where their mail is kept; 0 for none. */
  readonly moved: number
  /** Lowercase hex of the address's sealing key: it names the contact. */
  readonly key: string
  readonly keys: readonly PeriodKey[]
  /** Checks what the contact writes to this client. */
  readonly theirs: PairKeys
}

const mostContacts = 1000
const nameForm = /^[^\s/\p{C}]{1,64}$/u
const schema = v.strictObject({
  name: v.string(),
  address: v.string(),
  read: v.boolean(),
  received: v.boolean(),
  keys: v.array(v.strictObject({ period: time, key: bytesOf(32) })),
  moved: v.optional(time, 0),
})

export interface ContactsInit {
  readonly store: Store
  readonly sealing: Sealing
  readonly own: SealingKey
  /** The network's name. */
  readonly network: string
  readonly periodMs: Ms
}

export class Contacts {
  readonly #init: ContactsInit
  /** By the lowercase hex of their sealing keys. */
  readonly #known = new Map<string, Known>()
  /** By address as text: the sealing key in it, of those that were looked up last. */
  readonly #read = new Map<string, string>()
  #onChange: () => void = () => {}

  private constructor(init: ContactsInit) {
    this.#init = init
  }

  /** @throws ClientError STORE_DAMAGED */
  static async open(init: ContactsInit): Promise<Contacts> {
    const contacts = new Contacts(init)
    for (const [record, value] of await entriesUnder(init.store, 'contact/')) {
      const { keys, moved, ...contact } = readRecord(record, value, schema)
      const known = contacts.#knownAs(contact, keys, moved)
      if (record !== recordOf(known.key))
        throw new ClientError(
          'STORE_DAMAGED',
          `store: ${record} is of another; restore the folder from a copy`,
        )
      contacts.#known.set(known.key, known)
    }
    return contacts
  }

  /** Calls `run` whenever there is another contact, or one less. */
  onChange(run: () => void): void {
    this.#onChange = run
  }

  list(): Contact[] {
    return [...this.#known.values()].map(contactOf).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Finds the contact of this name, or of this address whatever gateways it has. */
  find(nameOrAddress: string): Contact | undefined {
    const found = this.#find(nameOrAddress)
    return found && contactOf(found)
  }

  /** Lists the sealing keys of all, 32 bytes each. */
  sealingKeys(): Uint8Array[] {
    return [...this.#known.keys()].map(fromHex)
  }

  /**
   * Prepares to write to a contact at other gateways from now on: a notice of theirs says so.
   *
   * @throws ClientError BAD_CONTENT: of nobody who is known, or not theirs
   */
  moved(notice: MovedNotice): { operations: Operation[]; commit(): void } {
    const { network } = this.#init
    const known = this.#known.get(hex(notice.sealingKey))
    const before = known && readAddress(known.address, network)
    if (known === undefined || before === undefined || !notice.isSignedBy(network, before.mailboxKey))
      throw new ClientError('BAD_CONTENT', 'moved: no contact has signed it')
    if (notice.serial <= known.moved) return { operations: [], commit: () => {} }
    const address = writeAddress(movedAddress(before, notice), network)
    const told = { ...known, address, moved: notice.serial }
    return {
      operations: [write(told)],
      commit: () => {
        if (this.#known.has(known.key)) this.#known.set(known.key, told)
      },
    }
  }

  /** Gives the address of a contact who has moved in the place of an older one of theirs; any other stays as it is. */
  current(address: Address): Address {
    const known = this.#known.get(hex(address.sealingKey))
    if (known === undefined || known.moved === 0) return address
    const now = readAddress(known.address, this.#init.network)
    return same(now.mailboxKey, address.mailboxKey) ? now : address
  }

  /** Finds the contact whose address has this sealing key. */
  of(sealingKey: Uint8Array): Contact | undefined {
    const found = this.#known.get(hex(sealingKey))
    return found && contactOf(found)
  }

  /**
   * Takes a name for an address, or changes what is said of one. It is on disk when this resolves.
   *
   * @throws ClientError BAD_OPTION (the name is none, or another's; there are 1,000), BAD_ADDRESS, WRONG_NETWORK,
   *   WRONG_VERSION, DISK_FULL
   */
  async add(name: string, address: string, settings: ContactSettings = {}): Promise<Contact> {
    if (!nameForm.test(name))
      throw new ClientError(
        'BAD_OPTION',
        `contact '${name}': want 1 to 64 characters without space and slash`,
      )
    const sealingKey = this.#keyIn(address)
    const before = this.#known.get(sealingKey)
    const namesake = this.#find(name)
    if (namesake !== undefined && namesake.key !== sealingKey)
      throw new ClientError(
        'BAD_OPTION',
        `contact '${name}': is somebody else: remove that first, or take another name`,
      )
    if (before === undefined && this.#known.size >= mostContacts)
      throw new ClientError('BAD_OPTION', `contacts: ${mostContacts} at most: remove one`)
    const { read = false, received = true } = { ...before, ...settings }
    return await this.#keep(
      this.#knownAs(
        { name, address: address.trim(), read, received },
        before?.keys ?? [],
        before?.moved ?? 0,
      ),
    )
  }

  /** Changes what of theirs is acknowledged. @throws ClientError NO_CONTACT, DISK_FULL */
  async change(nameOrAddress: string, settings: ContactSettings): Promise<Contact> {
    const { name, address } = this.#need(nameOrAddress)
    return await this.add(name, address, settings)
  }

  /** Forgets a contact: what comes from them is a stranger's again. @throws ClientError NO_CONTACT */
  async remove(nameOrAddress: string): Promise<void> {
    const { key } = this.#need(nameOrAddress)
    await this.#init.store.batch([del(recordOf(key))])
    this.#known.delete(key)
    this.#onChange()
  }

  /** Finds whose message this id names: undefined for a stranger's. @returns their sealing key, lowercase hex */
  ofMessage(id: Uint8Array): string | undefined {
    for (const { key, theirs } of this.#known.values()) if (isMarked(theirs, id)) return key
    return undefined
  }

  /** Prepares to remember what a contact is to be sealed to; strangers' keys are not kept. */
  learn(sealingKey: Uint8Array, keys: readonly PeriodKey[]): { operations: Operation[]; commit(): void } {
    const known = this.#known.get(hex(sealingKey))
    if (known === undefined || keys.length === 0) return { operations: [], commit: () => {} }
    const merged = new Map([...known.keys, ...keys].map(one => [one.period, one]))
    const newest = [...merged.values()].sort((a, b) => b.period - a.period).slice(0, maxPeriodKeys)
    const learnt = { ...known, keys: newest }
    return {
      operations: [write(learnt)],
      commit: () => {
        if (this.#known.has(known.key)) this.#known.set(known.key, learnt)
      },
    }
  }

  /**
   * Picks the key that a fragment to this address is sealed to: of this period, or of the nearest to come; the
   * address's own where none is known.
   *
   * @param at the time, by a signed document
   */
  keyFor(sealingKey: Uint8Array, at: Ms): Uint8Array {
    const period = Math.floor(at / this.#init.periodMs)
    let best: PeriodKey | undefined
    for (const one of this.#known.get(hex(sealingKey))?.keys ?? [])
      if (one.period >= period && (best === undefined || one.period < best.period)) best = one
    return best?.key ?? sealingKey
  }

  #find(nameOrAddress: string): Known | undefined {
    if (nameOrAddress.trim().startsWith('chaffinch_')) return this.#known.get(this.#keyIn(nameOrAddress))
    for (const known of this.#known.values()) if (known.name === nameOrAddress) return known
    return undefined
  }

  #keyIn(address: string): string {
    const found = this.#read.get(address) ?? hex(readAddress(address, this.#init.network).sealingKey)
    this.#read.set(address, found)
    const [oldest] = this.#read.keys()
    if (this.#read.size > 4 * mostContacts) this.#read.delete(oldest as string)
    return found
  }

  #need(nameOrAddress: string): Known {
    const found = this.#find(nameOrAddress)
    if (found === undefined)
      throw new ClientError('NO_CONTACT', `contact '${nameOrAddress.slice(0, 64)}': there is none`)
    return found
  }

  #knownAs(contact: Contact, keys: readonly PeriodKey[], moved: number): Known {
    const { sealing, own, network } = this.#init
    const { sealingKey } = readAddress(contact.address, network)
    return {
      ...contact,
      keys,
      moved,
      key: hex(sealingKey),
      theirs: pairKeys(sealing, own, sealingKey, 'from'),
    }
  }

  async #keep(known: Known): Promise<Contact> {
    await onDisk(() => this.#init.store.batch([write(known)]))
    this.#known.set(known.key, known)
    this.#onChange()
    return contactOf(known)
  }
}

function contactOf({ name, address, read, received }: Known): Contact {
  return { name, address, read, received }
}

function recordOf(key: string): string {
  return `contact/${key}`
}

function write({ key, name, address, read, received, keys, moved }: Known): Operation {
  const told = keys.map(one => ({ period: one.period, key: one.key }))
  return putRecord(recordOf(key), { name, address, read, received, keys: told, moved })
}
