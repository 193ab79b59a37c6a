// Writes fixed fields, big-endian, one after the other.

/** Zeros stand where nothing is written. */
export class FieldWriter {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  /** @param length of the whole, bytes; to write beyond it throws a RangeError */
  constructor(length: number) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#step(bytes.length))
    return this
  }

  u8(value: number): this {
    this.#view.setUint8(this.#step(1), value)
    return this
  }

  u16(value: number): this {
    this.#view.setUint16(this.#step(2), value)
    return this
  }

  u32(value: number): this {
    this.#view.setUint32(this.#step(4), value)
    return this
  }

  u64(value: number): this {
    this.#view.setBigUint64(this.#step(8), BigInt(value))
    return this
  }

  /** Leaves zeros. */
  skip(length: number): this {
    this.#step(length)
    return this
  }

  #step(by: number): number {
    this.#at += by
    return this.#at - by
  }
}
