// A sealed channel between two that others relay for (docs/spec/gateway.md 7): the handshake NK of the Noise Protocol
// Framework, revision 34, with 25519, ChaChaPoly and BLAKE2b, then messages that each name their nonce (its section
// 11.4), so that one that is lost or overtaken stops nothing. Pure: whoever has the keys hands them in.
//
// Left out: rekeying (who wants new keys begins anew). The names are the document's.

import * as crypto from '#crypto'
import { concat } from '../encoding/bytes.ts'
import type { Random } from '../world/random.ts'
import { SphinxError } from './error.ts'

/** Bytes of each message of the handshake before and behind its payload: an ephemeral key 32, a tag 16. */
export const handshakeBytes = 48
/** Bytes that sealing adds. */
export const channelTagBytes = 16
/** Messages that may be overtaken: so far behind the newest one is still taken, once. */
export const overtakenBy = 64

const name = new TextEncoder().encode('Noise_NK_25519_ChaChaPoly_BLAKE2b')
const keyBytes = 32
const hashBytes = 64
const blockBytes = 128
const nothing = new Uint8Array(0)

/** One end of an open channel. */
export interface Channel {
  /** 32 bytes that no other channel has: the beginning of the handshake's hash. Both ends know it. */
  readonly binding: Uint8Array
  /** Seals what this end says under a number that it has not used before. */
  seal(number: number, plain: Uint8Array): Uint8Array
  /** Opens what the other end sealed under a number; undefined when a byte is another. */
  open(number: number, sealed: Uint8Array): Uint8Array | undefined
  /** Overwrites the keys. */
  close(): void
}

/** Holds what the one that begins has between its two messages. */
export interface Opening {
  /** For the other end: `handshakeBytes` more than its payload. */
  readonly message: Uint8Array
  /**
   * Takes the other end's message; the keys of the opening are gone afterwards.
   *
   * @returns undefined when it is none of the one whose key was named
   */
  finish(message: Uint8Array): Opened | undefined
}

/** Holds what the second message gives the one that began. */
export interface Opened {
  readonly channel: Channel
  readonly payload: Uint8Array
}

/**
 * Begins a channel with the holder of a key.
 *
 * @param theirs 32 bytes: X25519
 * @param prologue what both ends must say alike
 * @param payload what the first message says: whoever records it can open it once the key is known
 * @throws SphinxError BAD_POINT for a key of low order
 */
export function beginChannel(
  theirs: Uint8Array,
  prologue: Uint8Array,
  random: Random,
  payload: Uint8Array = nothing,
): Opening {
  const state = begin(prologue, theirs)
  const ephemeral = random(keyBytes)
  const own = crypto.x25519PublicKey(ephemeral)
  mixHash(state, own)
  mixKey(state, crypto.x25519(ephemeral, theirs))
  const message = concat([own, encrypt(state, payload)])
  return {
    message,
    finish(answer) {
      if (answer.length < handshakeBytes) return undefined
      const other = answer.subarray(0, keyBytes)
      mixHash(state, other)
      const shared = exchanged(ephemeral, other)
      crypto.wipe(ephemeral)
      if (shared === undefined) return undefined
      mixKey(state, shared)
      const said = decrypt(state, answer.subarray(keyBytes))
      if (said === undefined) return undefined
      const [first, second] = split(state)
      return { channel: channel(state, first, second), payload: said }
    },
  }
}

/**
 * Answers one that began a channel with this key.
 *
 * @param key X25519, 32 bytes each
 * @param payload gives what the second message says
 * @returns undefined when the message is none that was meant for this key and prologue
 */
export function answerChannel(
  key: { readonly secret: Uint8Array; readonly publicKey: Uint8Array },
  prologue: Uint8Array,
  message: Uint8Array,
  random: Random,
  payload: Uint8Array = nothing,
): { readonly message: Uint8Array; readonly channel: Channel; readonly payload: Uint8Array } | undefined {
  if (message.length < handshakeBytes) return undefined
  const state = begin(prologue, key.publicKey)
  const other = message.subarray(0, keyBytes)
  mixHash(state, other)
  const first = exchanged(key.secret, other)
  if (first === undefined) return undefined
  mixKey(state, first)
  const said = decrypt(state, message.subarray(keyBytes))
  if (said === undefined) return undefined
  const ephemeral = random(keyBytes)
  const own = crypto.x25519PublicKey(ephemeral)
  mixHash(state, own)
  const second = exchanged(ephemeral, other)
  crypto.wipe(ephemeral)
  if (second === undefined) return undefined
  mixKey(state, second)
  const answer = concat([own, encrypt(state, payload)])
  const [theirs, ours] = split(state)
  return { message: answer, channel: channel(state, ours, theirs), payload: said }
}

