// What a gateway announces for the owners of mailboxes (docs/gateway.md 6): each owner one service, each name one owner, few in
// all, none for longer than it is renewed.

import { type AnnouncedService, mostServices } from '../directory/announced.ts'
import { hexOf } from '../link/identity.ts'

/** How long one stands without being renewed, milliseconds: clients renew each half hour. */
export const announcedMs: number = 2 * 60 * 60_000

export class Announcements {
  readonly #now: () => number
  /** By the hex of the mailbox key. */
  readonly #standing = new Map<string, { readonly service: AnnouncedService; readonly until: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Takes or renews an owner's service; another one takes the place of the owner's last.
   *
   * @param service.mailboxKey the key that this connection has proved
   * @returns whether it stands; not when the name is another owner's, or there is no room
   */
  announce(service: AnnouncedService): boolean {
    const owner = hexOf(service.mailboxKey)
    this.#expire()
    const others = [...this.#standing].filter(([key]) => key !== owner)
    if (others.some(([, { service: other }]) => other.name === service.name)) return false
    if (others.length >= mostServices) return false
    this.#standing.set(owner, { service, until: this.#now() + announcedMs })
    return true
  }

  /** Those that stand, by name, as a descriptor has them. */
  list(): readonly AnnouncedService[] {
    this.#expire()
    const services = [...this.#standing.values()].map(({ service }) => service)
    return services.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #expire(): void {
    for (const [owner, { until }] of this.#standing) if (until <= this.#now()) this.#standing.delete(owner)
  }
}
