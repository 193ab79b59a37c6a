// An archive of files as tar has them (POSIX.1-1988, ustar): plain files alone.

import type { File as FileOf } from './work.ts'

const block = 512
/** Fields of a header: where they begin, and how long they are. */
const fields = { name: [0, 100], size: [124, 12], sum: [148, 8], type: [156, 1] } as const
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Writes an archive. Names have 100 bytes at most. */
export function writeArchive(files: readonly FileOf[]): Uint8Array<ArrayBuffer> {
  const padded = (length: number): number => Math.ceil(length / block) * block
  const total = files.reduce((sum, { bytes }) => sum + block + padded(bytes.length), 2 * block)
  const out = new Uint8Array(total)
  let at = 0
  for (const { name, bytes } of files) {
    out.set(headerOf(name, bytes.length), at)
    out.set(bytes, at + block)
    at += block + padded(bytes.length)
  }
  return out
}

/** Reads an archive: the plain files in it. What is cut off, or no archive, is without the files that are missing. */
export function readArchive(bytes: Uint8Array): readonly FileOf[] {
  const files: FileOf[] = []
  for (let at = 0; at + block <= bytes.length; ) {
    const header = bytes.subarray(at, at + block)
    const size = Number.parseInt(textIn(header, 'size'), 8)
    const type = textIn(header, 'type')
    const name = textIn(header, 'name').replace(/^\.\//, '')
    if (name === '' || !(size >= 0)) break
    const end = at + block + size
    if (end <= bytes.length && (type === '0' || type === ''))
      files.push({ name, bytes: bytes.slice(at + block, end) })
    at = at + block + Math.ceil(size / block) * block
  }
  return files
}

function headerOf(name: string, size: number): Uint8Array {
  const header = new Uint8Array(block)
  const put = (text: string, at: number): void => header.set(encoder.encode(text), at)
  put(name, fields.name[0])
  for (const [text, at] of [
    ['0000644\0', 100],
    ['0000000\0', 108],
    ['0000000\0', 116],
    [`${size.toString(8).padStart(11, '0')}\0`, fields.size[0]],
    ['00000000000\0', 136],
    // The sum counts itself as spaces
    ['        ', fields.sum[0]],
    ['0', fields.type[0]],
    ['ustar\0', 257],
    ['00', 263],
  ] as const)
    put(text, at)
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, fields.sum[0])
  return header
}

function textIn(header: Uint8Array, field: keyof typeof fields): string {
  const [at, length] = fields[field]
  return (
    decoder
      .decode(header.subarray(at, at + length))
      .split('\0')[0]
      ?.trim() ?? ''
  )
}
