// Reads fixed fields by name, big-endian, so that an error says which one was wrong.

/** Reads the fields of bytes that somebody else wrote; what is wrong with them is an error of the room that reads. */
export class FieldReader<Failure extends Error> {
  readonly #bytes: Uint8Array
  readonly #failure: (message: string) => Failure
  #at = 0

  /** @param failure what every method throws */
  constructor(bytes: Uint8Array, failure: (message: string) => Failure) {
    this.#bytes = bytes
    this.#failure = failure
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next bytes, as a view. */
  take(length: number, field: string): Uint8Array {
    if (this.left < length) throw this.wrong(field, `want ${length} bytes, have ${this.left}`)
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

  /** Refuses what a double cannot count: 2^53 and more. */
  u64(field: string): number {
    const bytes = this.take(8, field)
    const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.wrong(field, 'larger than 2^53 - 1')
    return Number(value)
  }

  /** So many bytes, or all that are left, must be zero. */
  zeros(field: string, length: number = this.left): void {
    if (this.take(length, field).some(byte => byte !== 0)) throw this.wrong(field, 'not zero')
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) throw this.fail(`${this.left} bytes too many`)
  }

  /** The error about a field, for the caller to throw. */
  wrong(field: string, why: string): Failure {
    return this.fail(`${field}: ${why}`)
  }

  /** The error about the whole, for the caller to throw. */
  fail(message: string): Failure {
    return this.#failure(message)
  }
}
