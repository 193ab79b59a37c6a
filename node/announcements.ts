// What a gateway announces for the owners of mailboxes (docs/spec/gateway.md 6): each owner one service, each name one
// owner, few in all, none for longer than it is renewed.

import { type AnnouncedService, mostServices } from '../directory/documents/announced.ts'
import { hex } from '../encoding/bytes.ts'

/** How long one stands without being renewed, milliseconds: clients renew each half hour. */
export const announcedMs: number = 2 * 60 * 60_000

export class Announcements {
  readonly #now: () => number
  readonly #mayAnnounce: (mailboxKey: Uint8Array) => boolean
  /** By the hex of the mailbox key. */
  readonly #standing = new Map<string, { readonly service: AnnouncedService; readonly until: number }>()

  /** @param mayAnnounce whether the operator lets the owner of this mailbox */
  constructor(now: () => number, mayAnnounce: (mailboxKey: Uint8Array) => boolean = () => true) {
    this.#now = now
    this.#mayAnnounce = mayAnnounce
  }

  /**
   * Takes or renews an owner's service; another one takes the place of the owner's last.
   *
   * @param service.mailboxKey the key that this connection has proved
   * @returns whether it stands; not when the operator lets others only, the name is another owner's, or there is no room
   */
  announce(service: AnnouncedService): boolean {
    if (!this.#mayAnnounce(service.mailboxKey)) return false
    const owner = hex(service.mailboxKey)
    this.#tidy()
    const others = [...this.#standing].filter(([key]) => key !== owner)
    if (others.some(([, { service: other }]) => other.name === service.name)) return false
    if (others.length >= mostServices) return false
    this.#standing.set(owner, { service, until: this.#now() + announcedMs })
    return true
  }

  /** Those that stand, by name, as a descriptor has them. */
  list(): readonly AnnouncedService[] {
    this.#tidy()
    const services = [...this.#standing.values()].map(({ service }) => service)
    return services.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** What was not renewed, and whom the operator lets no longer. */
  #tidy(): void {
    for (const [owner, { service, until }] of this.#standing)
      if (until <= this.#now() || !this.#mayAnnounce(service.mailboxKey)) this.#standing.delete(owner)
  }
}
