// chaffinch/network: network.toml, which everybody of a network has alike.

import { readText } from '../encoding/toml.ts'
import type { Network } from './documents/network.ts'
import { parseNetwork } from './network-text.ts'

export { FileError } from '../encoding/toml.ts'
export type { Network } from './documents/network.ts'
export { parseNetwork } from './network-text.ts'

/**
 * Reads the file that says what a network is: whoever runs it hands it out.
 *
 *     const client = await connect({ network: readNetwork('network.toml'), folder: 'me' })
 *
 * @param file its path
 * @throws FileError, whose message names the file, the line, the key, and what is wanted there
 */
export function readNetwork(file: string): Network {
  return parseNetwork(readText(file), file)
}
