// The files that people write, read for the command line: what is wrong with one is theirs to mend (exit code 2).

import { readNetwork as read } from '../../directory/network-file.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { keyError as errorAt, FileError, readToml as parse } from '../../encoding/toml.ts'

/** `readToml` of encoding/toml.ts. @throws CommandError CONFIG */
export const readToml: typeof parse = (file, schema) => asked(() => parse(file, schema))

/** `readNetwork` of chaffinch/network. @throws CommandError CONFIG */
export const readNetwork: typeof read = file => asked(() => read(file))

/** Names file, line and key of what a schema cannot see, such as two keys that do not fit. */
export function keyError(...of: Parameters<typeof errorAt>): CommandError {
  return ofFile(errorAt(...of))
}

function asked<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof FileError ? ofFile(error) : error
  }
}

function ofFile({ message, hint }: FileError): CommandError {
  return new CommandError('CONFIG', message, hint)
}
