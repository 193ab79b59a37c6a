// Answers requests for documents and notes, as every node does (docs/spec/directory-travel.md 9).

import type { Link } from '../../link/link.ts'
import { writeProofs } from '../documents/evidence.ts'
import {
  directoryProtocol,
  maxAskBytes,
  readRequest,
  writeAnswer,
  writeRefusal,
  writeTime,
} from '../documents/exchange.ts'
import { DirectoryError } from '../error.ts'
import type { HeldDocuments } from './held-documents.ts'
import type { HeldNotes } from './status-note-held.ts'
import { readPointer } from './table.ts'

/**
 * Answers with documents and notes, as every node does; an authority answers more.
 *
 * @param hear told of each pointer that somebody shows
 */
export function serveDocuments(
  link: Link,
  documents: HeldDocuments,
  notes: HeldNotes,
  now: () => number,
  hear: (pointer: Uint8Array) => void = pointer => void documents.hear(pointer),
): void {
  link.serve(directoryProtocol, maxAskBytes, async (_from, bytes) => {
    try {
      const request = readRequest(bytes)
      if (request.ask === 'document') return writeAnswer(documents.serve(request.epoch, now()))
      if (request.ask === 'note') return writeAnswer(notes.serve(request.epoch))
      if (request.ask === 'time') return writeAnswer(writeTime(now()))
      if (request.ask === 'change') return writeAnswer(documents.serveChange(request.after))
      if (request.ask === 'pointer') return writeAnswer(documents.servePointer(request.epoch))
      if (request.ask === 'head') {
        hear(request.pointer)
        return writeAnswer(documents.servePointer(readPointer(request.pointer).epoch))
      }
      if (request.ask === 'log' && request.page === null) return writeAnswer(documents.log.serve())
      if (request.ask === 'evidence') return writeAnswer(writeProofs(documents.proofs))
      if (request.ask !== 'difference') throw new DirectoryError('UNAVAILABLE', 'this is no authority')
      const { from, epoch } = request
      return writeAnswer(documents.serveDifference(from, epoch) ?? documents.serve(epoch, now()))
    } catch (error) {
      if (error instanceof DirectoryError) return writeRefusal(error)
      throw error
    }
  })
}
