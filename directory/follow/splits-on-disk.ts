// Contradictions between signed documents on the disk of a node or client (docs/spec/directory-travel.md 10.3,
// docs/spec/directory-log.md 14.4). What proves one is verified again when it is read back.

import { same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import { maxDocumentBytes, maxSignaturesBytes } from '../documents/consensus.ts'
import { readDocument, verifyDocument } from '../documents/document.ts'
import { maxPointerBytes } from '../documents/exchange.ts'
import { maxLogBytes, readLog } from '../documents/log.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { proofsOf, type ShownBy, type Split } from './split.ts'
import { openPointer, readPointer, writePointer } from './table.ts'

/** A contradiction on disk, and its documents as they were signed, as far as they were had. */
export interface StoredSplit {
  readonly split: Split
  readonly documents: readonly Uint8Array[]
}

const splitKey = (epoch: number): string => `split/${String(epoch).padStart(16, '0')}`
const mostDocument = maxDocumentBytes + maxSignaturesBytes + 16

/** Writes down `[ours, theirs, [document, …], null or [later document, log]]`, pointers as they travel. */
export async function storeSplit(store: Store, { split, documents }: StoredSplit): Promise<void> {
  const { ours, theirs, shownBy } = split
  const shown = shownBy === undefined ? null : [shownBy.document, shownBy.log]
  await store.put(splitKey(split.epoch), write([writePointer(ours), writePointer(theirs), documents, shown]))
}

/** Reads those that still prove something. */
export async function storedSplits(store: Store, networkFor: NetworkFor): Promise<StoredSplit[]> {
  const splits: StoredSplit[] = []
  for (const [, bytes] of await entriesUnder(store, 'split/')) {
    try {
      const read = new Reader(bytes, 'split')
      read.tuple(4)
      const pointers = [read.item('ours'), read.item('theirs')].map(() => read.bytesUpTo(maxPointerBytes))
      const documents = Array.from({ length: read.item('documents').list(2) }, () =>
        read.bytesUpTo(mostDocument),
      )
      const shownBy = readShown(read)
      read.end()
      const [ours, theirs] = pointers.map(pointer =>
        shownBy === undefined ? openPointer(networkFor, pointer) : readPointer(pointer),
      ) as [Pointer, Pointer]
      if (shownBy !== undefined) checkShown(networkFor, theirs, shownBy)
      splits.push({
        split: {
          epoch: theirs.epoch,
          ours,
          theirs,
          proofs: proofsOf(networkFor(theirs.epoch), ours, theirs),
          shownBy,
        },
        documents,
      })
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
    }
  }
  return splits
}

function readShown(read: Reader): ShownBy | undefined {
  if (read.item('shown by').nothing()) return undefined
  read.tuple(2)
  return { document: read.bytesUpTo(mostDocument), log: read.bytesUpTo(maxLogBytes) }
}

/** The log of a signed document must have the name that it is said to have. */
function checkShown(networkFor: NetworkFor, { epoch, hash }: Pointer, shownBy: ShownBy): void {
  const document = readDocument(shownBy.document)
  verifyDocument(networkFor(document.body.epoch), document)
  const name = readLog(shownBy.log).before(document)?.nameOf(epoch)
  if (name === undefined || !same(name, hash))
    throw new DirectoryError('BAD_DOCUMENT', 'split: not in that log')
}
