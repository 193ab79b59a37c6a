// The log (docs/spec/cascade.md 7): every request that the Controller accepted, in order, in a Merkle tree (RFC 6962),
// whose heads it signs as C2SP's checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).

import { sha256 } from '@noble/hashes/sha2.js'
import { ed25519Verify } from '#crypto'
import { base64, fromBase64 } from '../encoding/base64.ts'
import { concat, fromHex, hex, same } from '../encoding/bytes.ts'
import { canonicalJson, type Json } from '../encoding/jcs.ts'
import { leafHash, verifyConsistency, verifyInclusion } from '../encoding/merkle.ts'
import { isHex, type SignedRequest } from './signed.ts'

/** The head of a log: how long it is, and its root of 32 bytes. */
export interface Head {
  readonly size: number
  readonly root: Uint8Array
}

/** Shows that a request is in a log that the Controller signed. */
export interface Receipt {
  /** Its place, from 0 on. */
  readonly index: number
  /** The hashes beside its way up, 64 hexadecimal digits each. */
  readonly path: readonly string[]
  readonly checkpoint: string
}

const encoder = new TextEncoder()

/** Gives an entry's bytes: the request in canonical JSON. */
export function entryOf({ payload, signature }: SignedRequest): Uint8Array {
  return encoder.encode(canonicalJson({ payload: payload as Json, signature }))
}

/** Gives the four bytes by which a signed note names a key of Ed25519. */
function noteKeyHash(origin: string, keyData: Uint8Array): Uint8Array {
  return sha256(concat([encoder.encode(`${origin}\n`), Uint8Array.of(1), keyData])).slice(0, 4)
}

function body(origin: string, { size, root }: Head): string {
  return `${origin}\n${size}\n${base64(root)}\n`
}

/** Signs a head. `sign` gives 64 bytes of Ed25519. */
export function checkpointOf(
  origin: string,
  head: Head,
  keyData: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): string {
  const text = body(origin, head)
  const signature = concat([noteKeyHash(origin, keyData), sign(encoder.encode(text))])
  return `${text}\n— ${origin} ${base64(signature)}\n`
}

/** Reads a checkpoint: its head, or undefined when this key did not sign it for this origin. */
export function readCheckpoint(origin: string, keyData: Uint8Array, note: string): Head | undefined {
  const at = note.indexOf('\n\n')
  const text = note.slice(0, at + 1)
  const [name, size, root, ...rest] = text.split('\n')
  if (at === -1 || name !== origin || rest.join('') !== '' || !/^(0|[1-9]\d{0,14})$/.test(size ?? ''))
    return undefined
  for (const line of note.slice(at + 2).split('\n')) {
    const prefix = `— ${origin} `
    if (!line.startsWith(prefix)) continue
    const signature = decoded(line.slice(prefix.length))
    const isOurs = signature?.length === 68 && same(signature.subarray(0, 4), noteKeyHash(origin, keyData))
    if (!isOurs || !ed25519Verify(keyData, encoder.encode(text), signature.subarray(4))) continue
    const bytes = decoded(root ?? '')
    return bytes?.length === 32 ? { size: Number(size), root: bytes } : undefined
  }
  return undefined
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text)
  } catch {
    return undefined
  }
}

/** Says whether a receipt shows that a request is in the log of this origin and key. */
export function isReceipt(
  origin: string,
  keyData: Uint8Array,
  request: SignedRequest,
  receipt: Receipt,
): boolean {
  const head = readCheckpoint(origin, keyData, receipt.checkpoint)
  if (head === undefined || !receipt.path.every(each => isHex(each, 32))) return false
  const path = receipt.path.map(fromHex)
  return verifyInclusion(receipt.index, head.size, leafHash(entryOf(request)), path, head.root)
}

/** Says whether one head came of another by appending. */
export function extendsHead(before: Head, after: Head, proof: readonly Uint8Array[]): boolean {
  return verifyConsistency(before.size, after.size, [...proof], before.root, after.root)
}

export function pathOf(path: readonly Uint8Array[]): string[] {
  return path.map(hex)
}
