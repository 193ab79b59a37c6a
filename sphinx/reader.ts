// Reads the fields of packets, headers and reply blocks.

import { FieldReader } from '../encoding/reader.ts'
import { SphinxError, type SphinxErrorCode } from './error.ts'

export class Reader extends FieldReader<SphinxError> {
  /**
   * @param what the thing that is read, for messages: `reply block`
   * @param code of the SphinxError that every method throws
   */
  constructor(bytes: Uint8Array, what: string, code: SphinxErrorCode = 'BAD_LENGTH') {
    super(bytes, message => new SphinxError(code, `sphinx ${what}: ${message}`))
  }
}
