// A proof that an authority contradicted itself (docs/directory.md 4.3): two statements of one kind and epoch
// about different things, both signed by it. Whoever knows its key can check it.

import { CborReader, write } from './cbor.ts'
import { DirectoryError } from './error.ts'
import type { Network } from './network.ts'
import {
  compareBytes,
  digest,
  hex,
  type Statement,
  type StatementKind,
  sameBytes,
  verifyStatement,
} from './statement.ts'

export interface Evidence {
  readonly kind: StatementKind
  readonly epoch: number
  /** 32 bytes: the authority that signed both. */
  readonly signer: Uint8Array
  /** Ordered by `about`. */
  readonly said: readonly [Said, Said]
}

interface Said {
  readonly about: Uint8Array
  readonly signature: Uint8Array
}

/** Relays are about many votes of an epoch and reveals about many dealings, so that two are no contradiction. */
const kinds: readonly StatementKind[] = ['vote', 'set', 'consensus']

export function evidenceOf(statement: Omit<Statement, 'about'>, a: Said, b: Said): Evidence {
  const { kind, epoch, signer } = statement
  return { kind, epoch, signer, said: compareBytes(a.about, b.about) < 0 ? [a, b] : [b, a] }
}

/** [kind, epoch, signer, [about, signature], [about, signature]] */
export function writeEvidence({ kind, epoch, signer, said }: Evidence): Uint8Array {
  const [a, b] = said
  return write([kind, epoch, signer, [a.about, a.signature], [b.about, b.signature]])
}

/** What documents name it by: 32 bytes. */
export function proofHash(evidence: Evidence): Uint8Array {
  return digest(writeEvidence(evidence))
}

/** @throws DirectoryError as the reader; NOT_CANONICAL when the two are equal or in the other order */
export function readEvidence(bytes: Uint8Array): Evidence {
  const read = new CborReader(bytes, 'evidence')
  read.tuple(5)
  const name = read.item('kind').text(16)
  const kind = kinds.find(known => known === name)
  if (kind === undefined) throw read.fail('BAD_DOCUMENT', `${JSON.stringify(name)} proves nothing`)
  const epoch = read.item('epoch').uint()
  const signer = read.item('signer').bytes(32)
  const [a, b] = [readSaid(read), readSaid(read)]
  if (compareBytes(a.about, b.about) >= 0) throw read.fail('NOT_CANONICAL', 'statements out of order')
  read.end()
  return { kind, epoch, signer, said: [a, b] }
}

/** @throws DirectoryError BAD_SIGNATURE */
export function verifyEvidence(network: string, { kind, epoch, signer, said }: Evidence): void {
  for (const { about, signature } of said) {
    if (!verifyStatement(network, { kind, epoch, signer, about }, signature)) {
      throw new DirectoryError('BAD_SIGNATURE', 'evidence: not signed by the one it accuses')
    }
  }
}

/** The proofs of one list, at most: one against each authority that ever was, and room. */
export const mostProofs = 64
const mostProofBytes = 4096

/** [proof, …] */
export function writeProofs(proofs: readonly Evidence[]): Uint8Array {
  return write(proofs.slice(0, mostProofs).map(writeEvidence))
}

/** @throws DirectoryError as the reader; UNKNOWN_AUTHORITY; BAD_SIGNATURE */
export function openProofs(network: Network, bytes: Uint8Array): Evidence[] {
  const read = new CborReader(bytes, 'proofs')
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
    if (!network.authorities.some(({ id }) => sameBytes(id, evidence.signer))) {
      throw new DirectoryError('UNKNOWN_AUTHORITY', `evidence: against ${hex(evidence.signer)}`)
    }
    verifyEvidence(network.name, evidence)
  }
}

function readSaid(read: CborReader): Said {
  read.item('statement').tuple(2)
  return { about: read.bytes(32), signature: read.bytes(64) }
}
