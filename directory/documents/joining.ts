// Tells how a node asks to be let in, says that it leaves, and shows that it is where it says
// (docs/spec/directory-nodes.md 5.4 to 5.6). The node's own key signs all three; the operator's offline identity key
// vouches for what it asks.

import { ed25519Verify } from '#crypto'
import { write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, labelled, type Sign } from '../statement.ts'
import { certificateBytes, readStable, type StablePart, stableBytes, stableForm } from './descriptor.ts'

/** Bytes of the operator's contact, and of a whole request, at most. */
export const joinLimits = { contact: 128, bytes: 4096, note: 256 } as const

export interface JoinRequest {
  /** Holds what the node's descriptors will say. */
  readonly stable: StablePart
  /** The epoch in which it asks. */
  readonly epoch: number
  /** Milliseconds into that epoch: of what a node says, the newest counts. */
  readonly serial: number
  /** Where the authorities' people reach the operator; only authorities see it. */
  readonly contact: string
  /** 64 bytes: the identity's signature over what is asked for; none where the node's key is its own identity. */
  readonly approval: Uint8Array
  /** 64 bytes, by the node's key. */
  readonly signature: Uint8Array
}

/** A node that an authority let in. */
export interface Member {
  readonly request: JoinRequest
  /** It said that it leaves; `request` has the time at which it said so. */
  readonly left: boolean
  /** Its addresses as they were found when it was dialled, names with what they stood for; none where it was not. */
  readonly reached: readonly string[]
}

export interface LeaveNote {
  /** 32 bytes: the node. */
  readonly id: Uint8Array
  readonly epoch: number
  readonly serial: number
  /** 64 bytes, by the node's key. */
  readonly signature: Uint8Array
}

/**
 * Builds the bytes that the operator's identity key signs to approve of a node: [network, id, role, family, contact,
 * until].
 */
export function approvalBytes(
  network: string,
  { id, role, family, certifiedUntil }: Pick<StablePart, 'id' | 'role' | 'family' | 'certifiedUntil'>,
  contact: string,
): Uint8Array {
  return labelled('approval', write([network, id, role, family, contact, certifiedUntil]))
}

type Unsigned = Omit<JoinRequest, 'signature'>

/** [network, epoch, serial, digest of the stable part, contact, approval] under `join`. */
export function joinBytes(
  network: string,
  { stable, epoch, serial, contact, approval }: Unsigned,
): Uint8Array {
  return labelled('join', write([network, epoch, serial, digest(stableBytes(stable)), contact, approval]))
}

export function signJoin(network: string, asked: Unsigned, sign: Sign): JoinRequest {
  return { ...asked, signature: sign(joinBytes(network, asked)) }
}

/** [stable, epoch, serial, contact, approval, signature] */
export function writeJoin({ stable, epoch, serial, contact, approval, signature }: JoinRequest): Uint8Array {
  return write([stableForm(stable), epoch, serial, contact, approval, signature])
}

/** Fields only, no signature is checked. Throws DirectoryError as the reader does. */
export function readJoin(bytes: Uint8Array): JoinRequest {
  if (bytes.length > joinLimits.bytes) {
    throw new DirectoryError(
      'TOO_LARGE',
      `join: want at most ${joinLimits.bytes} bytes, have ${bytes.length}`,
    )
  }
  const read = new Reader(bytes, 'join')
  read.tuple(6)
  const stable = readStable(read)
  const epoch = read.item('epoch').uint()
  const serial = read.item('serial').uint()
  const contact = read.item('contact').text(joinLimits.contact)
  const approval = read.item('approval').bytes(stable.identity.length === 0 ? 0 : 64)
  const signature = read.item('signature').bytes(64)
  read.end()
  return { stable, epoch, serial, contact, approval, signature }
}

/**
 * The node's signature; and the identity's two, where it has one.
 *
 * @throws DirectoryError BAD_SIGNATURE; OLD_EPOCH when the certificate ended before the request
 */
export function verifyJoin(network: string, request: JoinRequest): void {
  const { stable, epoch, contact, approval, signature } = request
  if (!ed25519Verify(stable.id, joinBytes(network, request), signature)) {
    throw new DirectoryError('BAD_SIGNATURE', 'join: signature: not by the node it names')
  }
  const { identity, certifiedUntil, certificate } = stable
  if (identity.length === 0) return
  if (certifiedUntil < epoch) {
    throw new DirectoryError(
      'OLD_EPOCH',
      `join: the certificate ended with epoch ${certifiedUntil}: renew it (chaffinch key certify)`,
    )
  }
  if (!ed25519Verify(identity, certificateBytes(network, stable.id, certifiedUntil), certificate)) {
    throw new DirectoryError('BAD_SIGNATURE', 'join: certificate: not by the identity it names')
  }
  if (!ed25519Verify(identity, approvalBytes(network, stable, contact), approval)) {
    throw new DirectoryError(
      'BAD_SIGNATURE',
      'join: approval: the identity did not sign this role, family and contact: certify them (chaffinch key certify)',
    )
  }
}

/** [network, id, epoch, serial] under `leave`. */
export function leaveBytes(network: string, { id, epoch, serial }: Omit<LeaveNote, 'signature'>): Uint8Array {
  return labelled('leave', write([network, id, epoch, serial]))
}

export function signLeave(network: string, note: Omit<LeaveNote, 'signature'>, sign: Sign): LeaveNote {
  return { ...note, signature: sign(leaveBytes(network, note)) }
}

/** [id, epoch, serial, signature] */
export function writeLeave({ id, epoch, serial, signature }: LeaveNote): Uint8Array {
  return write([id, epoch, serial, signature])
}

/** Fields only. Throws DirectoryError as the reader does. */
export function readLeave(bytes: Uint8Array): LeaveNote {
  const read = new Reader(bytes, 'leave')
  read.tuple(4)
  const id = read.item('id').bytes(32)
  const epoch = read.item('epoch').uint()
  const serial = read.item('serial').uint()
  const signature = read.item('signature').bytes(64)
  read.end()
  return { id, epoch, serial, signature }
}

/** @throws DirectoryError BAD_SIGNATURE */
export function verifyLeave(network: string, note: LeaveNote): void {
  if (!ed25519Verify(note.id, leaveBytes(network, note), note.signature)) {
    throw new DirectoryError('BAD_SIGNATURE', 'leave: signature: not by the node it names')
  }
}

/** Asked by an authority at the address that a node announces: 32 random bytes there, a signature back. */
export const presenceProtocol = '/chaffinch/presence/1'
export const nonceBytes = 32

/** [network, authority, nonce] under `presence`. */
export function presenceBytes(network: string, authority: Uint8Array, nonce: Uint8Array): Uint8Array {
  return labelled('presence', write([network, authority, nonce]))
}
