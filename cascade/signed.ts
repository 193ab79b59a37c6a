// What is signed, and how (docs/spec/cascade.md 2). A signature covers a label, the mix-net and everything that is
// said, so that nothing signed for one mix-net, cycle or negotiation is worth anything in another.

import { sha256 } from '@noble/hashes/sha2.js'
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from '#crypto'
import { fromHex, hex } from '../encoding/bytes.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { CascadeError } from './error.ts'

/** Holds what is said, as canonical JSON can write it. */
export type Fields = { readonly [key: string]: Json }

/** Holds what somebody asks for: who (`signer`), in which mix-net, the how manieth thing of theirs, and what. */
export interface Payload extends Fields {
  readonly mixnet: string
  readonly signer: string
  readonly sequence: number
  readonly resource: string
  readonly operation: string
}

/** A payload with its signature, 128 hexadecimal digits. */
export interface SignedRequest {
  readonly payload: Payload
  readonly signature: string
}

/** Says which of the two kinds of signature one is. */
export type Label = 'request' | 'text'

/** A payload has so many characters at most as canonical JSON: whatever is longer goes by its hash. */
export const payloadBytesAtMost = 262_144
/** Lists and objects of a payload within each other: an entry that some readers of JSON cannot read splits them. */
export const payloadDepthAtMost = 32

const encoder = new TextEncoder()

/** Gives SHA-256 in hexadecimal, 64 digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hex(sha256(bytes))
}

/** Names a signer: SHA-256 of its Ed25519 key of 32 bytes, in hexadecimal. */
export function keyId(keyData: Uint8Array): string {
  return sha256Hex(keyData)
}

function signedBytes(label: Label, value: Fields): Uint8Array {
  return encoder.encode(`chaffinch-cascade-1 ${label}\n${canonicalJson(value)}`)
}

/** Gives SHA-256 over a value's canonical JSON, in hexadecimal. */
export function digestOf(value: Json): string {
  return sha256Hex(encoder.encode(canonicalJson(value)))
}

/** Signs as one person or program, whose seed of 32 bytes it holds. */
export interface Signer {
  readonly id: string
  readonly keyData: Uint8Array
  sign(label: Label, value: Fields): string
}

/** Makes a signer. @param seed 32 bytes of Ed25519, secret */
export function signerOf(seed: Uint8Array): Signer {
  const keyData = ed25519PublicKey(seed)
  return {
    id: keyId(keyData),
    keyData,
    sign: (label, value) => hex(ed25519Sign(seed, signedBytes(label, value))),
  }
}

/** Says whether a signature of a value is one with this key. Never throws. */
export function isSigned(keyData: Uint8Array, label: Label, value: Fields, signature: string): boolean {
  if (!isHex(signature, 64)) return false
  try {
    return ed25519Verify(keyData, signedBytes(label, value), fromHex(signature))
  } catch {
    return false
  }
}

/** Makes a signed request. */
export function request(
  signer: Signer,
  mixnet: string,
  sequence: number,
  fields: Fields & Pick<Payload, 'resource' | 'operation'>,
): SignedRequest {
  const payload: Payload = { ...fields, mixnet, signer: signer.id, sequence }
  return { payload, signature: signer.sign('request', payload) }
}

/**
 * Looks whether something that came in has the shape of a request.
 *
 * @throws CascadeError BAD_REQUEST, and FULL for a payload that is too long
 */
export function wantRequest(value: unknown): SignedRequest {
  const { payload, signature } = (value ?? {}) as Partial<SignedRequest>
  if (typeof payload !== 'object' || payload === null || typeof signature !== 'string')
    throw wrong('request', 'want a payload and a signature')
  const texts = [payload.mixnet, payload.signer, payload.resource, payload.operation]
  if (!texts.every(text => typeof text === 'string') || !Number.isSafeInteger(payload.sequence))
    throw wrong('payload', 'want mixnet, signer, sequence, resource and operation')
  if (writtenBy(payload).length > payloadBytesAtMost)
    throw new CascadeError('FULL', `payload: has more than ${payloadBytesAtMost} characters`)
  return { payload, signature }
}

function writtenBy(payload: Payload): string {
  try {
    return canonicalJson(payload, payloadDepthAtMost)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw wrong('payload', error.message)
  }
}

/** Says whether something is lower-case hexadecimal of so many bytes. */
export function isHex(value: unknown, bytes?: number): value is string {
  if (typeof value !== 'string' || !/^([0-9a-f]{2})*$/.test(value)) return false
  return bytes === undefined || value.length === 2 * bytes
}

/** Reads the fields of a payload by name. Every method throws BAD_REQUEST for what is not of its kind. */
export class PayloadReader {
  readonly #fields: Fields
  readonly #read = new Set<string>(['mixnet', 'signer', 'sequence', 'resource', 'operation'])

  constructor(fields: Fields) {
    this.#fields = fields
  }

  #field(name: string): Json | undefined {
    this.#read.add(name)
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  bytes(name: string, length?: number): Uint8Array {
    const value = this.#field(name)
    if (!isHex(value, length)) throw wrong(name, `want ${length ?? 'whole'} bytes in hexadecimal`)
    return fromHex(value)
  }

  hash(name: string): string {
    return hex(this.bytes(name, 32))
  }

  text(name: string, among?: readonly string[]): string {
    const value = this.#field(name)
    if (typeof value !== 'string' || value.length > 1000)
      throw wrong(name, 'want a text of at most 1000 characters')
    if (among !== undefined && !among.includes(value)) throw wrong(name, `want one of ${among.join(', ')}`)
    return value
  }

  count(name: string, least: number, most: number): number {
    const value = this.#field(name)
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      throw wrong(name, `want ${least} to ${most}`)
    return value as number
  }

  /** Gives hashes, all different, in rising order. */
  hashes(name: string, least: number, most: number): string[] {
    const value = this.#field(name)
    const isList = Array.isArray(value) && value.length >= least && value.length <= most
    if (!isList || !value.every(each => isHex(each, 32))) throw wrong(name, `want ${least} to ${most} hashes`)
    const list = value as readonly string[]
    if (list.some((each, i) => i > 0 && each <= (list[i - 1] as string)))
      throw wrong(name, 'want them in rising order')
    return [...list]
  }

  object(name: string): Fields {
    const value = this.#field(name)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong(name, 'want an object')
    return value as Fields
  }

  /** Ends: a field that nobody read is one that its signer believes to mean something. */
  end(): void {
    const extra = Object.keys(this.#fields).find(name => !this.#read.has(name))
    if (extra !== undefined) throw wrong(extra, 'is not known')
  }
}

/**
 * Gives the key that a person's first request brings.
 *
 * @returns 32 bytes
 * @throws CascadeError UNKNOWN, BAD_REQUEST, BAD_SIGNATURE
 */
export function ownKey(payload: Payload, read: PayloadReader): Uint8Array {
  if (payload.resource !== 'peer' || !Object.hasOwn(payload, 'key_data'))
    throw new CascadeError('UNKNOWN', 'signer: is no peer of this mix-net')
  const keyData = read.bytes('key_data', 32)
  if (keyId(keyData) !== payload.signer)
    throw new CascadeError('BAD_SIGNATURE', 'signer: is not named by its key')
  return keyData
}

function wrong(name: string, what: string): CascadeError {
  return new CascadeError('BAD_REQUEST', `${name}: ${what}`)
}
