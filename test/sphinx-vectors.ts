// Makes test/vectors/sphinx-SUITE.json, the pinned vectors of docs/spec/sphinx.md:
//
//     node --conditions=chaffinch-source --import tsx test/sphinx-vectors.ts
//
// The same files come out every time; a change of one is a change of the format.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SuiteName, suiteNames } from '../sphinx/suite-names.ts'
import { badVectors } from './sphinx-vectors-bad.ts'
import { goodVectors, type Vector } from './sphinx-vectors-good.ts'

export interface VectorFile {
  readonly about: string
  readonly vectors: readonly Vector[]
}

export const vectorPath = (suite: SuiteName): string =>
  join(import.meta.dirname, 'vectors', `sphinx-${suite}.json`)

export function sphinxVectors(suite: SuiteName): VectorFile {
  return {
    about: `Chaffinch packets, suite ${suite}. Bytes are hexadecimal; input.random is all that is drawn, in order. docs/spec/sphinx.md 11.`,
    vectors: [...goodVectors(suite), ...badVectors(suite)],
  }
}

if (process.argv[1] === import.meta.filename)
  for (const suite of suiteNames)
    writeFileSync(vectorPath(suite), `${JSON.stringify(sphinxVectors(suite), null, 1)}\n`)
