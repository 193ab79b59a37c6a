// Contents: what the fragments of a message make when they are joined (docs/spec/client.md 4).

import { hex } from '../../encoding/bytes.ts'
import { FieldWriter } from '../../encoding/writer.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import { isAppName, noApp } from '../app-name.ts'
import { Reader } from '../reader.ts'
import { type Address, maxGateways } from './address.ts'
import { messageIdBytes } from './fragments.ts'

/** A reply block with the epoch whose keys it was made for. */
export interface TaggedBlock {
  readonly epoch: number
  /** g.replyBlockBytes */
  readonly block: Uint8Array
}

/** A receiving key of one period (docs/spec/client-contacts.md 17.4). */
export interface PeriodKey {
  readonly period: number
  /** 32 bytes: fragments are sealed to it. */
  readonly key: Uint8Array
}

/** Says whom a message claims to be from. */
export interface From {
  readonly address: Address
  /** Takes the place of the address's own key for those who seal; at most 8. */
  readonly keys: readonly PeriodKey[]
  /** 32 bytes: what shows it to the receiver alone (contacts/sender.ts). */
  readonly proof: Uint8Array
}

/** Says of a message by whom it is known that it answers another, 16 bytes each: what is answered, and the reply. */
export interface AnswerTo {
  readonly conversation: Uint8Array
  readonly reply: Uint8Array
}

