// Requests and answers of /chaffinch/directory/1 (docs/spec/directory-travel.md 9): one dag-cbor list each way.

import { write } from '../../encoding/cbor.ts'
import { DirectoryError, type DirectoryErrorCode, isDirectoryErrorCode } from '../error.ts'
import { Reader } from '../reader.ts'
import { maxDocumentBytes, maxSignaturesBytes, mostNodes } from './consensus.ts'
import { descriptorLimits } from './descriptor.ts'
import { joinLimits } from './joining.ts'
import { maxMessageBytes } from './message.ts'
import { mostAuthorities } from './parameters.ts'
import { statisticsLimits } from './statistics.ts'
import { noteLimits } from './status-note.ts'

/** The libp2p protocol of requests for documents. */
export const directoryProtocol = '/chaffinch/directory/1'

/**
 * | request | who asks whom | answer |
 * |---|---|---|
 * | document | anybody whoever serves | the signed document of the epoch; of null: the newest whose time has come |
 * | change | anybody whoever serves | the signed document of the first epoch after this one (null: of all) in which the authorities changed |
 * | difference | anybody whoever serves | the same, told from the document of this name (difference.ts) where both are held |
 * | note | anybody whoever serves | the signed status note of the epoch (status-note.ts) |
 * | pointer | anybody whoever serves | epoch, name and signatures of the document (table.ts) |
 * | head | anybody whoever serves | the same, of the epoch of the pointer that the asker shows (table.ts) |
 * | log | anybody whoever serves | the newest entries of the log of documents, or the page from an entry on (log.ts) |
 * | upload | a node an authority | nothing |
 * | join | a node an authority | nothing: it is let in (joining.ts) |
 * | leave | anybody an authority | nothing: the node of the note is out of the next document |
 * | report | a node an authority | nothing: its loop statistics (statistics.ts) |
 * | time | anybody whoever serves | its clock, milliseconds since 1970-01-01 UTC |
 * | evidence | anybody whoever serves | its proofs that authorities contradicted themselves (evidence.ts) |
 * | hello | an authority another | the epoch of the newest document it holds, or null |
 * | missing | an authority another | descriptors for this document that the asker has not |
 * | body | an authority another | a body by its name, signed or not yet |
 * | voting | an authority another | nothing |
 * | noting | an authority another | nothing: on the way to a note (status-note-machine.ts) |
 */
export type DirectoryRequest =
  | { readonly ask: 'document'; readonly epoch: number | null }
  | { readonly ask: 'change'; readonly after: number | null }
  | { readonly ask: 'difference'; readonly from: Uint8Array; readonly epoch: number }
  | { readonly ask: 'note'; readonly epoch: number }
  | { readonly ask: 'pointer'; readonly epoch: number }
  | { readonly ask: 'head'; readonly pointer: Uint8Array }
  | { readonly ask: 'log'; readonly page: number | null }
  | { readonly ask: 'upload'; readonly descriptor: Uint8Array }
  | { readonly ask: 'join'; readonly request: Uint8Array }
  | { readonly ask: 'leave'; readonly note: Uint8Array }
  | { readonly ask: 'report'; readonly statistics: Uint8Array }
  | { readonly ask: 'time' }
  | { readonly ask: 'evidence' }
  | { readonly ask: 'hello' }
  | { readonly ask: 'missing'; readonly epoch: number; readonly have: readonly Uint8Array[] }
  | { readonly ask: 'body'; readonly hash: Uint8Array }
  | { readonly ask: 'voting'; readonly message: Uint8Array }
  | { readonly ask: 'noting'; readonly message: Uint8Array }

/** The largest request that an authority reads, bytes. */
export const maxRequestBytes: number = maxMessageBytes + 64

/** Bytes of a pointer at most: a hash, and a signature of each authority that is known or not yet known. */
export const maxPointerBytes: number = 64 + 2 * mostAuthorities * 104

/** The largest request to a node, which answers about documents and notes only, bytes: the showing of a pointer. */
export const maxAskBytes: number = maxPointerBytes + 64

/** The largest answer, bytes. */
export const maxAnswerBytes: number = maxDocumentBytes + maxSignaturesBytes + 64

export function writeRequest(request: DirectoryRequest): Uint8Array {
  switch (request.ask) {
    case 'document':
      return write(['document', request.epoch])
    case 'change':
      return write(['change', request.after])
    case 'difference':
      return write(['difference', request.from, request.epoch])
    case 'note':
      return write(['note', request.epoch])
    case 'pointer':
      return write(['pointer', request.epoch])
    case 'head':
      return write(['head', request.pointer])
    case 'log':
      return write(['log', request.page])
    case 'upload':
      return write(['upload', request.descriptor])
    case 'join':
      return write(['join', request.request])
    case 'leave':
      return write(['leave', request.note])
    case 'report':
      return write(['report', request.statistics])
    case 'time':
      return write(['time'])
    case 'evidence':
      return write(['evidence'])
    case 'hello':
      return write(['hello'])
    case 'missing':
      return write(['missing', request.epoch, request.have])
    case 'body':
      return write(['body', request.hash])
    case 'voting':
    case 'noting':
      return write([request.ask, request.message])
  }
}

