// The messages of a round: canonical CBOR, each signed by the key that its sender made for the pairing.
// docs/payments.md 4.2.

import { sha256 } from '@noble/hashes/sha2.js'
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from '#crypto'
import { compare, hex } from '../../encoding/bytes.ts'
import { type Fields, labelled, read, type Value, write } from '../document.ts'
import { PaymentError } from '../error.ts'
import { type Note, readNoteId } from '../ledger/transaction.ts'
import { fieldBytes } from '../net/field.ts'
import { messageBytes } from '../net/pads.ts'

/** Peers of a round, so that every message stays below `longestMessage`. */
export const mostMembers = 64
export const longestMessage = 8192

/** PR: somebody wants to join. */
export interface PairRequest {
  readonly kind: 'PR'
  /** Which round: ledger, denomination and epoch (pairingId), 32 bytes. */
  readonly pairing: Uint8Array
  readonly note: Note
  /** Milliseconds since 1970-01-01 UTC: the request counts for nothing after that. */
  readonly expiry: number
  /** The note's owner on requester, pairing and expiry, 64 bytes. */
  readonly proof: Uint8Array
}

interface InRun {
  readonly pairing: Uint8Array
  /** Counts the runs of a pairing, from 0. */
  readonly attempt: number
}

/** KE: a key for the pads, and a commitment to everything that this peer will do. */
export interface KeyExchange extends InRun {
  readonly kind: 'KE'
  /** Hashes of the requests that this peer wants to run with, ascending. */
  readonly seen: readonly Uint8Array[]
  readonly key: Uint8Array
  readonly commitment: Uint8Array
}

interface AfterPhase extends InRun {
  /** The view (viewOf) of the phase before. */
  readonly saw: Uint8Array
}

/** SR: the slot numbers' powers under pads. */
export interface SlotReserve extends AfterPhase {
  readonly kind: 'SR'
  readonly vector: Uint8Array
}

/** DC: the messages under pads. */
export interface DcMessages extends AfterPhase {
  readonly kind: 'DC'
  readonly vector: Uint8Array
}

/** OK: my output is among the messages, and this is the transaction. It is the same for all peers but for the signature. */
export interface Approval extends AfterPhase {
  readonly kind: 'OK'
  readonly transaction: Uint8Array
}

/** CM: everybody has approved (their signatures under OK), and this is my signature under the transaction. */
export interface Commit extends AfterPhase {
  readonly kind: 'CM'
  readonly transaction: Uint8Array
  readonly approvals: readonly Uint8Array[]
  readonly signature: Uint8Array
}

export type Phase = 'KE' | 'SR' | 'DC' | 'OK' | 'CM' | 'RS'

/** TO: these peers' messages of a phase did not come. */
export interface TimeoutVote extends InRun {
  readonly kind: 'TO'
  readonly phase: Phase
  /** Their identities, ascending. */
  readonly missing: readonly Uint8Array[]
}

/** RS: the secrets of this run, as an accusation or in answer to one. */
export interface Reveal extends AfterPhase {
  readonly kind: 'RS'
  /** After which phase it accuses. */
  readonly phase: 'SR' | 'DC'
  readonly seed: Uint8Array
  readonly output: Uint8Array
  /** The hash of the accusation that it answers; null when it accuses. */
  readonly answers: Uint8Array | null
}

export type Body =
  | PairRequest
  | KeyExchange
  | SlotReserve
  | DcMessages
  | Approval
  | Commit
  | TimeoutVote
  | Reveal

/** A message whose signature holds. */
export interface Received<B extends Body = Body> {
  /** The sender's Ed25519 public key, and the same in hex. */
  readonly identity: Uint8Array
  readonly from: string
  /** SHA-256 over sender and body; a second signature under the same body changes nothing. */
  readonly hash: Uint8Array
  readonly body: B
  /** As it came, to be handed on. */
  readonly bytes: Uint8Array
}

/** Signed by its sender, but no message: a proof of guilt. */
export interface Malformed {
  readonly from: string
  readonly why: string
  readonly bytes: Uint8Array
}

const kinds = ['PR', 'KE', 'SR', 'DC', 'OK', 'CM', 'TO', 'RS'] as const
const phases = ['KE', 'SR', 'DC', 'OK', 'CM', 'RS'] as const
const mostAttempts = 64

/** @param seed the Ed25519 seed of the sender's identity, 32 bytes */
export function writeMessage(body: Body, seed: Uint8Array): Uint8Array {
  const bytes = write(toValue(body))
  return write({ body: bytes, key: ed25519PublicKey(seed), signature: ed25519Sign(seed, signed(bytes)) })
}

/**
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, BAD_SIGNATURE when nobody can be held to it
 */
