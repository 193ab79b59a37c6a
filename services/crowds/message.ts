// What one member of a crowd says to another (docs/spec/crowds.md 3): all requests have one length, and all answers.

import { FieldReader } from '../../encoding/reader.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { CrowdsError } from './error.ts'

export const crowdsProtocol = '/chaffinch/crowds/1'

/** Bytes of the name of a path between two members. */
export const pathBytes = 16
/** Most bytes of what is asked, and of what is answered. */
export const bodyBytes = 4096
/** Bytes of the place for a destination's name, which zeros fill. */
const destinationBytes = 32
/** Bytes of every request: epoch 8, path 16, destination 32, length 2, body. */
export const requestBytes: number = 8 + pathBytes + destinationBytes + 2 + bodyBytes
/** Bytes of every answer: status 1, length 2, body. */
export const answerBytes: number = 1 + 2 + bodyBytes

/** Fits the names that members know destinations by: 1 to 32 of a to z, 0 to 9, dot and hyphen. */
export const destinationName: RegExp = /^[a-z0-9][a-z0-9.-]{0,31}$/

/** A request on its way. */
export interface CrowdsRequest {
  /** The document by which the path goes. */
  readonly epoch: number
  /** 16 bytes: the path's name between the two that speak. */
  readonly path: Uint8Array
  readonly destination: string
  /** At most `bodyBytes`. */
  readonly body: Uint8Array
}

/**
 * `stale`: not by a document that is in force. `full`: no room for another path. `broken`: a member further on cannot
 * be reached. `unknown`: the last member knows no such destination. `failed`: the destination gave no answer.
 */
export type CrowdsStatus = 'answered' | 'stale' | 'full' | 'broken' | 'unknown' | 'failed'

const statuses: readonly CrowdsStatus[] = ['answered', 'stale', 'full', 'broken', 'unknown', 'failed']

/** An answer on its way back. */
export interface CrowdsAnswer {
  readonly status: CrowdsStatus
  /** At most `bodyBytes`; empty unless answered. */
  readonly body: Uint8Array
}

/** @returns `requestBytes` bytes @throws CrowdsError BAD_OPTION, TOO_LARGE */
export function writeRequest({ epoch, path, destination, body }: CrowdsRequest): Uint8Array {
  if (!destinationName.test(destination))
    throw new CrowdsError(
      'BAD_OPTION',
      `destination ${destination}: want 1 to 32 of a to z, 0 to 9, dot and hyphen`,
    )
  const name = new Uint8Array(destinationBytes)
  new TextEncoder().encodeInto(destination, name)
  const write = new FieldWriter(requestBytes).u64(epoch).put(path).put(name)
  return putBody(write, body).bytes
}

/** @throws CrowdsError BAD_MESSAGE */
export function readRequest(bytes: Uint8Array): CrowdsRequest {
  const read = new FieldReader(bytes, message => new CrowdsError('BAD_MESSAGE', `crowds request: ${message}`))
  const epoch = read.u64('epoch')
  const path = read.take(pathBytes, 'path')
  const place = read.take(destinationBytes, 'destination')
  const end = place.indexOf(0)
  const destination = new TextDecoder().decode(end < 0 ? place : place.subarray(0, end))
  if (!destinationName.test(destination) || (end >= 0 && place.subarray(end).some(byte => byte !== 0)))
    throw read.wrong('destination', 'no name that fills its place with zeros')
  return { epoch, path, destination, body: takeBody(read) }
}

/** @returns `answerBytes` bytes @throws CrowdsError TOO_LARGE */
export function writeAnswer({ status, body }: CrowdsAnswer): Uint8Array {
  return putBody(new FieldWriter(answerBytes).u8(statuses.indexOf(status)), body).bytes
}

/** @throws CrowdsError BAD_MESSAGE */
export function readAnswer(bytes: Uint8Array): CrowdsAnswer {
  const read = new FieldReader(bytes, message => new CrowdsError('BAD_MESSAGE', `crowds answer: ${message}`))
  const byte = read.u8('status')
  const status = statuses[byte]
  if (status === undefined) throw read.wrong('status', `${byte} is not known`)
  const body = takeBody(read)
  if (status !== 'answered' && body.length > 0) throw read.wrong('body', `${status} has none`)
  return { status, body }
}

function putBody(write: FieldWriter, body: Uint8Array): FieldWriter {
  if (body.length > bodyBytes)
    throw new CrowdsError('TOO_LARGE', `body: want at most ${bodyBytes} bytes, have ${body.length}`)
  return write.u16(body.length).put(body)
}

/** The body, which fills what is left of the message together with zeros. */
function takeBody(read: FieldReader<CrowdsError>): Uint8Array {
  const length = read.u16('length')
  if (length > bodyBytes) throw read.wrong('length', `want at most ${bodyBytes}, have ${length}`)
  const body = read.take(length, 'body')
  read.zeros('padding', bodyBytes - length)
  read.end()
  return body
}
