// The messages of a round: canonical CBOR, each signed by the key that its sender made for the pairing.
// docs/spec/payments-rounds.md 4.2.

import { sha256 } from '@noble/hashes/sha2.js'
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from '#crypto'
import { hex } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { PaymentError } from '../error.ts'
import { type Note, readNote } from '../ledger/transaction.ts'
import { fieldBytes } from '../net/field.ts'
import { messageBytes } from '../net/pads.ts'
import { Reader } from '../reader.ts'
import { tagged } from '../tagged.ts'

/** Peers of a round, so that every message stays below `longestMessage`. */
export const mostMembers = 64
export const longestMessage = 8192

/** PR: somebody wants to join. */
export interface PairRequest {
  readonly kind: 'PR'
  /** Names the round: ledger, denomination and epoch (pairingId), 32 bytes. */
  readonly pairing: Uint8Array
  readonly note: Note
  /** Milliseconds since 1970-01-01 UTC: the request counts for nothing after that. */
  readonly expiry: number
  /** The note's owner on requester, pairing and expiry, 64 bytes. */
  readonly proof: Uint8Array
  /** Shows how far the ledger must be read to see the note (Ledger.evidence), at most 512 bytes. */
  readonly evidence: Uint8Array
}

interface RunHead {
  readonly pairing: Uint8Array
  /** Counts the runs of a pairing, from 0. */
  readonly attempt: number
}

/** KE: a key for the pads, and a commitment to everything that this peer will do. */
export interface KeyExchange extends RunHead {
  readonly kind: 'KE'
  /** Hashes of the requests that this peer wants to run with, ascending. */
  readonly seen: readonly Uint8Array[]
  readonly key: Uint8Array
  readonly commitment: Uint8Array
}

