// What the makers of test/vectors/directory-documents.json share: the form of a vector, and the network that they are
// of.

import { join } from 'node:path'
import type { Descriptor } from '../directory/documents/descriptor.ts'
import type { Network } from '../directory/documents/network.ts'
import { hex } from '../encoding/bytes.ts'
import { descriptorsOf } from '../simulator/directory-samples.ts'
import { networkOf } from '../simulator/directory-world.ts'

export type VectorKind =
  | 'descriptor'
  | 'consensus'
  | 'message'
  | 'evidence'
  | 'join'
  | 'leave'
  | 'statistics'
  | 'request'
  | 'answer'
  | 'difference'
  | 'tally'
  | 'log'

export interface DirectoryVector {
  readonly id: string
  readonly kind: VectorKind
  readonly why: string
  /** The bytes that are read; of a tally the votes, of a difference the body before and the difference. */
  readonly bytes: string | readonly string[]
  /** ok, or the code of the DirectoryError. */
  readonly expect: string
  /** For a tally: what the authors of the votes dealt, opened, in the order of the votes. */
  readonly openings?: readonly string[]
  /**
   * The digest that names the thing, where it has one; of a tally or a difference: the name of the body that it makes.
   */
  readonly name?: string
  /** The bytes that its signature covers, where it has one. */
  readonly signed?: string
}

export interface DirectoryVectorFile {
  readonly about: string
  readonly network: { readonly [field: string]: unknown }
  readonly vectors: readonly DirectoryVector[]
}

export const vectorPath: string = join(import.meta.dirname, 'vectors', 'directory-documents.json')

export const network: Network = networkOf({ mixes: 3, gateways: 1 })
export const document = 1
export const descriptors: Descriptor[] = descriptorsOf(network, document, 3, 1)
export const author: Uint8Array = network.authorities[0]?.id as Uint8Array

/** With one bit of a byte changed, counted from the last. */
export function flipped(bytes: Uint8Array, fromEnd: number): Uint8Array {
  const out = bytes.slice()
  const at = out.length - 1 - fromEnd
  out[at] = (out[at] as number) ^ 1
  return out
}

export function vector(
  kind: VectorKind,
  id: string,
  expect: string,
  why: string,
  bytes: Uint8Array,
  more: { name?: Uint8Array; signed?: Uint8Array } = {},
): DirectoryVector {
  return {
    id,
    kind,
    why,
    expect,
    bytes: hex(bytes),
    ...(more.name === undefined ? {} : { name: hex(more.name) }),
    ...(more.signed === undefined ? {} : { signed: hex(more.signed) }),
  }
}
