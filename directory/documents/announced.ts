// Services that a gateway announces for people whose mailbox it keeps (docs/spec/directory-nodes.md 5.1,
// docs/spec/gateway.md 6): a name, and the two keys of an address whose one gateway is the node that announces it. So
// none can be announced at another gateway.

import type { Cbor } from '../../encoding/cbor.ts'
import type { Reader } from '../reader.ts'

export interface AnnouncedService {
  /** 1 to 16 of a to z, 0 to 9, dot and hyphen, the first a letter or digit. */
  readonly name: string
  /** 32 bytes: X25519, of the address. */
  readonly sealingKey: Uint8Array
  /** 32 bytes: Ed25519, names the mailbox. */
  readonly mailboxKey: Uint8Array
}

/** Bounds one gateway's: what everybody downloads each epoch must stay small. */
export const mostServices = 2
export const longestServiceName = 16

const form = /^[a-z0-9][a-z0-9.-]*$/

export function isServiceName(name: string): boolean {
  return name.length <= longestServiceName && form.test(name)
}

/** [[name, sealing key, mailbox key], …], by rising names. */
export function servicesForm(services: readonly AnnouncedService[]): Cbor {
  return services.map(({ name, sealingKey, mailboxKey }) => [name, sealingKey, mailboxKey])
}

/** @throws DirectoryError TOO_LARGE, BAD_DOCUMENT (a name that is none), NOT_CANONICAL (twice, or out of order) */
export function readServices(read: Reader): AnnouncedService[] {
  const count = read.item('services').list(mostServices)
  const services: AnnouncedService[] = []
  for (let i = 0; i < count; i++) {
    read.item('service').tuple(3)
    const name = read.item('service name').text(longestServiceName)
    if (!isServiceName(name))
      throw read.fail('BAD_DOCUMENT', 'want a to z, 0 to 9, dot and hyphen, the first a letter or digit')
    const last = services.at(-1)
    if (last !== undefined && last.name >= name) throw read.fail('NOT_CANONICAL', 'names out of order')
    services.push({
      name,
      sealingKey: read.item('sealing key').bytes(32),
      mailboxKey: read.item('mailbox key').bytes(32),
    })
  }
  return services
}
