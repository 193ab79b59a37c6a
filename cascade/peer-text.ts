// The text by which owners make a peer (docs/spec/cascade.md 4.1, docs/spec/packets.md 3): read strictly, since all of
// them have signed it.

import { hex } from '../encoding/bytes.ts'
import { rowsAtMost, widthAtMost } from '../shuffle/index.ts'
import { CascadeError } from './error.ts'
import { bodyBytesAtLeast, bodyBytesAtMost, packetBytes, packetHopsAtMost } from './packets/suite.ts'
import type { Peer } from './records.ts'
import { SenderList } from './senders.ts'
import { type Fields, PayloadReader } from './signed.ts'

/** Packets of one message are so many bytes at most: in hexadecimal they fit into a payload. */
export const messageBytesAtMost = 122_880
/** Packets of one message. */
export const eachAtMost = 64

/**
 * Reads the text of a peer.
 *
 * @throws CascadeError BAD_REQUEST
 */
export function readPeerText(peer_id: string, said: Fields): Peer {
  const text = new PayloadReader(said)
  const hasSenders = Object.hasOwn(said, 'senders')
  const hasOpening = Object.hasOwn(said, 'opening')
  text.text('action')
  const peer_type = text.text('peer_type', ['MIX', 'TRUSTEES', 'SPHINX']) as Peer['peer_type']
  const isSphinx = peer_type === 'SPHINX'
  const owners = text.hashes('owners', 1, 100)
  const size_max = text.count('size_max', 1, rowsAtMost)
  const processors = Array.from({ length: text.count('processor_count', 1, 100) }, (_, i) =>
    text.hash(`processor_${i + 1}`),
  )
  const peer: Peer = {
    peer_id,
    name: text.text('name'),
    peer_type,
    owners,
    processors,
    threshold: text.count('threshold', 1, processors.length),
    key_data: text.hash('key_data'),
    verification: hex(text.bytes('verification', peer_type === 'TRUSTEES' ? 32 * processors.length : 0)),
    width: isSphinx ? 0 : text.count('width', 1, widthAtMost),
    hops: isSphinx ? text.count('hops', 1, packetHopsAtMost) : 0,
    body_bytes: isSphinx ? text.count('body_bytes', bodyBytesAtLeast, bodyBytesAtMost) : 0,
    each: isSphinx ? text.count('each', 1, eachAtMost) : 0,
    size_min: text.count('size_min', 1, size_max),
    size_max,
    quorum: text.count('quorum', Math.floor(owners.length / 2) + 1, owners.length),
    opening: hasOpening ? (text.text('opening', ['quorum']) as 'quorum') : undefined,
    next: text.text('next'),
    senders: hasSenders ? new SenderList(text.bytes('senders'), size_max) : undefined,
  }
  text.end()
  if (processors.some(each => !owners.includes(each)) || new Set(processors).size < processors.length)
    throw wrong('processors: want owners, each once')
  if (peer_type !== 'TRUSTEES' && processors.length !== 1) throw wrong('processors: want one')
  if (peer_type === 'TRUSTEES' && peer.next !== '') throw wrong('next: nothing stands behind trustees')
  if (peer_type === 'MIX' && peer.next === '') throw wrong('next: wants a peer behind a mix')
  if (hasSenders && peer_type === 'TRUSTEES') throw wrong('senders: send to a mix')
  if (hasOpening && peer_type === 'TRUSTEES') throw wrong('opening: no messages are sent to trustees')
  if (isSphinx && peer.each * packetBytes(peer) > messageBytesAtMost)
    throw wrong(`each: want at most ${messageBytesAtMost} bytes a message`)
  if (isSphinx && peer.each * size_max > rowsAtMost) throw wrong(`each: want at most ${rowsAtMost} packets`)
  return peer
}

/**
 * Demands that a peer's outbox fits into the next one.
 *
 * @throws CascadeError BAD_REQUEST
 */
export function demandFits(peer: Peer, next: Peer): void {
  if (peer.peer_type === 'SPHINX') {
    const isSame =
      next.peer_type === 'SPHINX' && next.hops === peer.hops && next.body_bytes === peer.body_bytes
    if (!isSame || next.each !== peer.each || next.size_max < peer.size_max)
      throw wrong('next: has other packets, or takes fewer')
  } else if (next.width !== peer.width || next.size_max < peer.size_max || next.key_data !== peer.key_data)
    throw wrong('next: has another width or key, or takes fewer rows')
}

function wrong(what: string): CascadeError {
  return new CascadeError('BAD_REQUEST', what)
}
