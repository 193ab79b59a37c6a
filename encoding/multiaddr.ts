// Addresses of hosts as multiaddrs: the forms that hosts of this network dial (docs/spec/link.md 1).

import { type Ip, readIp, writeIp } from './ip.ts'

/** A host's address, read. */
export interface HostAddress {
  /**
   * ip4 and ip6 are followed by an address, the others by a name: of IPv4 addresses, of IPv6 ones, of both; dnsaddr by
   * a name that stands for whole addresses.
   */
  readonly kind: 'ip4' | 'ip6' | 'dns' | 'dns4' | 'dns6' | 'dnsaddr'
  readonly host: string
  /** 4 or 16 bytes; undefined for a name. */
  readonly ip: Ip | undefined
  /** 0 to 65535; 0 of dnsaddr, which has none. */
  readonly port: number
  /** Empty for TCP alone. */
  readonly over: '' | '/ws' | '/wss' | '/tls/ws'
}

const form = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]{1,253})\/tcp\/(\d{1,5})(\/ws|\/wss|\/tls\/ws)?$/
const named = /^\/dnsaddr\/([^/]{1,253})$/
/** RFC 1123, section 2.1. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

/**
 * Reads an address in any spelling.
 *
 * @param text without `/p2p`
 * @returns undefined for what is none, or is of a form that nobody dials
 */
export function readMultiaddr(text: string): HostAddress | undefined {
  const [, name] = named.exec(text) ?? []
  if (name !== undefined)
    return isName(name) ? { kind: 'dnsaddr', host: name, ip: undefined, port: 0, over: '' } : undefined
  const [, kind, host = '', digits, over = ''] = form.exec(text) ?? []
  const port = Number(digits)
  if (kind === undefined || port > 65_535) return undefined
  const read = { kind, host, port, over } as Omit<HostAddress, 'ip'>
  if (kind !== 'ip4' && kind !== 'ip6') return isName(host) ? { ...read, ip: undefined } : undefined
  const ip = host.includes('%') ? undefined : readIp(host)
  return ip?.length === (kind === 'ip4' ? 4 : 16) ? { ...read, ip } : undefined
}

/** A name of the DNS. One whose last label is a number would be read as an IPv4 address by those who look it up. */
export function isName(text: string): boolean {
  const labels = text.split('.')
  const last = labels.at(-1) as string
  return text.length <= 253 && labels.every(part => label.test(part)) && !/^(\d+|0x[0-9a-f]*)$/i.test(last)
}

/** Writes the one text that an address has: the address of RFC 5952, small letters, no leading zeros. */
export function writeMultiaddr({ kind, host, ip, port, over }: HostAddress): string {
  if (kind === 'dnsaddr') return `/${kind}/${host.toLowerCase()}`
  return `/${kind}/${ip === undefined ? host.toLowerCase() : writeIp(ip)}/tcp/${port}${over}`
}

/** Writes an address with an Internet address, 4 or 16 bytes, in place of its name. */
export function addressAt(address: string, ip: Ip): string {
  const read = readMultiaddr(address)
  if (read === undefined || read.kind === 'dnsaddr') return address
  return writeMultiaddr({ ...read, kind: ip.length === 4 ? 'ip4' : 'ip6', ip })
}

/**
 * Gives the URI that is dialled for a multiaddr that ends in `/ws`, `/wss` or `/tls/ws`, with or without `/p2p`.
 *
 * @param name what its host is called there
 */
export function uriOf(address: string, name?: string): string {
  const [, kind, host, , port, ...rest] = address.split('/')
  const scheme = rest[0] === 'ws' ? 'ws' : 'wss'
  return `${scheme}://${name ?? (kind === 'ip6' ? `[${host}]` : host)}:${port}`
}