/** Remembers which numbers were taken, as far back as messages may be overtaken. */
export class Numbers {
  #newest = -1
  readonly #taken = new Set<number>()

  /** Tells whether one may be taken: it is new, or overtaken by no more than may be. */
  isFresh(number: number): boolean {
    return number > this.#newest || (number > this.#newest - overtakenBy && !this.#taken.has(number))
  }

  /** One was taken. */
  take(number: number): void {
    this.#taken.add(number)
    if (number <= this.#newest) return
    this.#newest = number
    for (const old of this.#taken) if (old <= number - overtakenBy) this.#taken.delete(old)
  }
}

/** HandshakeState, as far as this pattern needs it. */
interface State {
  chainingKey: Uint8Array
  hash: Uint8Array
  key: Uint8Array
}

/** Initialize: the name, the prologue, the pre-message `<- s`. */
function begin(prologue: Uint8Array, theirs: Uint8Array): State {
  const hash = new Uint8Array(hashBytes)
  hash.set(name)
  const state = { chainingKey: hash, hash, key: nothing }
  mixHash(state, prologue)
  mixHash(state, theirs)
  return state
}

function mixHash(state: State, data: Uint8Array): void {
  state.hash = crypto.blake2b([state.hash, data], hashBytes)
}

function mixKey(state: State, shared: Uint8Array): void {
  const [chainingKey, key] = hkdf(state.chainingKey, shared)
  crypto.wipe(shared)
  state.chainingKey = chainingKey
  state.key = key.subarray(0, keyBytes)
}

/** EncryptAndHash */
function encrypt(state: State, plain: Uint8Array): Uint8Array {
  const sealed = crypto.aeadSeal(state.key, nonceOf(0), state.hash, plain)
  mixHash(state, sealed)
  return sealed
}

/** DecryptAndHash */
function decrypt(state: State, sealed: Uint8Array): Uint8Array | undefined {
  const plain = crypto.aeadOpen(state.key, nonceOf(0), state.hash, sealed)
  if (plain !== undefined) mixHash(state, sealed)
  return plain
}

function split({ chainingKey, key }: State): [Uint8Array, Uint8Array] {
  const [first, second] = hkdf(chainingKey, nothing)
  crypto.wipe(chainingKey)
  crypto.wipe(key)
  return [first.slice(0, keyBytes), second.slice(0, keyBytes)]
}

function channel({ hash }: State, sends: Uint8Array, takes: Uint8Array): Channel {
  return {
    binding: hash.slice(0, 32),
    seal: (number, plain) => crypto.aeadSeal(sends, nonceOf(number), nothing, plain),
    open: (number, sealed) => crypto.aeadOpen(takes, nonceOf(number), nothing, sealed),
    close() {
      crypto.wipe(sends)
      crypto.wipe(takes)
    },
  }
}

/** 12.3 ChaChaPoly: 32 bits of zeros, then the number, little-endian. */
function nonceOf(number: number): Uint8Array {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setBigUint64(4, BigInt(number), true)
  return nonce
}

function exchanged(secret: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  try {
    return crypto.x25519(secret, theirs)
  } catch (error) {
    if (error instanceof SphinxError) return undefined
    throw error
  }
}

/** 4.3 HKDF, of two outputs. */
function hkdf(chainingKey: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array] {
  const secret = hmac(chainingKey, input)
  const first = hmac(secret, Uint8Array.of(1))
  const second = hmac(secret, concat([first, Uint8Array.of(2)]))
  crypto.wipe(secret)
  return [first, second]
}

/** RFC 2104, over BLAKE2b of 64 bytes, whose blocks have 128. */
function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const inner = new Uint8Array(blockBytes).fill(0x36)
  const outer = new Uint8Array(blockBytes).fill(0x5c)
  for (const [i, byte] of key.entries()) {
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  return crypto.blake2b([outer, crypto.blake2b([inner, data], hashBytes)], hashBytes)
}
