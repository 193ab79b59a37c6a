// Backend for browsers that let a page run wasm: libsodium for everything with a curve, a hash or a tag; ChaCha20's
// bare key stream, Poly1305 and SHA-256, which this build of it lacks, from @noble. Contract: crypto.ts.
//
// Its functions work on addresses in one memory: arguments are copied into a block of it, one behind the other, and
// what was secret there is wiped when the call is over.

import start, { type Libsodium } from 'libsodium'
import type { Crypto, Parts } from './crypto.ts'
import { wipe } from './crypto-portable.ts'
import { SphinxError } from './error.ts'
import { oneByOne } from './labelled.ts'

export {
  chacha20Xor,
  equal,
  hmacSha256,
  locksMemory,
  missingAddon,
  poly1305Into,
  secretBytes,
  wipe,
} from './crypto-portable.ts'

/** Nothing here asks it for randomness: it wants some to begin with. */
const getRandomValue = (): number => crypto.getRandomValues(new Uint32Array(1))[0] as number

let sodium: Libsodium
/** Grows with the longest message so far; nothing of it outlives a call. */
let block = { at: 0, length: 0 }
let used = 0

/** Compiles it: nothing else here works before. @throws where wasm is forbidden */
export async function compile(): Promise<void> {
  sodium = await start({ getRandomValue })
  if (sodium._sodium_init() < 0) throw new Error('libsodium: does not start')
}

/** Begins a call that takes so many bytes of memory. */
function begin(length: number): void {
  // 16 more for each argument's place
  const want = length + 256
  if (block.length < want) {
    if (block.length > 0) sodium._free(block.at)
    const room = Math.max(16_384, 2 * want)
    block = { at: sodium._malloc(room), length: room }
  }
  used = 0
}

/** A place of so many bytes. */
function place(length: number): number {
  const at = block.at + used
  used += (length + 15) & ~15
  return at
}

function put(bytes: Uint8Array): number {
  const at = place(bytes.length)
  sodium.HEAPU8.set(bytes, at)
  return at
}

function take(at: number, length: number): Uint8Array {
  return sodium.HEAPU8.slice(at, at + length)
}

function end(): void {
  sodium.HEAPU8.fill(0, block.at, block.at + used)
}

function want(bytes: Uint8Array, length: number, name: string): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${name}: want ${length} bytes, have ${bytes.length}`)
  return bytes
}

export const x25519PublicKey: Crypto['x25519PublicKey'] = (secretKey, out = new Uint8Array(32)) => {
  want(secretKey, 32, 'x25519 secret key')
  want(out, 32, 'x25519 output')
  begin(64)
  const [at, secret] = [place(32), put(secretKey)]
  sodium._crypto_scalarmult_base(at, secret)
  out.set(take(at, 32))
  end()
  return out
}

export const x25519: Crypto['x25519'] = (secretKey, publicKey, out = new Uint8Array(32)) => {
  want(secretKey, 32, 'x25519 secret key')
  want(publicKey, 32, 'x25519 public key')
  want(out, 32, 'x25519 output')
  begin(96)
  const [to, secret, point] = [place(32), put(secretKey), put(publicKey)]
  const refused = sodium._crypto_scalarmult(to, secret, point)
  out.set(sodium.HEAPU8.subarray(to, to + 32))
  end()
  // The lengths are right, so libsodium refuses for one reason only: the result is zero.
  if (refused !== 0) throw new SphinxError('BAD_POINT', 'x25519: a public key of low order')
  return out
}

export const blake2b: Crypto['blake2b'] = (data, length, key) => {
  if (!(length >= 16 && length <= 64)) throw new RangeError(`blake2b: ${length} bytes, want 16 to 64`)
  const out = new Uint8Array(length)
  hash(out, data, key)
  return out
}

export const blake2bInto: Crypto['blake2bInto'] = (out, data, key) => hash(out, data, key)

function hash(out: Uint8Array, data: Parts, key: Uint8Array = new Uint8Array(0)): void {
  const parts = data instanceof Uint8Array ? [data] : data
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  begin(length + out.length + key.length)
  const [to, from, by] = [place(out.length), place(length), put(key)]
  let at = from
  for (const part of parts) {
    sodium.HEAPU8.set(part, at)
    at += part.length
  }
  sodium._crypto_generichash(to, out.length, from, length, 0, key.length === 0 ? 0 : by, key.length)
  out.set(sodium.HEAPU8.subarray(to, to + out.length))
  end()
}

const tagBytes = 16

export const labelledDigests: Crypto['labelledDigests'] = oneByOne({ blake2bInto, wipe })

export const aeadSeal: Crypto['aeadSeal'] = (key, nonce, ad, plain) => {
  want(key, 32, 'aead key')
  want(nonce, 12, 'aead nonce')
  const length = plain.length + tagBytes
  begin(2 * length + ad.length + 64)
  const out = place(length)
  const [from, label, n, k] = [put(plain), put(ad), put(nonce), put(key)]
  sodium._crypto_aead_chacha20poly1305_ietf_encrypt(
    out,
    0,
    from,
    plain.length,
    0,
    label,
    ad.length,
    0,
    0,
    n,
    k,
  )
  const sealed = take(out, length)
  end()
  return sealed
}

export const aeadOpen: Crypto['aeadOpen'] = (key, nonce, ad, sealed) => {
  want(key, 32, 'aead key')
  want(nonce, 12, 'aead nonce')
  const length = sealed.length - tagBytes
  if (length < 0) return undefined
  begin(2 * sealed.length + ad.length + 64)
  const out = place(length)
  const [from, label, n, k] = [put(sealed), put(ad), put(nonce), put(key)]
  const { _crypto_aead_chacha20poly1305_ietf_decrypt: open } = sodium
  const refused = open(out, 0, 0, from, sealed.length, 0, label, ad.length, 0, n, k)
  const plain = refused === 0 ? take(out, length) : undefined
  end()
  return plain
}

/** Calls `run` with the addresses of a seed's public (32 bytes) and secret key (64). */
function withKeys<T>(seed: Uint8Array, more: number, run: (publicKey: number, secretKey: number) => T): T {
  want(seed, 32, 'ed25519 seed')
  begin(128 + more)
  const [publicKey, secretKey, from] = [place(32), place(64), put(seed)]
  sodium._crypto_sign_seed_keypair(publicKey, secretKey, from)
  const result = run(publicKey, secretKey)
  end()
  return result
}

export const ed25519PublicKey: Crypto['ed25519PublicKey'] = seed =>
  withKeys(seed, 0, publicKey => take(publicKey, 32))

export const ed25519Sign: Crypto['ed25519Sign'] = (seed, message) =>
  withKeys(seed, 64 + message.length, (_, secretKey) => {
    const [out, from] = [place(64), put(message)]
    sodium._crypto_sign_detached(out, 0, from, message.length, 0, secretKey)
    return take(out, 64)
  })

export const ed25519Verify: Crypto['ed25519Verify'] = (publicKey, message, signature) => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  begin(message.length + 96)
  const [signed, from, key] = [put(signature), put(message), put(publicKey)]
  const refused = sodium._crypto_sign_verify_detached(signed, from, message.length, 0, key)
  end()
  return refused === 0
}
