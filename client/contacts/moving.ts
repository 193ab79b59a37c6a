// Telling contacts that this client's mail is kept elsewhere (docs/spec/client-contacts.md 17.6): each is sent a notice
// until their gateway has it, whatever ends in between.

import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Log } from '../../world/log.ts'
import type { Homes } from '../folder/homes.ts'
import type { Identity } from '../folder/identity.ts'
import { writeMoved } from '../packets/moved.ts'
import type { Contacts } from './contacts.ts'

/** Notices under way. */
const mostUnderWay = 8

export interface MovingInit {
  readonly log: Log
  /** The network's name. */
  readonly network: string
  readonly homes: Homes
  readonly contacts: Contacts
  readonly identity: () => Identity
  /** Sends a notice to an address; returns the id it travels under, or undefined when it may not leave now. */
  readonly post: (to: string, content: Uint8Array) => string | undefined
}

export class Moving {
  readonly #init: MovingInit
  /** By the id that it travels under: the contact's key, lowercase hex. */
  readonly #underWay = new Map<string, string>()

  constructor(init: MovingInit) {
    this.#init = init
  }

  /** Hands over notices that are owed, a few at a time. */
  async tell(): Promise<void> {
    const { homes, contacts, identity, network, post } = this.#init
    const busy = new Set(this.#underWay.values())
    for (const key of homes.owed) {
      if (busy.size >= mostUnderWay) return
      if (busy.has(hex(key))) continue
      const contact = contacts.of(key)
      if (contact === undefined) {
        await homes.told(key)
        continue
      }
      const { sealingKey, mailboxSeed, mailboxKey, gateways } = identity()
      const moved = { serial: homes.serial, sealingKey: sealingKey.public, gateways }
      const under = post(contact.address, writeMoved(network, { seed: mailboxSeed, key: mailboxKey }, moved))
      if (under === undefined) return
      this.#underWay.set(under, hex(key))
      busy.add(hex(key))
    }
  }

  /** Hears that something of the client's own is over. @param isStored its receiver's gateway has it */
  async over(under: string, isStored: boolean): Promise<void> {
    const key = this.#underWay.get(under)
    this.#underWay.delete(under)
    if (key === undefined || !isStored) return
    await this.#init.homes
      .told(fromHex(key))
      .catch(() => this.#init.log.error({}, 'that a contact was told of a move could not be noted'))
  }

  /** Other gateways: what is under way tells of the last ones. */
  changed(): void {
    this.#underWay.clear()
  }
}
