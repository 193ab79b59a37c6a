// What may come beside a request (docs/spec/cascade.md 8): only the processor whose turn it is brings blobs, and just
// as many bytes as its step takes. So nobody else fills a memory, and a body is refused before it is read.

import { ciphertextBytes, proofBytes } from '../shuffle/index.ts'
import type { Board } from './board.ts'
import { outRowBytesOf } from './records.ts'
import { isSigned, type SignedRequest } from './signed.ts'

/**
 * Gives the lengths of the blobs that come beside a request, in their order: outbox and proof, or points. None where
 * nothing may come.
 */
export function lengthsBeside(board: Board, { payload, signature }: SignedRequest): readonly number[] {
  const { signer, resource, operation, peer_id, cycle_id, action, index } = payload
  if (resource !== 'cycle' || operation !== 'action') return []
  const person = board.persons.get(signer)
  const peer = board.peers.get(String(peer_id))
  const cycle = board.cycles.get(String(peer_id))?.[Number(cycle_id) - 1]
  if (person === undefined || peer === undefined || cycle === undefined) return []
  const place = action === 'process' ? 0 : Number(index) - 1
  const isTurn = cycle.status === 'CLOSED' || (action === 'share' && cycle.status === 'PROCESSED')
  if (!isTurn || peer.processors[place] !== signer) return []
  if (!isSigned(person.keyData, 'request', payload, signature)) return []
  const { width } = peer
  if (action === 'process' && peer.peer_type === 'MIX')
    return [ciphertextBytes * width * cycle.count, proofBytes(cycle.count, width)]
  if (action === 'process' && peer.peer_type === 'SPHINX') {
    const count = cycle.count - Number(payload['malformed']) - Number(payload['duplicates'])
    return Number.isSafeInteger(count) && count > 0 && count <= cycle.count
      ? [outRowBytesOf(peer) * count]
      : []
  }
  if (action === 'share' && peer.peer_type === 'TRUSTEES') return [32 * width * cycle.count]
  return []
}