interface AfterPhase extends RunHead {
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

/**
 * OK: my output is among the messages, and this is the transaction. It is the same for all peers but for the signature.
 */
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
export interface TimeoutVote extends RunHead {
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
const longestEvidence = 512

/** @param seed the Ed25519 seed of the sender's identity, 32 bytes */
export function writeMessage(body: Body, seed: Uint8Array): Uint8Array {
  const bytes = write(toValue(body))
  return write({ body: bytes, key: ed25519PublicKey(seed), signature: ed25519Sign(seed, signed(bytes)) })
}

/**
 * @throws PaymentError TOO_LARGE, BAD_DOCUMENT, BAD_SIGNATURE when nobody can be held to it
 */
export function readMessage(bytes: Uint8Array): Received | Malformed {
  const { body, key, signature } = readEnvelope(bytes)
  if (!ed25519Verify(key, signed(body), signature)) {
    throw new PaymentError('BAD_SIGNATURE', 'message: not signed by its key')
  }
  const from = hex(key)
  try {
    const hash = sha256(tagged('chaffinch/message/v1', key, body))
    return { identity: key, from, hash, body: readBody(body), bytes }
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error
    return { from, why: error.message, bytes }
  }
}

/** Says whether this is a signature under the approval by the peer with this identity. Never throws. */
export function isApproval(approval: Approval, identity: Uint8Array, signature: Uint8Array): boolean {
  return ed25519Verify(identity, signed(write(toValue(approval))), signature)
}

/** The signature of a message. */
export function signatureOf(message: Received): Uint8Array {
  return readEnvelope(message.bytes).signature
}

function readEnvelope(bytes: Uint8Array): { key: Uint8Array; body: Uint8Array; signature: Uint8Array } {
  const read = new Reader(bytes, 'message', longestMessage)
  read.map(3)
  const key = read.key('key').bytes(32)
  const body = read.key('body').bytesUpTo(longestMessage)
  const signature = read.key('signature').bytes(64)
  read.end()
  return { key, body, signature }
}

function signed(body: Uint8Array): Uint8Array {
  return tagged('chaffinch/round/v1', body)
}

/** Names the round that a request is for, 32 bytes. */
export function pairingId(ledger: Uint8Array, denomination: number, epoch: number): Uint8Array {
  return sha256(tagged('chaffinch/pairing/v1', ledger, number(denomination), number(epoch)))
}

/** Makes what the owner of a note signs to bring it into a round. */
export function ownershipOf(
  identity: Uint8Array,
  { pairing, note, expiry }: Omit<PairRequest, 'proof' | 'evidence'>,
): Uint8Array {
  return tagged('chaffinch/ownership/v1', identity, pairing, note.id, number(expiry))
}

/** Hashes what a peer saw of a phase: all messages, in the order of the members, on top of what it saw before. */
export function viewOf(before: Uint8Array, messages: readonly Received[]): Uint8Array {
  return sha256(tagged('chaffinch/view/v1', before, ...messages.map(message => message.hash)))
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

function toValue(body: Body): { [key: string]: Cbor } {
  if (body.kind !== 'PR') return { ...body }
  const { id, denomination, owner } = body.note
  return { ...body, note: { id, denomination, owner } }
}

function readBody(bytes: Uint8Array): Body {
  const kind = kindOf(bytes)
  const read = new Reader(bytes, 'body', longestMessage)
  const body = readers[kind](read)
  read.end()
  return body
}

/** Says what a body is: only a key or a view, 32 bytes each, stands before it. */
function kindOf(bytes: Uint8Array): Body['kind'] {
  const read = new Reader(bytes, 'body', longestMessage)
  read.openMap(8)
  const first = read.item('kind').characters(64)
  if (first === 'kind') return read.oneOf(...kinds)
  if (first !== 'key' && first !== 'saw') throw read.fail('BAD_DOCUMENT', 'want the key kind, key or saw')
  read.item(first).bytes(32)
  return read.key('kind').oneOf(...kinds)
}

/** The fields of each kind, in their order. */
const readers: { readonly [K in Body['kind']]: (read: Reader) => Extract<Body, { kind: K }> } = {
  PR(read) {
    read.map(6)
    const kind = read.key('kind').oneOf('PR')
    const note = readNote(read.key('note'))
    const proof = read.key('proof').bytes(64)
    const expiry = read.key('expiry').uint()
    const pairing = read.key('pairing').bytes(32)
    return { kind, pairing, note, expiry, proof, evidence: read.key('evidence').bytesUpTo(longestEvidence) }
  },
  KE(read) {
    read.map(6)
    const key = read.key('key').bytes(32)
    const kind = read.key('kind').oneOf('KE')
    const seen = read.ascending('seen', mostMembers)
    return { kind, ...readHead(read), seen, key, commitment: read.key('commitment').bytes(32) }
  },
  SR: read => readVector(read, 'SR', fieldBytes),
  DC: read => readVector(read, 'DC', messageBytes),
  OK(read) {
    read.map(5)
    const saw = read.key('saw').bytes(32)
    const kind = read.key('kind').oneOf('OK')
    return { kind, ...readHead(read), saw, transaction: read.key('transaction').bytes(32) }
  },
  CM(read) {
    read.map(7)
    const saw = read.key('saw').bytes(32)
    const kind = read.key('kind').oneOf('CM')
    const run = readHead(read)
    const approvals = read.items('approvals', mostMembers, () => read.bytes(64))
    const signature = read.key('signature').bytes(64)
    const transaction = read.key('transaction').bytes(32)
    return { kind, ...run, saw, transaction, approvals, signature }
  },
  TO(read) {
    read.map(5)
    const kind = read.key('kind').oneOf('TO')
    const phase = read.key('phase').oneOf(...phases)
    const attempt = read.key('attempt').uint(mostAttempts)
    const missing = read.ascending('missing', mostMembers)
    return { kind, pairing: read.key('pairing').bytes(32), attempt, phase, missing }
  },
  RS(read) {
    read.map(8)
    const saw = read.key('saw').bytes(32)
    const kind = read.key('kind').oneOf('RS')
    const seed = read.key('seed').bytes(32)
    const phase = read.key('phase').oneOf('SR', 'DC')
    const output = read.key('output').bytes(messageBytes)
    const answers = read.key('answers').bytesOrNull(32)
    return { kind, ...readHead(read), saw, phase, seed, output, answers }
  },
}

function readHead(read: Reader): RunHead {
  const attempt = read.key('attempt').uint(mostAttempts)
  return { pairing: read.key('pairing').bytes(32), attempt }
}

function readVector<K extends 'SR' | 'DC'>(
  read: Reader,
  of: K,
  each: number,
): AfterPhase & { readonly kind: K; readonly vector: Uint8Array } {
  read.map(5)
  const saw = read.key('saw').bytes(32)
  const kind = read.key('kind').oneOf(of)
  const vector = read.key('vector').bytesUpTo(mostMembers * each)
  if (vector.length % each !== 0) throw read.fail('BAD_DOCUMENT', `no multiple of ${each} bytes`)
  return { kind, ...readHead(read), saw, vector }
}
