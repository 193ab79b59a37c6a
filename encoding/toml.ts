// A TOML file against a schema (toml-text.ts), read from the disk.

import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { checkToml, FileError, keyName, lineOf, type Path, type Schema } from './toml-text.ts'

export { checkToml, FileError, field, lineOf } from './toml-text.ts'

/**
 * Reads and checks a file.
 *
 * @throws FileError
 */
export function readToml<T>(file: string, schema: Schema<T>): T {
  return checkToml(file, readText(file), schema)
}

/** For what a schema cannot see, such as two keys that do not fit: names file, line and key as well. */
export function keyError(file: string, path: Path, says: string): FileError {
  return new FileError(`${file}:${lineOf(readText(file), path)}: ${keyName(path)}: ${says}`)
}

/** Reads a file that must be UTF-8. @throws FileError */
export function readText(file: string): string {
  // JavaScript may hand in a number, which readFileSync takes for a descriptor, and waits for whoever writes to it.
  if (typeof file !== 'string') throw new FileError(`${String(file)}: want the path of a file`)
  const read = readBytes(file)
  if (isUtf8(read)) return read.toString('utf8')
  // Decoded all the same, a name would be another name than the one that was written.
  let line = 1
  for (let from = 0; ; line++) {
    const end = read.indexOf(newline, from)
    if (end < 0 || !isUtf8(read.subarray(from, end))) break
    from = end + 1
  }
  throw new FileError(`${file}:${line}: is not UTF-8; save it as UTF-8`)
}

const newline = 0x0a

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`
    throw new FileError(`${file}: ${why}`, 'chaffinch init --help')
  }
}
