// The part that is called here of sodium-native's addon, whose package declares no types: C functions that check no
// length. Those of 5.1.0.

declare module 'sodium-native/binding.js' {
  const addon: {
    /** 32 bytes each. Not 0 when the result is zero. */
    crypto_scalarmult(out: Uint8Array, secret: Uint8Array, point: Uint8Array): number
    /** 32 bytes each. */
    crypto_scalarmult_base(out: Uint8Array, secret: Uint8Array): number
    /** Output of 16 to 64 bytes, key of 16 to 64 or of none. */
    crypto_generichash(
      out: ArrayBufferLike,
      outAt: number,
      outLength: number,
      data: ArrayBufferLike,
      dataAt: number,
      dataLength: number,
      key: ArrayBufferLike,
      keyAt: number,
      keyLength: number,
    ): number
    /** `out` and `data` of one length, 8 bytes of nonce, 32 of key. */
    crypto_stream_chacha20_xor(out: Uint8Array, data: Uint8Array, nonce: Uint8Array, key: Uint8Array): number
    /** 32 bytes of output. */
    crypto_hash_sha256(out: Uint8Array, data: Uint8Array): number
    /** Output 16 bytes longer than what is sealed, 12 bytes of nonce, 32 of key. */
    crypto_aead_chacha20poly1305_ietf_encrypt(
      out: Uint8Array,
      plain: Uint8Array,
      ad: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** Output 16 bytes shorter than what is opened. Its length; another number where the tag does not fit. */
    crypto_aead_chacha20poly1305_ietf_decrypt(
      out: Uint8Array,
      sealed: Uint8Array,
      ad: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number
    /** 16 bytes of output, 32 of key. */
    crypto_onetimeauth(out: Uint8Array, data: Uint8Array, key: Uint8Array): number
  }
  export default addon
}
