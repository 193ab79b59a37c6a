// A vote (docs/spec/directory-voting.md 8.1): what one authority knows and wants. Its author signs a statement about
// the digest of these bytes.

import { compare } from '../../encoding/bytes.ts'
import { type Cbor, write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { maxDealingBytes } from '../randomness/sharing.ts'
import { Reader } from '../reader.ts'
import { readSignatures, type SignatureEntry, writeSignatures } from '../statement.ts'
import {
  documentVersion,
  maxDocumentBytes,
  readAddresses,
  readParameters,
  readSuccessors,
  type Successors,
  successorsForm,
} from './consensus.ts'
import { type Descriptor, descriptorForm, readDescriptorItem } from './descriptor.ts'
import { mostAuthorities } from './parameters.ts'

/** Holds what is measured of a node: it lets packets pass; it has done so for a while. */
export interface Flags {
  readonly running: boolean
  readonly reliable: boolean
}

/** Holds what an authority says about one node: its descriptor and flags. */
export interface Candidate extends Flags {
  readonly descriptor: Descriptor
}

/** The nodes that an authority wants in one document, ordered by id. */
export interface Ballot {
  /** The document's epoch. */
  readonly epoch: number
  readonly candidates: readonly Candidate[]
}

/** A document by name, with the signatures that prove it one. */
export interface Pointer {
  readonly epoch: number
  /** 32 bytes. */
  readonly hash: Uint8Array
  readonly signatures: readonly SignatureEntry[]
}

export interface Vote {
  readonly network: string
  /** The round: the epoch in which it is held. */
  readonly epoch: number
  /** 32 bytes: the authority. */
  readonly author: Uint8Array
  /** The author's clock when it voted, milliseconds since 1970-01-01 UTC. */
  readonly clock: number
  /** The author's own addresses. */
  readonly addresses: readonly string[]
  /** One for each document that the round makes: one, or two when it starts the network. */
  readonly ballots: readonly Ballot[]
  readonly parameters: ReadonlyMap<string, number>
  readonly mixing: string
  /** The newest document before the round's that the author holds. */
  readonly previous: Pointer | null
  /** Its secret for the shared randomness, shared out among all authorities (docs/spec/randomness.md 5). */
  readonly dealing: Uint8Array
  /** Proofs that an authority or a node contradicted itself. */
  readonly evidence: readonly Uint8Array[]
  readonly successors: Successors | null
}

const limits = {
  candidates: 16_384,
  mixing: 32,
  dealing: maxDealingBytes,
  evidence: 64,
  evidenceBytes: 4096,
} as const
const flag = { running: 1, reliable: 2 } as const

export function writeVote(vote: Vote): Uint8Array {
  return write({
    version: documentVersion,
    network: vote.network,
    epoch: vote.epoch,
    author: vote.author,
    clock: vote.clock,
    addresses: vote.addresses,
    ballots: vote.ballots.map(({ epoch, candidates }) => [epoch, candidates.map(candidateForm)]),
    parameters: Object.fromEntries(vote.parameters),
    mixing: vote.mixing,
    previous: pointerForm(vote.previous),
    dealing: vote.dealing,
    evidence: vote.evidence,
    successors: successorsForm(vote.successors),
  })
}

/**
 * Fields and order only; `checkVote` of message.ts checks the signatures inside.
 *
 * @throws DirectoryError BAD_DOCUMENT, NOT_CANONICAL, TOO_LARGE
 */
export function readVote(bytes: Uint8Array): Vote {
  if (bytes.length > maxDocumentBytes) {
    throw new DirectoryError('TOO_LARGE', `vote: want at most ${maxDocumentBytes} bytes`)
  }
  const read = new Reader(bytes, 'vote')
  read.map(13)
  const clock = read.key('clock').uint()
  const epoch = read.key('epoch').uint()
  const author = read.key('author').bytes(32)
  const mixing = read.key('mixing').text(limits.mixing)
  const ballots = readBallots(read.key('ballots'), epoch)
  const dealing = read.key('dealing').bytesUpTo(limits.dealing)
  const network = read.key('network').text(64)
  const version = read.key('version').uint()
  if (version !== documentVersion) {
    throw read.fail('BAD_DOCUMENT', `want ${documentVersion}, have ${version}`)
  }
  const proofs = read.key('evidence').list(limits.evidence)
  const evidence = Array.from({ length: proofs }, () => read.bytesUpTo(limits.evidenceBytes))
  const previous = readPointer(read.key('previous'))
  if (previous !== null && previous.epoch > epoch) {
    throw read.fail('BAD_DOCUMENT', `of epoch ${previous.epoch}, in round ${epoch}`)
  }
  const addresses = readAddresses(read.key('addresses'))
  const parameters = readParameters(read.key('parameters'))
  const successors = readSuccessors(read.key('successors'))
  read.end()
  return {
    network,
    epoch,
    author,
    clock,
    addresses,
    ballots,
    parameters,
    mixing,
    previous,
    dealing,
    evidence,
    successors,
  }
}

/** The documents of a round are of its own epoch, the next one, or both. */
function readBallots(read: Reader, round: number): Ballot[] {
  const count = read.list(2)
  const ballots: Ballot[] = []
  for (let i = 0; i < count; i++) {
    read.item('ballots').tuple(2)
    const epoch = read.item('ballot epoch').uint()
    if (epoch !== round + 2 - count + i) throw read.fail('BAD_DOCUMENT', `${epoch} in round ${round}`)
    ballots.push({ epoch, candidates: readCandidates(read, epoch) })
  }
  if (count === 0) throw read.fail('BAD_DOCUMENT', 'no document to vote on')
  return ballots
}

function readCandidates(read: Reader, epoch: number): Candidate[] {
  const count = read.item('candidates').list(limits.candidates)
  const candidates: Candidate[] = []
  for (let i = 0; i < count; i++) {
    read.item('candidate').tuple(2)
    const descriptor = readDescriptorItem(read)
    if (descriptor.epoch !== epoch) throw read.fail('BAD_DOCUMENT', `descriptor for ${descriptor.epoch}`)
    const last = candidates.at(-1)
    if (last !== undefined && compare(last.descriptor.stable.id, descriptor.stable.id) >= 0) {
      throw read.fail('NOT_CANONICAL', 'candidates out of order')
    }
    const flags = read.item('flags').uint(3)
    candidates.push({
      descriptor,
      running: (flags & flag.running) !== 0,
      reliable: (flags & flag.reliable) !== 0,
    })
  }
  return candidates
}

function candidateForm({ descriptor, running, reliable }: Candidate): Cbor {
  return [descriptorForm(descriptor), (running ? flag.running : 0) | (reliable ? flag.reliable : 0)]
}

/** null, or [epoch, hash, signatures] */
function pointerForm(pointer: Pointer | null): Cbor {
  if (pointer === null) return null
  return [pointer.epoch, pointer.hash, writeSignatures(pointer.signatures)]
}

function readPointer(read: Reader): Pointer | null {
  if (read.nothing()) return null
  read.tuple(3)
  return {
    epoch: read.uint(),
    hash: read.bytes(32),
    signatures: readSignatures(read, 2 * mostAuthorities),
  }
}
