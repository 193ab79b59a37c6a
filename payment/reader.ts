// Reads the documents of payments: canonical dag-cbor, by field names. docs/spec/payments-ledger.md 3.1.

import { compare } from '../encoding/bytes.ts'
import { CborReader } from '../encoding/cbor.ts'
import { PaymentError } from './error.ts'

/** Bytes of UTF-8 that a UTF-16 code unit takes at most. */
const mostBytesOfUnit = 3

/** Every method throws PaymentError BAD_DOCUMENT, which names document and field. */
export class Reader extends CborReader<PaymentError> {
  /**
   * Begins to read a document.
   *
   * @param what the document, for messages: `transaction`
   * @param most the bytes that a document of its kind may have
   * @throws PaymentError TOO_LARGE beyond them, before anything is read
   */
  constructor(bytes: Uint8Array, what: string, most: number) {
    if (!(bytes instanceof Uint8Array)) throw new PaymentError('BAD_DOCUMENT', `${what}: want its bytes`)
    if (bytes.length > most) {
      throw new PaymentError('TOO_LARGE', `${what}: want at most ${most} bytes, have ${bytes.length}`)
    }
    // A store gives Node's Buffers, whose slice() is no copy: views of one must not get out.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    super(plain, what, (_, message) => new PaymentError('BAD_DOCUMENT', message))
  }

  /** Reads one of these texts. */
  oneOf<T extends string>(...of: readonly T[]): T {
    const have = this.characters(64)
    const found = of.find(text => text === have)
    if (found === undefined) throw this.fail('BAD_DOCUMENT', `want ${of.join(' or ')}`)
    return found
  }

  /** Reads text of at most so many UTF-16 code units, which is how JavaScript counts. */
  characters(most: number): string {
    const text = this.text(mostBytesOfUnit * most)
    if (text.length > most) {
      throw this.fail('BAD_DOCUMENT', `want at most ${most} characters, have ${text.length}`)
    }
    return text
  }

  /** Reads a byte string of this length, or null. */
  bytesOrNull(length: number): Uint8Array | null {
    return this.nothing() ? null : this.bytes(length)
  }

  /** Reads the list under a key, of at most `most` elements, each with `read`. */
  items<T>(field: string, most: number, read: () => T): T[] {
    return Array.from({ length: this.key(field).list(most) }, (_, i) => {
      this.item(`${field}[${i}]`)
      return read()
    })
  }

  /** Reads a list of 32-byte strings under a key, each greater than the one before. */
  ascending(field: string, most: number): Uint8Array[] {
    let last: Uint8Array | undefined
    return this.items(field, most, () => {
      const item = this.bytes(32)
      if (last !== undefined && compare(last, item) >= 0) throw this.fail('BAD_DOCUMENT', 'not ascending')
      last = item
      return item
    })
  }
}
