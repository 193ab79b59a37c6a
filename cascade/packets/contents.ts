// What a packet carries (docs/spec/packets.md 6): a piece of a message, sealed to its recipient, or a trap. A message
// of any size is cut into pieces, and whole again when all have come.

import { sha512 } from '@noble/hashes/sha2.js'
import { aeadOpen, aeadSeal, blake2b } from '#crypto'
import { concat, fromHex, hex } from '../../encoding/bytes.ts'
import { FieldReader } from '../../encoding/reader.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import { type Group, generator } from '../../shuffle/group.ts'
import { publicKeyOf, ShuffleError } from '../../shuffle/index.ts'
import { scalars } from '../../shuffle/prove.ts'
import type { Random } from '../../world/random.ts'
import { CascadeError } from '../error.ts'

/** Bytes that a seal takes: a point, and the tag. */
const sealBytes = 48
/** Kind, message id, part, parts, length. */
const headBytes = 25
const nonce = new Uint8Array(12)
const text = new TextEncoder()
export const messageIdBytes = 16
export const piecesAtMost = 65_535

/** A piece of a message; `is: 'trap'` stands for something that nobody wants but its sender. */
export type Content =
  | { readonly is: 'trap' }
  | {
      readonly is: 'piece'
      /** 16 bytes in hexadecimal. */
      readonly id: string
      /** From 0 on. */
      readonly part: number
      readonly parts: number
      readonly data: Uint8Array
    }

/** Gives the scalar, secret, that a person's sealing key belongs to, from the seed of its Ed25519 key. */
export function sealingSecret(group: Group, seed: Uint8Array): Uint8Array {
  return group.reduce(sha512(concat([text.encode('chaffinch-cascade-1 sealing\n'), seed])))
}

/** Gives the point of 32 bytes that others seal to. */
export function sealingKey(group: Group, seed: Uint8Array): Uint8Array {
  return publicKeyOf(group, sealingSecret(group, seed))
}

/** Counts the bytes of a message that a packet carries. */
export function pieceBytes({ body_bytes }: { readonly body_bytes: number }): number {
  return body_bytes - sealBytes - headBytes
}

/** Cuts a message into pieces; an empty one is one piece. */
export function piecesOf(id: string, message: Uint8Array, size: number): Content[] {
  const parts = Math.max(1, Math.ceil(message.length / size))
  if (parts > piecesAtMost)
    throw new CascadeError(
      'FULL',
      `message: has ${message.length} bytes, more than ${piecesAtMost} packets carry`,
    )
  return Array.from({ length: parts }, (_, part) => ({
    is: 'piece',
    id,
    part,
    parts,
    data: message.subarray(part * size, (part + 1) * size),
  }))
}

/**
 * Seals what a packet carries.
 *
 * @param mixnet its name: what is sealed for one is nothing in another
 * @param key the recipient's sealing key, 32 bytes
 * @returns body_bytes
 */
export function sealContent(
  group: Group,
  mixnet: string,
  key: Uint8Array,
  content: Content,
  body_bytes: number,
  random: Random,
): Uint8Array {
  const plain = new FieldWriter(body_bytes - sealBytes)
  if (content.is === 'piece') {
    const { id, part, parts, data } = content
    plain.u8(1).put(fromHex(id)).u16(part).u16(parts).u32(data.length).put(data)
  }
  const scalar = scalars(group, random, 1)
  const point = group.multiples(undefined, { base: generator, scalars: scalar })
  const secret = keyOf(group.sumSecret(key, scalar), key, point, mixnet)
  return concat([point, aeadSeal(secret, nonce, new Uint8Array(0), plain.bytes)])
}

/** Opens what a packet carried; undefined for what is not sealed to this secret, or is no content. */
export function openContent(
  group: Group,
  mixnet: string,
  secret: Uint8Array,
  body: Uint8Array,
): Content | undefined {
  const point = body.subarray(0, 32)
  try {
    const dh = group.sumSecret(point, secret)
    const key = keyOf(dh, publicKeyOf(group, secret), point, mixnet)
    const plain = aeadOpen(key, nonce, new Uint8Array(0), body.subarray(32))
    return plain && readContent(plain)
  } catch (error) {
    if (error instanceof ShuffleError || error instanceof CascadeError) return undefined
    throw error
  }
}

function keyOf(dh: Uint8Array, key: Uint8Array, point: Uint8Array, mixnet: string): Uint8Array {
  return blake2b(concat([dh, key, point, text.encode(`chaffinch-cascade-1 sealed\n${mixnet}`)]), 32)
}

function readContent(plain: Uint8Array): Content {
  const read = new FieldReader(plain, message => new CascadeError('BAD_REQUEST', `content: ${message}`))
  const kind = read.u8('kind')
  if (kind > 1) throw read.wrong('kind', 'want 0 or 1')
  const id = hex(read.take(messageIdBytes, 'id'))
  const part = read.u16('part')
  const parts = read.u16('parts')
  const data = read.take(Math.min(read.u32('length'), plain.length), 'data').slice()
  read.zeros('rest')
  if (kind === 0) return { is: 'trap' }
  if (part >= parts) throw read.wrong('part', `want less than ${parts}`)
  return { is: 'piece', id, part, parts, data }
}

/** Puts pieces together. Every message comes out once, however often its pieces come. */
export class Pieces {
  readonly #most: number
  readonly #open = new Map<string, Map<number, Uint8Array>>()
  readonly #whole = new Set<string>()
  /** Counts messages that made room for others, since too many were begun at a time. */
  dropped = 0

  /** @param most messages that have begun, and are not whole */
  constructor(most: number) {
    this.#most = most
  }

  /** Gives the message that a piece completes. */
  take(
    piece: Extract<Content, { is: 'piece' }>,
  ): { readonly id: string; readonly bytes: Uint8Array } | undefined {
    const { id, part, parts, data } = piece
    // Who says another number of parts says another message
    const name = `${id} ${parts}`
    if (this.#whole.has(name)) return undefined
    const there = this.#open.get(name) ?? new Map<number, Uint8Array>()
    this.#open.delete(name)
    if (this.#open.size >= this.#most) this.#dropOldest()
    this.#open.set(name, there)
    if (!there.has(part)) there.set(part, data)
    if (there.size < parts) return undefined
    this.#open.delete(name)
    this.#whole.add(name)
    return { id, bytes: concat(Array.from({ length: parts }, (_, i) => there.get(i) as Uint8Array)) }
  }

  /** Drops what no piece has come of for longest: whoever begins messages and ends none keeps nobody else out. */
  #dropOldest(): void {
    this.#open.delete(this.#open.keys().next().value as string)
    this.dropped++
  }
}