export function readMessage(bytes: Uint8Array): Received | Malformed {
  const envelope = read(bytes, 'message', longestMessage)
  const body = envelope.bytesUpTo('body', longestMessage)
  const key = envelope.bytes('key', 32)
  const signature = envelope.bytes('signature', 64)
  envelope.end()
  if (!ed25519Verify(key, signed(body), signature)) {
    throw new PaymentError('BAD_SIGNATURE', 'message: not signed by its key')
  }
  const from = hex(key)
  try {
    const hash = sha256(labelled('chaffinch/message/v1', key, body))
    return { identity: key, from, hash, body: readBody(body), bytes }
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error
    return { from, why: error.message, bytes }
  }
}

/** Whether this is a signature under the approval by the peer with this identity. Never throws. */
export function isApproval(approval: Approval, identity: Uint8Array, signature: Uint8Array): boolean {
  return ed25519Verify(identity, signed(write(toValue(approval))), signature)
}

/** The signature of a message. */
export function signatureOf(message: Received): Uint8Array {
  return read(message.bytes, 'message', longestMessage).bytes('signature', 64)
}

function signed(body: Uint8Array): Uint8Array {
  return labelled('chaffinch/round/v1', body)
}

/** Which round a request is for. */
export function pairingId(ledger: Uint8Array, denomination: number, epoch: number): Uint8Array {
  return sha256(labelled('chaffinch/pairing/v1', ledger, number(denomination), number(epoch)))
}

/** What the owner of a note signs to bring it into a round. */
export function ownershipOf(
  identity: Uint8Array,
  { pairing, note, expiry }: Omit<PairRequest, 'proof'>,
): Uint8Array {
  return labelled('chaffinch/ownership/v1', identity, pairing, note.id, number(expiry))
}

/** What a peer saw of a phase: all messages, in the order of the members, on top of what it saw before. */
export function viewOf(before: Uint8Array, messages: readonly Received[]): Uint8Array {
  return sha256(labelled('chaffinch/view/v1', before, ...messages.map(message => message.hash)))
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

function toValue(body: Body): { [key: string]: Value } {
  if (body.kind !== 'PR') return { ...body }
  const { id, denomination, owner } = body.note
  return { ...body, note: { id, denomination, owner } }
}

function readBody(bytes: Uint8Array): Body {
  const fields = read(bytes, 'body', longestMessage)
  const kind = fields.one('kind', ...kinds)
  const pairing = fields.bytes('pairing', 32)
  const body = kind === 'PR' ? readRequest(fields, pairing) : readInRun(fields, kind, pairing)
  fields.end()
  return body
}

function readRequest(fields: Fields, pairing: Uint8Array): PairRequest {
  const note = fields.map('note')
  const request: PairRequest = {
    kind: 'PR',
    pairing,
    note: {
      id: readNoteId(note),
      denomination: note.uint('denomination'),
      owner: note.bytes('owner', 32),
    },
    expiry: fields.uint('expiry'),
    proof: fields.bytes('proof', 64),
  }
  note.end()
  return request
}

function readInRun(fields: Fields, kind: Exclude<Body['kind'], 'PR'>, pairing: Uint8Array): Body {
  const run = { pairing, attempt: fields.uint('attempt', mostAttempts) }
  switch (kind) {
    case 'KE': {
      const seen = ascending(fields, 'seen')
      return { kind, ...run, seen, key: fields.bytes('key', 32), commitment: fields.bytes('commitment', 32) }
    }
    case 'SR':
      return { kind, ...run, saw: fields.bytes('saw', 32), vector: vector(fields, fieldBytes) }
    case 'DC':
      return { kind, ...run, saw: fields.bytes('saw', 32), vector: vector(fields, messageBytes) }
    case 'OK':
      return { kind, ...run, saw: fields.bytes('saw', 32), transaction: fields.bytes('transaction', 32) }
    case 'CM':
      return {
        kind,
        ...run,
        saw: fields.bytes('saw', 32),
        transaction: fields.bytes('transaction', 32),
        approvals: fields.bytesList('approvals', 64, mostMembers),
        signature: fields.bytes('signature', 64),
      }
    case 'TO':
      return { kind, ...run, phase: fields.one('phase', ...phases), missing: ascending(fields, 'missing') }
    case 'RS':
      return {
        kind,
        ...run,
        saw: fields.bytes('saw', 32),
        phase: fields.one('phase', 'SR', 'DC'),
        seed: fields.bytes('seed', 32),
        output: fields.bytes('output', messageBytes),
        answers: fields.bytesOrNull('answers', 32),
      }
  }
}

function ascending(fields: Fields, field: string): Uint8Array[] {
  const list = fields.bytesList(field, 32, mostMembers)
  list.slice(1).forEach((item, i) => {
    if (compare(list[i] as Uint8Array, item) >= 0) throw fields.fail(field, 'not ascending')
  })
  return list
}

function vector(fields: Fields, each: number): Uint8Array {
  const bytes = fields.bytesUpTo('vector', mostMembers * each)
  if (bytes.length % each !== 0) throw fields.fail('vector', `no multiple of ${each} bytes`)
  return bytes
}
