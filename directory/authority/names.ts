// Where the names of members lead (docs/spec/directory-nodes.md 5.6): a name may be pointed elsewhere once its node is
// in, so it is looked up again, by dialling.

import { hex } from '../../encoding/bytes.ts'
import type { Epoch } from '../../world/units.ts'
import { networkPrefix } from '../address.ts'
import type { Member } from '../documents/joining.ts'
import { DirectoryError } from '../error.ts'
import type { Presence } from './presence.ts'

/** Members with names that are dialled again in an epoch, and at once. */
const recounts = { inEpoch: 256, atOnce: 16 } as const

export interface NamesInit {
  readonly presence: Presence
  /** By the hex of their ids. */
  readonly members: ReadonlyMap<string, Member>
  readonly epoch: () => Epoch
  /** Called with a member that was found elsewhere than before. */
  readonly keep: (member: Member) => Promise<void>
}

export class Names {
  readonly #init: NamesInit
  /** The epoch in which it was looked where a member's names lead. */
  readonly #found = new Map<string, Epoch>()
  #recounting = false

  constructor(init: NamesInit) {
    this.#init = init
  }

  forget(id: string): void {
    this.#found.delete(id)
  }

  /**
   * Looks again where the names of members lead, those first that nobody has looked after for longest: one that leads
   * to another network counts there from the next vote on. Who does not answer stays where it was.
   */
  async recount(): Promise<void> {
    if (this.#recounting) return
    this.#recounting = true
    try {
      const due = [...this.#init.members.values()]
        .filter(({ request, left }) => !left && request.stable.addresses.some(isNamed))
        .map(({ request }) => request.stable.id)
        .sort((a, b) => (this.#found.get(hex(a)) ?? -1) - (this.#found.get(hex(b)) ?? -1))
        .slice(0, recounts.inEpoch)
      // A few at once: those who ask to join must find room
      for (let i = 0; i < due.length; i += recounts.atOnce) {
        await Promise.all(due.slice(i, i + recounts.atOnce).map(id => this.#findAgain(hex(id))))
      }
    } finally {
      this.#recounting = false
    }
  }

  async #findAgain(id: string): Promise<void> {
    const member = this.#init.members.get(id)
    if (member === undefined) return
    const { stable } = member.request
    this.#found.set(id, this.#init.epoch())
    try {
      const reached = await this.#init.presence.prove({
        id: stable.id,
        addresses: stable.addresses.filter(isNamed),
      })
      const all = [...stable.addresses.filter(address => !isNamed(address)), ...reached]
      const now = this.#init.members.get(id)
      // It may have left, or asked to join otherwise, meanwhile
      if (now !== member || String(all.toSorted()) === String(member.reached.toSorted())) return
      await this.#init.keep({ ...member, reached: all })
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
    }
  }
}

/** Says whether an address has a name in the place of an IP address. */
export function isNamed(address: string): boolean {
  return networkPrefix(address) === undefined
}
