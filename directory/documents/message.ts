// Tells what authorities tell each other in a round (docs/spec/directory-voting.md 8.5): votes as they are passed on,
// the list of votes one counts, what is opened of the dealings in them, signatures. Each comes out of here verified, or
// not at all.

import { compare, hex } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { maxShareBytes, type SecretSharing, sharingOf, verifyDealing } from '../randomness/sharing.ts'
import { Reader } from '../reader.ts'
import {
  digest,
  readSignatures,
  relayed,
  type SignatureEntry,
  type Statement,
  verifyStatement,
  writeSignatures,
} from '../statement.ts'
import { maxDocumentBytes } from './consensus.ts'
import { verifyDescriptor } from './descriptor.ts'
import { validSigners } from './document.ts'
import { checkEvidence } from './evidence.ts'
import type { AuthorityEntry, Network, VotingNetwork } from './network.ts'
import { mostAuthorities } from './parameters.ts'
import { readVote, type Vote } from './vote.ts'

/** A vote and those who signed that they have it: the author itself, and who passed it on. */
export interface SignedVote {
  readonly vote: Vote
  readonly bytes: Uint8Array
  /** 32 bytes: the digest of `bytes`. */
  readonly hash: Uint8Array
  readonly signatures: readonly SignatureEntry[]
}

/** Which votes somebody counts, ordered by author. */
export type VoteSet = readonly { readonly author: Uint8Array; readonly hash: Uint8Array }[]

export type VotingMessage =
  | { readonly kind: 'vote'; readonly round: number; readonly signed: SignedVote }
  | {
      readonly kind: 'set'
      readonly round: number
      readonly signer: Uint8Array
      readonly set: VoteSet
      readonly signature: Uint8Array
    }
  | {
      readonly kind: 'reveal'
      readonly round: number
      readonly signer: Uint8Array
      /** Names the dealer, 32 bytes. */
      readonly dealer: Uint8Array
      /** The opening of the signer's own dealing, or the signer's share of another's (docs/spec/randomness.md 6). */
      readonly opened: Uint8Array
      readonly signature: Uint8Array
    }
  | {
      readonly kind: 'signature'
      readonly round: number
      /** The document's epoch and name. */
      readonly epoch: number
      readonly hash: Uint8Array
      readonly signer: Uint8Array
      readonly signature: Uint8Array
    }

/** Bytes of a message at most: a vote and its signatures. */
export const maxMessageBytes: number = maxDocumentBytes + 128 * mostAuthorities + 64

/** The author's statement about its vote. */
export function voteStatement(vote: Vote, hash: Uint8Array): Statement {
  return { kind: 'vote', epoch: vote.epoch, signer: vote.author, about: hash }
}

/** The statement that `signer` makes when it passes a vote on; the author makes its vote statement instead. */
export function holderStatement(
  network: string,
  signed: Omit<SignedVote, 'signatures'>,
  signer: Uint8Array,
): Statement {
  const own = voteStatement(signed.vote, signed.hash)
  if (compare(signer, own.signer) === 0) return own
  return { kind: 'relay', epoch: own.epoch, signer, about: relayed(network, own) }
}

export function setHash(set: VoteSet): Uint8Array {
  return digest(write(set.map(({ author, hash }) => [author, hash])))
}

/** Computes what a reveal's signature is about: the digest of dealer and opening, 32 bytes. */
export function revealHash(dealer: Uint8Array, opened: Uint8Array): Uint8Array {
  return digest(write([dealer, opened]))
}

export function writeMessage(message: VotingMessage): Uint8Array {
  switch (message.kind) {
    case 'vote':
      return write(['vote', message.round, message.signed.bytes, writeSignatures(message.signed.signatures)])
    case 'set': {
      const { round, signer, set, signature } = message
      return write(['set', round, signer, signature, set.map(({ author, hash }) => [author, hash])])
    }
    case 'reveal': {
      const { round, signer, dealer, opened, signature } = message
      return write(['reveal', round, signer, signature, dealer, opened])
    }
    case 'signature': {
      const { round, epoch, hash, signer, signature } = message
      return write(['signature', round, epoch, hash, signer, signature])
    }
  }
}

export interface VoteChecks {
  /** Says whether the vote of this digest is held: one more copy of it changes nothing, and is not checked again. */
  readonly isHeld?: (vote: Uint8Array) => boolean
  readonly sharing?: Pick<SecretSharing, 'verifyDealing'> | undefined
}

/**
 * Reads a message and checks every signature in it. What a reveal opens is for the round to check, which has the
 * dealing.
 *
 * @param network as its round has it
 * @throws DirectoryError as the reader; WRONG_NETWORK, UNKNOWN_AUTHORITY, BAD_SIGNATURE; of a vote also what
 * `verifyDescriptor`, `verifyDealing` and `checkEvidence` throw, and TOO_FEW_SIGNATURES when the document it follows
 * is not proven
 */
export function openMessage(
  network: VotingNetwork | ((round: number) => VotingNetwork),
  bytes: Uint8Array,
  checks: VoteChecks = {},
): VotingMessage {
  if (bytes.length > maxMessageBytes) {
    throw new DirectoryError('TOO_LARGE', `message: want at most ${maxMessageBytes} bytes`)
  }
  const read = new Reader(bytes, 'message')
  const fields = read.list(8)
  const kind = read.item('kind').text(16)
  const round = read.item('round').uint()
  const message = readFields(read, kind, fields, round)
  read.end()
  verifyMessage(typeof network === 'function' ? network(round) : network, message, checks)
  return message
}