/** Throws DirectoryError as the reader does. */
export function readRequest(bytes: Uint8Array): DirectoryRequest {
  const read = new Reader(bytes, 'request')
  const fields = read.list(3)
  const ask = read.item('ask').text(16)
  const request = readFields(read, ask, fields)
  if (request === undefined) {
    throw new DirectoryError('BAD_DOCUMENT', `request: ask: ${JSON.stringify(ask)} of ${fields} fields`)
  }
  read.end()
  return request
}

function readFields(read: Reader, ask: string, fields: number): DirectoryRequest | undefined {
  if (ask === 'document' && fields === 2) {
    return { ask, epoch: read.item('epoch').nothing() ? null : read.uint() }
  }
  if (ask === 'change' && fields === 2) {
    return { ask, after: read.item('after').nothing() ? null : read.uint() }
  }
  if (ask === 'difference' && fields === 3) {
    return { ask, from: read.item('from').bytes(32), epoch: read.item('epoch').uint() }
  }
  if (ask === 'note' && fields === 2) return { ask, epoch: read.item('epoch').uint() }
  if (ask === 'pointer' && fields === 2) return { ask, epoch: read.item('epoch').uint() }
  if (ask === 'head' && fields === 2) {
    return { ask, pointer: read.item('pointer').bytesUpTo(maxPointerBytes) }
  }
  if (ask === 'log' && fields === 2) {
    return { ask, page: read.item('page').nothing() ? null : read.uint() }
  }
  if (ask === 'upload' && fields === 2) {
    return { ask, descriptor: read.item('descriptor').bytesUpTo(descriptorLimits.bytes) }
  }
  if (ask === 'join' && fields === 2) {
    return { ask, request: read.item('request').bytesUpTo(joinLimits.bytes) }
  }
  if (ask === 'leave' && fields === 2) return { ask, note: read.item('note').bytesUpTo(joinLimits.note) }
  if (ask === 'report' && fields === 2) {
    return { ask, statistics: read.item('statistics').bytesUpTo(statisticsLimits.bytes) }
  }
  if ((ask === 'hello' || ask === 'evidence' || ask === 'time') && fields === 1) return { ask }
  if (ask === 'missing' && fields === 3) {
    const epoch = read.item('epoch').uint()
    const count = read.item('have').list(mostNodes)
    return { ask, epoch, have: Array.from({ length: count }, () => read.bytes(32)) }
  }
  if (ask === 'body' && fields === 2) return { ask, hash: read.item('hash').bytes(32) }
  if (ask === 'voting' && fields === 2) {
    return { ask, message: read.item('message').bytesUpTo(maxMessageBytes) }
  }
  if (ask === 'noting' && fields === 2) {
    return { ask, message: read.item('message').bytesUpTo(noteLimits.bytes) }
  }
  return undefined
}

/** ['ok', bytes] */
export function writeAnswer(bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  return write(['ok', bytes])
}

/** ['refused', code, why] */
export function writeRefusal(error: DirectoryError): Uint8Array {
  return write(['refused', error.code, cut(error.message, 200)])
}

/**
 * The bytes of an answer.
 *
 * @throws DirectoryError with the code that the other side gave; otherwise as the reader does
 */
export function readAnswer(bytes: Uint8Array): Uint8Array {
  const read = new Reader(bytes, 'answer')
  const fields = read.list(3)
  const kind = read.item('kind').text(16)
  if (kind === 'ok' && fields === 2) {
    const content = read.item('content').bytesUpTo(maxAnswerBytes)
    read.end()
    return content
  }
  if (kind !== 'refused' || fields !== 3) {
    throw new DirectoryError('BAD_DOCUMENT', `answer: kind: ${JSON.stringify(kind)} of ${fields} fields`)
  }
  const code = read.item('code').text(32)
  const why = read.item('why').text(800)
  read.end()
  const known: DirectoryErrorCode = isDirectoryErrorCode(code) ? code : 'UNAVAILABLE'
  throw new DirectoryError(known, printable(why))
}

/** The content of a hello's answer: an epoch, or null. */
export function writeNewest(epoch: number | null): Uint8Array {
  return write(epoch)
}

export function readNewest(bytes: Uint8Array): number | null {
  const read = new Reader(bytes, 'hello')
  const epoch = read.item('epoch').nothing() ? null : read.uint()
  read.end()
  return epoch
}

/** The content of the answer to `time`. */
export function writeTime(now: number): Uint8Array {
  return write(Math.floor(now))
}

export function readTime(bytes: Uint8Array): number {
  const read = new Reader(bytes, 'time')
  const now = read.item('time').uint()
  read.end()
  return now
}

/** The content of the answer to `missing`: descriptors, each as its node wrote it. */
export function writeDescriptors(descriptors: readonly Uint8Array[]): Uint8Array {
  return write(descriptors)
}

export function readDescriptors(bytes: Uint8Array): Uint8Array[] {
  const read = new Reader(bytes, 'descriptors')
  const count = read.item('descriptors').list(mostNodes)
  const descriptors = Array.from({ length: count }, () => read.bytesUpTo(descriptorLimits.bytes))
  read.end()
  return descriptors
}

/** A message from elsewhere must not write control characters into a log. */
function printable(text: string): string {
  return [...text].map(char => (char < ' ' || char === '\u007f' ? '?' : char)).join('')
}

function cut(text: string, most: number): string {
  return [...text].slice(0, most).join('')
}
