// What may be said of packets that were handed on (docs/spec/packets.md 7 and 10): by whom, and when.

import { CascadeError } from '../error.ts'
import type { Cycle, Peer } from '../records.ts'

/** Demands that a recipient may say what it has taken. @throws CascadeError FORBIDDEN, WRONG_STATE, REPLAYED */
export function demandConsumes(peer: Peer, { status, consumed }: Cycle, who: string): void {
  if (peer.peer_type !== 'SPHINX' || peer.next !== '')
    throw new CascadeError('FORBIDDEN', 'cycle: only what the last mixer of packets hands out is consumed')
  if (status !== 'PROCESSED') throw new CascadeError('WRONG_STATE', `cycle: is ${status}`)
  if (consumed.some(each => each.who === who))
    throw new CascadeError('REPLAYED', 'cycle: its signer has consumed it')
}

/** Demands that a sender may say that a packet was lost. @throws CascadeError FORBIDDEN, WRONG_STATE, REPLAYED */
export function demandComplains(
  peer: Peer,
  { status, messages, complaints }: Cycle,
  who: string,
  packet: number,
): void {
  if (peer.peer_type !== 'SPHINX' || !messages.some(({ sender }) => sender === who))
    throw new CascadeError('FORBIDDEN', 'complaint: its signer has no packet in the cycle')
  if (status !== 'PROCESSED' && status !== 'SKIPPED')
    throw new CascadeError('WRONG_STATE', `cycle: is ${status}`)
  if (complaints.some(each => each.who === who && each.packet === packet))
    throw new CascadeError('REPLAYED', 'complaint: is there already')
}
