// Makes test/vectors/sphinx-x25519.json, the pinned vectors of docs/spec/sphinx.md:
//
//     node --conditions=chaffinch-source --import tsx test/sphinx-vectors.ts
//
// The same file comes out every time; a change of it is a change of the format.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { badVectors } from './sphinx-vectors-bad.ts'
import { goodVectors, type Vector } from './sphinx-vectors-good.ts'

export interface VectorFile {
  readonly about: string
  readonly vectors: readonly Vector[]
}

export const vectorPath: string = join(import.meta.dirname, 'vectors', 'sphinx-x25519.json')

export function sphinxVectors(): VectorFile {
  return {
    about:
      'Chaffinch packets, suite x25519. Bytes are hexadecimal; input.random is all that is drawn, in order. docs/spec/sphinx.md 11.',
    vectors: [...goodVectors(), ...badVectors()],
  }
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(vectorPath, `${JSON.stringify(sphinxVectors(), null, 1)}\n`)
