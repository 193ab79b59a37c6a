// Internet addresses as bytes. One address has many texts, and one IPv4 address stands in many IPv6 addresses, so that
// whoever counts by address or network reads first and compares then.

/** 4 bytes of IPv4 or 16 bytes of IPv6. */
export type Ip = Uint8Array

/**
 * Reads an address in any of its spellings (RFC 4291, section 2.2): small and capital letters, leading zeros of IPv6
 * groups, `::` anywhere, the last 4 bytes in decimal; with or without a zone (RFC 4007, section 11).
 *
 * @returns undefined for everything else: names, IPv4 of fewer parts or with leading zeros, which some read as octal
 */
export function readIp(text: string): Ip | undefined {
  const [address = ''] = text.split('%')
  return address.includes(':') ? readIp6(address) : readIp4(address)
}

function readIp4(text: string): Ip | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some(part => !/^(0|[1-9]\d{0,2})$/.test(part))) return undefined
  const numbers = parts.map(Number)
  return numbers.some(number => number > 255) ? undefined : Uint8Array.from(numbers)
}

function readIp6(text: string): Ip | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [first, last] = halves.map((half, i) => readGroups(half, i === halves.length - 1))
  if (first === undefined) return undefined
  if (halves.length === 1) return first.length === 16 ? Uint8Array.from(first) : undefined
  if (last === undefined || first.length + last.length > 14) return undefined
  return Uint8Array.from([...first, ...new Array<number>(16 - first.length - last.length).fill(0), ...last])
}

/** @param isLast whether its last group may be the 4 bytes of an IPv4 address */
function readGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    const four = isLast && i === groups.length - 1 ? readIp4(group) : undefined
    if (four !== undefined) bytes.push(...four)
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const number = Number.parseInt(group, 16)
      bytes.push(number >> 8, number & 255)
    } else return undefined
  }
  return bytes
}

/** Writes the one text of an address: decimal for IPv4, RFC 5952, section 4, for IPv6. */
export function writeIp(ip: Ip): string {
  if (ip.length === 4) return ip.join('.')
  const groups = groupsOf(ip)
  const run = longestRun(groups)
  if (run.length < 2) return groups.join(':')
  const [head, tail] = [groups.slice(0, run.at), groups.slice(run.at + run.length)]
  return `${head.join(':')}::${tail.join(':')}`
}

function groupsOf(ip: Ip): string[] {
  return Array.from({ length: ip.length / 2 }, (_, i) =>
    (((ip[2 * i] as number) << 8) | (ip[2 * i + 1] as number)).toString(16),
  )
}

/** The first of the longest runs of groups that are zero. */
function longestRun(groups: readonly string[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 }
  let length = 0
  for (const [i, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0
    if (length > best.length) best = { at: i - length + 1, length }
  }
  return best
}

/** Where IPv6 addresses that begin so carry an IPv4 address. */
interface Embedding {
  readonly prefix: readonly number[]
  readonly at: number
  /** Tells whether its bits are turned round. */
  readonly isInverted?: boolean
}

const zeros = (count: number): number[] => new Array<number>(count).fill(0)
/** RFC 4291, section 2.5.5.2. */
const mapped = [...zeros(10), 0xff, 0xff]
const embeddings: readonly Embedding[] = [
  { prefix: mapped, at: 12 },
  // IPv4-translated: RFC 2765, section 2.1
  { prefix: [...zeros(8), 0xff, 0xff, 0, 0], at: 12 },
  // IPv4-compatible: RFC 4291, section 2.5.5.1
  { prefix: zeros(12), at: 12 },
  // NAT64: RFC 6052, section 2.1, and RFC 8215
  { prefix: [0, 0x64, 0xff, 0x9b, ...zeros(8)], at: 12 },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: 12 },
  // 6to4: RFC 3056, section 2
  { prefix: [0x20, 0x02], at: 2 },
  // Teredo: RFC 4380, section 4
  { prefix: [0x20, 0x01, 0, 0], at: 12, isInverted: true },
]

/**
 * Finds whose address it is: the IPv4 address that an IPv6 address stands for, and any other address itself. `::` and
 * `::1` stand for themselves.
 */
export function plainIp(ip: Ip): Ip {
  if (ip.length === 4 || ip.subarray(0, 15).every(byte => byte === 0)) return ip
  const found = embeddings.find(({ prefix }) => prefix.every((byte, i) => ip[i] === byte))
  if (found === undefined) return ip
  const four = ip.slice(found.at, found.at + 4)
  return found.isInverted === true ? four.map(byte => 255 - byte) : four
}

/** Gives the IPv4 address of an IPv4-mapped one, as a socket of both families sees it, and any other address itself. */
export function unmappedIp(ip: Ip): Ip {
  const isMapped = ip.length === 16 && mapped.every((byte, i) => ip[i] === byte)
  return isMapped ? ip.slice(12) : ip
}

/**
 * Tells whether an address is this machine's own, 127/8 or ::1. One that stands for 127/8 in a tunnel is not: packets
 * from it come from outside.
 */
export function isLoopback(ip: Ip): boolean {
  const own = unmappedIp(ip)
  return own.length === 4 ? own[0] === 127 : writeIp(own) === '::1'
}

/**
 * Names the network that an address is in, by the first bytes of the address that it stands for: `192.0.2` and `192.0`,
 * `2001:db8:1` and `2001:db8`.
 *
 * @param size site: a /24 of IPv4 or a /48 of IPv6, which one machine may have; owner: a /16 or a /32
 */
export function networkOfIp(ip: Ip, size: 'site' | 'owner'): string {
  const plain = plainIp(ip)
  const parts = size === 'site' ? 3 : 2
  return plain.length === 4 ? plain.subarray(0, parts).join('.') : groupsOf(plain).slice(0, parts).join(':')
}
