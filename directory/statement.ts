// Tells what is signed, and how (docs/spec/directory.md 4): every signature covers a label, its length in front, and
// then the canonical bytes. What authorities say is always a statement of four fields; long things enter by their
// digest, so that two contradicting statements are a small proof against whoever signed both.

import { blake2b, ed25519Verify } from '#crypto'
import { compare } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'
import type { Reader } from './reader.ts'

/**
 * | kind | epoch | about |
 * |---|---|---|
 * | vote | the round | the digest of the vote's body |
 * | relay | the round | the digest of the vote statement that the signer has seen in time |
 * | set | the round | the digest of the list of votes that the signer counts |
 * | reveal | the round | the digest of a dealer and what the signer opens of its dealing |
 * | consensus | the document | the digest of the document's body, which is its name |
 * | opinion | the note | the digest of whom the signer finds dead (status-note-machine.ts) |
 * | note | the note | the digest of the note, which is its name |
 */
export type StatementKind = 'vote' | 'relay' | 'set' | 'reveal' | 'consensus' | 'opinion' | 'note'

export interface Statement {
  readonly kind: StatementKind
  readonly epoch: number
  /** 32 bytes: the authority's id. */
  readonly signer: Uint8Array
  /** 32 bytes. */
  readonly about: Uint8Array
}

/** One signer's signature (64 bytes) under a statement that the context gives. */
export interface SignatureEntry {
  readonly signer: Uint8Array
  readonly signature: Uint8Array
}

/** Signs with the key of the one who was handed it: 64 bytes of Ed25519 (RFC 8032). */
export type Sign = (message: Uint8Array) => Uint8Array

/** By kind: one byte of length, then the label. */
const labels = new Map<string, Uint8Array>()

/** BLAKE2b-256 (RFC 7693): 32 bytes. */
export function digest(bytes: Uint8Array): Uint8Array {
  return blake2b(bytes, 32)
}

/** One byte of length, `chaffinch/<kind>/v1`, then the bytes. */
export function labelled(kind: string, bytes: Uint8Array): Uint8Array {
  const label = labels.get(kind) ?? makeLabel(kind)
  const out = new Uint8Array(label.length + bytes.length)
  out.set(label)
  out.set(bytes, label.length)
  return out
}

function makeLabel(kind: string): Uint8Array {
  const text = new TextEncoder().encode(`chaffinch/${kind}/v1`)
  const label = Uint8Array.of(text.length, ...text)
  labels.set(kind, label)
  return label
}

/** The bytes that a statement's signature covers: the label of its kind, then [network, epoch, signer, about]. */
export function statementBytes(network: string, { kind, epoch, signer, about }: Statement): Uint8Array {
  return labelled(kind, write([network, epoch, signer, about]))
}

export function signStatement(network: string, statement: Statement, sign: Sign): Uint8Array {
  return sign(statementBytes(network, statement))
}

export function verifyStatement(network: string, statement: Statement, signature: Uint8Array): boolean {
  return ed25519Verify(statement.signer, statementBytes(network, statement), signature)
}

/** Computes what a relay statement is about: the digest of the author's own statement, 32 bytes. */
export function relayed(network: string, vote: Statement): Uint8Array {
  return digest(statementBytes(network, vote))
}

/** [[signer, signature], …], ordered by signer, each signer once. */
export function writeSignatures(entries: readonly SignatureEntry[]): [Uint8Array, Uint8Array][] {
  return [...entries]
    .sort((a, b) => compare(a.signer, b.signer))
    .map(({ signer, signature }) => [signer, signature])
}

/** @throws DirectoryError as the reader; NOT_CANONICAL when a signer repeats or the order is another */
export function readSignatures(read: Reader, most: number): SignatureEntry[] {
  const entries: SignatureEntry[] = []
  const count = read.list(most)
  for (let i = 0; i < count; i++) {
    read.tuple(2)
    const entry = { signer: read.bytes(32), signature: read.bytes(64) }
    const last = entries.at(-1)
    if (last !== undefined && compare(last.signer, entry.signer) >= 0) {
      throw read.fail('NOT_CANONICAL', 'signers out of order')
    }
    entries.push(entry)
  }
  return entries
}
