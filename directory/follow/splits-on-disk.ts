// Contradictions between signed documents on the disk of a node or client (docs/spec/directory-travel.md 10.3).

import { write } from '../../encoding/cbor.ts'
import { entriesUnder, type Store } from '../../world/store.ts'
import { maxDocumentBytes, maxSignaturesBytes } from '../documents/consensus.ts'
import type { NetworkFor } from '../documents/succession.ts'
import type { Pointer } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { openPointer, writePointer } from './table.ts'

/** A contradiction on disk: the other pointer, and both documents as they were signed. */
export interface StoredSplit {
  readonly theirs: Pointer
  readonly documents: readonly Uint8Array[]
}

const splitKey = (epoch: number): string => `split/${String(epoch).padStart(16, '0')}`

export async function storeSplit(store: Store, { theirs, documents }: StoredSplit): Promise<void> {
  await store.put(splitKey(theirs.epoch), write([writePointer(theirs), documents]))
}

/** Those that can still be read. */
export async function storedSplits(store: Store, networkFor: NetworkFor): Promise<StoredSplit[]> {
  const splits: StoredSplit[] = []
  for (const [, bytes] of await entriesUnder(store, 'split/')) {
    try {
      const read = new Reader(bytes, 'split')
      read.tuple(2)
      const theirs = openPointer(networkFor, read.item('pointer').bytesUpTo(8192))
      const count = read.item('documents').list(2)
      const most = maxDocumentBytes + maxSignaturesBytes + 16
      const documents = Array.from({ length: count }, () => read.bytesUpTo(most))
      read.end()
      splits.push({ theirs, documents })
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
    }
  }
  return splits
}
