// Backend for browsers: libsodium as wasm, and where a page may not run wasm (a content security policy without
// `wasm-unsafe-eval`) the portable one, several times slower. Either is loaded only where it is used. Contract:
// crypto.ts.

import type { Crypto } from './crypto.ts'

const backend: Crypto = mayRunWasm() ? await import('./crypto-wasm.ts') : await import('./crypto-portable.ts')

/** Compiles an empty module: a policy that forbids it lets nothing be compiled. */
function mayRunWasm(): boolean {
  try {
    return (
      new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) instanceof WebAssembly.Module
    )
  } catch {
    return false
  }
}

export const x25519PublicKey: Crypto['x25519PublicKey'] = backend.x25519PublicKey
export const x25519: Crypto['x25519'] = backend.x25519
export const blake2b: Crypto['blake2b'] = backend.blake2b
export const blake2bInto: Crypto['blake2bInto'] = backend.blake2bInto
export const hmacSha256: Crypto['hmacSha256'] = backend.hmacSha256
export const chacha20Xor: Crypto['chacha20Xor'] = backend.chacha20Xor
export const aeadSeal: Crypto['aeadSeal'] = backend.aeadSeal
export const aeadOpen: Crypto['aeadOpen'] = backend.aeadOpen
export const equal: Crypto['equal'] = backend.equal
export const wipe: Crypto['wipe'] = backend.wipe
export const secretBytes: Crypto['secretBytes'] = backend.secretBytes
export const ed25519PublicKey: Crypto['ed25519PublicKey'] = backend.ed25519PublicKey
export const ed25519Sign: Crypto['ed25519Sign'] = backend.ed25519Sign
export const ed25519Verify: Crypto['ed25519Verify'] = backend.ed25519Verify
export const locksMemory: boolean = backend.locksMemory
export const missingAddon: string | undefined = backend.missingAddon
