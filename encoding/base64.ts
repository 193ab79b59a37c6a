// Base64 with padding (RFC 4648, 4), in Node and in browsers: how bytes stand in the JSON of the HTTP API.

/** Arguments of one call at most. */
const chunkBytes = 0x8000

export function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += chunkBytes)
    text += String.fromCharCode(...bytes.subarray(at, at + chunkBytes))
  return btoa(text)
}

/** Reads what `base64` wrote. Throws a DOMException for characters of another alphabet. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}