function readFields(read: Reader, kind: string, fields: number, round: number): VotingMessage {
  if (kind === 'vote' && fields === 4) {
    const bytes = read.item('vote').bytesUpTo(maxDocumentBytes)
    const signatures = readSignatures(read.item('signatures'), mostAuthorities)
    const signed = { vote: readVote(bytes), bytes, hash: digest(bytes), signatures }
    if (signed.vote.epoch !== round) throw read.fail('BAD_DOCUMENT', `a vote of round ${signed.vote.epoch}`)
    return { kind, round, signed }
  }
  if (kind === 'set' && fields === 5) {
    const signer = read.item('signer').bytes(32)
    const signature = read.item('signature').bytes(64)
    return { kind, round, signer, signature, set: readSet(read) }
  }
  if (kind === 'reveal' && fields === 6) {
    const signer = read.item('signer').bytes(32)
    const signature = read.item('signature').bytes(64)
    const dealer = read.item('dealer').bytes(32)
    return { kind, round, signer, signature, dealer, opened: read.item('opened').bytesUpTo(maxShareBytes) }
  }
  if (kind === 'signature' && fields === 6) {
    const epoch = read.item('epoch').uint()
    const hash = read.item('hash').bytes(32)
    const signer = read.item('signer').bytes(32)
    return { kind, round, epoch, hash, signer, signature: read.item('signature').bytes(64) }
  }
  throw new DirectoryError('BAD_DOCUMENT', `message: kind: ${JSON.stringify(kind)} of ${fields} fields`)
}

function readSet(read: Reader): VoteSet {
  const set: VoteSet[number][] = []
  const count = read.item('set').list(mostAuthorities)
  for (let i = 0; i < count; i++) {
    read.tuple(2)
    const entry = { author: read.bytes(32), hash: read.bytes(32) }
    const last = set.at(-1)
    if (last !== undefined && compare(last.author, entry.author) >= 0) {
      throw read.fail('NOT_CANONICAL', 'authors out of order')
    }
    set.push(entry)
  }
  return set
}

function verifyMessage(network: VotingNetwork, message: VotingMessage, checks: VoteChecks): void {
  if (message.kind === 'vote') {
    const { vote, hash, signatures } = message.signed
    const { isHeld, sharing = { verifyDealing } } = checks
    if (isHeld?.(hash) === true) return
    if (vote.network !== network.name) {
      throw new DirectoryError('WRONG_NETWORK', `vote: want ${network.name}, have ${vote.network}`)
    }
    if (!signatures.some(({ signer }) => compare(signer, vote.author) === 0)) {
      throw new DirectoryError('BAD_SIGNATURE', 'vote: not signed by its author')
    }
    for (const { signer, signature } of signatures) {
      check(network, holderStatement(network.name, message.signed, signer), signature)
    }
    checkVote(network, vote, hash, sharing)
    return
  }
  check(network, statementOf(message), message.signature)
}

/** Names those who come in with the document: they sign it, and have no other say in the round. */
function mayState({ authorities, incoming }: VotingNetwork, { kind, signer }: Statement): boolean {
  const is = ({ id }: AuthorityEntry): boolean => compare(id, signer) === 0
  return authorities.some(is) || (kind === 'consensus' && incoming?.authorities.some(is) === true)
}

/** The author's signature under a vote; zeros where there is none. */
export function ownSignature({ vote, signatures }: SignedVote): Uint8Array {
  return signatures.find(({ signer }) => compare(signer, vote.author) === 0)?.signature ?? new Uint8Array(64)
}

/** The statement that a message is: what its signer signs, and cannot contradict in a second one. */
export function statementOf(message: VotingMessage): Statement {
  switch (message.kind) {
    case 'vote':
      return voteStatement(message.signed.vote, message.signed.hash)
    case 'set':
      return { kind: 'set', epoch: message.round, signer: message.signer, about: setHash(message.set) }
    case 'reveal': {
      const { round, signer, dealer, opened } = message
      return { kind: 'reveal', epoch: round, signer, about: revealHash(dealer, opened) }
    }
    case 'signature':
      return { kind: 'consensus', epoch: message.epoch, signer: message.signer, about: message.hash }
  }
}

/**
 * The dealing has one secret, every descriptor is its node's, every proof is one, and the document that the vote
 * follows was signed.
 */
function checkVote(
  network: Network,
  vote: Vote,
  hash: Uint8Array,
  sharing: Pick<SecretSharing, 'verifyDealing'>,
): void {
  sharing.verifyDealing(sharingOf(network, vote.epoch, vote.author), vote.dealing)
  for (const { candidates } of vote.ballots) {
    for (const { descriptor } of candidates) verifyDescriptor(network, descriptor)
  }
  checkEvidence(network, vote.evidence)
  if (vote.previous === null) return
  const { epoch, hash: name, signatures } = vote.previous
  if (validSigners(network, { body: { epoch }, hash: name, signatures }).length < network.threshold) {
    throw new DirectoryError('TOO_FEW_SIGNATURES', `vote ${hex(hash)}: the document it follows is not proven`)
  }
}

function check(network: VotingNetwork, statement: Statement, signature: Uint8Array): void {
  if (!mayState(network, statement)) {
    throw new DirectoryError('UNKNOWN_AUTHORITY', `${statement.kind}: ${hex(statement.signer)}`)
  }
  if (!verifyStatement(network.name, statement, signature)) {
    throw new DirectoryError('BAD_SIGNATURE', `${statement.kind}: not signed by ${hex(statement.signer)}`)
  }
}
