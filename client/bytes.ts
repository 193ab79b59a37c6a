// Reads and writes fields by name, big-endian, so that an error says which one was wrong.

import { ClientError, type ClientErrorCode } from './error.ts'

export class Reader {
  readonly #bytes: Uint8Array
  readonly #what: string
  readonly #code: ClientErrorCode
  #at = 0

  /**
   * @param what the thing that is read, for messages: `fragment`
   * @param code of the ClientError that every method throws
   */
  constructor(bytes: Uint8Array, what: string, code: ClientErrorCode) {
    this.#bytes = bytes
    this.#what = what
    this.#code = code
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next bytes, as a view. */
  take(length: number, field: string): Uint8Array {
    if (this.left < length) throw this.fail(`${field}: want ${length} bytes, have ${this.left}`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  u8(field: string): number {
    return this.take(1, field)[0] as number
  }

  u16(field: string): number {
    const [high, low] = this.take(2, field)
    return ((high as number) << 8) | (low as number)
  }

  u32(field: string): number {
    const bytes = this.take(4, field)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  }

  /** All that is left must be zero. */
  zeros(field: string): void {
    if (this.take(this.left, field).some(byte => byte !== 0)) throw this.fail(`${field}: not zero`)
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) throw this.fail(`${this.left} bytes too many`)
  }

  /** The error for the caller to throw. */
  fail(message: string): ClientError {
    return new ClientError(this.#code, `${this.#what}: ${message}`)
  }
}

export class Writer {
  readonly bytes: Uint8Array
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  u8(value: number): this {
    this.bytes[this.#at++] = value
    return this
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value & 0xff)
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff)
  }
}

/** The bytes of all parts, one after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const write = new Writer(parts.reduce((sum, part) => sum + part.length, 0))
  for (const part of parts) write.put(part)
  return write.bytes
}

const digits = '0123456789abcdef'

/** Lowercase hexadecimal: how ids stand in maps, in the store and in JSON. */
export function hex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += (digits[byte >>> 4] as string) + (digits[byte & 15] as string)
  return out
}

/** The bytes of what `hex` wrote. The caller knows that it did. */
export function fromHex(text: string): Uint8Array {
  const out = new Uint8Array(text.length >>> 1)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return out
}
