// Backend for browsers: libsodium as wasm, and where a page may not run wasm (a content security policy without
// `wasm-unsafe-eval`) the portable one, several times slower. Contract: crypto.ts.
//
// Both are imported, and only the compiling is waited for: a chunk that is waited for up here and needs anything of the
// chunk that this module ends up in would wait for it in turn, for ever.

import type { Crypto } from './crypto.ts'
import * as portable from './crypto-portable.ts'
import * as wasm from './crypto-wasm.ts'

const isWasm = mayRunWasm()
if (isWasm) await wasm.compile()
const backend: Crypto = isWasm ? wasm : portable

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
export const labelledDigests: Crypto['labelledDigests'] = backend.labelledDigests
export const hmacSha256: Crypto['hmacSha256'] = backend.hmacSha256
export const chacha20Xor: Crypto['chacha20Xor'] = backend.chacha20Xor
export const poly1305Into: Crypto['poly1305Into'] = backend.poly1305Into
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
