// Bytes as Node's libraries hand them over: a Buffer, whose `slice` copies nothing; where there is none, as in a
// browser, plain ones.

export function asBuffer(bytes: Uint8Array): Uint8Array {
  return typeof Buffer === 'undefined' ? bytes.slice() : Buffer.from(bytes)
}
