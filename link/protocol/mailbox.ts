// The words between a client and its gateway about a mailbox (docs/spec/gateway.md 2). Every
// request has one size and every answer to a read another, so that who watches the link sees only the clock.

import { FieldWriter } from '../../encoding/writer.ts'
import { Reader } from './reader.ts'

export const mailboxProtocol = '/chaffinch/mailbox/1'

/** Bytes of every request: kind 1, and what the longest kind (open) needs: key 32, proof 64. */
export const requestBytes = 97
/** Bytes of the answer to hello and to open: status 1, nonce 32. */
export const greetingBytes = 33
/** Bytes before the entries of a page: status 1, places 1, count 1, waiting 2. */
export const pageHeadBytes = 5
/** Bytes of an entry before its payload: cursor 8, id 16. */
export const entryHeadBytes = 24
/** Entries of the largest page: its count is one byte. */
export const largestPage = 255
/** Bytes of the largest part of a page that shows the bulletin. */
export const largestBoard = 65_536

const label = new TextEncoder().encode('chaffinch/mailbox/v1')
/** Bytes that an owner signs: length of the label 1, label 20, gateway id 32, link id 32, nonce 32. */
export const proofMessageBytes: number = 1 + label.length + 3 * 32

export type MailboxRequest =
  | { readonly t: 'hello' }
  | {
      readonly t: 'open'
      /** 32 bytes: the Ed25519 public key that is the mailbox's name in packets. */
      readonly key: Uint8Array
      /** 64 bytes: Ed25519 signature of `proofMessage`. */
      readonly proof: Uint8Array
    }
  | {
      readonly t: 'read'
      /** Entries with a larger cursor are wanted. */
      readonly after: number
      /** Entries up to this cursor are safe with the client and may be deleted. */
      readonly done: number
      /** The bulletin: the first entry that is wanted is the one of this cursor or the next behind it, ... */
      readonly board: number
      /** ... and of the one of just this cursor only what lies behind these bytes. */
      readonly boardOffset: number
    }
  | {
      readonly t: 'announce'
      /** ASCII, 1 to 16 bytes: the service's name. */
      readonly name: string
      /** 32 bytes: X25519, of the service's address. */
      readonly sealingKey: Uint8Array
    }

/**
 * `not-open`: say hello and open again. `bad-proof`: the signature does not fit key, gateway, connection and
 * nonce. `slow-down`: more requests than the consensus's rate allows. `full`: the gateway takes no more
 * mailboxes or connections.
 */
export type MailboxStatus = 'ok' | 'not-open' | 'bad-proof' | 'slow-down' | 'full'

export interface Greeting {
  readonly status: MailboxStatus
  /** 32 bytes to sign in the proof; zeros unless it answers hello with `ok`. */
  readonly nonce: Uint8Array
}

/** Holds what came for a mailbox. Whether it is a message or came over a reply block its owner knows by the id. */
export interface MailboxEntry {
  /** 1 to 2^53 - 1, larger for what came later. */
  readonly cursor: number
  /** 16 bytes: the reply id of what came over a reply block; of a message, random. */
  readonly replyId: Uint8Array
  /**
   * The geometry's payload bytes: of what came over a reply block, its payload; of a message, the packet's user data,
   * filled up with random bytes.
   */
  readonly payload: Uint8Array
}

export interface Page {
  readonly status: MailboxStatus
  /** Entries that wait behind this page, 65,535 at most. For display: a client's clock does not look at it. */
  readonly waiting: number
  /** In order of their cursors. */
  readonly entries: readonly MailboxEntry[]
  /** Holds what the page shows of the bulletin (bulletin.ts). */
  readonly board: Uint8Array
}

export interface PageSize {
  /** Places on the page, 1 to 255: the consensus's pageEntries. */
  readonly places: number
  /** Bytes of one payload: the geometry's payloadBytes. */
  readonly payloadBytes: number
  /** Bytes for the bulletin: the consensus's bulletinPageBytes. */
  readonly boardBytes: number
}

const requestKinds = { hello: 1, open: 2, read: 3, announce: 4 } as const
const statuses: readonly MailboxStatus[] = ['ok', 'not-open', 'bad-proof', 'slow-down', 'full']

/** Bytes of every page of this size. */
export function pageBytes(size: PageSize): number {
  return pageHeadBytes + size.places * (entryHeadBytes + size.payloadBytes) + size.boardBytes
}

/**
 * Makes what the owner of a mailbox signs: it names the gateway, the connection and the gateway's nonce, so that a
 * gateway cannot open the same mailbox elsewhere with it.
 *
 * @param gateway 32 bytes: the gateway's node id
 * @param link 32 bytes: the client's throw-away libp2p identity
 * @param nonce 32 bytes: from the answer to hello
 * @returns `proofMessageBytes` bytes
 */
export function proofMessage(gateway: Uint8Array, link: Uint8Array, nonce: Uint8Array): Uint8Array {
  const write = new FieldWriter(proofMessageBytes)
  write.u8(label.length)
  write.put(label)
  write.put(gateway)
  write.put(link)
  write.put(nonce)
  return write.bytes
}

