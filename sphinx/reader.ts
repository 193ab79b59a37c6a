// Reads fields by name, so that an error says which one was wrong.

import { SphinxError, type SphinxErrorCode } from './error.ts'

export class Reader {
  readonly #bytes: Uint8Array
  readonly #what: string
  readonly #code: SphinxErrorCode
  #at = 0

  /**
   * @param what the thing that is read, for messages: `reply block`
   * @param code of the SphinxError that every method throws
   */
  constructor(bytes: Uint8Array, what: string, code: SphinxErrorCode = 'BAD_LENGTH') {
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

  /** Big-endian. */
  u32(field: string): number {
    const bytes = this.take(4, field)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) throw this.fail(`${this.left} bytes too many`)
  }

  /** The error for the caller to throw. */
  fail(message: string): SphinxError {
    return new SphinxError(this.#code, `sphinx ${this.#what}: ${message}`)
  }
}
