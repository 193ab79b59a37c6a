// The vectors of the log of documents (docs/spec/directory-log.md 14) for test/vectors/directory-documents.json.

import type { ConsensusBody } from '../directory/documents/consensus.ts'
import { edgeForm, type LogEntry, LogStretch } from '../directory/documents/log.ts'
import { write } from '../encoding/cbor.ts'
import { edgeRoot, emptyEdge, type TreeEdge } from '../encoding/merkle.ts'
import { type DirectoryVector, document, vector } from './directory-vector-form.ts'

const entries: readonly LogEntry[] = [1, 2, 3, 5, 8, 9, 10].map(epoch => ({
  epoch,
  hash: new Uint8Array(32).fill(epoch),
}))

/** Bodies whose log does not fit what they say of the document before. */
export const badLogs: readonly (readonly [id: string, change: Partial<ConsensusBody>])[] = [
  ['a log of nothing, after a document', { previous: new Uint8Array(32).fill(1) }],
  ['a log of one, after nothing', { log: LogStretch.of(emptyEdge, entries.slice(0, 1)).end }],
  [
    'a log without a hash',
    { previous: new Uint8Array(32).fill(1), log: { ...LogStretch.of(emptyEdge, entries).end, size: 3 } },
  ],
]

export function logVectors(): DirectoryVector[] {
  const log = (id: string, expect: string, why: string, bytes: Uint8Array, end?: TreeEdge): DirectoryVector =>
    vector('log', id, expect, why, bytes, end === undefined ? {} : { name: edgeRoot(end) })
  const told = (from: TreeEdge, of: readonly LogEntry[]): Uint8Array =>
    write([edgeForm(from), of.map(({ epoch, hash }) => [epoch, hash])])
  const whole = LogStretch.of(emptyEdge, entries)
  const first = LogStretch.of(emptyEdge, entries.slice(0, 3))
  const rest = LogStretch.of(first.end, entries.slice(3))
  return [
    log('the whole log', 'ok', 'named by its root', whole.write(), whole.end),
    log('its end', 'ok', 'the same root from the edge of three entries', rest.write(), whole.end),
    log('an empty log', 'ok', 'the root of RFC 6962, 2.1', told(emptyEdge, []), emptyEdge),
    log(
      'epochs out of order',
      'NOT_CANONICAL',
      'each once, ascending',
      told(emptyEdge, entries.toReversed()),
    ),
    log('an epoch twice', 'NOT_CANONICAL', '', told(emptyEdge, entries.slice(0, 1).concat(entries))),
    log(
      'an edge without a hash',
      'BAD_DOCUMENT',
      'one for each one of its size',
      told({ size: 3, hashes: first.end.hashes.slice(1) }, []),
    ),
    log(
      'an edge with a short hash',
      'BAD_DOCUMENT',
      '32 bytes',
      told({ size: 1, hashes: [new Uint8Array(31)] }, []),
    ),
    log('of another document', 'BAD_DOCUMENT', '', write([document])),
  ]
}