/** @returns `requestBytes` bytes */
export function writeRequest(request: MailboxRequest): Uint8Array {
  const write = new FieldWriter(requestBytes)
  write.u8(requestKinds[request.t])
  if (request.t === 'open') {
    write.put(request.key)
    write.put(request.proof)
  } else if (request.t === 'read') {
    write.u64(request.after)
    write.u64(request.done)
    write.u64(request.board)
    write.u32(request.boardOffset)
  } else if (request.t === 'announce') {
    const name = new Uint8Array(announcedNameBytes)
    ascii.encodeInto(request.name, name)
    write.put(name)
    write.put(request.sealingKey)
  }
  return write.bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readRequest(bytes: Uint8Array): MailboxRequest {
  const read = new Reader(bytes, 'mailbox request', requestBytes)
  const kind = read.u8('kind')
  switch (kind) {
    case requestKinds.hello:
      read.zeros('padding', 96)
      return { t: 'hello' }
    case requestKinds.open:
      return { t: 'open', key: read.take(32, 'key'), proof: read.take(64, 'proof') }
    case requestKinds.read: {
      const after = read.u64('after')
      const done = read.u64('done')
      const board = read.u64('board')
      const boardOffset = read.u32('board offset')
      read.zeros('padding', 68)
      return { t: 'read', after, done, board, boardOffset }
    }
    case requestKinds.announce: {
      const name = readName(read)
      const sealingKey = read.take(32, 'sealing key')
      read.zeros('padding', 48)
      return { t: 'announce', name, sealingKey }
    }
    default:
      throw read.wrong('kind', `${kind} is none of 1, 2, 3, 4`)
  }
}

/** Bytes of the place for a service's name, which zeros fill. */
const announcedNameBytes = 16
const ascii = new TextEncoder()

/** Printable ASCII, then zeros. */
function readName(read: Reader): string {
  const bytes = read.take(announcedNameBytes, 'name')
  const end = bytes.indexOf(0)
  const name = end < 0 ? bytes : bytes.subarray(0, end)
  if (name.length === 0 || name.some(byte => byte <= 0x20 || byte >= 0x7f))
    throw read.wrong('name', 'want 1 to 16 printable characters')
  if (bytes.subarray(name.length).some(byte => byte !== 0))
    throw read.wrong('name', 'not zero behind its end')
  return new TextDecoder().decode(name)
}

/** @returns `greetingBytes` bytes */
export function writeGreeting(greeting: Greeting): Uint8Array {
  const write = new FieldWriter(greetingBytes)
  write.u8(statuses.indexOf(greeting.status))
  write.put(greeting.nonce)
  return write.bytes
}

/** @throws LinkError BAD_MESSAGE */
export function readGreeting(bytes: Uint8Array): Greeting {
  const read = new Reader(bytes, 'mailbox greeting', greetingBytes)
  return { status: readStatus(read), nonce: read.take(32, 'nonce') }
}

/**
 * @returns `pageBytes(size)` bytes whatever the page holds: places without an entry are zeros
 * @throws RangeError when there are more entries than places, or a payload or the board has another length
 */
export function writePage(page: Page, size: PageSize): Uint8Array {
  if (size.places > largestPage || page.entries.length > size.places)
    throw new RangeError(`mailbox page: ${page.entries.length} entries, ${size.places} places`)
  if (page.board.length !== size.boardBytes)
    throw new RangeError(`mailbox page: board: want ${size.boardBytes} bytes, have ${page.board.length}`)
  const write = new FieldWriter(pageBytes(size))
  write.u8(statuses.indexOf(page.status))
  write.u8(size.places)
  write.u8(page.entries.length)
  write.u16(Math.min(page.waiting, 65_535))
  for (const entry of page.entries) {
    if (entry.payload.length !== size.payloadBytes)
      throw new RangeError(
        `mailbox page: payload: want ${size.payloadBytes} bytes, have ${entry.payload.length}`,
      )
    write.u64(entry.cursor)
    write.put(entry.replyId)
    write.put(entry.payload)
  }
  write.skip((size.places - page.entries.length) * (entryHeadBytes + size.payloadBytes))
  write.put(page.board)
  return write.bytes
}

/**
 * Reads a page of as many places as it has: around a change of the consensus the gateway may use a size that
 * the client does not know yet.
 *
 * @param payloadBytes bytes of one payload: the geometry's payloadBytes
 * @throws LinkError BAD_MESSAGE
 */
export function readPage(bytes: Uint8Array, payloadBytes: number): Page {
  const read = new Reader(bytes, 'mailbox page')
  const status = readStatus(read)
  const places = read.u8('places')
  if (places === 0) throw read.wrong('places', 'none')
  const count = read.u8('count')
  if (count > places) throw read.wrong('count', `${count} entries, ${places} places`)
  const waiting = read.u16('waiting')
  const boardBytes = read.left - places * (entryHeadBytes + payloadBytes)
  if (boardBytes < 0 || boardBytes > largestBoard)
    throw read.wrong('board', `${bytes.length} bytes are no page of ${places} places`)
  const entries: MailboxEntry[] = []
  for (let i = 0; i < count; i++) entries.push(readEntry(read, payloadBytes, entries.at(-1)?.cursor ?? 0))
  read.zeros('empty places', (places - count) * (entryHeadBytes + payloadBytes))
  return { status, waiting, entries, board: read.take(boardBytes, 'board') }
}

/** Refuses a byte that is no status. */
function readStatus(read: Reader): MailboxStatus {
  const byte = read.u8('status')
  const status = statuses[byte]
  if (status === undefined) throw read.wrong('status', `${byte} is not known`)
  return status
}

function readEntry(read: Reader, payloadBytes: number, previous: number): MailboxEntry {
  const cursor = read.u64('cursor')
  if (cursor <= previous) throw read.wrong('cursor', `${cursor} after ${previous}`)
  return { cursor, replyId: read.take(16, 'reply id'), payload: read.take(payloadBytes, 'payload') }
}