export interface MessageContent {
  /** The sender asks to be told when the app has taken the message. */
  readonly wantsRead: boolean
  /** The sender asks to be told when the receiver's client has all of it. */
  readonly wantsReceived: boolean
  /** Says who wrote it, if anything does. Nothing is proven by it: see contacts/sender.ts. */
  readonly from: From | undefined
  /** Says which message it answers, where no reply block is left to answer it over; only with `from`. */
  readonly answers?: AnswerTo | undefined
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
/** Receiving keys in one content. */
export const maxPeriodKeys = 8
/** Bytes of the proof of who wrote a message, and where it stands in a content that says so. */
export const proofBytes = 32
export const proofAt = 1

const wantsReadFlag = 0x01
const appFlag = 0x02
const wantsReceivedFlag = 0x04
const fromFlag = 0x08
const answersFlag = 0x10
const messageFlags = wantsReadFlag | appFlag | wantsReceivedFlag | fromFlag | answersFlag
const keysFlag = 0x01
const epochBytes = 4
const keyBytes = 32

/** Bytes that `blocks` reply blocks take in a content. */
export function blocksBytes(g: Geometry, blocks: number): number {
  return blocks * (epochBytes + g.replyBlockBytes)
}

/**
 * flags 1, where it says who wrote it the proof 32 (zeros here) and who that is, where it is a reply what it answers 16
 * and its id as such 16, the app (length 1, name) where it has one, number of blocks 1, the blocks, the app's bytes
 */
export function writeMessage(g: Geometry, content: MessageContent): Uint8Array {
  const { wantsRead, wantsReceived, from, answers, blocks, bytes } = content
  const app = new TextEncoder().encode(content.app)
  const appBytes = app.length === 0 ? 0 : 1 + app.length
  const fromBytes = from === undefined ? 0 : proofBytes + whoBytes(from)
  const answersBytes = answers === undefined ? 0 : 2 * messageIdBytes
  const headBytes = 2 + fromBytes + answersBytes + appBytes
  const write = new FieldWriter(headBytes + blocksBytes(g, blocks.length) + bytes.length)
  write.u8(
    (wantsRead ? wantsReadFlag : 0) |
      (appBytes === 0 ? 0 : appFlag) |
      (wantsReceived ? wantsReceivedFlag : 0) |
      (from === undefined ? 0 : fromFlag) |
      (answers === undefined ? 0 : answersFlag),
  )
  if (from !== undefined) putFrom(write, from)
  if (answers !== undefined) write.put(answers.conversation).put(answers.reply)
  if (appBytes > 0) write.u8(app.length).put(app)
  putBlocks(write, blocks)
  return write.put(bytes).bytes
}

/** @throws ClientError BAD_CONTENT */
export function readMessage(g: Geometry, content: Uint8Array): MessageContent {
  const read = new Reader(content, 'message', 'BAD_CONTENT')
  const flags = read.u8('flags')
  if ((flags & ~messageFlags) !== 0) throw read.fail(`flags: ${flags}`)
  const from = (flags & fromFlag) === 0 ? undefined : takeFrom(read)
  const isAnswer = (flags & answersFlag) !== 0
  if (isAnswer && from === undefined) throw read.fail('flags: an answer that does not say whose')
  const answers = isAnswer ? takeAnswers(read) : undefined
  const app = (flags & appFlag) === 0 ? noApp : takeApp(read)
  const blocks = takeBlocks(g, read)
  const wantsReceived = (flags & wantsReceivedFlag) !== 0
  const wantsRead = (flags & wantsReadFlag) !== 0
  return { wantsRead, wantsReceived, from, answers, app, blocks, bytes: read.take(read.left, 'bytes') }
}

function takeAnswers(read: Reader): AnswerTo {
  const conversation = read.take(messageIdBytes, 'conversation').slice()
  return { conversation, reply: read.take(messageIdBytes, 'reply').slice() }
}

/** sealing key 32, mailbox key 32, number of gateways 1, ids 32 each, number of keys 1, period 4 and key 32 each */
function whoBytes({ address, keys }: From): number {
  return (2 + address.gateways.length) * keyBytes + 2 + keys.length * (epochBytes + keyBytes)
}

function putFrom(write: FieldWriter, { address, keys, proof }: From): void {
  const { sealingKey, mailboxKey, gateways } = address
  write.put(proof).put(sealingKey).put(mailboxKey).u8(gateways.length)
  for (const gateway of gateways) write.put(gateway)
  putKeys(write, keys)
}

function takeFrom(read: Reader): From {
  const proof = read.take(proofBytes, 'proof').slice()
  const sealingKey = read.take(keyBytes, 'sealing key').slice()
  const mailboxKey = read.take(keyBytes, 'mailbox key').slice()
  const count = read.u8('gateways')
  if (count < 1 || count > maxGateways) throw read.fail(`gateways: ${count}`)
  const gateways = Array.from({ length: count }, (_, i) => read.take(keyBytes, `gateway ${i + 1}`).slice())
  if (new Set(gateways.map(hex)).size < count) throw read.fail('gateways: one stands there twice')
  return { address: { sealingKey, mailboxKey, gateways }, keys: takeKeys(read), proof }
}

function putKeys(write: FieldWriter, keys: readonly PeriodKey[]): void {
  write.u8(keys.length)
  for (const { period, key } of keys) write.u32(period).put(key)
}

function takeKeys(read: Reader): PeriodKey[] {
  const count = read.u8('keys')
  if (count > maxPeriodKeys) throw read.fail(`keys: ${count}, at most ${maxPeriodKeys}`)
  return Array.from({ length: count }, (_, i) => ({
    period: read.u32(`period ${i}`),
    key: read.take(keyBytes, `key ${i}`).slice(),
  }))
}

/** number of receiving keys 1, period 4 and key 32 each */
export function writeReceived(keys: readonly PeriodKey[]): Uint8Array {
  const write = new FieldWriter(1 + keys.length * (epochBytes + keyBytes))
  putKeys(write, keys)
  return write.bytes
}

/** @throws ClientError BAD_CONTENT */
export function readReceived(content: Uint8Array): readonly PeriodKey[] {
  const read = new Reader(content, 'received', 'BAD_CONTENT')
  const keys = takeKeys(read)
  read.end()
  return keys
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

/** A reply, and what its writer is to be sealed to from now on. */
export interface ReplyContent {
  readonly keys: readonly PeriodKey[]
  readonly bytes: Uint8Array
}

/** flags 1, with bit 0 number of receiving keys 1 and the keys, the app's bytes */
export function writeReply({ keys, bytes }: ReplyContent): Uint8Array {
  const keysBytes = keys.length === 0 ? 0 : 1 + keys.length * (epochBytes + keyBytes)
  const write = new FieldWriter(1 + keysBytes + bytes.length).u8(keysBytes === 0 ? 0 : keysFlag)
  if (keysBytes > 0) putKeys(write, keys)
  return write.put(bytes).bytes
}

/** @throws ClientError BAD_CONTENT */
export function readReply(content: Uint8Array): ReplyContent {
  const read = new Reader(content, 'reply', 'BAD_CONTENT')
  const flags = read.u8('flags')
  if ((flags & ~keysFlag) !== 0) throw read.fail('flags: unknown')
  const keys = flags === 0 ? [] : takeKeys(read)
  if (flags !== 0 && keys.length === 0) throw read.fail('keys: none')
  return { keys, bytes: read.take(read.left, 'bytes') }
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
