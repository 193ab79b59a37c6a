// The part that is used here of libsodium as wasm: C functions on addresses of one memory.

declare module 'libsodium' {
  export interface Libsodium {
    /** Taken anew after each call: memory that grows is another one. */
    readonly HEAPU8: Uint8Array
    _malloc(length: number): number
    _free(at: number): void
    _sodium_init(): number
    _crypto_scalarmult(out: number, secret: number, point: number): number
    _crypto_scalarmult_base(out: number, secret: number): number
    /** Lengths of 64 bits in two halves, the low one in front. */
    _crypto_generichash(
      out: number,
      outLength: number,
      data: number,
      low: number,
      high: number,
      key: number,
      keyLength: number,
    ): number
    _crypto_aead_chacha20poly1305_ietf_encrypt(
      out: number,
      outLength: number,
      plain: number,
      low: number,
      high: number,
      ad: number,
      adLow: number,
      adHigh: number,
      none: number,
      nonce: number,
      key: number,
    ): number
    _crypto_aead_chacha20poly1305_ietf_decrypt(
      out: number,
      outLength: number,
      none: number,
      sealed: number,
      low: number,
      high: number,
      ad: number,
      adLow: number,
      adHigh: number,
      nonce: number,
      key: number,
    ): number
    _crypto_sign_seed_keypair(publicKey: number, secretKey: number, seed: number): number
    _crypto_sign_detached(
      signature: number,
      signatureLength: number,
      data: number,
      low: number,
      high: number,
      secretKey: number,
    ): number
    _crypto_sign_verify_detached(
      signature: number,
      data: number,
      low: number,
      high: number,
      publicKey: number,
    ): number
  }
  /** Compiles it. */
  export default function start(parts: { readonly getRandomValue: () => number }): Promise<Libsodium>
}
