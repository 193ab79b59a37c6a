// Documents of payments: canonical dag-cbor (IPLD, strict), read by field names. A reader is handed at most so many bytes
// as its kind may have, and every length is checked against its limit. docs/payments.md 3.1.

import { decode, encode } from '@ipld/dag-cbor'
import { same } from '../encoding/bytes.ts'
import { PaymentError } from './error.ts'

/** What a document can say: no floats, no tags, no undefined. */
export type Value = number | string | null | Uint8Array | readonly Value[] | { readonly [key: string]: Value }

/** The canonical bytes. */
export function write(value: Value): Uint8Array {
  return encode(value)
}

/**
 * The fields of a document.
 *
 * @param what the kind of document, for messages: `transaction`
 * @param most bytes
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT when it is no map or not the canonical form of what it says
 */
export function read(bytes: Uint8Array, what: string, most: number): Fields {
  if (bytes.length > most) {
    throw new PaymentError('TOO_LARGE', `${what}: want at most ${most} bytes, have ${bytes.length}`)
  }
  let value: unknown
  let canonical: Uint8Array
  try {
    value = decode(bytes)
    canonical = encode(value)
  } catch (error) {
    throw new PaymentError('BAD_DOCUMENT', `${what}: ${(error as Error).message}`)
  }
  if (!same(canonical, bytes)) throw new PaymentError('BAD_DOCUMENT', `${what}: not canonical`)
  return new Fields(value, what)
}

/** A map whose fields are read by name, each once, until none is left. */
export class Fields {
  readonly #left: Map<string, unknown>
  readonly #what: string

  constructor(value: unknown, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      throw new PaymentError('BAD_DOCUMENT', `${what}: want a map`)
    }
    this.#left = new Map(Object.entries(value))
    this.#what = what
  }

  /** One of these texts. */
  one<T extends string>(field: string, ...of: readonly T[]): T {
    const value = this.#take(field)
    const found = of.find(text => text === value)
    if (found === undefined) throw this.fail(field, `want ${of.join(' or ')}`)
    return found
  }

  uint(field: string, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#take(field)
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.fail(field, 'want a whole number')
    if ((value as number) > most) throw this.fail(field, `want at most ${most}, have ${value}`)
    return value as number
  }

  /** A byte string of exactly this length. */
  bytes(field: string, length: number): Uint8Array {
    return this.#bytesOf(field, this.#take(field), length)
  }

  bytesUpTo(field: string, most: number): Uint8Array {
    const value = this.#take(field)
    if (!(value instanceof Uint8Array)) throw this.fail(field, 'want a byte string')
    if (value.length > most) throw this.fail(field, `want at most ${most} bytes, have ${value.length}`)
    return value
  }

  bytesUpToOrNull(field: string, most: number): Uint8Array | null {
    return this.#left.get(field) === null ? (this.#take(field) as null) : this.bytesUpTo(field, most)
  }

  bytesOrNull(field: string, length: number): Uint8Array | null {
    const value = this.#take(field)
    return value === null ? null : this.#bytesOf(field, value, length)
  }

  text(field: string, most: number): string {
    const value = this.#take(field)
    if (typeof value !== 'string') throw this.fail(field, 'want text')
    if (value.length > most) throw this.fail(field, `want at most ${most} characters, have ${value.length}`)
    return value
  }

  /** Byte strings of one length. */
  bytesList(field: string, length: number, most: number): Uint8Array[] {
    return this.#list(field, most).map((value, i) => this.#bytesOf(`${field}[${i}]`, value, length))
  }

  /** Maps. */
  list(field: string, most: number): Fields[] {
    return this.#list(field, most).map((value, i) => new Fields(value, `${this.#what}: ${field}[${i}]`))
  }

  map(field: string): Fields {
    return new Fields(this.#take(field), `${this.#what}: ${field}`)
  }

  /** No field may be left. */
  end(): void {
    for (const field of this.#left.keys()) throw this.fail(field, 'is not known')
  }

  /** The error for the caller to throw. */
  fail(field: string, message: string): PaymentError {
    return new PaymentError('BAD_DOCUMENT', `${this.#what}: ${field}: ${message}`)
  }

  #take(field: string): unknown {
    if (!this.#left.has(field)) throw this.fail(field, 'is missing')
    const value = this.#left.get(field)
    this.#left.delete(field)
    return value
  }

  #list(field: string, most: number): unknown[] {
    const value = this.#take(field)
    if (!Array.isArray(value)) throw this.fail(field, 'want a list')
    if (value.length > most) throw this.fail(field, `want at most ${most}, have ${value.length}`)
    return value
  }

  #bytesOf(field: string, value: unknown, length: number): Uint8Array {
    if (!(value instanceof Uint8Array)) throw this.fail(field, 'want a byte string')
    if (value.length !== length) throw this.fail(field, `want ${length} bytes, have ${value.length}`)
    return value
  }
}

const ascii = new TextEncoder()

/** Joins a label and parts, each with its length in 4 bytes before it, so that no two lists of parts give the same bytes. */
export function labelled(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const all = [ascii.encode(label), ...parts]
  const out = new Uint8Array(all.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of all) {
    view.setUint32(at, part.length)
    out.set(part, at + 4)
    at += 4 + part.length
  }
  return out
}
