// The network that an address lies in: nodes of one are counted together, since one hand may hold all of it.

const ip4 = /^\/ip4\/(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}\//
const ip6 = /^\/ip6\/([0-9a-fA-F:]{2,39})\//

/**
 * The /16 of an IPv4 address or the /32 of an IPv6 address.
 *
 * @param address a multiaddr
 * @returns for instance `192.0` or `2001:db8`; undefined for a name and for anything else
 */
export function networkPrefix(address: string): string | undefined {
  const four = ip4.exec(address)
  if (four !== null) return `${four[1]}.${four[2]}`
  const six = ip6.exec(address)
  if (six === null) return undefined
  const [head, tail] = (six[1] as string).toLowerCase().split('::') as [string, string | undefined]
  const groups = [...head.split(':').filter(group => group !== ''), ...(tail === undefined ? [] : ['0', '0'])]
  const [first = '0', second = '0'] = groups
  return [first, second].map(group => group.replace(/^0+(?=.)/, '')).join(':')
}

/** Networks that are no operator's: this host, private ones, those of one link. */
const ownIp4 = /^(0|10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168)(\.|$)/
const ownIp6 = /^(0:|f[cd]|fe[89ab])/

/**
 * The networks of a node, each once: of addresses that others reach it at, so none on loopback and in a laboratory.
 *
 * @param addresses multiaddrs
 */
export function networksOf(addresses: readonly string[]): string[] {
  const networks = addresses
    .map(address => networkPrefix(`${address}/`))
    .filter(network => network !== undefined)
    .filter(network => !(network.includes(':') ? ownIp6 : ownIp4).test(network))
  return [...new Set(networks)].sort()
}
