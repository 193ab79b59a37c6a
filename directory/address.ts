// The network that an address lies in: nodes of one are counted together, since one hand may hold all of it.

import { type Ip, networkOfIp, plainIp, unmappedIp, writeIp } from '../encoding/ip.ts'
import { type HostAddress, readMultiaddr, writeMultiaddr } from '../encoding/multiaddr.ts'

/**
 * The /16 of an IPv4 address or the /32 of an IPv6 address; of an IPv6 address that stands for an IPv4 address, the /16
 * of that.
 *
 * @param address a multiaddr, in any spelling
 * @returns for instance `192.0` or `2001:db8`; undefined for a name and for anything else
 */
export function networkPrefix(address: string): string | undefined {
  const ip = readMultiaddr(address)?.ip
  return ip === undefined ? undefined : networkOfIp(ip, 'owner')
}

/**
 * The networks of a node, each once: of addresses that others reach it at, so none on loopback and in a laboratory.
 *
 * @param addresses multiaddrs, in any spelling
 */
export function networksOf(addresses: readonly string[]): string[] {
  const networks = addresses
    .map(address => readMultiaddr(address)?.ip)
    .filter(ip => ip !== undefined)
    .filter(ip => !isOwn(unmappedIp(ip)))
    .map(ip => networkOfIp(ip, 'owner'))
  return [...new Set(networks)].sort()
}

/**
 * Says whether an address is in a network that is no operator's: this host, private ones, those of one link. A tunnel's
 * address that stands for a private IPv4 address is not, since it comes from anywhere.
 */
function isOwn(ip: Ip): boolean {
  const [a = 0, b = 0] = ip
  if (ip.length === 4) return isOwnIp4(a, b)
  const isIp6 = plainIp(ip).length === 16
  return isIp6 && ((a === 0 && b === 0) || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80))
}

function isOwnIp4(a: number, b: number): boolean {
  if (a === 172) return b >= 16 && b <= 31
  return a === 0 || a === 10 || a === 127 || (a === 169 && b === 254) || (a === 192 && b === 168)
}

/**
 * Says whether an address is written as everybody writes it. Of one that is not, somebody else may make another
 * address: other letters, other zeros, an IPv4 address as an IPv6 one that no host has, a port of 0.
 */
export function isPlainAddress(address: string): boolean {
  const read = readMultiaddr(address)
  return (
    read !== undefined &&
    (read.port > 0 || read.kind === 'dnsaddr') &&
    writeMultiaddr(read) === address &&
    !isDisguised(read)
  )
}

/** IPv4-mapped, -translated and -compatible addresses: nothing on the Internet is sent to them. */
function isDisguised({ ip }: HostAddress): boolean {
  if (ip === undefined || ip.length === 4) return false
  return plainIp(ip).length === 4 && /^::/.test(writeIp(ip))
}
