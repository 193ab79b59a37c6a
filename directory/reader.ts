// Reads the documents and messages of the directory.

import { CborReader } from '../encoding/cbor.ts'
import { DirectoryError } from './error.ts'

/** Every method throws DirectoryError BAD_DOCUMENT, NOT_CANONICAL or TOO_LARGE, which names document and field. */
export class Reader extends CborReader<DirectoryError> {
  /** @param what the document that is read, for messages: `consensus` */
  constructor(bytes: Uint8Array, what: string) {
    super(bytes, what, (fault, message) => new DirectoryError(fault, message))
  }
}
