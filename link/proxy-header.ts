// The PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt): what a proxy says first on a connection,
// so that who is behind it knows whose connection it is. A pure reader; link/libp2p/proxied.ts has the sockets.

import { type Ip, readIp, writeIp } from '../encoding/ip.ts'

/** Where a connection comes from. */
export interface Source {
  readonly ip: Ip
  readonly port: number
}

export type ProxyHeader =
  /** It goes on. */
  | { readonly at: 'more' }
  /** No such header, or one that says no address of TCP. */
  | { readonly at: 'bad' }
  /** `length` bytes; without a source it is the proxy's own connection, such as a check of health. */
  | { readonly at: 'read'; readonly length: number; readonly source: Source | undefined }

/** Section 2.1: a line with its end. */
const longestLine = 107
const lineStart = new TextEncoder().encode('PROXY ')
/** Section 2.2. */
const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const headBytes = 16
/** Addresses and extensions; one with a certificate in it is not taken. */
const longestRest = 1024

/** @param bytes what has come so far */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (begins(bytes, lineStart)) return readLine(bytes)
  if (begins(bytes, signature)) return readBinary(bytes)
  return { at: 'bad' }
}

/** Tells whether bytes begin so, as far as they have come. */
function begins(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.subarray(0, bytes.length).every((byte, i) => bytes[i] === byte)
}

function readLine(bytes: Uint8Array): ProxyHeader {
  const end = bytes.indexOf(0x0a)
  if (end < 0) return bytes.length < longestLine ? { at: 'more' } : { at: 'bad' }
  if (end >= longestLine || bytes[end - 1] !== 0x0d) return { at: 'bad' }
  const length = end + 1
  const line = String.fromCharCode(...bytes.subarray(0, end - 1))
  const [, kind, ...words] = line.split(' ')
  if (kind === 'UNKNOWN') return { at: 'read', length, source: undefined }
  const bytesOf = kind === 'TCP4' ? 4 : kind === 'TCP6' ? 16 : undefined
  if (bytesOf === undefined || words.length !== 4) return { at: 'bad' }
  const [from = '', to = '', fromPort = '', toPort = ''] = words
  const [source, target] = [readIp(from), readIp(to)]
  const ports = [fromPort, toPort].map(readPort)
  if (source?.length !== bytesOf || target?.length !== bytesOf || line.includes('%')) return { at: 'bad' }
  const [port] = ports
  if (port === undefined || ports[1] === undefined) return { at: 'bad' }
  return { at: 'read', length, source: { ip: source, port } }
}

function readPort(text: string): number | undefined {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined
}

function readBinary(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < headBytes) return { at: 'more' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const [command, family, rest] = [view.getUint8(12), view.getUint8(13), view.getUint16(14)]
  const length = headBytes + rest
  if (rest > longestRest || (command !== 0x20 && command !== 0x21)) return { at: 'bad' }
  if (bytes.length < length) return { at: 'more' }
  // LOCAL, or a protocol of which nothing is said
  if (command === 0x20 || family === 0) return { at: 'read', length, source: undefined }
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : undefined
  if (size === undefined || rest < 2 * size + 4) return { at: 'bad' }
  const ip = bytes.slice(headBytes, headBytes + size)
  return { at: 'read', length, source: { ip, port: view.getUint16(headBytes + 2 * size) } }
}

/** The address as a socket would have it. */
export function familyOf({ ip }: Source): { readonly remoteAddress: string; readonly remoteFamily: string } {
  return { remoteAddress: writeIp(ip), remoteFamily: ip.length === 4 ? 'IPv4' : 'IPv6' }
}
