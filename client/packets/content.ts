// Contents: what the fragments of a message make when they are joined (docs/spec/client.md 4).

import { FieldWriter } from '../../encoding/writer.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { isAppName, noApp } from '../app-name.ts'
import { Reader } from '../reader.ts'
import { messageIdBytes } from './fragments.ts'

/** A reply block with the epoch whose keys it was made for. */
export interface TaggedBlock {
  readonly epoch: number
  /** g.replyBlockBytes */
  readonly block: Uint8Array
}

export interface MessageContent {
  /** The sender asks to be told when the app has taken the message. */
  readonly wantsRead: boolean
  /** The app it is for; empty for none. */
  readonly app: string
  readonly blocks: readonly TaggedBlock[]
  /** The bytes that the app wrote. */
  readonly bytes: Uint8Array
}

/** More reply blocks for a conversation. */
export interface BlocksContent {
  /** 16 bytes: the id of the message that the conversation began with. */
  readonly conversation: Uint8Array
  readonly blocks: readonly TaggedBlock[]
}

/** Which fragments of a reply have arrived. */
export interface ReceiptContent {
  /** 16 bytes: the id of the reply. */
  readonly reply: Uint8Array
  readonly count: number
  /** ceil(count / 8) bytes: bit i % 8 of byte i >> 3 is fragment i. */
  readonly have: Uint8Array
}

/** Reply blocks in one message. */
export const maxBlocks = 64

const wantsReadFlag = 0x01
const appFlag = 0x02
const epochBytes = 4

/** Bytes that `blocks` reply blocks take in a content. */
export function blocksBytes(g: Geometry, blocks: number): number {
  return blocks * (epochBytes + g.replyBlockBytes)
}

/** flags 1, the app (length 1, name) where it has one, number of blocks 1, the blocks, the app's bytes */
export function writeMessage(g: Geometry, content: MessageContent): Uint8Array {
  const { wantsRead, blocks, bytes } = content
  const app = new TextEncoder().encode(content.app)
  const appBytes = app.length === 0 ? 0 : 1 + app.length
  const write = new FieldWriter(2 + appBytes + blocksBytes(g, blocks.length) + bytes.length)
  write.u8((wantsRead ? wantsReadFlag : 0) | (appBytes === 0 ? 0 : appFlag))
  if (appBytes > 0) write.u8(app.length).put(app)
  putBlocks(write, blocks)
  return write.put(bytes).bytes
}

/** @throws ClientError BAD_CONTENT */
export function readMessage(g: Geometry, content: Uint8Array): MessageContent {
  const read = new Reader(content, 'message', 'BAD_CONTENT')
  const flags = read.u8('flags')
  if ((flags & ~(wantsReadFlag | appFlag)) !== 0) throw read.fail(`flags: ${flags}`)
  const app = (flags & appFlag) === 0 ? noApp : takeApp(read)
  const blocks = takeBlocks(g, read)
  return { wantsRead: (flags & wantsReadFlag) !== 0, app, blocks, bytes: read.take(read.left, 'bytes') }
}

function takeApp(read: Reader): string {
  const name = String.fromCharCode(...read.take(read.u8('app'), 'app'))
  if (!isAppName(name)) throw read.fail('app: want a name as docs/spec/client.md 4.1 has it')
  return name
}

/** conversation 16, number of blocks 1, the blocks */
export function writeBlocks(g: Geometry, content: BlocksContent): Uint8Array {
  const write = new FieldWriter(messageIdBytes + 1 + blocksBytes(g, content.blocks.length))
  write.put(content.conversation)
  putBlocks(write, content.blocks)
  return write.bytes
}

/** @throws ClientError BAD_CONTENT */
export function readBlocks(g: Geometry, content: Uint8Array): BlocksContent {
  const read = new Reader(content, 'blocks', 'BAD_CONTENT')
  const conversation = read.take(messageIdBytes, 'conversation')
  const blocks = takeBlocks(g, read)
  read.end()
  return { conversation, blocks }
}

/** reply 16, count 2, have ceil(count / 8) */
export function writeReceipt(content: ReceiptContent): Uint8Array {
  const write = new FieldWriter(messageIdBytes + 2 + content.have.length)
  return write.put(content.reply).u16(content.count).put(content.have).bytes
}

/** @throws ClientError BAD_CONTENT */
export function readReceipt(content: Uint8Array): ReceiptContent {
  const read = new Reader(content, 'receipt', 'BAD_CONTENT')
  const reply = read.take(messageIdBytes, 'reply')
  const count = read.u16('count')
  if (count === 0) throw read.fail('count: 0')
  const have = read.take(Math.ceil(count / 8), 'have')
  if (count % 8 !== 0 && (have.at(-1) as number) >>> (count % 8) !== 0) throw read.fail('have: beyond count')
  read.end()
  return { reply, count, have }
}

/** flags 1 (zero), the app's bytes */
export function writeReply(bytes: Uint8Array): Uint8Array {
  return new FieldWriter(1 + bytes.length).u8(0).put(bytes).bytes
}

/** @throws ClientError BAD_CONTENT */
export function readReply(content: Uint8Array): Uint8Array {
  const read = new Reader(content, 'reply', 'BAD_CONTENT')
  if (read.u8('flags') !== 0) throw read.fail('flags: unknown')
  return read.take(read.left, 'bytes')
}

/** how many blocks are asked for 1 */
export function writeRefill(blocks: number): Uint8Array {
  return Uint8Array.of(blocks)
}

/** @throws ClientError BAD_CONTENT */
export function readRefill(content: Uint8Array): number {
  const read = new Reader(content, 'refill', 'BAD_CONTENT')
  const blocks = read.u8('blocks')
  if (blocks < 1 || blocks > maxBlocks) throw read.fail(`blocks: ${blocks}`)
  read.end()
  return blocks
}

function putBlocks(write: FieldWriter, blocks: readonly TaggedBlock[]): void {
  write.u8(blocks.length)
  for (const { epoch, block } of blocks) write.u32(epoch).put(block)
}

function takeBlocks(g: Geometry, read: Reader): TaggedBlock[] {
  const count = read.u8('blocks')
  if (count > maxBlocks) throw read.fail(`blocks: ${count}, at most ${maxBlocks}`)
  if (read.left < blocksBytes(g, count)) throw read.fail('blocks: cut off')
  return Array.from({ length: count }, (_, i) => ({
    epoch: read.u32(`epoch ${i}`),
    block: read.take(g.replyBlockBytes, `block ${i}`),
  }))
}
