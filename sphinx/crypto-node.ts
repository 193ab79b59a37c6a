// Backend for Node: libsodium where its addon can be loaded, and else the portable one. There is no addon for some
// platforms (musl, 32-bit ARM): they get the same bytes, later. Contract: crypto.ts.

// Under another name: what bundlers put before a file usually declares this one
import { createRequire as requireFrom } from 'node:module'
import type { Crypto } from './crypto.ts'

const missing = whyNot()
const backend: Crypto =
  missing === undefined ? await import('./crypto-native.ts') : await import('./crypto-portable.ts')

/** Tries the addon before a module that stands on it is imported: what an import throws is not everywhere caught. */
function whyNot(): string | undefined {
  try {
    requireFrom(import.meta.url)('sodium-native')
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

/** Computes the public key (32 bytes) of a secret key (32 bytes): RFC 7748, section 6.1. */
export const x25519PublicKey: Crypto['x25519PublicKey'] = backend.x25519PublicKey
export const x25519: Crypto['x25519'] = backend.x25519
export const blake2b: Crypto['blake2b'] = backend.blake2b
export const blake2bInto: Crypto['blake2bInto'] = backend.blake2bInto
export const labelledDigests: Crypto['labelledDigests'] = backend.labelledDigests
export const hmacSha256: Crypto['hmacSha256'] = backend.hmacSha256
export const chacha20Xor: Crypto['chacha20Xor'] = backend.chacha20Xor
export const poly1305Into: Crypto['poly1305Into'] = backend.poly1305Into
export const aeadSeal: Crypto['aeadSeal'] = backend.aeadSeal
export const aeadOpen: Crypto['aeadOpen'] = backend.aeadOpen
export const equal: Crypto['equal'] = backend.equal
export const wipe: Crypto['wipe'] = backend.wipe
export const secretBytes: Crypto['secretBytes'] = backend.secretBytes
/** Computes the public key (32 bytes) of a seed (32 bytes): RFC 8032. */
export const ed25519PublicKey: Crypto['ed25519PublicKey'] = backend.ed25519PublicKey
/** Signs a message with a seed (32 bytes): 64 bytes of Ed25519, RFC 8032. */
export const ed25519Sign: Crypto['ed25519Sign'] = backend.ed25519Sign
/** Tells whether a signature (64 bytes) under a message is that of a public key (32 bytes): RFC 8032. */
export const ed25519Verify: Crypto['ed25519Verify'] = backend.ed25519Verify
/** Tells whether the system is asked to keep long-lived secrets out of swap and core dumps. */
export const locksMemory: boolean = backend.locksMemory
/** Says why the native backend could not be loaded, in a line; undefined where it is in use, and in browsers. */
export const missingAddon: string | undefined = missing
