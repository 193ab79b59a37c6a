// Reads the messages of fixed fields that client and node say to each other.

import { FieldReader } from '../../encoding/reader.ts'
import { LinkError } from '../link.ts'

/** Each method throws LinkError BAD_MESSAGE, which names the field. */
export class Reader extends FieldReader<LinkError> {
  /**
   * @param what the message, for errors: `mailbox page`
   * @param length what it must have, bytes; without it any length
   * @throws LinkError BAD_MESSAGE for another length
   */
  constructor(bytes: Uint8Array, what: string, length: number = bytes.length) {
    super(bytes, message => new LinkError('BAD_MESSAGE', `${what}: ${message}`))
    if (bytes.length !== length) throw this.fail(`want ${length} bytes, have ${bytes.length}`)
  }
}
