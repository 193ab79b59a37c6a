// Canonical dag-cbor (IPLD, strict): the writer is @ipld/dag-cbor, the reader is ours. It is told what comes
// next, names the field in its errors, refuses every second way to write the same thing, and checks a length
// before it allocates. Whose error it throws, the room that reads says. docs/spec/directory.md 3.

import { encode } from '@ipld/dag-cbor'

/** Everything that dag-cbor can say here: no floats, no tags, no undefined. */
export type Cbor = number | string | null | Uint8Array | readonly Cbor[] | { readonly [key: string]: Cbor }

/** The canonical bytes: shortest lengths; the keys of a map ordered by length, then byte by byte. */
export function write(value: Cbor): Uint8Array {
  const bytes = encode(value)
  // Of some lengths the encoder gives Node's Buffer, whose slice() is no copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Major types of RFC 8949, section 3.1. */
const major = { uint: 0, bytes: 2, text: 3, list: 4, map: 5 }
const nullByte = 0xf6

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * `BAD_DOCUMENT`: a field is missing, of another type or out of range · `NOT_CANONICAL`: not the one encoding of what
 * it says · `TOO_LARGE`: a length beyond its limit, refused before anything was allocated.
 */
export type CborFault = 'BAD_DOCUMENT' | 'NOT_CANONICAL' | 'TOO_LARGE'

export class CborReader<Failure extends Error> {
  readonly #bytes: Uint8Array
  readonly #what: string
  readonly #failure: (fault: CborFault, message: string) => Failure
  #at = 0
  #field = 'head'

  /**
   * @param what the document that is read, for messages: `consensus`
   * @param failure what every method throws
   */
  constructor(bytes: Uint8Array, what: string, failure: (fault: CborFault, message: string) => Failure) {
    this.#bytes = bytes
    this.#what = what
    this.#failure = failure
  }

  /** Tells where it stands, bytes from the start. */
  get at(): number {
    return this.#at
  }

  /** Gives what was read since `start`, as a view. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#at)
  }

  /** Names the element of a list that is read next. */
  item(field: string): this {
    this.#field = field
    return this
  }

  /** Reads the next key of a map, which must be this one: the order of keys is part of the form. */
  key(field: string): this {
    this.#field = field
    const have = this.text(64)
    if (have !== field) {
      throw this.fail('BAD_DOCUMENT', `want this key, have ${JSON.stringify(have)}`)
    }
    return this
  }

  map(size: number): void {
    const have = this.#head(major.map, 'map')
    if (have !== size) throw this.fail('BAD_DOCUMENT', `want a map of ${size} keys, have ${have}`)
  }

  /** The number of pairs in a map whose keys are not fixed. */
  openMap(most: number): number {
    return this.#limited(this.#head(major.map, 'map'), most, 'keys')
  }

  /** A list of this length, or of one more. Gives whether it is one more. */
  tupleAndMore(length: number): boolean {
    const have = this.#head(major.list, 'list')
    if (have === length || have === length + 1) return have > length
    throw this.fail('BAD_DOCUMENT', `want a list of ${length} or ${length + 1}, have ${have}`)
  }

  /** A list of exactly this length. */
  tuple(length: number): void {
    const have = this.#head(major.list, 'list')
    if (have !== length) throw this.fail('BAD_DOCUMENT', `want a list of ${length}, have ${have}`)
  }

  /** The length of a list. */
  list(most: number): number {
    return this.#limited(this.#head(major.list, 'list'), most, 'elements')
  }

  uint(most: number = Number.MAX_SAFE_INTEGER): number {
    const have = this.#head(major.uint, 'whole number')
    if (have > most) throw this.fail('BAD_DOCUMENT', `want at most ${most}, have ${have}`)
    return have
  }

  /** A byte string of one of these lengths, as a view. */
  bytes(...lengths: readonly number[]): Uint8Array {
    const have = this.#head(major.bytes, 'byte string')
    if (!lengths.includes(have)) {
      throw this.fail('BAD_DOCUMENT', `want ${lengths.join(' or ')} bytes, have ${have}`)
    }
    return this.#take(have)
  }

  /** A byte string, as a view. */
  bytesUpTo(most: number): Uint8Array {
    return this.#take(this.#limited(this.#head(major.bytes, 'byte string'), most, 'bytes'))
  }

  /** @param most bytes of UTF-8 */
  text(most: number): string {
    const bytes = this.#take(this.#limited(this.#head(major.text, 'text'), most, 'bytes of text'))
    try {
      return utf8.decode(bytes)
    } catch {
      throw this.fail('BAD_DOCUMENT', 'not UTF-8')
    }
  }

  /** Takes a null if it comes next. */
  nothing(): boolean {
    if (this.#bytes[this.#at] !== nullByte) return false
    this.#at++
    return true
  }

  /** Nothing may be left. */
  end(): void {
    const left = this.#bytes.length - this.#at
    if (left > 0) throw this.#failure('BAD_DOCUMENT', `${this.#what}: ${left} bytes too many`)
  }

  /** The error about the field read last, for the caller to throw. */
  fail(fault: CborFault, message: string): Failure {
    return this.#failure(fault, `${this.#what}: ${this.#field}: ${message}`)
  }

  #limited(have: number, most: number, unit: string): number {
    if (have > most) throw this.fail('TOO_LARGE', `want at most ${most} ${unit}, have ${have}`)
    // Each element takes a byte at least, so that a short document cannot announce a long list.
    const left = this.#bytes.length - this.#at
    if (have > left) throw this.fail('BAD_DOCUMENT', `want ${have} ${unit}, have ${left} bytes`)
    return have
  }

  #take(length: number): Uint8Array {
    const left = this.#bytes.length - this.#at
    if (left < length) throw this.fail('BAD_DOCUMENT', `want ${length} bytes, have ${left}`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** RFC 8949, section 3: the initial byte and its argument, in the shortest form only (section 4.2.1). */
  #head(want: number, name: string): number {
    const initial = this.#bytes[this.#at]
    if (initial === undefined) throw this.fail('BAD_DOCUMENT', `want a ${name}, have the end`)
    if (initial >> 5 !== want) {
      throw this.fail('BAD_DOCUMENT', `want a ${name}, have 0x${initial.toString(16).padStart(2, '0')}`)
    }
    this.#at++
    const low = initial & 31
    if (low < 24) return low
    if (low > 27) throw this.fail('NOT_CANONICAL', 'a length that is reserved or indefinite')
    const size = 2 ** (low - 24)
    let value = 0
    for (const byte of this.#take(size)) value = value * 256 + byte
    if (value > Number.MAX_SAFE_INTEGER) throw this.fail('TOO_LARGE', 'want at most 2^53 - 1')
    const shorter = size === 1 ? 24 : 2 ** (4 * size)
    if (value < shorter) throw this.fail('NOT_CANONICAL', `${value} written in ${size} bytes`)
    return value
  }
}
