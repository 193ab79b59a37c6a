// A proof that an authority or a node contradicted itself (docs/spec/directory.md 4.3): two statements of one kind and
// epoch about different things, or two descriptors of one epoch and serial, both signed by it. Whoever knows its key
// can check it.

import { ed25519Verify } from '#crypto'
import { compare, hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, verifyStatement } from '../statement.ts'
import { type PublishedCount, readCount } from './count.ts'
import { countTail, type Descriptor, descriptorBytes, readKeys, stableBytes } from './descriptor.ts'
import type { Network } from './network.ts'
import { mostAuthorities } from './parameters.ts'

/** Relays are about many votes of an epoch and reveals about many dealings, so that two are no contradiction. */
const kinds = ['vote', 'set', 'consensus', 'opinion', 'note', 'descriptor'] as const
export type EvidenceKind = (typeof kinds)[number]

/** A proof that somebody signed two things where there may be one. */
export interface Evidence {
  /** `descriptor`: against a node; otherwise against an authority. */
  readonly kind: EvidenceKind
  readonly epoch: number
  /** 32 bytes: the authority or node that signed both. */
  readonly signer: Uint8Array
  /** Ordered by `about`. */
  readonly said: readonly [Said, Said]
}

interface Said {
  /** Holds what a statement is about (32 bytes); of a descriptor [serial, digest of the stable part, keys, count?]. */
  readonly about: Uint8Array
  readonly signature: Uint8Array
}

/** Bytes of [serial, digest, keys, count] at most. */
const mostAbout = 192

export function evidenceOf({ kind, epoch, signer }: Omit<Evidence, 'said'>, a: Said, b: Said): Evidence {
  return { kind, epoch, signer, said: compare(a.about, b.about) < 0 ? [a, b] : [b, a] }
}

/** Two descriptors of one node, epoch and serial that say different things; undefined when these are not. */
export function contradiction(a: Descriptor, b: Descriptor): Evidence | undefined {
  const { epoch, serial, stable } = a
  if (b.epoch !== epoch || b.serial !== serial || !same(b.stable.id, stable.id)) return undefined
  const said = (of: Descriptor): Said => ({ about: descriptorAbout(of), signature: of.signature })
  if (same(descriptorAbout(a), descriptorAbout(b))) return undefined
  return evidenceOf({ kind: 'descriptor', epoch, signer: stable.id }, said(a), said(b))
}

function descriptorAbout({ serial, stable, keys, count }: Descriptor): Uint8Array {
  return write([serial, digest(stableBytes(stable)), keys, ...countTail(count)])
}

/** [kind, epoch, signer, [about, signature], [about, signature]] */
export function writeEvidence({ kind, epoch, signer, said }: Evidence): Uint8Array {
  const [a, b] = said
  return write([kind, epoch, signer, [a.about, a.signature], [b.about, b.signature]])
}

/** Gives what documents name it by: 32 bytes. */
export function proofHash(evidence: Evidence): Uint8Array {
  return digest(writeEvidence(evidence))
}

/**
 * @throws DirectoryError as the reader; NOT_CANONICAL when the two are equal or in the other order; BAD_DOCUMENT when
 * two descriptors have different serials
 */
export function readEvidence(bytes: Uint8Array): Evidence {
  const read = new Reader(bytes, 'evidence')
  read.tuple(5)
  const name = read.item('kind').text(16)
  const kind = kinds.find(known => known === name)
  if (kind === undefined) throw read.fail('BAD_DOCUMENT', `${JSON.stringify(name)} proves nothing`)
  const epoch = read.item('epoch').uint()
  const signer = read.item('signer').bytes(32)
  const [a, b] = [readSaid(read, kind), readSaid(read, kind)]
  if (compare(a.about, b.about) >= 0) throw read.fail('NOT_CANONICAL', 'statements out of order')
  read.end()
  if (kind === 'descriptor' && readAbout(a.about).serial !== readAbout(b.about).serial) {
    throw new DirectoryError('BAD_DOCUMENT', 'evidence: descriptors of two serials: the later one counts')
  }
  return { kind, epoch, signer, said: [a, b] }
}

/** @throws DirectoryError BAD_SIGNATURE */
export function verifyEvidence(network: string, evidence: Evidence): void {
  for (const said of evidence.said) {
    if (!isSigned(network, evidence, said)) {
      throw new DirectoryError('BAD_SIGNATURE', 'evidence: not signed by the one it accuses')
    }
  }
}

function isSigned(network: string, { kind, epoch, signer }: Evidence, { about, signature }: Said): boolean {
  if (kind !== 'descriptor') return verifyStatement(network, { kind, epoch, signer, about }, signature)
  const { serial, stableHash, keys, count } = readAbout(about)
  return ed25519Verify(
    signer,
    descriptorBytes(network, { epoch, serial, keys, count }, stableHash),
    signature,
  )
}

interface About {
  readonly serial: number
  readonly stableHash: Uint8Array
  readonly keys: readonly Uint8Array[]
  readonly count: PublishedCount | undefined
}

function readAbout(about: Uint8Array): About {
  const read = new Reader(about, 'evidence')
  const hasCount = read.tupleAndMore(3)
  const serial = read.item('serial').uint()
  const stableHash = read.item('stable').bytes(32)
  const keys = readKeys(read)
  const count = hasCount ? readCount(read) : undefined
  read.end()
  return { serial, stableHash, keys, count }
}

/** The proofs of one list, at most: one against each authority, and those against nodes that fit. */
export const mostProofs = 64
/** So many of these are against nodes. */
export const mostNodeProofs: number = mostProofs - mostAuthorities
const mostProofBytes = 4096

/** [proof, …] */
export function writeProofs(proofs: readonly Evidence[]): Uint8Array {
  return write(proofs.slice(0, mostProofs).map(writeEvidence))
}

/** @throws DirectoryError as the reader; UNKNOWN_AUTHORITY; BAD_SIGNATURE */
export function openProofs(network: Network, bytes: Uint8Array): Evidence[] {
  const read = new Reader(bytes, 'proofs')
  const count = read.list(mostProofs)
  const proofs = Array.from({ length: count }, () => read.item('proof').bytesUpTo(mostProofBytes))
  read.end()
  checkEvidence(network, proofs)
  return proofs.map(readEvidence)
}

/**
 * The proofs of one vote: whoever has the authorities' keys can check them.
 *
 * @throws DirectoryError as `readEvidence`; UNKNOWN_AUTHORITY; BAD_SIGNATURE
 */
export function checkEvidence(network: Network, proofs: readonly Uint8Array[]): void {
  for (const bytes of proofs) {
    const evidence = readEvidence(bytes)
    if (evidence.kind !== 'descriptor' && !network.authorities.some(({ id }) => same(id, evidence.signer))) {
      throw new DirectoryError('UNKNOWN_AUTHORITY', `evidence: against ${hex(evidence.signer)}`)
    }
    verifyEvidence(network.name, evidence)
  }
}

function readSaid(read: Reader, kind: EvidenceKind): Said {
  read.item('statement').tuple(2)
  const about = kind === 'descriptor' ? read.bytesUpTo(mostAbout) : read.bytes(32)
  return { about, signature: read.bytes(64) }
}
