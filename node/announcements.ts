// The services that a gateway announces for the owners of mailboxes (docs/spec/gateway.md 6): each owner one service,
// each name one owner, few in all, none for longer than it is renewed.

import { type AnnouncedService, mostServices } from '../directory/documents/announced.ts'
import { hex } from '../encoding/bytes.ts'
import type { Clock } from '../world/clock.ts'
import { hour, type Ms } from '../world/units.ts'

/** One stands so long without being renewed: clients renew each half hour. */
export const announcedMs: Ms = 2 * hour

export class Announcements {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #mayAnnounce: (mailboxKey: Uint8Array) => boolean
  /** By the hex of the mailbox key. */
  readonly #standing = new Map<string, { readonly service: AnnouncedService; readonly until: Ms }>()

  /** @param mayAnnounce says whether the operator lets the owner of this mailbox */
  constructor(clock: Pick<Clock, 'elapsed'>, mayAnnounce: (mailboxKey: Uint8Array) => boolean = () => true) {
    this.#clock = clock
    this.#mayAnnounce = mayAnnounce
  }

  /**
   * Takes or renews an owner's service; another one takes the place of the owner's last.
   *
   * @param service.mailboxKey the key that this connection has proved
   * @returns whether it stands; not when the operator lets others only, the name is another owner's, or there is no
   * room
   */
  announce(service: AnnouncedService): boolean {
    if (!this.#mayAnnounce(service.mailboxKey)) return false
    const owner = hex(service.mailboxKey)
    this.#tidy()
    const others = [...this.#standing].filter(([key]) => key !== owner)
    if (others.some(([, { service: other }]) => other.name === service.name)) return false
    if (others.length >= mostServices) return false
    this.#standing.set(owner, { service, until: this.#clock.elapsed() + announcedMs })
    return true
  }

  /** Lists those that stand, by name, as a descriptor has them. */
  list(): readonly AnnouncedService[] {
    this.#tidy()
    const services = [...this.#standing.values()].map(({ service }) => service)
    return services.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Lets go of what was not renewed, and of those whom the operator lets no longer. */
  #tidy(): void {
    for (const [owner, { service, until }] of this.#standing)
      if (until <= this.#clock.elapsed() || !this.#mayAnnounce(service.mailboxKey))
        this.#standing.delete(owner)
  }
}
