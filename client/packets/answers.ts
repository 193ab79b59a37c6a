// What an answer's packet carries to the gateway where its reply block begins (docs/spec/client-replies.md 7.6): the
// block, and the fragment, sealed so that this gateway cannot read it. The gateway uses the block as it would use an
// acknowledgement's; nothing else about the packet differs from a message's.

import { aeadOpen, aeadSeal, blake2b } from '#crypto'
import { concat } from '../../encoding/bytes.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { ReplySecret } from '../../sphinx/reply.ts'
import { ClientError } from '../error.ts'

const seedBytes = 32
const tagBytes = 16
/** A key is used once: its block is. */
const nonce = new Uint8Array(12)
const nothing = new Uint8Array(0)
const sealLabel = new TextEncoder().encode('chaffinch/answer/v1/seal')
const carryLabel = new TextEncoder().encode('chaffinch/answer/v1/carry')

/** Bytes of a fragment that an answer's packet has room for. */
export function answerFragmentBytes(g: Geometry): number {
  return g.userBytes - g.replyBlockBytes - tagBytes
}

/**
 * Makes what the packet carries. The gateway gets another seed than the block came with, so that only its maker and
 * whoever answers know what seals the fragment.
 *
 * @param block g.replyBlockBytes, as its maker gave it
 * @param fragment `answerFragmentBytes`
 * @returns g.userBytes
 */
export function writeAnswer(g: Geometry, block: Uint8Array, fragment: Uint8Array): Uint8Array {
  const seed = block.subarray(g.replyBlockBytes - seedBytes)
  const sealed = aeadSeal(derived(seed, sealLabel), nonce, nothing, fragment)
  return concat([block.subarray(0, g.replyBlockBytes - seedBytes), derived(seed, carryLabel), sealed])
}

/** Gives the secret that opens what the gateway sent on. */
export function carriedSecret({ shared, seed }: ReplySecret): ReplySecret {
  return { shared, seed: derived(seed, carryLabel) }
}

/**
 * Opens the fragment in what came back.
 *
 * @param user g.userBytes
 * @throws ClientError BAD_SEAL
 */
export function openAnswer(g: Geometry, { seed }: ReplySecret, user: Uint8Array): Uint8Array {
  const sealed = user.subarray(0, answerFragmentBytes(g) + tagBytes)
  const fragment = aeadOpen(derived(seed, sealLabel), nonce, nothing, sealed)
  if (fragment === undefined) throw new ClientError('BAD_SEAL', 'answer: not sealed with its reply block')
  return fragment
}

function derived(seed: Uint8Array, label: Uint8Array): Uint8Array {
  return blake2b(label, seedBytes, seed)
}
