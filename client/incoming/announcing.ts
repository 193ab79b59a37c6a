// A service made known through the gateway (docs/spec/client-sdk.md 14.1): the announcement takes the place of a read
// at a tick of the reading clock, and has the size of one.

import type { AnnouncedService } from '../../directory/documents/announced.ts'
import type { View } from '../../directory/documents/view.ts'
import type { MailboxStatus } from '../../link/protocol/mailbox.ts'
import { ClientError } from '../error.ts'
import { writeAddress } from '../packets/address.ts'

/** A gateway forgets what is not renewed for two hours. */
const renewMs = 30 * 60_000

/** Says where the client's own announcement stands: `refused` when the name is taken there, or there is no room. */
export type AnnouncementState = 'waiting' | 'standing' | 'refused'

export class Announcing {
  readonly #now: () => number
  #own: Pick<AnnouncedService, 'name' | 'sealingKey'> | undefined
  #dueAt = 0
  #state: AnnouncementState = 'waiting'

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws ClientError BAD_OPTION: one is announced already */
  begin(name: string, sealingKey: Uint8Array): void {
    if (this.#own !== undefined && this.#own.name !== name)
      throw new ClientError(
        'BAD_OPTION',
        `serve: a gateway announces one service of a client, and this one announces '${this.#own.name}'`,
      )
    this.#own = { name, sealingKey }
    this.#dueAt = 0
    this.#state = 'waiting'
  }

  /** It is no longer renewed. */
  end(): void {
    this.#own = undefined
  }

  /** Another gateway, or one that was started anew: it knows of nothing. */
  forgotten(): void {
    this.#dueAt = 0
  }

  /** Gives the service that the gateway is to be told of now, if any. */
  due(): Pick<AnnouncedService, 'name' | 'sealingKey'> | undefined {
    return this.#now() >= this.#dueAt ? this.#own : undefined
  }

  told(status: MailboxStatus): void {
    this.#dueAt = this.#now() + renewMs
    this.#state = status === 'ok' ? 'standing' : 'refused'
  }

  /** Undefined when the client announces nothing. */
  get state(): AnnouncementState | undefined {
    return this.#own === undefined ? undefined : this.#state
  }
}

/** A service that somebody announces. */
export interface KnownService {
  readonly name: string
  /** Lowercase hex: the gateway that announces it, and where it is reached. */
  readonly gateway: string
  readonly address: string
}

/** Every announced service of the consensus, by name, then by gateway. */
export function servicesOf(view: View | undefined, network: string): KnownService[] {
  const found = [...(view?.nodes ?? [])].flatMap(([gateway, { id, services }]) =>
    services.map(({ name, sealingKey, mailboxKey }) => ({
      name,
      gateway,
      address: writeAddress({ sealingKey, mailboxKey, gateways: [id] }, network),
    })),
  )
  const key = ({ name, gateway }: KnownService): string => `${name} ${gateway}`
  return found.sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

/**
 * The one service of a name.
 *
 * @param at the beginning of its gateway's id, where several have the name
 * @throws ClientError NO_SERVICE: none, or more than one
 */
export function findService(known: readonly KnownService[], name: string, at = ''): KnownService {
  const found = known.filter(service => service.name === name && service.gateway.startsWith(at))
  if (found.length === 1) return found[0] as KnownService
  const where = found.map(({ gateway }) => gateway.slice(0, 8)).join(', ')
  throw new ClientError(
    'NO_SERVICE',
    found.length === 0
      ? `service '${name}': no gateway${at === '' ? '' : ` ${at}…`} announces it`
      : `service '${name}': announced at ${where}: say which, as ${name}@GATEWAY`,
  )
}
