// The words that tell a hop what to do: docs/spec/sphinx.md 3.
//
//     commands = [delay] (next | recipient [reply]) end

import { SphinxError } from './error.ts'
import { nodeIdBytes, recipientBytes, replyIdBytes } from './geometry.ts'

const id = { end: 0x00, next: 0x01, recipient: 0x02, reply: 0x03, delay: 0x80 } as const

const maxDelayMs = 2 ** 32 - 1

/**
 * The recipient that means "drop": 32 bytes 0xff, which no Ed25519 public key is encoded as. The last hop keeps
 * nothing, and sends the acknowledgement as it does for any other packet.
 */
export const DROP_RECIPIENT: Uint8Array = new Uint8Array(recipientBytes).fill(0xff)

/**
 * The recipient that means "publish": the byte 0xfe and 31 bytes 0xff, no encoding of an Ed25519 public key either. The
 * last hop, a gateway, puts what the packet carries on the bulletin (docs/spec/bulletin.md).
 */
export const BULLETIN_RECIPIENT: Uint8Array = new Uint8Array(recipientBytes).fill(0xff).fill(0xfe, 0, 1)

/**
 * The recipient that means "answer": the byte 0xfd and 31 bytes 0xff. The last hop, a gateway, uses the reply block at
 * the beginning of what the packet carries, and sends the rest of it on (docs/spec/node.md 1.1).
 */
export const ANSWER_RECIPIENT: Uint8Array = new Uint8Array(recipientBytes).fill(0xff).fill(0xfd, 0, 1)

/** Commands of a hop that passes the packet on. */
export interface Onward {
  readonly to: 'next'
  /** The time for which the hop holds the packet, milliseconds; absent where the header says nothing. */
  readonly delayMs?: number | undefined
  /** 32 bytes. */
  readonly next: Uint8Array
  /** The MAC of the header that the next hop gets. */
  readonly mac: Uint8Array
}

/** Commands of the last hop. */
export interface Terminal {
  readonly to: 'recipient'
  readonly delayMs?: number | undefined
  /** 32 bytes. */
  readonly recipient: Uint8Array
  /** 16 bytes; present when the packet was made with a reply block. */
  readonly replyId?: Uint8Array | undefined
}

export type Commands = Onward | Terminal

/**
 * Writes commands into the start of `slot` and zeros into the rest.
 *
 * @throws SphinxError BAD_PATH when a delay is no whole number of milliseconds below 2^32, an id has the wrong
 *   length, or the commands do not fit
 */
export function writeCommands(commands: Commands, slot: Uint8Array): void {
  const { delayMs } = commands
  slot.fill(0)
  let at = 0
  if (delayMs !== undefined) {
    at = room(slot, 5)
    slot[0] = id.delay
    writeU32(slot, 1, delayMs)
  }
  if (commands.to === 'next') {
    at = put(slot, at, id.next, sized(commands.next, nodeIdBytes, 'next hop'))
    room(slot, at + commands.mac.length)
    slot.set(commands.mac, at)
    return
  }
  at = put(slot, at, id.recipient, sized(commands.recipient, recipientBytes, 'recipient'))
  if (commands.replyId !== undefined)
    put(slot, at, id.reply, sized(commands.replyId, replyIdBytes, 'reply id'))
}

/** Puts a command's word and bytes down, and says where the next one begins. */
function put(slot: Uint8Array, at: number, word: number, bytes: Uint8Array): number {
  const end = room(slot, at + 1 + bytes.length)
  slot[at] = word
  slot.set(bytes, at + 1)
  return end
}

function room(slot: Uint8Array, end: number): number {
  if (end > slot.length) throw new SphinxError('BAD_PATH', `sphinx commands: no room in ${slot.length} bytes`)
  return end
}

/**
 * Reads what `writeCommands` wrote; the fields are views of `slot`. One meaning has one encoding, so that a sender
 * cannot mark its packets by the order of commands or by what follows them.
 *
 * @throws SphinxError BAD_COMMAND
 */
export function readCommands(slot: Uint8Array, macBytes: number): Commands {
  const isDelayed = slot[0] === id.delay
  const delayMs = isDelayed ? readU32(slot, 1) : undefined
  const at = isDelayed ? 6 : 1
  const command = slot[at - 1]
  if (command === id.next) {
    const macAt = at + nodeIdBytes
    const next = slot.subarray(at, macAt)
    const mac = slot.subarray(macAt, macAt + macBytes)
    checkEnd(slot, macAt + macBytes)
    return { to: 'next', delayMs, next, mac }
  }
  if (command !== id.recipient) throw badCommand(`command ${command} where a way on is due`)
  const replyAt = at + recipientBytes
  const recipient = slot.subarray(at, replyAt)
  const isReply = slot[replyAt] === id.reply
  const end = isReply ? replyAt + 1 + replyIdBytes : replyAt
  const replyId = isReply ? slot.subarray(replyAt + 1, end) : undefined
  checkEnd(slot, end)
  return { to: 'recipient', delayMs, recipient, replyId }
}

/** The slot reaches as far as this, and the rest of it is zero: the end command and its padding. */
function checkEnd(slot: Uint8Array, end: number): void {
  if (slot.length < end) throw badCommand(`want ${end} bytes, have ${slot.length}`)
  for (let i = end; i < slot.length; i++)
    if (slot[i] !== 0) throw badCommand('end: something other than zeros follows')
}

function badCommand(why: string): SphinxError {
  return new SphinxError('BAD_COMMAND', `sphinx commands: ${why}`)
}

function sized(bytes: Uint8Array, length: number, name: string): Uint8Array {
  if (bytes.length !== length)
    throw new SphinxError('BAD_PATH', `sphinx commands: ${name}: want ${length} bytes, have ${bytes.length}`)
  return bytes
}

function writeU32(slot: Uint8Array, at: number, delayMs: number): void {
  if (!(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= maxDelayMs))
    throw new SphinxError('BAD_PATH', `sphinx commands: delay: want 0 to ${maxDelayMs} ms, have ${delayMs}`)
  for (let i = 0; i < 4; i++) slot[at + i] = delayMs >>> (24 - 8 * i)
}

/** Zeros where the bytes end: whoever reads on finds that out. */
function readU32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}
