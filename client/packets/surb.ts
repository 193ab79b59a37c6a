// Reply blocks (SURBs) that a person hands over by hand, as one string (docs/spec/client-replies.md 7.7): for somebody
// to write to whoever made them without knowing who that is.
//
//   chaffinch-surb_b | base32 of: version 1, network tag 4, conversation 16, n 1, n times epoch 4 and block; CRC 4

import { concat } from '../../encoding/bytes.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { readChecked, writeChecked } from '../checked-text.ts'
import { ClientError } from '../error.ts'
import { Reader } from '../reader.ts'
import { checkHead, networkTag } from './address.ts'
import { maxBlocks, type TaggedBlock } from './content.ts'
import { messageIdBytes } from './fragments.ts'

export interface Surbs {
  /** 16 bytes: under which what is sent with them arrives. */
  readonly conversation: Uint8Array
  readonly blocks: readonly TaggedBlock[]
}

/** The first characters of a string of reply blocks. */
export const surbPrefix = 'chaffinch-surb_'
const version = 1
const headBytes = 1 + 4 + messageIdBytes + 1
const epochBytes = 4

export function writeSurbs(g: Geometry, { conversation, blocks }: Surbs, network: string): string {
  const each = blocks.map(({ epoch, block }) => concat([new FieldWriter(epochBytes).u32(epoch).bytes, block]))
  const head = [Uint8Array.of(version), networkTag(network), conversation, Uint8Array.of(blocks.length)]
  if (blocks.some(({ block }) => block.length !== g.replyBlockBytes))
    throw new ClientError('BAD_OPTION', `surb: want blocks of ${g.replyBlockBytes} bytes`)
  return writeChecked(surbPrefix, concat([...head, ...each]))
}

/** @throws ClientError BAD_SURB, WRONG_VERSION, WRONG_NETWORK */
export function readSurbs(g: Geometry, text: string, network: string): Surbs {
  const longest = headBytes + maxBlocks * (epochBytes + g.replyBlockBytes)
  const fail = (why: string): ClientError => new ClientError('BAD_SURB', `surb: ${why}`)
  const read = new Reader(readChecked(surbPrefix, text, longest, fail), 'surb', 'BAD_SURB')
  checkHead(read, { version, network }, 'surb')
  const conversation = read.take(messageIdBytes, 'conversation').slice()
  const count = read.u8('blocks')
  if (count < 1 || count > maxBlocks) throw read.fail(`blocks: ${count}`)
  const blocks = Array.from({ length: count }, (_, i) => ({
    epoch: read.u32(`epoch ${i}`),
    block: read.take(g.replyBlockBytes, `block ${i}`).slice(),
  }))
  read.end()
  return { conversation, blocks }
}
