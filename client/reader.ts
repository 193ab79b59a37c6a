// Reads the fields of addresses, fragments and contents.

import { FieldReader } from '../encoding/reader.ts'
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
