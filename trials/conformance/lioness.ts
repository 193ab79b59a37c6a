// Kind lioness-chacha20-blake2b: one block enciphered under one key, through both backends.

import * as node from '#crypto'
import * as browser from '../../sphinx/crypto-portable.ts'
import { lioness } from '../../sphinx/lioness.ts'
import { blake2bRound } from '../../sphinx/suite-x25519.ts'
import { bytesOf, type Check, readJson, same } from './check.ts'

export function lionessAnswer(path: string): readonly Check[] {
  const vector = readJson(path) as { key?: unknown; input?: unknown; output?: unknown }
  const key = bytesOf(vector.key, 'key')
  const input = bytesOf(vector.input, 'input')
  const output = bytesOf(vector.output, 'output')
  return Object.entries({ node, browser }).flatMap(([name, backend]) => {
    const cipher = lioness(backend, blake2bRound(backend))
    const block = input.slice()
    cipher.encrypt(key, block)
    const encrypted = same(`${name}: encrypt`, block, output)
    block.set(output)
    cipher.decrypt(key, block)
    return [encrypted, same(`${name}: decrypt`, block, input)]
  })
}
