// Makes the bytes that payments sign or hash together. docs/spec/payments-ledger.md 3.1.

const ascii = new TextEncoder()

/**
 * Joins a tag and parts, each with its length in 4 bytes (big-endian) before it, so that no two lists of parts give the
 * same bytes.
 */
export function tagged(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const all = [ascii.encode(tag), ...parts]
  const out = new Uint8Array(all.reduce((sum, part) => sum + 4 + part.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of all) {
    view.setUint32(at, part.length)
    out.set(part, at + 4)
    at += 4 + part.length
  }
  return out
}
