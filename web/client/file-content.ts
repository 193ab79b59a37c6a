// A file in a message (docs/spec/pages.md 3.2): the app `file`, and as its bytes the length of the name in UTF-8
// (2 bytes, the larger first), the name, and the file.

export const fileApp = 'file'

const longestName = 255

export interface FileContent {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

export function writeFile(name: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const label = new TextEncoder().encode(name).subarray(0, longestName)
  const out = new Uint8Array(2 + label.length + bytes.length)
  new DataView(out.buffer).setUint16(0, label.length)
  out.set(label, 2)
  out.set(bytes, 2 + label.length)
  return out
}

/** Reads one; a content that is none is a file without a name. */
export function readFile(content: Uint8Array): FileContent {
  const whole = content.slice()
  const length = whole.length < 2 ? longestName + 1 : new DataView(whole.buffer).getUint16(0)
  if (length > longestName || 2 + length > whole.length) return { name: 'file', bytes: whole }
  return {
    name: safeName(new TextDecoder().decode(whole.subarray(2, 2 + length))),
    bytes: whole.slice(2 + length),
  }
}

/** A name that somebody else chose: no folder, and nothing that a file system or a reader takes for something else. */
export function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replaceAll(/[\p{C}<>:"|?*]/gu, '_')
    .replace(/^\.+/, '')
    .trim()
  return plain === '' ? 'file' : plain
}
