// Reads and writes fields by name, big-endian, so that an error says which one was wrong.

import { FieldReader } from '../sphinx/reader.ts'
import { ClientError, type ClientErrorCode } from './error.ts'

export class Reader extends FieldReader<ClientError> {
  /**
   * @param what the thing that is read, for messages: `fragment`
   * @param code of the ClientError that every method throws
   */
  constructor(bytes: Uint8Array, what: string, code: ClientErrorCode) {
    super(bytes, message => new ClientError(code, `${what}: ${message}`))
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
