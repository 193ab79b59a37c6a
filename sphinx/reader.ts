// Reads fields by name, so that an error says which one was wrong.

import { SphinxError, type SphinxErrorCode } from './error.ts'

/** Of bytes that somebody else wrote; what is wrong with them is an error of the folder that reads. */
export class FieldReader<Failure extends Error> {
  readonly #bytes: Uint8Array
  readonly #failure: (message: string) => Failure
  #at = 0

  /** @param failure what every method throws */
  constructor(bytes: Uint8Array, failure: (message: string) => Failure) {
    this.#bytes = bytes
    this.#failure = failure
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
  u16(field: string): number {
    const [high, low] = this.take(2, field)
    return ((high as number) << 8) | (low as number)
  }

  /** Big-endian. */
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
  fail(message: string): Failure {
    return this.#failure(message)
  }
}

export class Reader extends FieldReader<SphinxError> {
  /**
   * @param what the thing that is read, for messages: `reply block`
   * @param code of the SphinxError that every method throws
   */
  constructor(bytes: Uint8Array, what: string, code: SphinxErrorCode = 'BAD_LENGTH') {
    super(bytes, message => new SphinxError(code, `sphinx ${what}: ${message}`))
  }
}
