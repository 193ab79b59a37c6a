// Messages of fixed fields between hosts: written and read field by field, big-endian.

import { LinkError } from './link.ts'

export interface FieldWriter {
  readonly out: Uint8Array
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  u64(value: number): void
  bytes(value: Uint8Array): void
  /** Leaves zeros. */
  skip(length: number): void
}

/** Writes into `length` bytes, zeros where nothing is written. */
export function fieldWriter(length: number): FieldWriter {
  const out = new Uint8Array(length)
  const view = new DataView(out.buffer)
  let at = 0
  const step = (by: number): number => {
    at += by
    return at - by
  }
  return {
    out,
    u8: value => view.setUint8(step(1), value),
    u16: value => view.setUint16(step(2), value),
    u32: value => view.setUint32(step(4), value),
    u64: value => view.setBigUint64(step(8), BigInt(value)),
    bytes: value => out.set(value, step(value.length)),
    skip: length => void step(length),
  }
}

/** Each method throws LinkError BAD_MESSAGE, which names the field. */
export interface FieldReader {
  /** Bytes that are not read yet. */
  readonly left: number
  u8(field: string): number
  u16(field: string): number
  u32(field: string): number
  /** Refuses what a double cannot count: 2^53 and more. */
  u64(field: string): number
  /** A view of the message. */
  take(length: number, field: string): Uint8Array
  zeros(field: string, length: number): void
  /** The error about a field, for the caller to throw. */
  wrong(field: string, why: string): LinkError
}

/**
 * @param what the message, for errors: `mailbox page`
 * @param length what it must have, bytes; without it any length
 * @throws LinkError BAD_MESSAGE for another length
 */
export function fieldReader(what: string, bytes: Uint8Array, length: number = bytes.length): FieldReader {
  if (bytes.length !== length)
    throw new LinkError('BAD_MESSAGE', `${what}: want ${length} bytes, have ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const wrong = (field: string, why: string): LinkError =>
    new LinkError('BAD_MESSAGE', `${what}: ${field}: ${why}`)
  const step = (by: number, field: string): number => {
    if (by > bytes.length - at) throw wrong(field, `want ${by} bytes, have ${bytes.length - at}`)
    at += by
    return at - by
  }
  return {
    get left() {
      return bytes.length - at
    },
    u8: field => view.getUint8(step(1, field)),
    u16: field => view.getUint16(step(2, field)),
    u32: field => view.getUint32(step(4, field)),
    u64(field) {
      const value = view.getBigUint64(step(8, field))
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw wrong(field, 'larger than 2^53 - 1')
      return Number(value)
    },
    take: (taken, field) => bytes.subarray(step(taken, field), at),
    zeros(field, taken) {
      const start = step(taken, field)
      if (bytes.subarray(start, at).some(byte => byte !== 0)) throw wrong(field, 'not zero')
    },
    wrong,
  }
}
