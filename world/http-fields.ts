// Fields of HTTP requests, compared as RFC 9110 says: names of schemes, types and hosts in letters of any case, white
// space around them, a port with or without zeros in front; and text that must be UTF-8.

import { isUtf8 } from 'node:buffer'

/** Names the host of a `Host` field. */
export interface Host {
  /** In small letters, without a dot at its end; an address in its one spelling, IPv6 in brackets. */
  readonly name: string
  /** 80 where the field names none (RFC 9110, section 4.2.1). */
  readonly port: number
}

const usualPort = 80
/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * Reads a `Host` field: `uri-host [ ":" port ]` (RFC 9110, section 7.2).
 *
 * @returns undefined for what is none, also for two fields in one
 */
export function readHost(field: string): Host | undefined {
  const [, name, port] = /^(\[[0-9A-Fa-f:.]+\]|[^\s:,/?#@[\]]+)(?::(\d*))?$/.exec(withoutSpace(field)) ?? []
  if (name === undefined) return undefined
  const number = port === undefined || port === '' ? usualPort : Number(port)
  if (number > 65_535 || !URL.canParse(`http://${name}/`)) return undefined
  return { name: new URL(`http://${name}/`).hostname.replace(/\.$/, ''), port: number }
}

/** Gives what follows `Bearer` in an `Authorization` field (RFC 9110, section 11.4); undefined for another scheme. */
export function bearerOf(field: string | undefined): string | undefined {
  const [, scheme, credentials] = /^([^ \t]+)[ \t]+(.+)$/.exec(withoutSpace(field ?? '')) ?? []
  return scheme?.toLowerCase() === 'bearer' ? credentials : undefined
}

/** Describes a body, as its `Content-Type` field does. */
export interface MediaType {
  /** `type/subtype` in small letters. */
  readonly type: string
  /** In small letters; undefined where the field names none. */
  readonly charset: string | undefined
}

/** Reads a `Content-Type` field (RFC 9110, section 8.3); undefined for what is none. */
export function readMediaType(field: string | undefined): MediaType | undefined {
  const [first = '', ...parameters] = (field ?? '').split(';').map(withoutSpace)
  const [type = '', subtype = '', more] = first.split('/')
  if (!token.test(type) || !token.test(subtype) || more !== undefined) return undefined
  const charset = parameters
    .map(parameter => /^charset=("?)([^"]*)\1$/i.exec(parameter)?.[2])
    .find(found => found !== undefined)
  return { type: first.toLowerCase(), charset: charset?.toLowerCase() }
}

/** Lists the members of a field that is a list (RFC 9110, section 5.6.1), in small letters; empty ones do not count. */
export function readList(field: string | undefined): readonly string[] {
  return (field ?? '')
    .split(',')
    .map(member => withoutSpace(member).toLowerCase())
    .filter(member => member !== '')
}

/** OWS: RFC 9110, section 5.6.3. */
function withoutSpace(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

/** Says what of a request's target and fields is not UTF-8: undefined when all is. */
export function notUtf8In(
  target: string,
  fields: Iterable<readonly [name: string, value: string]>,
): string | undefined {
  const [path = '', ...query] = target.split('?')
  if (!isEncodedUtf8(path)) return 'the path is not UTF-8 behind its % signs'
  if (!isEncodedUtf8(query.join('?'))) return 'the query is not UTF-8 behind its % signs'
  for (const [name, value] of fields)
    if (!isUtf8(Buffer.from(value, 'latin1'))) return `the header ${name.toLowerCase()} is not UTF-8`
  return undefined
}

/** RFC 3986: ASCII, with `%` and two digits for each other byte. */
function isEncodedUtf8(text: string): boolean {
  try {
    decodeURIComponent(text)
    return /^[\x21-\x7e]*$/.test(text)
  } catch {
    return false
  }
}

/** Fields by which a browser says whose page makes a request; undefined for what it did not send. */
export interface PageFields {
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site` */
  readonly site: string | undefined
}

/**
 * Tells whether a request comes from a page of somewhere else: its Origin is not this very server, or the browser says
 * so. Programs send neither.
 *
 * @param schemes of this very server's pages: `https` too where a proxy for TLS may stand before it
 */
export function isForeignPage(
  { host, origin, site }: PageFields,
  schemes: readonly string[] = ['http'],
): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  if (origin === undefined) return false
  const named = readHost(host ?? '')
  const own = schemes.map(scheme => originOf(`${scheme}://${host}`))
  return named === undefined || !own.includes(originOf(origin))
}

/** In its one spelling; undefined for what is none, such as `null`. */
function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined
}
